// SPDX-License-Identifier: Apache-2.0
// ashlar-report prints, for each plan.entry:
//
//   decode: 22 groups, 24 dispatches, 0 copies, 6 groups per layer, arena 8192 B
//   decode: reads 1234 B, writes 56 B, lower bound 1200 B, 7890 flops
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

// Bytes by external buffer: the most that one command reads or writes of it.
class ExternalTraffic {
public:
  void add(plan::RangeAttr range, std::int64_t read, std::int64_t written) {
    if (range.getSpace() == "arena")
      return;
    auto& [most_read, most_written] =
        bytes_[{range.getSpace().str(), range.getIndex(), range.getOffset()}];
    most_read = std::max(most_read, read);
    most_written = std::max(most_written, written);
  }

  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const auto& [buffer, bytes] : bytes_)
      sum += bytes.first + bytes.second;
    return sum;
  }

private:
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>,
           std::pair<std::int64_t, std::int64_t>>
      bytes_;
};

// What the dispatch moves of its argument `i`; whole ranges where no cost was annotated.
std::pair<std::int64_t, std::int64_t> traffic(const KernelCost& cost, std::size_t i,
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
  ExternalTraffic external;
  for (Operation& command : entry.getBody().front()) {
    if (isa<plan::BarrierOp>(command)) {
      close_group();
      continue;
    }
    open = true;
    KernelCost cost;
    if (auto dispatch = dyn_cast<plan::DispatchOp>(command)) {
      ++report.dispatches;
      cost = KernelCost::from_attribute(dispatch.getCostAttr());
      report.flops += cost.flops;
      if (auto layer = layer_of(dispatch.getLabel()))
        layers.insert(*layer);
    } else {
      ++report.copies;
    }
    for (auto [i, range] : llvm::enumerate(ranges_of(&command))) {
      const auto [read, written] = traffic(cost, i, range);
      report.bytes_read += read;
      report.bytes_written += written;
      external.add(range, read, written);
    }
  }
  close_group();
  report.lower_bound = external.total();
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

std::string to_string(const PlanReport& report) {
  std::string text;
  for (const EntryReport& entry : report.entries) {
    text += fmt::format(
        "{}: {} groups, {} dispatches, {} copies, {} groups per layer, arena {} B\n", entry.name,
        entry.groups, entry.dispatches, entry.copies, entry.groups_per_layer(), entry.arena_bytes);
    text += fmt::format("{}: reads {} B, writes {} B, lower bound {} B, {} flops\n", entry.name,
                        entry.bytes_read, entry.bytes_written, entry.lower_bound, entry.flops);
  }
  text +=
      fmt::format("program: {} kernels, weights {} B, constants {} B, states {} B\n",
                  report.kernels, report.weight_bytes, report.constant_bytes, report.state_bytes);
  return text;
}

namespace {

struct ReportPass : impl::ReportBase<ReportPass> {
  using ReportBase::ReportBase;

  void runOnOperation() override { llvm::outs() << to_string(report_plan(getOperation())); }
};

}  // namespace
}  // namespace ashlar
