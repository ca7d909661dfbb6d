// SPDX-License-Identifier: Apache-2.0
#include "ir/import.h"

#include "ir/ashlar_dialect.h"
#include "runtime/program/error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include <unordered_map>
#include <unordered_set>

using namespace mlir;

namespace ashlar::ir {
namespace {

Location location_of(MLIRContext* context, const Origin& origin) {
  Location line = FileLineColLoc::get(context, origin.where.file_name(), origin.where.line(),
                                      origin.where.column());
  if (!origin.scope || origin.scope->empty())
    return line;
  return NameLoc::get(StringAttr::get(context, *origin.scope), line);
}

StringRef residency_name(Residency residency) {
  switch (residency) {
  case Residency::step:
    return "step";
  case Residency::ring:
    return "ring";
  default:
    return "state";
  }
}

DenseElementsAttr elements_of(const Node& node, RankedTensorType type) {
  const auto* data = reinterpret_cast<const char*>(node.data()->data());
  const std::size_t bytes = node.data()->size();
  if (node.type().dtype == DType::boolean)
    return DenseElementsAttr::get(type, ArrayRef(reinterpret_cast<const bool*>(data), bytes));
  return DenseElementsAttr::getFromRawBuffer(type, ArrayRef(data, bytes));
}

class EntryImporter {
public:
  EntryImporter(OpBuilder& builder, const GraphEntry& entry,
                const std::unordered_set<std::string>& states)
      : builder_(builder), context_(builder.getContext()), entry_(entry), states_(states) {}

  void run() {
    func::FuncOp func = create_function();
    Block* body = func.addEntryBlock();
    builder_.setInsertionPointToStart(body);
    for (auto [input, argument] : llvm::zip_equal(entry_.inputs, body->getArguments()))
      values_[input.node.get()] = argument;
    for (const Node* node : topological_order(roots_of(entry_)))
      if (!values_.contains(node))
        values_[node] = import_node(*node);
    for (const NamedNode& update : entry_.updates)
      write_state(update);
    SmallVector<Value> results;
    for (const NamedNode& output : entry_.outputs)
      results.push_back(values_.at(output.node.get()));
    func::ReturnOp::create(builder_, builder_.getUnknownLoc(), results);
    builder_.setInsertionPointAfter(func);
  }

private:
  SmallVector<Type> types_of(const std::vector<NamedNode>& values) {
    SmallVector<Type> types;
    for (const NamedNode& value : values)
      types.push_back(tensor_type_of(context_, value.node->type()));
    return types;
  }

  func::FuncOp create_function() {
    auto type = builder_.getFunctionType(types_of(entry_.inputs), types_of(entry_.outputs));
    auto func = func::FuncOp::create(builder_, builder_.getUnknownLoc(), entry_.name, type);
    for (auto [i, input] : llvm::enumerate(entry_.inputs))
      func.setArgAttr(i, kNameAttribute, builder_.getStringAttr(input.name));
    for (std::size_t input : entry_.donated)
      func.setArgAttr(static_cast<unsigned>(input), kDonatedAttribute, builder_.getUnitAttr());
    for (auto [i, output] : llvm::enumerate(entry_.outputs))
      func.setResultAttr(i, kNameAttribute, builder_.getStringAttr(output.name));
    return func;
  }

  Value import_node(const Node& node) {
    if (node.is_call())
      return values_.at(node.inputs()[node.call().result].get());
    if (node.is_input())
      throw InvalidArgument("import", "entry '{}' depends on an array that is not its input: {}{}",
                            entry_.name, name_of(node.type().dtype), node.type().shape.to_string());
    const OpInfo& info = op_info(node.kind());
    OperationState state(location_of(context_, node.origin()),
                         ("ashlar." + StringRef(info.name)).str());
    for (const NodeRef& input : node.inputs())
      state.addOperands(values_.at(input.get()));
    auto type = tensor_type_of(context_, node.type());
    state.addTypes(type);
    for (const ArgumentInfo& argument : info.arguments)
      if (Attribute attribute = attribute_of(node, argument, type))
        state.addAttribute(StringRef(argument.name), attribute);
    return builder_.create(state)->getResult(0);
  }

  // Null for operands.
  Attribute attribute_of(const Node& node, const ArgumentInfo& argument, RankedTensorType type) {
    switch (argument.kind) {
    case ArgumentKind::operand:
    case ArgumentKind::operands:
    case ArgumentKind::optional_operand:
      return {};
    case ArgumentKind::elements:
      return elements_of(node, type);
    case ArgumentKind::symbol:
      return state_symbol(std::get<std::string>(*node.attributes().find(argument.name)));
    default:
      return to_mlir(context_, *node.attributes().find(argument.name));
    }
  }

  FlatSymbolRefAttr state_symbol(const std::string& name) {
    if (!states_.contains(name))
      throw InvalidArgument("import", "entry '{}' uses state '{}', which is not declared",
                            entry_.name, name);
    return FlatSymbolRefAttr::get(context_, name);
  }

  void write_state(const NamedNode& update) {
    StateWriteOp::create(builder_, location_of(context_, update.node->origin()),
                         state_symbol(update.name), values_.at(update.node.get()));
  }

  OpBuilder& builder_;
  MLIRContext* context_;
  const GraphEntry& entry_;
  const std::unordered_set<std::string>& states_;
  std::unordered_map<const Node*, Value> values_;
};

void declare_state(OpBuilder& builder, const StateDeclaration& state) {
  const auto& dims = state.type.shape.dims();
  const bool growable = !dims.empty() && dims[0] == kDynamic;
  StateOp::create(builder, builder.getUnknownLoc(), state.name,
                  tensor_type_of(builder.getContext(), state.type),
                  growable ? builder.getI64IntegerAttr(state.capacity) : IntegerAttr(),
                  residency_name(state.residency));
}

void verify_module(ModuleOp module) {
  std::string message;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic& diagnostic) {
    if (message.empty())
      message = diagnostic.str();
  });
  if (failed(mlir::verify(module)))
    throw InvalidArgument("import", std::string_view(message));
}

}  // namespace

OwningOpRef<ModuleOp> import_graph(MLIRContext& context, const Graph& graph) {
  context.loadDialect<AshlarDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module(ModuleOp::create(UnknownLoc::get(&context)));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  std::unordered_set<std::string> states;
  for (const StateDeclaration& state : graph.states) {
    declare_state(builder, state);
    states.insert(state.name);
  }
  for (const GraphEntry& entry : graph.entries)
    EntryImporter(builder, entry, states).run();
  verify_module(*module);
  return module;
}

}  // namespace ashlar::ir
