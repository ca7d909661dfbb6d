// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/value.h"

#include "models/formats/template/compare.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <cmath>

namespace ashlar::jinja {

namespace {

constexpr std::size_t kLinearSearchLimit = 8;

constexpr std::int64_t kTextBytesPerWeight = 16;

Extent extent_of(const std::vector<Value>& items) {
  Extent extent{1, 1};
  for (const Value& item : items)
    extent = enclose(extent, item);
  return extent;
}

std::size_t combine(std::size_t seed, std::size_t hash) {
  return seed ^ (hash + 0x9E3779B97F4A7C15 + (seed << 6) + (seed >> 2));
}

std::size_t hash_real(double value) {
  constexpr double kLimit = 9.2e18;
  if (value == std::floor(value) && std::abs(value) < kLimit)
    return std::hash<std::int64_t>()(static_cast<std::int64_t>(value));
  return std::hash<double>()(value);
}

}  // namespace

Value Value::undefined(std::string message) {
  return Value(Data(std::make_shared<const UndefinedInfo>(std::move(message))));
}

Value Value::text(std::string bytes, bool markup) {
  bool ascii = is_ascii(bytes);
  return Value(Data(std::make_shared<const Text>(std::move(bytes), ascii, markup)));
}

Value Value::list(std::vector<Value> items) {
  Extent extent = extent_of(items);
  auto data = std::make_shared<ListData>();
  static_cast<Sequence&>(*data) = {std::move(items), extent};
  return Value(Data(std::shared_ptr<const ListData>(std::move(data))));
}

Value Value::tuple(std::vector<Value> items) {
  Extent extent = extent_of(items);
  auto data = std::make_shared<TupleData>();
  static_cast<Sequence&>(*data) = {std::move(items), extent};
  return Value(Data(std::shared_ptr<const TupleData>(std::move(data))));
}

Value Value::group(Value grouper, Value items) {
  auto data = std::make_shared<TupleData>();
  data->items = {std::move(grouper), std::move(items)};
  data->extent = extent_of(data->items);
  data->grouped = true;
  return Value(Data(std::shared_ptr<const TupleData>(std::move(data))));
}

Value Value::dict(Dict entries) {
  return Value(Data(std::make_shared<const Dict>(std::move(entries))));
}

Value Value::object(std::shared_ptr<Object> object) {
  return Value(Data(std::move(object)));
}

Kind Value::kind() const {
  return static_cast<Kind>(data_.index());
}

const std::string& Value::undefined_message() const {
  return (*std::get_if<std::shared_ptr<const UndefinedInfo>>(&data_))->message;
}

std::int64_t Value::as_int() const {
  if (const bool* flag = std::get_if<bool>(&data_))
    return *flag ? 1 : 0;
  return std::get<std::int64_t>(data_);
}

double Value::as_real() const {
  if (const double* real = std::get_if<double>(&data_))
    return *real;
  return static_cast<double>(as_int());
}

const Sequence& Value::sequence() const {
  if (const auto* list = std::get_if<std::shared_ptr<const ListData>>(&data_))
    return **list;
  return *std::get<std::shared_ptr<const TupleData>>(data_);
}

const Dict& Value::as_dict() const {
  return *std::get<std::shared_ptr<const Dict>>(data_);
}

const std::shared_ptr<Object>& Value::as_object() const {
  return std::get<std::shared_ptr<Object>>(data_);
}

Extent Value::extent() const {
  switch (kind()) {
  case Kind::kText:
    return {0, 1 + static_cast<std::int64_t>(bytes().size()) / kTextBytesPerWeight};
  case Kind::kList:
  case Kind::kTuple:
    return sequence().extent;
  case Kind::kDict:
    return as_dict().extent();
  case Kind::kObject:
    return as_object()->extent();
  default:
    return {};
  }
}

const void* Value::identity() const {
  switch (kind()) {
  case Kind::kText:
    return &as_text();
  case Kind::kList:
  case Kind::kTuple:
    return &sequence();
  case Kind::kDict:
    return &as_dict();
  case Kind::kObject:
    return as_object().get();
  default:
    return nullptr;
  }
}

bool is_hashable(const Value& value) {
  if (value.is(Kind::kTuple))
    return std::ranges::all_of(value.items(), is_hashable);
  return !value.is(Kind::kList) && !value.is(Kind::kDict);
}

std::size_t KeyHash::operator()(const Value& key) const {
  switch (key.kind()) {
  case Kind::kUndefined:
    return 1;
  case Kind::kNone:
    return 2;
  case Kind::kBool:
  case Kind::kInt:
    return std::hash<std::int64_t>()(key.as_int());
  case Kind::kFloat:
    return hash_real(key.as_real());
  case Kind::kText:
    return std::hash<std::string_view>()(key.bytes());
  case Kind::kTuple: {
    std::size_t seed = 3;
    for (const Value& item : key.items())
      seed = combine(seed, (*this)(item));
    return seed;
  }
  case Kind::kObject:
    return std::hash<const void*>()(key.identity());
  case Kind::kList:
  case Kind::kDict:
    break;
  }
  fail("unhashable type: '{}'", type_name(key));
}

bool KeyEqual::operator()(const Value& a, const Value& b) const {
  return equal(a, b);
}

void Dict::set(Value key, Value value) {
  extent_ = enclose(enclose(extent_, key), value);
  std::size_t storage = 0;
  if (const std::size_t* found = find_index(key, &storage)) {
    entries_[*found].second = std::move(value);
    return;
  }
  entries_.emplace_back(std::move(key), std::move(value));
  if (entries_.size() <= kLinearSearchLimit)
    return;
  for (std::size_t i = index_.size(); i < entries_.size(); ++i)
    index_.emplace(entries_[i].first, i);
}

void Dict::set(std::string_view key, Value value) {
  set(Value::text(std::string(key)), std::move(value));
}

const Value* Dict::find(const Value& key) const {
  std::size_t storage = 0;
  const std::size_t* found = find_index(key, &storage);
  return found ? &entries_[*found].second : nullptr;
}

const Value* Dict::find(std::string_view key) const {
  return find(Value::text(std::string(key)));
}

const std::size_t* Dict::find_index(const Value& key, std::size_t* storage) const {
  if (!index_.empty()) {
    auto it = index_.find(key);
    return it == index_.end() ? nullptr : &it->second;
  }
  KeyHash()(key);  // fails for an unhashable key, whether or not there is anything to compare it to
  auto it =
      std::ranges::find_if(entries_, [&](const Entry& entry) { return equal(entry.first, key); });
  if (it == entries_.end())
    return nullptr;
  *storage = static_cast<std::size_t>(it - entries_.begin());
  return storage;
}

const Value* Arguments::find_named(std::string_view name) const {
  auto it = std::ranges::find_if(named, [&](const auto& entry) { return entry.first == name; });
  return it == named.end() ? nullptr : &it->second;
}

std::string Object::repr() const {
  lack("printing a '{}' object, which shows a memory address,", type_name());
}

std::optional<Value> Object::attribute(Evaluation&, std::string_view) {
  return std::nullopt;
}

std::optional<Value> Object::item(const Value&) const {
  return std::nullopt;
}

Value Object::call(Evaluation&, const Arguments&) {
  fail("'{}' object is not callable", type_name());
}

Extent enclose(Extent container, const Value& value) {
  Extent inner = value.extent();
  container.depth = std::max(container.depth, inner.depth + 1);
  container.weight += inner.weight;
  if (container.depth > kMaxTemplateValueDepth)
    fail("lists and mappings are nested more than {} levels deep", kMaxTemplateValueDepth);
  if (container.weight > kMaxTemplateValueWeight)
    fail("a value holds more than {} other values", kMaxTemplateValueWeight);
  return container;
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
  case Kind::kUndefined:
    return "Undefined";
  case Kind::kNone:
    return "NoneType";
  case Kind::kBool:
    return "bool";
  case Kind::kInt:
    return "int";
  case Kind::kFloat:
    return "float";
  case Kind::kText:
    return value.as_text().markup ? "Markup" : "str";
  case Kind::kList:
    return "list";
  case Kind::kTuple:
    return value.sequence().grouped ? "_GroupTuple" : "tuple";
  case Kind::kDict:
    return "dict";
  case Kind::kObject:
    return value.as_object()->type_name();
  }
  return "object";
}

}  // namespace ashlar::jinja
