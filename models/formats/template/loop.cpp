// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/loop.h"

#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/evaluation.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/signature.h"

namespace ashlar::jinja {

Loop::Loop(const Value& iterable, std::int64_t depth0, Recurse recurse)
    : state_(std::make_shared<State>()), depth0_(depth0), recurse_(std::move(recurse)),
      extent_(enclose({}, iterable)) {
  state_->iterable = iterable;
  state_->next = jinja::iterate(iterable);
}

std::optional<Value> Loop::advance() {
  std::optional<Value> item = state_->peek();
  state_->following.reset();
  if (!item)
    return item;
  ++state_->index0;
  state_->previous = std::exchange(state_->current, item);
  return item;
}

const std::optional<Value>& Loop::State::peek() {
  if (!following)
    following = next();
  return following;
}

std::int64_t Loop::State::count() {
  if (length)
    return *length;
  length = try_length(iterable);
  if (!length) {
    std::vector<Value> rest;
    while (std::optional<Value> item = next())
      rest.push_back(std::move(*item));
    length = static_cast<std::int64_t>(rest.size()) + index0 + 1 + (following ? 1 : 0);
    next = jinja::iterate(Value::list(std::move(rest)));
  }
  return *length;
}

std::string Loop::repr() const {
  return fmt::format("<LoopContext {}/{}>", state_->index0 + 1, state_->count());
}

std::optional<Value> Loop::attribute(Evaluation&, std::string_view name) {
  if (std::optional<Value> value = number(name))
    return value;
  if (std::optional<Value> value = neighbour(name))
    return value;
  return method(name);
}

std::optional<Value> Loop::number(std::string_view name) const {
  if (name == "index")
    return Value::integer(state_->index0 + 1);
  if (name == "index0")
    return Value::integer(state_->index0);
  if (name == "revindex")
    return Value::integer(state_->count() - state_->index0);
  if (name == "revindex0")
    return Value::integer(state_->count() - state_->index0 - 1);
  if (name == "length")
    return Value::integer(state_->count());
  if (name == "depth")
    return Value::integer(depth0_ + 1);
  if (name == "depth0")
    return Value::integer(depth0_);
  return std::nullopt;
}

std::optional<Value> Loop::neighbour(std::string_view name) const {
  if (name == "first")
    return Value::boolean(state_->index0 == 0);
  if (name == "last")
    return Value::boolean(!state_->peek());
  if (name == "previtem")
    return state_->index0 > 0 ? *state_->previous : Value::undefined("there is no previous item");
  if (name == "nextitem")
    return state_->peek() ? *state_->peek() : Value::undefined("there is no next item");
  return std::nullopt;
}

std::optional<Value> Loop::method(std::string_view name) const {
  if (name == "cycle") {
    auto cycle = [state = state_](Evaluation&, const Arguments& arguments) {
      const auto& items = arguments.positional;
      if (items.empty() || !arguments.named.empty())
        fail("loop.cycle() takes one positional argument or more");
      return items[static_cast<std::size_t>(state->index0) % items.size()];
    };
    return Value::object(std::make_shared<Function>("cycle", std::move(cycle), state_->iterable));
  }
  if (name == "changed") {
    auto changed = [state = state_](Evaluation& evaluation, const Arguments& arguments) {
      if (!arguments.named.empty())
        fail("loop.changed() takes no keyword arguments");
      Value values = Value::tuple(arguments.positional);
      evaluation.spend(values.extent().weight / 4);
      if (state->last_changed && equal(*state->last_changed, values))
        return Value::boolean(false);
      if (!state->last_changed) {
        // The values may contain this loop.
        evaluation.spend(kRegistrationSteps);
        evaluation.at_end([state] { state->last_changed.reset(); });
      }
      state->last_changed = std::move(values);
      return Value::boolean(true);
    };
    return Value::object(
        std::make_shared<Function>("changed", std::move(changed), state_->iterable));
  }
  return std::nullopt;
}

Value Loop::call(Evaluation&, const Arguments& arguments) {
  const Value& iterable = *Signature("loop", {"iterable"}, 1).bind(arguments)[0];
  if (!recurse_)
    fail("The loop must have the 'recursive' marker to be called recursively.");
  return recurse_(iterable, depth0_ + 1);
}

}  // namespace ashlar::jinja
