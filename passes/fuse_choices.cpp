// SPDX-License-Identifier: Apache-2.0
#include "passes/fuse_choices.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "ir/schedule_model.h"
#include "passes/op_classes.h"
#include "passes/row_map.h"

using namespace mlir;

namespace ashlar {
namespace {

// What `unit` still reads, after its outputs changed.
void drop_unread_inputs(KernelUnit& unit) {
  ValueSet read;
  for (Operation* op : ops_of(unit))
    for (Value operand : op->getOperands())
      if (unit.inputs.contains(operand))
        read.insert(operand);
  unit.inputs = std::move(read);
}

KernelUnit with_outputs(KernelUnit unit, const ValueSet& outputs) {
  unit.outputs = outputs;
  drop_unread_inputs(unit);
  if (unit.is_light())
    unit.root = llvm::any_of(ops_of(unit), kernel::is_reduction) ? "row" : "elementwise";
  return unit;
}

// The numbers that `product` takes its matrices by, before reshapes.
Value numbers_of(Operation* product) {
  Value ids = cast<ir::ExpertMatmulOp>(product).getIds();
  while (auto reshape = ids.getDefiningOp<ir::ReshapeOp>())
    ids = reshape.getInput();
  return ids;
}

// An update in place would have to wait for a later reader.
bool is_updated(Value input) {
  return llvm::any_of(input.getUsers(), [&](Operation* user) {
    return is_scatter(user) && user->getOperand(0) == input;
  });
}

class ChoiceFusion {
public:
  ChoiceFusion(std::vector<KernelUnit>& units, KernelUnit& choice)
      : units_(units), choice_(choice), numbers_(choice.outputs.front()) {}

  // Leaves units without outputs behind.
  void run() {
    KernelUnit* product = find_product();
    if (!product)
      return;
    KernelUnit fused = *product;
    take(fused, choice_);
    SmallVector<std::pair<KernelUnit*, ValueSet>> kept;
    for (KernelUnit& unit : units_) {
      if (!reads_numbers(unit) || unit.level != product->level || &unit == product)
        continue;
      ValueSet taken, others;
      for (Value output : unit.outputs)
        (follows_numbers(unit, output) ? taken : others).insert(output);
      const KernelUnit part = with_outputs(unit, taken);
      if (!unit.is_light() || !is_computed_by_row(part))
        return;
      take(fused, part);
      kept.push_back({&unit, others});
    }
    drop_unread_inputs(fused);
    if (llvm::any_of(fused.inputs, is_updated))
      return;
    *product = std::move(fused);
    for (auto& [unit, outputs] : kept)
      *unit = with_outputs(std::move(*unit), outputs);
    choice_.outputs.clear();
  }

private:
  bool reads_numbers(const KernelUnit& unit) const { return unit.inputs.contains(numbers_); }

  // The first reader, whose matrices they choose.
  KernelUnit* find_product() {
    for (KernelUnit& unit : units_)
      if (reads_numbers(unit) && unit.root == "expert_matvec")
        return chooses_matrices(unit) && is_first(unit) ? &unit : nullptr;
    return nullptr;
  }

  bool chooses_matrices(const KernelUnit& unit) const {
    Operation* product = unit.roots.front();
    return numbers_of(product) == numbers_ && element_count(product->getResult(0)) > 0;
  }

  bool is_first(const KernelUnit& reader) const {
    return llvm::none_of(units_, [&](const KernelUnit& unit) {
      return reads_numbers(unit) && unit.level < reader.level;
    });
  }

  // `unit` computes the outputs of `part` too, from its inputs.
  static void take(KernelUnit& unit, const KernelUnit& part) {
    unit.outputs.insert(part.outputs.begin(), part.outputs.end());
    unit.inputs.insert(part.inputs.begin(), part.inputs.end());
    unit.inputs.remove_if([&](Value input) { return unit.outputs.contains(input); });
  }

  bool follows_numbers(const KernelUnit& unit, Value output) const {
    return with_outputs(unit, ValueSet(&output, &output + 1)).inputs.contains(numbers_);
  }

  // Whether the workgroup that has a row of the numbers can compute that row of all outputs.
  bool is_computed_by_row(const KernelUnit& unit) const {
    auto type = cast<RankedTensorType>(numbers_.getType());
    const std::int64_t row_count = element_count(numbers_) / type.getShape().back();
    llvm::DenseMap<Value, std::int64_t> rows{{numbers_, row_count}};
    for (Operation* op : ops_of(unit)) {
      const auto followed = rows_after(
          op, llvm::map_to_vector(op->getOperands(), [&](Value v) { return rows.lookup(v); }));
      if (is_scatter(op) || !followed || (*followed != 0 && *followed != row_count))
        return false;
      rows[op->getResult(0)] = *followed;
    }
    return true;
  }

  std::vector<KernelUnit>& units_;
  KernelUnit& choice_;
  const Value numbers_;
};

// Whether the unit does nothing but pick a few of the last axis.
bool picks_few(const KernelUnit& unit, const DeviceProfile& profile) {
  auto topk = unit.root == "sort" ? dyn_cast<ir::TopKOp>(unit.roots.front()) : nullptr;
  if (!topk || unit.outputs.getArrayRef() != ArrayRef<Value>(topk.getResult()))
    return false;
  auto scores = cast<RankedTensorType>(topk.getInput().getType());
  return static_cast<std::int64_t>(topk.getAxis()) == scores.getRank() - 1 &&
         element_count(topk.getResult()) > 0 && kernel::picks_in_registers(topk, profile);
}

}  // namespace

void fuse_choices(std::vector<KernelUnit>& units, const DeviceProfile& profile) {
  // A CPU runs workgroups one after another: picking once is less work.
  if (profile.is_cpu)
    return;
  for (KernelUnit& unit : units)
    if (picks_few(unit, profile))
      ChoiceFusion(units, unit).run();
  llvm::erase_if(units, [](const KernelUnit& unit) { return unit.outputs.empty(); });
}

}  // namespace ashlar
