// SPDX-License-Identifier: Apache-2.0
// The objects Python's and Jinja2's builtins hand to templates.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

class Range : public Object {
public:
  // Fails for a zero step and for more items than the reference sandbox allows.
  Range(std::int64_t start, std::int64_t stop, std::int64_t step);

  std::string type_name() const override { return "range"; }
  std::string repr() const override;
  std::optional<Value> attribute(Evaluation& evaluation, std::string_view name) override;
  std::optional<Value> item(const Value& key) const override;
  bool subscriptable() const override { return true; }
  std::optional<std::int64_t> length() const override { return count_; }
  Cursor iterate() override;
  bool equals(const Object& other) const override;

private:
  std::int64_t start_;
  std::int64_t stop_;
  std::int64_t step_;
  std::int64_t count_;
};

// The result of a mapping's keys(), values() or items().
class DictView : public Object {
public:
  enum class Part { kKeys, kValues, kItems };

  DictView(Value dict, Part part) : dict_(std::move(dict)), part_(part) {}

  std::string type_name() const override;
  std::string repr() const override;
  std::optional<std::int64_t> length() const override;
  Cursor iterate() override;
  bool equals(const Object& other) const override;
  Extent extent() const override { return enclose({}, dict_); }

private:
  Value dict_;
  Part part_;
};

// An iterator: what it has yielded is gone.
class Generator : public Object {
public:
  // `extent` bounds how many generators feed on each other.
  Generator(Cursor cursor, Extent extent)
      : cursor_(std::make_shared<Cursor>(std::move(cursor))), extent_(extent) {}

  std::string type_name() const override { return "generator"; }
  Cursor iterate() override;
  Extent extent() const override { return extent_; }

private:
  std::shared_ptr<Cursor> cursor_;
  Extent extent_;
};

// A generator that starts with `cursor` when its first item is asked for, fed by `source`.
Value make_generator(const Value& source, std::function<Cursor()> start);

// `namespace(...)`: the one object whose attributes a template can assign.
class Namespace : public Object {
public:
  explicit Namespace(Dict attributes) : attributes_(std::move(attributes)) {}

  std::string type_name() const override { return "Namespace"; }
  std::string repr() const override;
  std::optional<Value> attribute(Evaluation& evaluation, std::string_view name) override;

  void set(std::string_view name, Value value) { attributes_.set(name, std::move(value)); }
  // Lets go of everything it holds, which may be itself.
  void clear() { attributes_ = Dict(); }

private:
  Dict attributes_;
};

class Function : public Object {
public:
  using Body = std::function<Value(Evaluation&, const Arguments&)>;

  // `self` is what a bound method holds.
  Function(std::string name, Body body, const Value& self = Value())
      : name_(std::move(name)), body_(std::move(body)), extent_(enclose({}, self)) {}

  std::string type_name() const override { return "builtin_function_or_method"; }
  bool callable() const override { return true; }
  Value call(Evaluation& evaluation, const Arguments& arguments) override {
    return body_(evaluation, arguments);
  }
  Extent extent() const override { return extent_; }

private:
  std::string name_;
  Body body_;
  Extent extent_;
};

// `cycler(...)`.
class Cycler : public Object {
public:
  explicit Cycler(std::vector<Value> items) : items_(Value::tuple(std::move(items))) {}

  std::string type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(Evaluation& evaluation, std::string_view name) override;
  Extent extent() const override { return enclose({}, items_); }

private:
  struct State {
    std::size_t position = 0;
  };

  Value items_;
  // Shared with the bound methods, which must not own the cycler they belong to.
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// `joiner(separator)`.
class Joiner : public Object {
public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}

  std::string type_name() const override { return "Joiner"; }
  bool callable() const override { return true; }
  Value call(Evaluation& evaluation, const Arguments& arguments) override;
  Extent extent() const override { return enclose({}, separator_); }

private:
  Value separator_;
  bool used_ = false;
};

}  // namespace ashlar::jinja
