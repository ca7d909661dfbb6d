// SPDX-License-Identifier: Apache-2.0
// The statements of the interpreter.
#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/interpreter.h"
#include "models/formats/template/macro.h"
#include "models/formats/template/objects.h"

#include <algorithm>

namespace ashlar::jinja {

namespace {

std::shared_ptr<Scope> make_scope(const std::shared_ptr<Scope>& parent,
                                  const ast::HiddenNames& hidden) {
  auto scope = std::make_shared<Scope>();
  scope->parent = parent;
  for (const std::string& name : hidden)
    scope->variables.emplace(name, std::nullopt);
  return scope;
}

}  // namespace

Interpreter::ScopeGuard::ScopeGuard(Interpreter& interpreter, const ast::HiddenNames& hidden)
    : ScopeGuard(interpreter, make_scope(interpreter.scope_, hidden)) {}

Interpreter::Interpreter(const ast::Template& source, const Dict& variables,
                         const TemplateLimits& limits, const CivilTime& now)
    : source_(source), variables_(variables), limits_(limits), evaluation_(limits, now) {}

std::string Interpreter::run() {
  TextBuilder out(limits_.output_bytes);
  out_ = &out;
  ScopeGuard root(*this, source_.hidden);
  execute(source_.body);
  return out.take();
}

Interpreter::Flow Interpreter::execute(const ast::Body& body) {
  Depth depth(*this);
  for (const ast::Statement& statement : body) {
    line_ = statement.line;
    evaluation_.spend(1);
    Flow flow = std::visit([&](const auto& node) { return execute(node); }, statement.node);
    if (flow != Flow::kNormal)
      return flow;
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::Output& node) {
  for (const auto& part : node.parts) {
    if (const auto* text = std::get_if<std::string>(&part))
      out_->append(*text);
    else
      print(evaluate(*std::get<ast::ExpressionPtr>(part)));
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::If& node) {
  for (const auto& [test, body] : node.branches) {
    if (truthy(evaluate(*test)))
      return execute(body);
  }
  return execute(node.otherwise);
}

Interpreter::Flow Interpreter::execute(const ast::For& node) {
  Value iterable = evaluate(*node.iterable);
  if (!node.recursive)
    return run_loop(node, iterable, 0);
  capture_scope();
  print(render_recursive_loop(node, iterable, 0));
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::run_loop(const ast::For& node, const Value& iterable,
                                        std::int64_t depth0) {
  bool completed = false;
  run_iterations(node, iterable, depth0, &completed);
  if (completed || node.otherwise.empty())
    return Flow::kNormal;
  ScopeGuard scope(*this, node.otherwise_hidden);
  return execute(node.otherwise);
}

Interpreter::Flow Interpreter::run_iterations(const ast::For& node, const Value& iterable,
                                              std::int64_t depth0, bool* completed) {
  Value items = node.condition ? filter_items(node, iterable) : iterable;
  std::shared_ptr<Loop> loop;
  Cursor next;
  if (node.uses_loop) {
    Loop::Recurse recurse;
    if (node.recursive)
      recurse = [this, &node, scope = scope_](const Value& inner, std::int64_t depth) {
        ScopeGuard guard(*this, scope);
        return render_recursive_loop(node, inner, depth);
      };
    loop = std::make_shared<Loop>(items, depth0, std::move(recurse));
    next = [loop] { return loop->advance(); };
  } else {
    next = iterate(items);
  }
  ScopeGuard guard(*this, node.hidden);
  while (std::optional<Value> item = next()) {
    evaluation_.spend(1);
    scope_->variables.clear();
    for (const std::string& name : node.hidden)
      scope_->variables.emplace(name, std::nullopt);
    if (loop)
      scope_->variables["loop"] = Value::object(loop);
    assign(*node.target, *item);
    Flow flow = execute(node.body);
    if (flow == Flow::kBreak)
      break;
    // As in Jinja2, only an iteration that reaches the end of the body keeps `else` from running.
    if (flow == Flow::kNormal)
      *completed = true;
  }
  return Flow::kNormal;
}

Value Interpreter::render_recursive_loop(const ast::For& node, const Value& iterable,
                                         std::int64_t depth0) {
  return capture([&] { run_loop(node, iterable, depth0); });
}

Value Interpreter::filter_items(const ast::For& node, const Value& iterable) {
  capture_scope();
  auto accepts = [this, &node, scope = scope_](const Value& item) {
    ScopeGuard outer(*this, scope);
    ScopeGuard inner(*this, ast::HiddenNames());
    assign(*node.target, item);
    return truthy(evaluate(*node.condition));
  };
  return make_generator(iterable, [iterable, accepts]() -> Cursor {
    return [next = iterate(iterable), accepts]() -> std::optional<Value> {
      while (std::optional<Value> item = next()) {
        if (accepts(*item))
          return item;
      }
      return std::nullopt;
    };
  });
}

Interpreter::Flow Interpreter::execute(const ast::Set& node) {
  assign(*node.target, evaluate(*node.value));
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::SetBlock& node) {
  Value value;
  Flow flow = Flow::kNormal;
  {
    ScopeGuard scope(*this, node.hidden);
    value = capture([&] { flow = execute(node.body); });
    if (flow != Flow::kNormal)
      return flow;
    if (node.filter) {
      const Value* outer = std::exchange(block_text_, &value);
      Value filtered = evaluate(*node.filter);
      block_text_ = outer;
      value = std::move(filtered);
    }
  }
  assign(*node.target, value);
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::Macro& node) {
  scope_->variables[node.name] = make_macro(node);
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::CallBlock& node) {
  Value caller = make_macro(node.caller);
  const auto& call = std::get<ast::Call>(node.call->node);
  Value callee = evaluate(*call.callee);
  Arguments arguments = evaluate_arguments(call.arguments);
  if (arguments.find_named("caller"))
    fail("the call block passes its own argument 'caller'");
  arguments.named.emplace_back("caller", std::move(caller));
  print_text(evaluation_.call(callee, arguments));
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::FilterBlock& node) {
  Flow flow = Flow::kNormal;
  ScopeGuard scope(*this, node.hidden);
  Value text = capture([&] { flow = execute(node.body); });
  if (flow != Flow::kNormal)
    return flow;
  const Value* outer = std::exchange(block_text_, &text);
  Value filtered = evaluate(*node.filter);
  block_text_ = outer;
  print_text(filtered);
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const ast::With& node) {
  std::vector<Value> values;
  for (const auto& [target, value] : node.assignments)
    values.push_back(evaluate(*value));
  ScopeGuard scope(*this, node.hidden);
  for (std::size_t i = 0; i < values.size(); ++i)
    assign(*node.assignments[i].first, values[i]);
  return execute(node.body);
}

Interpreter::Flow Interpreter::execute(const ast::Generation& node) {
  ScopeGuard scope(*this, node.hidden);
  return execute(node.body);
}

void Interpreter::assign(const ast::Expression& target, const Value& value) {
  if (const auto* name = std::get_if<ast::Name>(&target.node)) {
    scope_->variables[name->name] = value;
    return;
  }
  if (const auto* reference = std::get_if<ast::NamespaceReference>(&target.node)) {
    Value owner = look_up(reference->name);
    auto* attributes = object_cast<Namespace>(owner);
    if (!attributes)
      fail("cannot assign attribute on non-namespace object");
    evaluation_.spend(1);
    attributes->set(reference->attribute, value);
    return;
  }
  const auto& targets = std::get<ast::TupleLiteral>(target.node).items;
  Cursor next = try_iterate(value);
  if (!next)
    fail("cannot unpack non-iterable {} object", type_name(value));
  std::vector<Value> items;
  while (items.size() <= targets.size()) {
    std::optional<Value> item = next();
    if (!item)
      break;
    items.push_back(std::move(*item));
  }
  if (items.size() > targets.size())
    fail("too many values to unpack (expected {})", targets.size());
  if (items.size() < targets.size())
    fail("not enough values to unpack (expected {}, got {})", targets.size(), items.size());
  for (std::size_t i = 0; i < targets.size(); ++i)
    assign(*targets[i], items[i]);
}

void Interpreter::print(const Value& value) {
  if (value.is(Kind::kText))
    out_->append(value.bytes());
  else
    out_->append(to_text(value));
}

void Interpreter::print_text(const Value& value) {
  if (!value.is(Kind::kText))
    fail("expected a text to write, got a value of type '{}'", type_name(value));
  out_->append(value.bytes());
}

template <typename Run> Value Interpreter::capture(Run&& run) {
  struct Redirect {
    Redirect(TextBuilder*& slot, TextBuilder* target) : slot_(slot), outer_(slot) { slot = target; }
    ~Redirect() { slot_ = outer_; }
    TextBuilder*& slot_;
    TextBuilder* outer_;
  };
  TextBuilder text;
  Redirect redirect(out_, &text);
  run();
  evaluation_.spend(static_cast<std::int64_t>(text.view().size()) / 16);
  return Value::text(text.take());
}

Value Interpreter::make_macro(const ast::Macro& node) {
  capture_scope();
  evaluation_.spend(1);
  return Value::object(std::make_shared<Macro>(*this, node, scope_));
}

void Interpreter::capture_scope() {
  if (std::exchange(scope_->captured, true))
    return;
  evaluation_.spend(kRegistrationSteps);
  evaluation_.at_end([scope = scope_] { scope->variables.clear(); });
}

Value Interpreter::call_macro(const ast::Macro& node, const std::shared_ptr<Scope>& scope,
                              const Arguments& arguments) {
  ScopeGuard outer(*this, scope);
  ScopeGuard inner(*this, node.hidden);
  bind_parameters(node, arguments);
  return capture([&] { execute(node.body); });
}

void Interpreter::bind_parameters(const ast::Macro& node, const Arguments& arguments) {
  auto named = arguments.named;
  bool has_caller = false;
  for (std::size_t i = 0; i < node.parameters.size(); ++i) {
    const std::string& name = node.parameters[i].name;
    has_caller = has_caller || name == "caller";
    std::optional<Value>& slot = scope_->variables[name];
    if (i < arguments.positional.size()) {
      slot = arguments.positional[i];
      continue;
    }
    auto given =
        std::ranges::find_if(named, [&](const auto& entry) { return entry.first == name; });
    if (given != named.end()) {
      slot = given->second;
      named.erase(given);
    }
  }
  bind_specials(node, arguments, std::move(named), has_caller);
  for (const ast::Parameter& parameter : node.parameters) {
    std::optional<Value>& slot = scope_->variables[parameter.name];
    if (slot)
      continue;
    Value value =
        parameter.fallback
            ? evaluate(*parameter.fallback)
            : Value::undefined(fmt::format("parameter '{}' was not provided", parameter.name));
    scope_->variables[parameter.name] = std::move(value);
  }
}

void Interpreter::bind_specials(const ast::Macro& node, const Arguments& arguments,
                                std::vector<std::pair<std::string, Value>> named, bool has_caller) {
  if (node.uses_caller && !has_caller) {
    auto given =
        std::ranges::find_if(named, [](const auto& entry) { return entry.first == "caller"; });
    Value caller = Value::undefined("No caller defined");
    if (given != named.end()) {
      if (!given->second.is(Kind::kNone))
        caller = given->second;
      named.erase(given);
    }
    scope_->variables["caller"] = std::move(caller);
  }
  if (node.uses_kwargs) {
    Dict kwargs;
    for (auto& [name, value] : named)
      kwargs.set(name, std::move(value));
    scope_->variables["kwargs"] = Value::dict(std::move(kwargs));
  } else if (!named.empty()) {
    fail("macro '{}' takes no keyword argument '{}'", node.name, named.front().first);
  }
  std::size_t extra = std::max(arguments.positional.size(), node.parameters.size());
  if (node.uses_varargs) {
    std::vector<Value> varargs(arguments.positional.begin() +
                                   static_cast<std::ptrdiff_t>(std::min(
                                       node.parameters.size(), arguments.positional.size())),
                               arguments.positional.end());
    scope_->variables["varargs"] = Value::tuple(std::move(varargs));
  } else if (extra > node.parameters.size()) {
    fail("macro '{}' takes not more than {} argument(s)", node.name, node.parameters.size());
  }
}

std::string Macro::repr() const {
  return node_.name.empty() ? "<Macro anonymous>" : fmt::format("<Macro {}>", quote(node_.name));
}

std::optional<Value> Macro::attribute(Evaluation&, std::string_view name) {
  if (name == "name")
    return node_.name.empty() ? Value::none() : Value::text(node_.name);
  if (name == "arguments") {
    std::vector<Value> names;
    for (const ast::Parameter& parameter : node_.parameters)
      names.push_back(Value::text(parameter.name));
    return Value::tuple(std::move(names));
  }
  if (name == "caller")
    return Value::boolean(node_.uses_caller);
  if (name == "catch_kwargs")
    return Value::boolean(node_.uses_kwargs);
  if (name == "catch_varargs")
    return Value::boolean(node_.uses_varargs);
  return std::nullopt;
}

Value Macro::call(Evaluation&, const Arguments& arguments) {
  return interpreter_.call_macro(node_, scope_, arguments);
}

}  // namespace ashlar::jinja
