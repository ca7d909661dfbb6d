// SPDX-License-Identifier: Apache-2.0
// A macro of the template, or the body of a call block, as a value.
#pragma once

#include "models/formats/template/interpreter.h"

namespace ashlar::jinja {

class Macro : public Object {
public:
  // The interpreter and the node must outlive the macro.
  Macro(Interpreter& interpreter, const ast::Macro& node, std::shared_ptr<Scope> scope)
      : interpreter_(interpreter), node_(node), scope_(std::move(scope)) {}

  std::string type_name() const override { return "Macro"; }
  std::string repr() const override;
  std::optional<Value> attribute(Evaluation& evaluation, std::string_view name) override;
  bool callable() const override { return true; }
  Value call(Evaluation& evaluation, const Arguments& arguments) override;

private:
  Interpreter& interpreter_;
  const ast::Macro& node_;
  // Where the macro was defined.
  std::shared_ptr<Scope> scope_;
};

}  // namespace ashlar::jinja
