// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a template. Nodes are immutable once the parser is done with them; the nesting
// of expressions and of statements is bounded by TemplateLimits::nesting.
#pragma once

#include "models/formats/template/compare.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/value.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ashlar::jinja::ast {

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<const Expression>;
using Expressions = std::vector<ExpressionPtr>;
using Body = std::vector<Statement>;

// Expressions.
// -------------------------------------------------------------------------------------

struct Literal {
  Value value;
};

struct Name {
  std::string name;
};

// `namespace.attribute` as the target of a set statement.
struct NamespaceReference {
  std::string name;
  std::string attribute;
};

struct ListLiteral {
  Expressions items;
};

struct TupleLiteral {
  Expressions items;
};

struct DictLiteral {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};

struct Not {
  ExpressionPtr operand;
};

struct Sign {
  bool negative;
  ExpressionPtr operand;
};

struct Binary {
  BinaryOperator op;
  ExpressionPtr left;
  ExpressionPtr right;
};

struct Logical {
  bool conjunction;
  ExpressionPtr left;
  ExpressionPtr right;
};

// `first op operand op operand ...`, every operand evaluated at most once.
struct Comparison {
  ExpressionPtr first;
  std::vector<std::pair<Comparator, ExpressionPtr>> rest;
};

struct Concatenation {
  Expressions parts;
};

// `consequent if condition else alternative`; the alternative may be null.
struct Conditional {
  ExpressionPtr condition;
  ExpressionPtr consequent;
  ExpressionPtr alternative;
};

struct Attribute {
  ExpressionPtr object;
  std::string name;
};

struct Item {
  ExpressionPtr object;
  ExpressionPtr key;
};

// Only as the key of an Item. Omitted bounds are null.
struct Slice {
  ExpressionPtr start;
  ExpressionPtr stop;
  ExpressionPtr step;
};

struct CallArguments {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr star;
  ExpressionPtr double_star;
};

struct Call {
  ExpressionPtr callee;
  CallArguments arguments;
};

// A null operand stands for the text of the surrounding filter or set block.
struct Filter {
  ExpressionPtr operand;
  std::string name;
  CallArguments arguments;
};

struct Test {
  ExpressionPtr operand;
  std::string name;
  CallArguments arguments;
};

struct Expression {
  using Node = std::variant<Literal, Name, NamespaceReference, ListLiteral, TupleLiteral,
                            DictLiteral, Not, Sign, Binary, Logical, Comparison, Concatenation,
                            Conditional, Attribute, Item, Slice, Call, Filter, Test>;
  int line;
  int depth;
  Node node;
};

// Statements.
// --------------------------------------------------------------------------------------

// Names that a scope assigns without reading them from outside first: they are undefined in it
// until assigned, even where a variable of that name was passed to the template.
using HiddenNames = std::vector<std::string>;

struct Output {
  // Literal text or an expression to print.
  std::vector<std::variant<std::string, ExpressionPtr>> parts;
};

struct If {
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};

struct For {
  ExpressionPtr target;
  ExpressionPtr iterable;
  ExpressionPtr condition;  // may be null
  Body body;
  Body otherwise;
  bool recursive;
  // The body mentions `loop`.
  bool uses_loop;
  HiddenNames hidden;
  HiddenNames otherwise_hidden;
};

struct Set {
  ExpressionPtr target;
  ExpressionPtr value;
};

struct SetBlock {
  ExpressionPtr target;
  ExpressionPtr filter;  // null, or a chain of Filter nodes
  Body body;
  HiddenNames hidden;
};

struct Parameter {
  std::string name;
  ExpressionPtr fallback;  // null for a parameter without default
};

struct Macro {
  std::string name;  // empty for the body of a call block
  std::vector<Parameter> parameters;
  Body body;
  bool uses_caller;
  bool uses_varargs;
  bool uses_kwargs;
  HiddenNames hidden;
};

struct CallBlock {
  Macro caller;
  ExpressionPtr call;
};

struct FilterBlock {
  ExpressionPtr filter;
  Body body;
  HiddenNames hidden;
};

struct With {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> assignments;
  Body body;
  HiddenNames hidden;
};

// `{% generation %}`: the part of the text a model is to learn. It renders its body.
struct Generation {
  Body body;
  HiddenNames hidden;
};

struct Break {};
struct Continue {};

struct Statement {
  using Node = std::variant<Output, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock, With,
                            Generation, Break, Continue>;
  int line;
  Node node;
};

struct Template {
  Body body;
  HiddenNames hidden;
};

template <typename... Cases> struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace ashlar::jinja::ast
