// SPDX-License-Identifier: Apache-2.0
#include "passes/order_units.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {
namespace {

// Units as nodes; an edge leads from what must run first.
class UnitGraph {
public:
  explicit UnitGraph(std::size_t size) : successors_(size) {}

  void add(std::size_t before, std::size_t after) { successors_[before].insert(after); }

  void remove(std::size_t before, std::size_t after) { successors_[before].remove(after); }

  bool has(std::size_t before, std::size_t after) const {
    return successors_[before].contains(after);
  }

  bool reaches(std::size_t from, std::size_t to) const {
    std::vector<bool> seen(successors_.size(), false);
    SmallVector<std::size_t> stack{from};
    while (!stack.empty()) {
      const std::size_t unit = stack.pop_back_val();
      if (unit == to)
        return true;
      if (!seen[unit])
        stack.append(successors_[unit].begin(), successors_[unit].end());
      seen[unit] = true;
    }
    return false;
  }

  // Longest distance of each unit from the first ones.
  std::vector<std::int64_t> earliest_levels() const {
    std::vector<std::int64_t> levels(successors_.size(), 0);
    for (std::size_t unit : topological_order())
      for (std::size_t next : successors_[unit])
        levels[next] = std::max(levels[next], levels[unit] + 1);
    return levels;
  }

  std::vector<std::size_t> topological_order() const {
    std::vector<std::size_t> waiting(successors_.size(), 0), order;
    for (const auto& next : successors_)
      for (std::size_t unit : next)
        ++waiting[unit];
    for (std::size_t unit = 0; unit < successors_.size(); ++unit)
      if (waiting[unit] == 0)
        order.push_back(unit);
    for (std::size_t i = 0; i < order.size(); ++i)
      for (std::size_t unit : successors_[order[i]])
        if (--waiting[unit] == 0)
          order.push_back(unit);
    return order;
  }

  bool is_in_cycle(std::size_t unit) const {
    return llvm::any_of(successors_[unit], [&](std::size_t next) { return reaches(next, unit); });
  }

  const llvm::SetVector<std::size_t>& successors(std::size_t unit) const {
    return successors_[unit];
  }

private:
  std::vector<llvm::SetVector<std::size_t>> successors_;
};

class Orderer {
public:
  Orderer(Block& block, FusionPlan& plan)
      : block_(block), plan_(plan), graph_(plan.units().size()) {}

  FailureOr<std::optional<OrderConflict>> run(bool merge) {
    drop_unread_outputs();
    add_data_edges();
    if (auto conflict = add_update_edges())
      return conflict;
    add_state_edges();
    if (failed(verify_order_exists()))
      return failure();
    assign_levels();
    if (merge)
      merge_light_units();
    llvm::stable_sort(plan_.units(),
                      [](const KernelUnit& a, const KernelUnit& b) { return a.level < b.level; });
    return std::optional<OrderConflict>();
  }

private:
  // Values that light units stored for users who joined them later.
  void drop_unread_outputs() {
    llvm::DenseSet<Value> read;
    for (const KernelUnit& unit : plan_.units())
      read.insert(unit.inputs.begin(), unit.inputs.end());
    for (KernelUnit& unit : plan_.units()) {
      ValueSet kept;
      for (Value output : unit.outputs)
        if (!unit.is_light() || read.contains(output) || escapes(output))
          kept.insert(output);
      if (!kept.empty())
        unit.outputs = std::move(kept);
    }
  }

  void add_data_edges() {
    for (auto [index, unit] : llvm::enumerate(plan_.units()))
      for (Value input : unit.inputs) {
        readers_[input].push_back(index);
        if (const std::int64_t producer = plan_.producer_of(input); producer >= 0)
          graph_.add(static_cast<std::size_t>(producer), index);
      }
  }

  // Orders readers of a scatter's target before the scatter.
  std::optional<OrderConflict> add_update_edges() {
    for (auto [index, unit] : llvm::enumerate(plan_.units()))
      for (Value output : unit.outputs) {
        Operation* scatter = output.getDefiningOp();
        if (!is_scatter(scatter))
          continue;
        Value target = scatter->getOperand(0);
        for (std::size_t reader : readers_[target]) {
          if (reader == index && !reads_beside(unit, target, scatter))
            continue;
          if (graph_.reaches(index, reader))
            return conflict(reader, target, scatter);
          graph_.add(reader, index);
        }
      }
    return std::nullopt;
  }

  // Whether the kernel that updates `target` also reads it, say for the updates: some of its
  // threads would see what others have written already.
  static bool reads_beside(const KernelUnit& unit, Value target, Operation* scatter) {
    return llvm::any_of(ops_of(unit), [&](Operation* op) {
      return llvm::any_of(op->getOpOperands(), [&](OpOperand& operand) {
        return operand.get() == target && (op != scatter || operand.getOperandNumber() != 0);
      });
    });
  }

  OrderConflict conflict(std::size_t reader, Value target, Operation* scatter) {
    OrderConflict found{target, scatter, {}};
    for (Operation* op : ops_of(plan_.units()[reader]))
      if (llvm::is_contained(op->getOperands(), target))
        found.readers.insert(op);
    return found;
  }

  // A new value of a state can go straight into the state's buffer if all readers of the old value
  // are done by then. Where that is impossible the planner makes a copy.
  void add_state_edges() {
    for (auto write : block_.getOps<ir::StateWriteOp>()) {
      Value value = write.getValue();
      const std::int64_t producer = plan_.producer_of(value);
      if (producer < 0 || is_scatter(value.getDefiningOp()))
        continue;
      const auto writer = static_cast<std::size_t>(producer);
      SmallVector<std::size_t> readers;
      for (auto read : block_.getOps<ir::StateReadOp>())
        if (read.getState() == write.getState())
          llvm::append_range(readers, readers_[read.getResult()]);
      const bool cyclic = llvm::any_of(readers, [&](std::size_t reader) {
        return reader != writer && graph_.reaches(writer, reader);
      });
      for (std::size_t reader : readers)
        if (!cyclic && reader != writer && !may_share_kernel(reader, writer, value))
          graph_.add(reader, writer);
    }
  }

  // A unit that only replaces a state by one element per row can merge with a "row" kernel of as
  // many rows that reads the old value: that one reads a row before it stores it (kernel_flow.h).
  bool may_share_kernel(std::size_t reader, std::size_t writer, Value value) const {
    const KernelUnit& rows = plan_.units()[reader];
    if (rows.root != "row" || !is_last(writer))
      return false;
    const OpSet ops = ops_of(rows);
    return llvm::any_of(ops, [&](Operation* op) {
      const auto shape = kernel::row_shape_of(op);
      return shape && shape->rows == element_count(value);
    });
  }

  // A cycle is a mistake of the partition: no order of its kernels would be right.
  LogicalResult verify_order_exists() {
    if (graph_.topological_order().size() == plan_.units().size())
      return success();
    auto error = block_.getParentOp()->emitError("kernels wait for each other in a cycle:");
    for (auto [index, unit] : llvm::enumerate(plan_.units())) {
      if (!graph_.is_in_cycle(index))
        continue;
      error << ' ' << unit.root << " (stores";
      for (Value output : unit.outputs)
        error << ' ' << output.getDefiningOp()->getName();
      error << ')';
    }
    return error;
  }

  // Units without readers run last, so that the small ones at the end of a token share a kernel;
  // but not those that would keep much larger temporaries alive.
  void assign_levels() {
    std::vector<std::int64_t> levels = graph_.earliest_levels();
    const std::int64_t last = levels.empty() ? 0 : *std::max_element(levels.begin(), levels.end());
    const std::vector<std::size_t> order = graph_.topological_order();
    for (std::size_t unit : llvm::reverse(order)) {
      if (!is_last(unit))
        continue;
      std::int64_t level = last;
      for (std::size_t next : graph_.successors(unit))
        level = std::min(level, levels[next] - 1);
      levels[unit] = level;
    }
    for (auto [unit, level] : llvm::zip_equal(plan_.units(), levels))
      unit.level = level;
  }

  bool is_last(std::size_t index) const {
    const KernelUnit& unit = plan_.units()[index];
    const bool is_read =
        llvm::any_of(unit.outputs, [&](Value output) { return readers_.contains(output); });
    return unit.is_light() && !is_read && !condenses(unit);
  }

  bool condenses(const KernelUnit& unit) const {
    std::int64_t reads = 0, writes = 0;
    for (Value input : unit.inputs)
      reads += plan_.producer_of(input) >= 0 ? byte_size(input.getType()) : 0;
    for (Value output : unit.outputs)
      writes += byte_size(output.getType());
    return reads > 4 * writes;
  }

  void merge_light_units() {
    llvm::DenseMap<std::int64_t, std::size_t> at_level;
    std::vector<KernelUnit> merged;
    for (KernelUnit& unit : plan_.units()) {
      auto [slot, is_new] = at_level.try_emplace(unit.level, merged.size());
      if (unit.is_light() && !is_new) {
        merge(merged[slot->second], unit);
        continue;
      }
      if (!unit.is_light() && is_new)
        at_level.erase(slot);
      merged.push_back(std::move(unit));
    }
    plan_.units() = std::move(merged);
  }

  static void merge(KernelUnit& into, const KernelUnit& unit) {
    if (unit.root == "row")
      into.root = "row";
    into.outputs.insert(unit.outputs.begin(), unit.outputs.end());
    into.inputs.insert(unit.inputs.begin(), unit.inputs.end());
  }

  Block& block_;
  FusionPlan& plan_;
  UnitGraph graph_;
  llvm::DenseMap<Value, SmallVector<std::size_t>> readers_;
};

}  // namespace

FailureOr<std::optional<OrderConflict>> order_units(Block& block, FusionPlan& plan, bool merge) {
  return Orderer(block, plan).run(merge);
}

}  // namespace ashlar
