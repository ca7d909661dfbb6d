// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/scope_analysis.h"

#include "models/formats/template/ast_walk.h"
#include "models/formats/template/mentions.h"
#include "models/formats/template/template_error.h"

#include <map>
#include <set>

namespace ashlar::jinja {

namespace {

// What one scope knows of each name in it: where its value comes from when the scope is entered.
class Symbols {
public:
  enum class Origin { kOutside, kNowhere };

  explicit Symbols(const Symbols* parent) : parent_(parent) {}

  void load(const std::string& name) {
    if (!knows(name))
      origins_[name] = Origin::kOutside;
  }

  void store(const std::string& name) {
    stores_.insert(name);
    if (!origins_.contains(name))
      origins_[name] = parent_ && parent_->knows(name) ? Origin::kOutside : Origin::kNowhere;
  }

  void declare(const std::string& name) {
    stores_.insert(name);
    origins_[name] = Origin::kOutside;
  }

  // Takes over what the branches of an `if` learned. What a branch stores may not be stored at all,
  // so the name starts with its value from outside.
  void merge(const std::vector<Symbols>& branches) {
    std::set<std::string> stored;
    for (const Symbols& branch : branches) {
      for (const std::string& name : branch.stores_) {
        if (!stores_.contains(name))
          stored.insert(name);
      }
    }
    for (const Symbols& branch : branches) {
      for (const auto& [name, origin] : branch.origins_)
        origins_[name] = origin;
      stores_.insert(branch.stores_.begin(), branch.stores_.end());
    }
    for (const std::string& name : stored)
      origins_[name] = Origin::kOutside;
  }

  ast::HiddenNames hidden() const {
    ast::HiddenNames names;
    for (const auto& [name, origin] : origins_) {
      if (origin == Origin::kNowhere)
        names.push_back(name);
    }
    return names;
  }

private:
  bool knows(const std::string& name) const {
    return origins_.contains(name) || (parent_ && parent_->knows(name));
  }

  const Symbols* parent_;
  std::map<std::string, Origin> origins_;
  std::set<std::string> stores_;
};

void read_names(Symbols& symbols, const ast::Expression& expression) {
  if (const auto* name = std::get_if<ast::Name>(&expression.node))
    symbols.load(name->name);
  ast::for_each_part(expression, [&](const ast::Expression& part) { read_names(symbols, part); });
}

void read_names(Symbols& symbols, const ast::ExpressionPtr& expression) {
  if (expression)
    read_names(symbols, *expression);
}

template <typename Visit> void for_each_target(const ast::Expression& target, Visit&& visit) {
  if (const auto* tuple = std::get_if<ast::TupleLiteral>(&target.node)) {
    for (const ast::ExpressionPtr& item : tuple->items)
      for_each_target(*item, visit);
  } else if (const auto* name = std::get_if<ast::Name>(&target.node)) {
    visit(name->name);
  }
}

void store_target(Symbols& symbols, const ast::Expression& target) {
  for_each_target(target, [&](const std::string& name) { symbols.store(name); });
  if (const auto* reference = std::get_if<ast::NamespaceReference>(&target.node))
    symbols.load(reference->name);
}

void declare_target(Symbols& symbols, const ast::Expression& target) {
  for_each_target(target, [&](const std::string& name) { symbols.declare(name); });
}

// Collects the names of one scope, without entering the scopes inside it.
void collect(Symbols& symbols, const ast::Body& body);

class Collector {
public:
  explicit Collector(Symbols& symbols) : symbols_(symbols) {}

  void operator()(const ast::Output& node) const {
    for (const auto& part : node.parts) {
      if (const auto* expression = std::get_if<ast::ExpressionPtr>(&part))
        read_names(symbols_, *expression);
    }
  }

  void operator()(const ast::If& node) const { collect_if(symbols_, node, 0); }
  void operator()(const ast::For& node) const { read_names(symbols_, node.iterable); }

  void operator()(const ast::Set& node) const {
    read_names(symbols_, node.value);
    store_target(symbols_, *node.target);
  }

  void operator()(const ast::SetBlock& node) const { store_target(symbols_, *node.target); }
  void operator()(const ast::Macro& node) const { symbols_.store(node.name); }
  void operator()(const ast::CallBlock& node) const { read_names(symbols_, node.call); }
  void operator()(const ast::FilterBlock& node) const { read_names(symbols_, node.filter); }

  void operator()(const ast::With& node) const {
    for (const auto& [target, value] : node.assignments)
      read_names(symbols_, value);
  }

  void operator()(const ast::Generation&) const {}
  void operator()(const ast::Break&) const {}
  void operator()(const ast::Continue&) const {}

private:
  // Branch `first` with its test; every `elif` after it belongs to one common branch of its own.
  static void collect_if(Symbols& symbols, const ast::If& node, std::size_t first) {
    read_names(symbols, node.branches[first].first);
    std::vector<Symbols> branches(3, symbols);
    collect(branches[0], node.branches[first].second);
    if (first == 0) {
      for (std::size_t i = 1; i < node.branches.size(); ++i)
        collect_if(branches[1], node, i);
      collect(branches[2], node.otherwise);
    }
    symbols.merge(branches);
  }

  Symbols& symbols_;
};

void collect(Symbols& symbols, const ast::Body& body) {
  for (const ast::Statement& statement : body)
    std::visit(Collector(symbols), statement.node);
}

// Analyzes the scopes inside a scope whose own names are complete.
void descend(const Symbols& symbols, ast::Body& body);

// Analyzes a scope of which `symbols` knows the parameters.
ast::HiddenNames analyze(Symbols& symbols, ast::Body& body) {
  collect(symbols, body);
  descend(symbols, body);
  return symbols.hidden();
}

class Descender {
public:
  Descender(const Symbols& symbols, int line) : symbols_(symbols), line_(line) {}

  void operator()(ast::If& node) const {
    for (auto& [test, body] : node.branches)
      descend(symbols_, body);
    descend(symbols_, node.otherwise);
  }

  void operator()(ast::For& node) const {
    node.uses_loop = node.recursive || !mentions(node.body, {"loop"}).empty();
    Symbols inner(&symbols_);
    if (node.uses_loop)
      inner.declare("loop");
    declare_target(inner, *node.target);
    node.hidden = analyze(inner, node.body);
    Symbols otherwise(&symbols_);
    node.otherwise_hidden = analyze(otherwise, node.otherwise);
  }

  void operator()(ast::SetBlock& node) const { node.hidden = analyze_plain(node.body); }

  void operator()(ast::Macro& node) const {
    Symbols inner(&symbols_);
    for (const ast::Parameter& parameter : node.parameters)
      inner.declare(parameter.name);
    declare_specials(node, inner);
    for (const ast::Parameter& parameter : node.parameters)
      read_names(inner, parameter.fallback);
    node.hidden = analyze(inner, node.body);
  }

  void operator()(ast::CallBlock& node) const { (*this)(node.caller); }

  void operator()(ast::FilterBlock& node) const {
    Symbols inner(&symbols_);
    collect(inner, node.body);
    read_names(inner, node.filter);
    descend(inner, node.body);
    node.hidden = inner.hidden();
  }

  void operator()(ast::With& node) const {
    Symbols inner(&symbols_);
    for (const auto& [target, value] : node.assignments)
      declare_target(inner, *target);
    node.hidden = analyze(inner, node.body);
  }

  void operator()(ast::Generation& node) const { node.hidden = analyze_plain(node.body); }

  template <typename Other> void operator()(Other&) const {}

private:
  ast::HiddenNames analyze_plain(ast::Body& body) const {
    Symbols inner(&symbols_);
    return analyze(inner, body);
  }

  void declare_specials(ast::Macro& node, Symbols& inner) const {
    std::set<std::string> mentioned = mentions(node.body, {"caller", "varargs", "kwargs"});
    bool has_caller_parameter = false;
    for (const ast::Parameter& parameter : node.parameters) {
      if (parameter.name != "caller") {
        mentioned.erase(parameter.name);
        continue;
      }
      has_caller_parameter = true;
      if (mentioned.contains("caller") && !parameter.fallback)
        throw TemplateError("When defining macros or call blocks the special \"caller\" argument "
                            "must be omitted or be given a default.",
                            line_);
    }
    node.uses_caller = mentioned.contains("caller");
    node.uses_varargs = mentioned.contains("varargs");
    node.uses_kwargs = mentioned.contains("kwargs");
    if (has_caller_parameter)
      mentioned.erase("caller");
    for (const std::string& name : mentioned)
      inner.declare(name);
  }

  const Symbols& symbols_;
  int line_;
};

void descend(const Symbols& symbols, ast::Body& body) {
  for (ast::Statement& statement : body)
    std::visit(Descender(symbols, statement.line), statement.node);
}

}  // namespace

void analyze_scopes(ast::Template& source) {
  Symbols root(nullptr);
  source.hidden = analyze(root, source.body);
}

}  // namespace ashlar::jinja
