// SPDX-License-Identifier: Apache-2.0
// What a plan does, in numbers that need no device: the measure of fusion.
#pragma once

#include "ir/plan_dialect.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ashlar {

// Bytes beyond the lower bound: a temporary that one kernel wrote and another reads, or a further
// read of an external buffer (`from` names its space then).
struct ExcessEdge {
  std::string from;
  std::string to;
  std::int64_t bytes;
};

struct EntryReport {
  std::string name;
  std::int64_t dispatches = 0;
  std::int64_t copies = 0;
  std::int64_t groups = 0;                               // sets of commands between two barriers
  std::map<std::int64_t, std::int64_t> groups_by_layer;  // from scope names "layers.N."
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t flops = 0;
  // Bytes that any plan must move: each external buffer read once, each final value written once.
  std::int64_t lower_bound = 0;
  std::vector<ExcessEdge> excess;  // bytes_read + bytes_written - lower_bound in all
  std::int64_t arena_bytes = 0;

  // The most groups that any one layer needs; 0 without layers.
  std::int64_t groups_per_layer() const;
};

struct PlanReport {
  std::vector<EntryReport> entries;
  std::int64_t kernels = 0;  // unique ones
  std::int64_t weight_bytes = 0;
  std::int64_t constant_bytes = 0;
  std::int64_t state_bytes = 0;  // at the capacities that states start with
};

EntryReport report_entry(plan::EntryOp entry);
PlanReport report_plan(mlir::ModuleOp module);

// Two lines per entry, and one for the program; with `edges` also one per excess edge.
std::string to_string(const PlanReport& report, bool edges = false);

}  // namespace ashlar
