// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/compare.h"

#include "models/formats/template/access.h"
#include "models/formats/template/failure.h"

#include <algorithm>

namespace ashlar::jinja {

namespace {

// Wide enough to hold every int64 and every double exactly on the platforms we build for.
long double exact(const Value& number) {
  if (number.is_integral())
    return static_cast<long double>(number.as_int());
  return static_cast<long double>(number.as_real());
}

bool equal_dicts(const Dict& a, const Dict& b) {
  return a.size() == b.size() && std::ranges::all_of(a.entries(), [&](const Dict::Entry& entry) {
           const Value* other = b.find(entry.first);
           return other && equal(entry.second, *other);
         });
}

bool identical_or_equal(const Value& a, const Value& b) {
  return (a.identity() && a.identity() == b.identity()) || equal(a, b);
}

bool less_or_equal(const Value& a, const Value& b, std::string_view symbol) {
  if (a.is_number() && b.is_number())
    return exact(a) <= exact(b);
  return !less(b, a, symbol);
}

}  // namespace

bool truthy(const Value& value) {
  switch (value.kind()) {
  case Kind::kUndefined:
  case Kind::kNone:
    return false;
  case Kind::kBool:
  case Kind::kInt:
    return value.as_int() != 0;
  case Kind::kFloat:
    return value.as_real() != 0;
  case Kind::kText:
    return !value.bytes().empty();
  case Kind::kList:
  case Kind::kTuple:
    return !value.items().empty();
  case Kind::kDict:
    return value.as_dict().size() != 0;
  case Kind::kObject:
    return value.as_object()->length().value_or(1) != 0;
  }
  return false;
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return exact(a) == exact(b);
  if (a.kind() != b.kind())
    return false;
  switch (a.kind()) {
  case Kind::kText:
    return a.bytes() == b.bytes();
  case Kind::kList:
  case Kind::kTuple:
    return std::ranges::equal(a.items(), b.items(), identical_or_equal);
  case Kind::kDict:
    return equal_dicts(a.as_dict(), b.as_dict());
  case Kind::kObject:
    return a.as_object()->equals(*b.as_object());
  default:
    return true;  // None equals None, and every undefined every other
  }
}

bool less(const Value& a, const Value& b, std::string_view symbol) {
  if (a.is_number() && b.is_number())
    return exact(a) < exact(b);
  for (const Value* operand : {&a, &b}) {
    if (operand->is(Kind::kUndefined))
      fail("{}", operand->undefined_message());
  }
  if (a.is(Kind::kText) && b.is(Kind::kText))
    return a.bytes() < b.bytes();  // UTF-8 sorts as its code points do
  if (a.is_sequence() && a.kind() == b.kind()) {
    auto [left, right] = std::ranges::mismatch(a.items(), b.items(), identical_or_equal);
    if (left == a.items().end() || right == b.items().end())
      return a.items().size() < b.items().size();
    return less(*left, *right, symbol);
  }
  fail("'{}' not supported between instances of '{}' and '{}'", symbol, type_name(a), type_name(b));
}

bool contains(const Value& container, const Value& item) {
  switch (container.kind()) {
  case Kind::kText:
    if (!item.is(Kind::kText))
      fail("'in <string>' requires string as left operand, not {}", type_name(item));
    return container.bytes().find(item.bytes()) != std::string::npos;
  case Kind::kDict:
    return container.as_dict().find(item) != nullptr;
  default:
    break;
  }
  Cursor next = try_iterate(container);
  if (!next)
    fail("argument of type '{}' is not iterable", type_name(container));
  while (std::optional<Value> candidate = next()) {
    if (identical_or_equal(*candidate, item))
      return true;
  }
  return false;
}

bool compare(const Value& a, Comparator comparator, const Value& b) {
  switch (comparator) {
  case Comparator::kEqual:
    return equal(a, b);
  case Comparator::kNotEqual:
    return !equal(a, b);
  case Comparator::kLess:
    return less(a, b, "<");
  case Comparator::kLessEqual:
    return less_or_equal(a, b, "<=");
  case Comparator::kGreater:
    return less(b, a, ">");
  case Comparator::kGreaterEqual:
    return less_or_equal(b, a, ">=");
  case Comparator::kIn:
    return contains(b, a);
  case Comparator::kNotIn:
    return !contains(b, a);
  }
  return false;
}

}  // namespace ashlar::jinja
