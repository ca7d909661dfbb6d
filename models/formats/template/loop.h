// SPDX-License-Identifier: Apache-2.0
// The special variable `loop`.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

class Loop : public Object {
public:
  // Renders the body of a recursive loop for another iterable, at the given depth.
  using Recurse = std::function<Value(const Value& iterable, std::int64_t depth0)>;

  // `recurse` is empty for a loop that is not recursive.
  Loop(const Value& iterable, std::int64_t depth0, Recurse recurse);

  // Moves to the next item and returns it; nothing at the end.
  std::optional<Value> advance();

  std::string type_name() const override { return "LoopContext"; }
  std::string repr() const override;
  std::optional<Value> attribute(Evaluation& evaluation, std::string_view name) override;
  std::optional<std::int64_t> length() const override { return state_->count(); }
  bool callable() const override { return true; }
  Value call(Evaluation& evaluation, const Arguments& arguments) override;
  Extent extent() const override { return extent_; }

private:
  // Shared with the bound methods.
  struct State {
    Value iterable;
    Cursor next;
    std::int64_t index0 = -1;
    std::optional<Value> previous;
    std::optional<Value> current;
    std::optional<Value> following;  // an item looked at ahead of time
    std::optional<std::int64_t> length;
    std::optional<Value> last_changed;

    const std::optional<Value>& peek();
    std::int64_t count();
  };

  std::optional<Value> number(std::string_view name) const;
  std::optional<Value> neighbour(std::string_view name) const;
  std::optional<Value> method(std::string_view name) const;

  std::shared_ptr<State> state_;
  std::int64_t depth0_;
  Recurse recurse_;
  Extent extent_;
};

}  // namespace ashlar::jinja
