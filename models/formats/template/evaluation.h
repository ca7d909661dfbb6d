// SPDX-License-Identifier: Apache-2.0
// One rendering in progress, as filters, tests, methods and functions see it.
#pragma once

#include "models/formats/template/civil_time.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/value.h"

namespace ashlar::jinja {

// What an object that stays until the end of the evaluation costs.
inline constexpr std::int64_t kRegistrationSteps = 16;

class Evaluation {
public:
  Evaluation(const TemplateLimits& limits, const CivilTime& now);
  // Takes apart what may refer to itself.
  ~Evaluation();
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  // Fails when the template has used up its steps.
  void spend(std::int64_t steps);

  const CivilTime& now() const { return now_; }

  // `value.name`: the attribute or method, else the item of that name, else an undefined value.
  Value attribute(const Value& value, std::string_view name);
  // `value[key]`: the item, else for a text the attribute of that name, else an undefined value.
  Value item(const Value& value, const Value& key);

  Value call(const Value& callee, const Arguments& arguments);
  // Throw Lacking for an unknown name.
  Value filter(std::string_view name, const Value& operand, const Arguments& arguments);
  bool test(std::string_view name, const Value& operand, const Arguments& arguments);

  Value make_namespace(Dict attributes);
  // Calls `release` at the end of the evaluation, to break a cycle of references.
  void at_end(std::function<void()> release) { releases_.push_back(std::move(release)); }

private:
  std::int64_t steps_left_;
  std::int64_t steps_limit_;
  CivilTime now_;
  std::vector<std::function<void()>> releases_;
};

}  // namespace ashlar::jinja
