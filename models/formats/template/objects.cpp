// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/objects.h"

#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"

#include <algorithm>

namespace ashlar::jinja {

namespace {

constexpr std::int64_t kMaxRange = 100'000;

std::int64_t count_steps(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step == 0)
    fail("range() arg 3 must not be zero");
  bool empty = step > 0 ? start >= stop : start <= stop;
  if (empty)
    return 0;
  // In unsigned arithmetic the distance of any two int64 is exact.
  auto low = static_cast<std::uint64_t>(step > 0 ? start : stop);
  auto high = static_cast<std::uint64_t>(step > 0 ? stop : start);
  auto magnitude = static_cast<std::uint64_t>(step);
  if (step < 0)
    magnitude = 0 - magnitude;
  std::uint64_t count = (high - low - 1) / magnitude + 1;
  if (count > static_cast<std::uint64_t>(kMaxRange))
    fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({}).", kMaxRange);
  return static_cast<std::int64_t>(count);
}

// How deep namespaces may show each other before printing them fails.
constexpr int kMaxNamespaceNesting = 16;
thread_local int namespace_nesting = 0;

}  // namespace

Range::Range(std::int64_t start, std::int64_t stop, std::int64_t step)
    : start_(start), stop_(stop), step_(step), count_(count_steps(start, stop, step)) {}

std::string Range::repr() const {
  return step_ == 1 ? fmt::format("range({}, {})", start_, stop_)
                    : fmt::format("range({}, {}, {})", start_, stop_, step_);
}

std::optional<Value> Range::attribute(Evaluation&, std::string_view name) {
  if (name == "start")
    return Value::integer(start_);
  if (name == "stop")
    return Value::integer(stop_);
  if (name == "step")
    return Value::integer(step_);
  if (name == "count" || name == "index")
    lack("the method '{}' of a range", name);
  return std::nullopt;
}

std::optional<Value> Range::item(const Value& key) const {
  if (!key.is_integral())
    return std::nullopt;
  auto index = resolve_index(key.as_int(), static_cast<std::size_t>(count_));
  if (!index)
    return std::nullopt;
  return Value::integer(start_ + static_cast<std::int64_t>(*index) * step_);
}

Cursor Range::iterate() {
  return [start = start_, step = step_, count = count_,
          i = std::int64_t{0}]() mutable -> std::optional<Value> {
    if (i == count)
      return std::nullopt;
    return Value::integer(start + i++ * step);
  };
}

bool Range::equals(const Object& other) const {
  const auto* range = dynamic_cast<const Range*>(&other);
  return range && count_ == range->count_ && (count_ == 0 || start_ == range->start_) &&
         (count_ <= 1 || step_ == range->step_);
}

std::string DictView::type_name() const {
  switch (part_) {
  case Part::kKeys:
    return "dict_keys";
  case Part::kValues:
    return "dict_values";
  case Part::kItems:
    return "dict_items";
  }
  return "dict_view";
}

std::string DictView::repr() const {
  std::vector<Value> items;
  Cursor next = DictView(dict_, part_).iterate();
  while (std::optional<Value> item = next())
    items.push_back(std::move(*item));
  return fmt::format("{}({})", type_name(), jinja::repr(Value::list(std::move(items))));
}

std::optional<std::int64_t> DictView::length() const {
  return static_cast<std::int64_t>(dict_.as_dict().size());
}

Cursor DictView::iterate() {
  return [dict = dict_, part = part_, i = std::size_t{0}]() mutable -> std::optional<Value> {
    const auto& entries = dict.as_dict().entries();
    if (i == entries.size())
      return std::nullopt;
    const auto& [key, value] = entries[i++];
    if (part == Part::kItems)
      return Value::tuple({key, value});
    return part == Part::kKeys ? key : value;
  };
}

bool DictView::equals(const Object& other) const {
  const auto* view = dynamic_cast<const DictView*>(&other);
  if (!view || part_ == Part::kValues || view->part_ != part_)
    return this == &other;
  const Dict& mine = dict_.as_dict();
  const Dict& theirs = view->dict_.as_dict();
  return mine.size() == theirs.size() &&
         std::ranges::all_of(mine.entries(), [&](const Dict::Entry& entry) {
           const Value* value = theirs.find(entry.first);
           return value && (part_ == Part::kKeys || equal(entry.second, *value));
         });
}

Cursor Generator::iterate() {
  return [shared = cursor_]() -> std::optional<Value> {
    // A step that fails, or that is asked for while it runs, finds an exhausted generator.
    Cursor cursor = std::exchange(*shared, nullptr);
    if (!cursor)
      return std::nullopt;
    std::optional<Value> item = cursor();
    if (item)
      *shared = std::move(cursor);
    return item;
  };
}

Value make_generator(const Value& source, std::function<Cursor()> start) {
  Cursor cursor = [start = std::move(start), next = Cursor()]() mutable {
    if (!next)
      next = start();
    return next();
  };
  return Value::object(std::make_shared<Generator>(std::move(cursor), enclose({}, source)));
}

std::string Namespace::repr() const {
  struct Nesting {
    Nesting() { ++namespace_nesting; }
    ~Nesting() { --namespace_nesting; }
  } nesting;
  if (namespace_nesting > kMaxNamespaceNesting)
    fail("namespaces are nested too deeply to be printed");
  return fmt::format("<Namespace {}>", jinja::repr(Value::dict(attributes_)));
}

std::optional<Value> Namespace::attribute(Evaluation&, std::string_view name) {
  const Value* value = attributes_.find(name);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<Value> Cycler::attribute(Evaluation&, std::string_view name) {
  if (name == "current")
    return items_.items()[state_->position];
  if (name == "items")
    return items_;
  if (name == "pos")
    return Value::integer(static_cast<std::int64_t>(state_->position));
  if (name != "next" && name != "reset")
    return std::nullopt;
  bool advance = name == "next";
  auto body = [items = items_, state = state_, advance](Evaluation&, const Arguments& arguments) {
    if (!arguments.positional.empty() || !arguments.named.empty())
      fail("a cycler's methods take no arguments");
    if (!advance) {
      state->position = 0;
      return Value::none();
    }
    Value current = items.items()[state->position];
    state->position = (state->position + 1) % items.items().size();
    return current;
  };
  return Value::object(std::make_shared<Function>(std::string(name), std::move(body), items_));
}

Value Joiner::call(Evaluation&, const Arguments& arguments) {
  if (!arguments.positional.empty() || !arguments.named.empty())
    fail("a joiner takes no arguments");
  return std::exchange(used_, true) ? separator_ : Value::text("");
}

}  // namespace ashlar::jinja
