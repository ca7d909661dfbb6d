// SPDX-License-Identifier: Apache-2.0
#include "tests/passes/plan_runner.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "passes/plan_ranges.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include <map>

using namespace mlir;

namespace ashlar {
namespace {

using Bytes = std::vector<std::byte>;

class PlanRunner {
public:
  PlanRunner(ModuleOp module, const std::vector<reference::Tensor>& inputs,
             reference::States& states, const reference::WeightSource& weights)
      : module_(module), entry_(*module.getOps<plan::EntryOp>().begin()), states_(states) {
    for (auto group : module.getOps<plan::WeightGroupOp>())
      memory_["weight"].push_back(bytes_of(group, weights));
    for (auto constants : module.getOps<plan::ConstantsOp>()) {
      Bytes& bytes = memory_["constant"].emplace_back();
      for (std::int8_t byte : constants.getData())
        bytes.push_back(static_cast<std::byte>(byte));
    }
    for (auto state : module.getOps<ir::StateOp>())
      memory_["state"].push_back(states.at(state.getSymName().str()).to_bytes());
    for (const reference::Tensor& input : inputs)
      memory_["input"].push_back(input.to_bytes());
    for (Type type : entry_.getOutputs().getAsValueRange<TypeAttr>())
      memory_["output"].push_back(
          garbage(reference::Tensor(*ir::array_type_of(type)).to_bytes().size()));
    memory_["arena"].push_back(garbage(entry_.getArenaBytes()));
  }

  std::vector<reference::Tensor> run() {
    SmallVector<Operation*> group;
    for (Operation& command : entry_.getBody().front()) {
      if (isa<plan::BarrierOp>(command))
        run_group(group);
      else
        group.push_back(&command);
    }
    run_group(group);
    for (auto [index, state] : llvm::enumerate(module_.getOps<ir::StateOp>())) {
      reference::Tensor& tensor = states_.at(state.getSymName().str());
      tensor = reference::Tensor::from_bytes(tensor.type, memory_["state"][index]);
    }
    std::vector<reference::Tensor> outputs;
    for (auto [index, type] : llvm::enumerate(entry_.getOutputs().getAsValueRange<TypeAttr>()))
      outputs.push_back(
          reference::Tensor::from_bytes(*ir::array_type_of(type), buffer_at("output", index)));
    return outputs;
  }

private:
  static Bytes garbage(std::size_t size) { return Bytes(size, std::byte{0x7d}); }

  static Bytes bytes_of(plan::WeightGroupOp group, const reference::WeightSource& weights) {
    Bytes bytes(group.getBytes());
    for (auto [name, type, offset] :
         llvm::zip_equal(group.getNames().getAsValueRange<StringAttr>(),
                         group.getTypes().getAsValueRange<TypeAttr>(), group.getOffsets()))
      llvm::copy(weights(name.str(), *ir::array_type_of(type)).to_bytes(), bytes.begin() + offset);
    return bytes;
  }

  // Outputs that may lie in inputs do.
  Bytes& buffer_at(StringRef space, std::size_t index) {
    for (plan::DonationAttr donation : donations_of(entry_))
      if (space == "output" && donation.getOutput() == static_cast<std::int64_t>(index))
        return memory_["input"][static_cast<std::size_t>(donation.getInput())];
    return memory_[space][index];
  }

  std::span<std::byte> bytes_at(plan::RangeAttr range) {
    return std::span(buffer_at(range.getSpace(), static_cast<std::size_t>(range.getIndex())))
        .subspan(static_cast<std::size_t>(range.getOffset()),
                 static_cast<std::size_t>(range.getBytes()));
  }

  void run_group(SmallVectorImpl<Operation*>& group) {
    for (Operation* command : llvm::reverse(group)) {
      if (auto copy = dyn_cast<plan::CopyOp>(command))
        llvm::copy(bytes_at(copy.getSource()), bytes_at(copy.getTarget()).begin());
      else
        dispatch(cast<plan::DispatchOp>(command));
    }
    group.clear();
  }

  void dispatch(plan::DispatchOp op) {
    auto def = module_.lookupSymbol<kernel::DefOp>(op.getKernel());
    SmallVector<plan::RangeAttr> ranges;
    for (Attribute range : op.getRanges())
      ranges.push_back(cast<plan::RangeAttr>(range));
    std::vector<reference::Tensor> inputs;
    for (BlockArgument argument : def.getBody().getArguments())
      inputs.push_back(tensor_at(argument.getType(), ranges[argument.getArgNumber()]));
    const std::vector<reference::Tensor> outputs = evaluate(def, inputs);
    std::size_t next = inputs.size();
    for (auto [output, operand] : llvm::zip_equal(outputs, def.getInplace()))
      llvm::copy(
          output.to_bytes(),
          bytes_at(ranges[operand >= 0 ? static_cast<std::size_t>(operand) : next++]).begin());
  }

  // A growable argument has as many rows as its range has bytes for.
  reference::Tensor tensor_at(Type type, plan::RangeAttr range) {
    ArrayType array = *ir::array_type_of(type);
    std::vector<std::int64_t> dims = array.shape.dims();
    if (!dims.empty() && dims[0] == kDynamic) {
      dims[0] = 1;
      const reference::Tensor row({array.dtype, Shape(dims)});
      dims[0] = range.getBytes() / static_cast<std::int64_t>(row.to_bytes().size());
    }
    return reference::Tensor::from_bytes({array.dtype, Shape(dims)}, bytes_at(range));
  }

  static std::vector<reference::Tensor> evaluate(kernel::DefOp def,
                                                 const std::vector<reference::Tensor>& inputs) {
    Block& body = def.getBody().front();
    OwningOpRef<ModuleOp> module = ModuleOp::create(def.getLoc());
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    auto function = func::FuncOp::create(
        builder, def.getLoc(), "kernel",
        builder.getFunctionType(body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
    IRMapping values;
    Block* entry = function.addEntryBlock();
    values.map(body.getArguments(), entry->getArguments());
    builder.setInsertionPointToEnd(entry);
    for (Operation& op : body.without_terminator())
      builder.clone(op, values);
    SmallVector<Value> results;
    for (Value value : body.getTerminator()->getOperands())
      results.push_back(values.lookup(value));
    func::ReturnOp::create(builder, def.getLoc(), results);
    reference::States none;
    return reference::evaluate(function, inputs, none);
  }

  ModuleOp module_;
  plan::EntryOp entry_;
  reference::States& states_;
  std::map<StringRef, std::vector<Bytes>> memory_;
};

}  // namespace

std::vector<reference::Tensor> run_plan(ModuleOp module,
                                        const std::vector<reference::Tensor>& inputs,
                                        reference::States& states,
                                        const reference::WeightSource& weights) {
  return PlanRunner(module, inputs, states, weights).run();
}

}  // namespace ashlar
