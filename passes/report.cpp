// SPDX-License-Identifier: Apache-2.0
// ashlar-report prints, for each plan.entry:
//
//   decode: 22 groups, 24 dispatches, 0 copies, 6 groups per layer, arena 8192 B
//   decode: reads 1234 B, writes 56 B, lower bound 1200 B, 7890 flops
//   decode: excess 64 B, layers.0.mlp.gate_proj+up_proj -> layers.0.mlp.down_proj     (with
//   edges=true)
#include "passes/report.h"

#include "ir/ashlar_dialect.h"
#include "passes/kernel_cost.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/plan_ranges.h"
#include "passes/scope.h"

#include <fmt/format.h>

#include <set>
#include <tuple>
#include <utility>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_REPORT
#include "passes/passes.h.inc"

std::int64_t EntryReport::groups_per_layer() const {
  std::int64_t most = 0;
  for (const auto& [layer, groups] : groups_by_layer)
    most = std::max(most, groups);
  return most;
}

namespace {

// Follows every byte that commands move, to tell the first transfer of each buffer from the rest.
class Traffic {
public:
  explicit Traffic(EntryReport& report) : report_(report) {}

  void read(plan::RangeAttr range, std::int64_t bytes, StringRef label) {
    report_.bytes_read += bytes;
    if (range.getSpace() != "arena")
      return add_external(external_reads_, range, bytes, label);
    // What the writer stored counts with the first kernel that reads it.
    for (Write& write : llvm::reverse(arena_writes_))
      if (overlaps(write.range, range)) {
        add_excess(write.label, label, bytes + std::exchange(write.bytes, 0));
        return;
      }
    add_excess("arena", label, bytes);
  }

  void write(plan::RangeAttr range, std::int64_t bytes, StringRef label) {
    report_.bytes_written += bytes;
    if (bytes == 0)
      return;
    if (range.getSpace() == "arena")
      arena_writes_.push_back({range, bytes, label.str()});
    else
      add_external(external_writes_, range, bytes, label);
  }

  // Temporaries that nothing read.
  void finish() {
    for (const Write& write : arena_writes_)
      add_excess(write.label, "", write.bytes);
  }

private:
  using Buffer = std::tuple<std::string, std::int64_t, std::int64_t>;
  struct Write {
    plan::RangeAttr range;
    std::int64_t bytes;
    std::string label;
  };

  // The largest transfer of a buffer is unavoidable, all others are excess.
  void add_external(std::map<Buffer, std::int64_t>& largest, plan::RangeAttr range,
                    std::int64_t bytes, StringRef label) {
    std::int64_t& most = largest[{range.getSpace().str(), range.getIndex(), range.getOffset()}];
    add_excess(range.getSpace(), label, std::min(most, bytes));
    report_.lower_bound += std::max(most, bytes) - most;
    most = std::max(most, bytes);
  }

  void add_excess(StringRef from, StringRef to, std::int64_t bytes) {
    if (bytes > 0)
      report_.excess.push_back({from.str(), to.str(), bytes});
  }

  EntryReport& report_;
  std::map<Buffer, std::int64_t> external_reads_, external_writes_;
  std::vector<Write> arena_writes_;
};

// What the dispatch moves of its argument `i`; whole ranges where no cost was annotated.
std::pair<std::int64_t, std::int64_t> bytes_of(const KernelCost& cost, std::size_t i,
                                               plan::RangeAttr range) {
  if (i < cost.reads.size() && i < cost.writes.size())
    return {cost.reads[i], cost.writes[i]};
  return {reads(range) ? range.getBytes() : 0, writes(range) ? range.getBytes() : 0};
}

}  // namespace

EntryReport report_entry(plan::EntryOp entry) {
  EntryReport report;
  report.name = entry.getSymName().str();
  report.arena_bytes = static_cast<std::int64_t>(entry.getArenaBytes());
  std::set<std::int64_t> layers;
  bool open = false;
  auto close_group = [&] {
    report.groups += open ? 1 : 0;
    for (std::int64_t layer : layers)
      ++report.groups_by_layer[layer];
    layers.clear();
    open = false;
  };
  Traffic traffic(report);
  for (Operation& command : entry.getBody().front()) {
    if (isa<plan::BarrierOp>(command)) {
      close_group();
      continue;
    }
    open = true;
    KernelCost cost;
    StringRef label;
    if (auto dispatch = dyn_cast<plan::DispatchOp>(command)) {
      ++report.dispatches;
      label = dispatch.getLabel();
      cost = KernelCost::from_attribute(dispatch.getCostAttr());
      report.flops += cost.flops;
      if (auto layer = layer_of(label))
        layers.insert(*layer);
    } else if (auto copy = dyn_cast<plan::CopyOp>(command)) {
      ++report.copies;
      label = copy.getLabel();
    }
    const SmallVector<plan::RangeAttr> ranges = ranges_of(&command);
    for (auto [i, range] : llvm::enumerate(ranges))
      traffic.read(range, bytes_of(cost, i, range).first, label);
    for (auto [i, range] : llvm::enumerate(ranges))
      traffic.write(range, bytes_of(cost, i, range).second, label);
  }
  close_group();
  traffic.finish();
  return report;
}

PlanReport report_plan(ModuleOp module) {
  PlanReport report;
  report.kernels = llvm::range_size(module.getOps<kernel::DefOp>());
  for (auto group : module.getOps<plan::WeightGroupOp>())
    report.weight_bytes += static_cast<std::int64_t>(group.getBytes());
  for (auto constants : module.getOps<plan::ConstantsOp>())
    report.constant_bytes += static_cast<std::int64_t>(constants.getData().size());
  for (auto state : module.getOps<ir::StateOp>())
    report.state_bytes +=
        byte_size(state.getType(), static_cast<std::int64_t>(state.getCapacity().value_or(0)));
  for (auto entry : module.getOps<plan::EntryOp>())
    report.entries.push_back(report_entry(entry));
  return report;
}

std::string to_string(const PlanReport& report, bool edges) {
  std::string text;
  for (const EntryReport& entry : report.entries) {
    text += fmt::format(
        "{}: {} groups, {} dispatches, {} copies, {} groups per layer, arena {} B\n", entry.name,
        entry.groups, entry.dispatches, entry.copies, entry.groups_per_layer(), entry.arena_bytes);
    text += fmt::format("{}: reads {} B, writes {} B, lower bound {} B, {} flops\n", entry.name,
                        entry.bytes_read, entry.bytes_written, entry.lower_bound, entry.flops);
    for (const ExcessEdge& edge : entry.excess)
      if (edges)
        text +=
            fmt::format("{}: excess {} B, {} -> {}\n", entry.name, edge.bytes, edge.from, edge.to);
  }
  text +=
      fmt::format("program: {} kernels, weights {} B, constants {} B, states {} B\n",
                  report.kernels, report.weight_bytes, report.constant_bytes, report.state_bytes);
  return text;
}

namespace {

struct ReportPass : impl::ReportBase<ReportPass> {
  using ReportBase::ReportBase;

  void runOnOperation() override { llvm::outs() << to_string(report_plan(getOperation()), edges); }
};

}  // namespace
}  // namespace ashlar
