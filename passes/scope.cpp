// SPDX-License-Identifier: Apache-2.0
#include "passes/scope.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace ashlar {

using Scopes = llvm::SetVector<StringRef, SmallVector<StringRef>>;

static void collect_scopes(Location location, Scopes& scopes) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    if (!name.getName().empty())
      scopes.insert(name.getName().getValue());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collect_scopes(part, scopes);
  } else if (auto call = dyn_cast<CallSiteLoc>(location)) {
    collect_scopes(call.getCallee(), scopes);
  }
}

static std::string common_prefix(ArrayRef<StringRef> scopes) {
  SmallVector<StringRef> prefix;
  scopes.front().split(prefix, '.');
  for (StringRef scope : scopes.drop_front()) {
    SmallVector<StringRef> parts;
    scope.split(parts, '.');
    std::size_t same = 0;
    while (same < std::min(parts.size(), prefix.size()) && parts[same] == prefix[same])
      ++same;
    prefix.truncate(same);
  }
  return llvm::join(prefix, ".");
}

// "sampler+step" for scopes that share nothing.
static std::string first_components(ArrayRef<StringRef> scopes) {
  Scopes names;
  for (StringRef scope : scopes)
    names.insert(scope.split('.').first);
  return llvm::join(names, "+");
}

std::string scope_of(Location location) {
  Scopes scopes;
  collect_scopes(location, scopes);
  if (scopes.empty())
    return "";
  const StringRef parent = scopes.front().rsplit('.').first;
  const bool siblings = llvm::all_of(scopes, [&](StringRef scope) {
    return scope.contains('.') && scope.rsplit('.').first == parent;
  });
  if (scopes.size() == 1 || !siblings) {
    const std::string shared = common_prefix(scopes.getArrayRef());
    return shared.empty() ? first_components(scopes.getArrayRef()) : shared;
  }
  SmallVector<StringRef> names;
  for (StringRef scope : scopes)
    names.push_back(scope.rsplit('.').second);
  return (parent + "." + llvm::join(names, "+")).str();
}

Location fuse_locations(MLIRContext* context, ArrayRef<Location> locations) {
  llvm::SetVector<Location> unique(locations.begin(), locations.end());
  return unique.empty() ? UnknownLoc::get(context)
                        : FusedLoc::get(unique.getArrayRef(), Attribute(), context);
}

std::optional<std::int64_t> layer_of(StringRef scope) {
  SmallVector<StringRef> parts;
  scope.split(parts, '.');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    std::int64_t layer = 0;
    if (parts[i] == "layers" && !parts[i + 1].getAsInteger(10, layer))
      return layer;
  }
  return std::nullopt;
}

}  // namespace ashlar
