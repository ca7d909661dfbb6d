// SPDX-License-Identifier: Apache-2.0
// The values a template computes with: Python's, as far as templates can reach them.
//
// Text, lists, tuples and mappings are immutable and shared; the sandbox of the reference forbids
// changing them. Mutable things (namespaces, loops, generators) are `Object`s. A container knows
// its extent, and constructing one beyond the limits of limits.h fails, so code that walks a value
// may recurse and ends in reasonable time, even where the value contains another many times over.
// All text is valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace ashlar::jinja {

class Dict;
class Object;
class Value;

struct Text {
  std::string bytes;
  bool ascii;
  // Marked safe: text added to it is HTML-escaped first, as MarkupSafe does.
  bool markup;
};

struct Extent {
  // How deep containers are nested; 0 for scalars.
  int depth = 0;
  // The number of values met on a walk through it, with one more for every 16 bytes of text.
  std::int64_t weight = 1;
};

struct Sequence {
  std::vector<Value> items;
  Extent extent;
  // A tuple made by the `groupby` filter, whose items are also named `grouper` and `list`.
  bool grouped = false;
};

// The result of looking up what does not exist. `message` is the error of using it.
struct UndefinedInfo {
  std::string message;
};

enum class Kind { kUndefined, kNone, kBool, kInt, kFloat, kText, kList, kTuple, kDict, kObject };

class Value {
public:
  Value() : data_(std::monostate()) {}

  static Value undefined(std::string message);
  static Value none() { return Value(); }
  static Value boolean(bool value) { return Value(Data(std::in_place_index<2>, value)); }
  static Value integer(std::int64_t value) { return Value(Data(std::in_place_index<3>, value)); }
  static Value real(double value) { return Value(Data(std::in_place_index<4>, value)); }
  static Value text(std::string bytes, bool markup = false);
  static Value list(std::vector<Value> items);
  static Value tuple(std::vector<Value> items);
  static Value group(Value grouper, Value items);
  static Value dict(Dict entries);
  static Value object(std::shared_ptr<Object> object);

  Kind kind() const;
  bool is(Kind other) const { return kind() == other; }
  bool is_sequence() const { return is(Kind::kList) || is(Kind::kTuple); }
  // True of bool too, which is a number in Python.
  bool is_integral() const { return is(Kind::kInt) || is(Kind::kBool); }
  bool is_number() const { return is_integral() || is(Kind::kFloat); }

  // Each of these requires the matching kind.
  const std::string& undefined_message() const;
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const;  // of an int or a bool
  double as_real() const;       // of any number
  const Text& as_text() const { return **std::get_if<std::shared_ptr<const Text>>(&data_); }
  const std::string& bytes() const { return as_text().bytes; }
  const Sequence& sequence() const;
  const std::vector<Value>& items() const { return sequence().items; }
  const Dict& as_dict() const;
  const std::shared_ptr<Object>& as_object() const;

  Extent extent() const;
  // The address that stands for Python's object identity; null for scalars.
  const void* identity() const;

private:
  struct ListData : Sequence {};
  struct TupleData : Sequence {};
  using Data = std::variant<std::shared_ptr<const UndefinedInfo>, std::monostate, bool,
                            std::int64_t, double, std::shared_ptr<const Text>,
                            std::shared_ptr<const ListData>, std::shared_ptr<const TupleData>,
                            std::shared_ptr<const Dict>, std::shared_ptr<Object>>;

  explicit Value(Data data) : data_(std::move(data)) {}

  Data data_;
};

// Whether the value can be a dictionary key: no list or mapping, and no tuple with one.
bool is_hashable(const Value& value);

// Equality and hashing as of dictionary keys: 1, 1.0 and True are one key. Hashing an unhashable
// value fails as in Python.
struct KeyHash {
  std::size_t operator()(const Value& key) const;
};
struct KeyEqual {
  bool operator()(const Value& a, const Value& b) const;
};

// A mapping in insertion order.
class Dict {
public:
  using Entry = std::pair<Value, Value>;

  // Replaces the value of a present key, keeping its place.
  void set(Value key, Value value);
  void set(std::string_view key, Value value);
  // Null when absent. Fails for an unhashable key.
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;

  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  Extent extent() const { return extent_; }

private:
  const std::size_t* find_index(const Value& key, std::size_t* storage) const;

  std::vector<Entry> entries_;
  // Kept only for mappings too large to search one by one.
  std::unordered_map<Value, std::size_t, KeyHash, KeyEqual> index_;
  Extent extent_ = {1, 1};
};

// Yields the next item, or nothing at the end.
using Cursor = std::function<std::optional<Value>()>;

// The arguments of a call.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  const Value* find_named(std::string_view name) const;
};

class Evaluation;

// Anything that is not plain data. Objects compare by identity.
class Object {
public:
  virtual ~Object() = default;

  // Python's name of the type, as error messages show it.
  virtual std::string type_name() const = 0;
  // What printing shows. Fails by default: Python prints a memory address.
  virtual std::string repr() const;
  virtual std::optional<Value> attribute(Evaluation& evaluation, std::string_view name);
  virtual std::optional<Value> item(const Value& key) const;
  virtual bool subscriptable() const { return false; }
  virtual std::optional<std::int64_t> length() const { return std::nullopt; }
  // An empty function when the object cannot be iterated over.
  virtual Cursor iterate() { return nullptr; }
  virtual bool callable() const { return false; }
  virtual Value call(Evaluation& evaluation, const Arguments& arguments);
  virtual bool equals(const Object& other) const { return this == &other; }
  // Namespaces are as small as scalars, whatever they hold: the evaluation takes them apart.
  virtual Extent extent() const { return {}; }
};

// The extent of a container to which `value` is added. Fails beyond the limits.
Extent enclose(Extent container, const Value& value);

// Python's name of the value's type, such as "str" or "NoneType".
std::string type_name(const Value& value);

template <typename T> T* object_cast(const Value& value) {
  return value.is(Kind::kObject) ? dynamic_cast<T*>(value.as_object().get()) : nullptr;
}

}  // namespace ashlar::jinja
