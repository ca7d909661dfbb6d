// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/named_sizes.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

namespace ashlar {
namespace {

// An axis of size 1 may be broadcast, so it is computed with in another way than a longer one.
constexpr std::int64_t kLeastEnd = 4;

void add_sizes(Sizes& sizes, std::map<std::string, std::size_t>& first, const SizedArray& sized) {
  for (std::size_t axis = 0; axis < sized.names.size(); ++axis) {
    const std::string& name = sized.names[axis];
    if (name.empty())
      continue;
    const std::int64_t size = sized.array.shape().dims()[axis];
    const auto [known, is_new] = sizes.emplace(name, size);
    first.emplace(name, sized.argument);
    if (!is_new && known->second != size)
      throw InvalidArgument("compile", "size '{}' is {} in argument {} and {} in argument {}", name,
                            known->second, first.at(name) + 1, size, sized.argument + 1);
  }
}

}  // namespace

Sizes named_sizes(const std::vector<SizedArray>& arrays) {
  Sizes sizes;
  std::map<std::string, std::size_t> first;
  for (const SizedArray& sized : arrays) {
    if (sized.names.size() > sized.array.shape().dims().size())
      throw InvalidArgument("compile", "argument {} has {} axes, and {} are named",
                            sized.argument + 1, sized.array.rank(), sized.names.size());
    add_sizes(sizes, first, sized);
  }
  return sizes;
}

std::string symbolic_type(const SizedArray& sized) {
  std::vector<std::string> dims;
  for (std::size_t axis = 0; axis < sized.array.shape().dims().size(); ++axis)
    dims.push_back(axis < sized.names.size() && !sized.names[axis].empty()
                       ? sized.names[axis]
                       : std::to_string(sized.array.shape().dims()[axis]));
  return fmt::format("{}[{}]", name_of(sized.array.dtype()), fmt::join(dims, ", "));
}

ArrayType resized_type(const SizedArray& sized, const Sizes& sizes) {
  std::vector<std::int64_t> dims = sized.array.shape().dims();
  for (std::size_t axis = 0; axis < sized.names.size(); ++axis)
    if (!sized.names[axis].empty())
      dims[axis] = sizes.at(sized.names[axis]);
  return {sized.array.dtype(), Shape(std::move(dims))};
}

Sizes upper_ends(Sizes sizes) {
  for (auto& [name, size] : sizes)
    if (size > 1)
      size = std::max(kLeastEnd,
                      static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(size))));
  return sizes;
}

Sizes least_sizes(Sizes ends) {
  for (auto& [name, size] : ends)
    if (size >= kLeastEnd)
      size = size == kLeastEnd ? 2 : size / 2 + 1;
  return ends;
}

std::vector<std::string> range_guards(const Sizes& ends) {
  std::vector<std::string> guards;
  for (const auto& [name, least] : least_sizes(ends))
    guards.push_back(least == ends.at(name)
                         ? fmt::format("{} == {}", name, least)
                         : fmt::format("{} < {} <= {}", least - 1, name, ends.at(name)));
  return guards;
}

std::vector<std::string> exact_guards(const Sizes& sizes) {
  std::vector<std::string> guards;
  for (const auto& [name, size] : sizes)
    guards.push_back(fmt::format("{} == {}", name, size));
  return guards;
}

}  // namespace ashlar
