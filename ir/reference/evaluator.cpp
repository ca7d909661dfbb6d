// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/evaluator.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/reference/operations.h"
#include "runtime/program/error.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace ashlar::reference {
namespace {

using Values = llvm::DenseMap<Value, Tensor>;

std::string text(StringRef s) {
  return s.str();
}

Tensor constant(ir::ConstantOp op) {
  const ArrayType type = *ir::array_type_of(op.getType());
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements)
    throw Unsupported("reference", "constants are dense");
  Tensor tensor(type);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (tensor.is_real())
      tensor.reals[at] = (*(elements.value_begin<APFloat>() + i)).convertToDouble();
    else
      tensor.integers[at] =
          wrap_to(static_cast<std::int64_t>((*(elements.value_begin<APInt>() + i)).getZExtValue()),
                  type.dtype);
  }
  return tensor;
}

class Interpreter {
public:
  Interpreter(States& states, const WeightSource& weights) : states_(states), weights_(weights) {}

  // Runs the block's operations; returns the terminator's operands.
  std::vector<Tensor> run(Block& block, std::vector<Tensor> arguments) {
    Values values;
    for (auto [argument, tensor] : llvm::zip_equal(block.getArguments(), arguments))
      values.insert({argument, std::move(tensor)});
    for (Operation& op : block.without_terminator())
      execute(op, values);
    return operands_of(*block.getTerminator(), values);
  }

  void commit_writes() {
    for (auto& [name, tensor] : writes_)
      states_.insert_or_assign(name, std::move(tensor));
    writes_.clear();
  }

private:
  static std::vector<Tensor> operands_of(Operation& op, const Values& values) {
    std::vector<Tensor> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.find(operand)->second);
    return operands;
  }

  void execute(Operation& op, Values& values) {
    std::vector<Tensor> results = results_of(op, operands_of(op, values));
    for (auto [value, tensor] : llvm::zip_equal(op.getResults(), results))
      values.insert({value, std::move(tensor)});
  }

  std::vector<Tensor> results_of(Operation& op, std::vector<Tensor> operands) {
    if (auto write = dyn_cast<ir::StateWriteOp>(op)) {
      writes_.insert_or_assign(text(write.getState()), std::move(operands[0]));
      return {};
    }
    if (auto fused = dyn_cast<kernel::FusedOp>(op))
      return run(fused.getBody().front(), std::move(operands));
    if (auto call = dyn_cast<kernel::CallOp>(op)) {
      auto def = SymbolTable::lookupNearestSymbolFrom<kernel::DefOp>(&op, call.getKernelAttr());
      return run(def.getBody().front(), std::move(operands));
    }
    return {single_result(op, operands)};
  }

  Tensor single_result(Operation& op, const std::vector<Tensor>& operands) {
    if (auto c = dyn_cast<ir::ConstantOp>(op))
      return constant(c);
    if (auto read = dyn_cast<ir::StateReadOp>(op))
      return state(text(read.getState()));
    if (auto weight = dyn_cast<ir::WeightOp>(op))
      return stacked_weights(weight);
    if (isa<kernel::AttentionPartialOp, kernel::AttentionCombineOp>(op))
      return attention_half(op, operands);
    if (isa<kernel::GroupedMatmulOp>(op)) {
      Tensor result(*ir::array_type_of(op.getResult(0).getType()));
      evaluate_expert_matmul(operands, ir::attributes_of(&op), result);
      return result;
    }
    const OpInfo* info = ir::find_op_info(&op);
    if (!info)
      throw Unsupported("reference", "no meaning for operation {}",
                        text(op.getName().getStringRef()));
    return evaluate(info->kind, operands, ir::attributes_of(&op));
  }

  static Tensor attention_half(Operation& op, const std::vector<Tensor>& operands) {
    Tensor result(*ir::array_type_of(op.getResult(0).getType()));
    if (isa<kernel::AttentionPartialOp>(op))
      evaluate_attention_partial(operands, ir::attributes_of(&op), result);
    else
      evaluate_attention_combine(operands[0], result);
    return result;
  }

  const Tensor& state(const std::string& name) {
    auto it = states_.find(name);
    if (it == states_.end())
      throw InvalidArgument("reference", "no state named '{}'", name);
    return it->second;
  }

  Tensor stacked_weights(ir::WeightOp op) {
    if (!weights_)
      throw InvalidArgument("reference", "the entry reads weights, but no source was given");
    const ArrayType type = *ir::array_type_of(op.getType());
    auto names = op.getNames().getAsValueRange<StringAttr>();
    if (op.getNames().size() == 1)
      return weights_(text(*names.begin()), type);
    Tensor stacked(type);
    std::int64_t at = 0;
    for (StringRef name : names) {
      // Of members along their own axis 0 the extent is the source's to know; it is asked with the
      // rows left open.
      ArrayType part = type;
      std::vector<std::int64_t> dims = type.shape.dims();
      if (op->hasAttr("rows"))
        dims[0] = kDynamic;
      else
        dims.erase(dims.begin());
      part.shape = Shape(dims);
      const Tensor tensor = weights_(text(name), part);
      for (std::int64_t i = 0; i < tensor.size(); ++i)
        stacked.copy_element(at++, tensor, i);
    }
    return stacked;
  }

  States& states_;
  const WeightSource& weights_;
  States writes_;
};

}  // namespace

std::vector<Tensor> evaluate(func::FuncOp entry, std::span<const Tensor> inputs, States& states,
                             const WeightSource& weights) {
  if (inputs.size() != entry.getNumArguments())
    throw InvalidArgument("reference", "entry '{}': expected {} inputs, got {}",
                          text(entry.getName()), entry.getNumArguments(), inputs.size());
  Interpreter interpreter(states, weights);
  std::vector<Tensor> results =
      interpreter.run(entry.getBody().front(), {inputs.begin(), inputs.end()});
  interpreter.commit_writes();
  return results;
}

States initial_states(ModuleOp module) {
  States states;
  for (auto state : module.getOps<ir::StateOp>()) {
    ArrayType type = *ir::array_type_of(state.getType());
    std::vector<std::int64_t> dims = type.shape.dims();
    if (state.getCapacity())
      dims[0] = static_cast<std::int64_t>(*state.getCapacity());
    states.insert_or_assign(text(state.getSymName()), Tensor({type.dtype, Shape(dims)}));
  }
  return states;
}

}  // namespace ashlar::reference
