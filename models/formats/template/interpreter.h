// SPDX-License-Identifier: Apache-2.0
// Walks a syntax tree and writes the rendering.
//
// Scopes form a chain; a name is looked up from the innermost outwards, then among the variables
// passed to the template, then among the global functions.
#pragma once

#include "models/formats/template/ast.h"
#include "models/formats/template/evaluation.h"
#include "models/formats/template/loop.h"
#include "models/formats/template/text_builder.h"

#include <unordered_map>

namespace ashlar::jinja {

struct Scope {
  std::shared_ptr<Scope> parent;
  // Without a value: the name belongs to this scope but is not assigned yet. The keys point into
  // the syntax tree.
  std::unordered_map<std::string_view, std::optional<Value>> variables;
  // A macro or loop refers to this scope.
  bool captured = false;
};

class Interpreter {
public:
  // `source` and `variables` must outlive the interpreter.
  Interpreter(const ast::Template& source, const Dict& variables, const TemplateLimits& limits,
              const CivilTime& now);

  // Once per interpreter. Throws Failure and Lacking; `line` then tells where.
  std::string run();
  int line() const { return line_; }

private:
  friend class Macro;
  class Depth;
  class ScopeGuard;

  enum class Flow { kNormal, kBreak, kContinue };

  // Statements.
  Flow execute(const ast::Body& body);
  Flow execute(const ast::Output& node);
  Flow execute(const ast::If& node);
  Flow execute(const ast::For& node);
  Flow execute(const ast::Set& node);
  Flow execute(const ast::SetBlock& node);
  Flow execute(const ast::Macro& node);
  Flow execute(const ast::CallBlock& node);
  Flow execute(const ast::FilterBlock& node);
  Flow execute(const ast::With& node);
  Flow execute(const ast::Generation& node);
  Flow execute(const ast::Break&) { return Flow::kBreak; }
  Flow execute(const ast::Continue&) { return Flow::kContinue; }

  Flow run_loop(const ast::For& node, const Value& iterable, std::int64_t depth0);
  Flow run_iterations(const ast::For& node, const Value& iterable, std::int64_t depth0,
                      bool* completed);
  Value render_recursive_loop(const ast::For& node, const Value& iterable, std::int64_t depth0);
  Value filter_items(const ast::For& node, const Value& iterable);
  Value call_macro(const ast::Macro& node, const std::shared_ptr<Scope>& scope,
                   const Arguments& arguments);
  void bind_parameters(const ast::Macro& node, const Arguments& arguments);
  void bind_specials(const ast::Macro& node, const Arguments& arguments,
                     std::vector<std::pair<std::string, Value>> named, bool has_caller);
  Value make_macro(const ast::Macro& node);
  void assign(const ast::Expression& target, const Value& value);
  void print(const Value& value);
  void print_text(const Value& value);

  // Runs `body` in a scope of its own, and collects what it writes.
  template <typename Run> Value capture(Run&& run);

  // Expressions.
  Value evaluate(const ast::Expression& expression);
  Value evaluate(const ast::Literal& node) { return node.value; }
  Value evaluate(const ast::Name& node);
  Value evaluate(const ast::NamespaceReference& node);
  Value evaluate(const ast::ListLiteral& node);
  Value evaluate(const ast::TupleLiteral& node);
  Value evaluate(const ast::DictLiteral& node);
  Value evaluate(const ast::Not& node);
  Value evaluate(const ast::Sign& node);
  Value evaluate(const ast::Binary& node);
  Value evaluate(const ast::Logical& node);
  Value evaluate(const ast::Comparison& node);
  Value evaluate(const ast::Concatenation& node);
  Value evaluate(const ast::Conditional& node);
  Value evaluate(const ast::Attribute& node);
  Value evaluate(const ast::Item& node);
  Value evaluate(const ast::Slice& node);
  Value evaluate(const ast::Call& node);
  Value evaluate(const ast::Filter& node);
  Value evaluate(const ast::Test& node);

  std::vector<Value> evaluate_all(const ast::Expressions& expressions);
  Value evaluate_bound(const ast::ExpressionPtr& bound);
  Arguments evaluate_arguments(const ast::CallArguments& arguments);
  Value look_up(std::string_view name);
  // Must precede anything that makes a value refer to the present scope.
  void capture_scope();

  const ast::Template& source_;
  const Dict& variables_;
  TemplateLimits limits_;
  Evaluation evaluation_;
  std::shared_ptr<Scope> scope_;
  TextBuilder* out_ = nullptr;
  // The text the filters of the present filter or set block apply to.
  const Value* block_text_ = nullptr;
  int depth_ = 0;
  int line_ = 0;
};

// Counts the expressions and statements in progress.
class Interpreter::Depth {
public:
  explicit Depth(Interpreter& interpreter) : interpreter_(interpreter) {
    if (++interpreter_.depth_ > interpreter_.limits_.call_depth) {
      --interpreter_.depth_;
      fail("the template recurses more than {} levels deep", interpreter_.limits_.call_depth);
    }
  }
  ~Depth() { --interpreter_.depth_; }

private:
  Interpreter& interpreter_;
};

// Makes another scope the present one.
class Interpreter::ScopeGuard {
public:
  ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> scope)
      : interpreter_(interpreter), outer_(std::exchange(interpreter.scope_, std::move(scope))) {}
  // A new scope inside the present one.
  ScopeGuard(Interpreter& interpreter, const ast::HiddenNames& hidden);
  ~ScopeGuard() { interpreter_.scope_ = std::move(outer_); }

private:
  Interpreter& interpreter_;
  std::shared_ptr<Scope> outer_;
};

}  // namespace ashlar::jinja
