// SPDX-License-Identifier: Apache-2.0
#include "ir/ashlar_dialect.h"
#include "ir/import.h"
#include "ir/plan_dialect.h"
#include "passes/pipeline.h"
#include "passes/report.h"
#include "runtime/program/error.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_graph.h"

#include <nlohmann/json.hpp>

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <map>
#include <memory>
#include <regex>
#include <vector>

namespace ashlar::cli {
namespace {

using nlohmann::json;

struct Options {
  ModelGraphOptions graph;
  std::int64_t context = 0, steps = 1;
  bool json = false;
};

// Bytes of the arena that one value holds, and the commands between which it lives.
struct ArenaBuffer {
  std::int64_t offset, bytes, first, last;
  std::string label;  // of the command that writes it
};

std::vector<ArenaBuffer> arena_buffers(plan::EntryOp entry) {
  std::vector<ArenaBuffer> buffers;
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> live;
  std::int64_t command = 0;
  for (mlir::Operation& op : entry.getBody().front()) {
    auto dispatch = mlir::dyn_cast<plan::DispatchOp>(op);
    if (!dispatch)
      continue;
    for (auto range : dispatch.getRanges().getAsRange<plan::RangeAttr>()) {
      if (range.getSpace() != "arena")
        continue;
      const std::pair key{range.getOffset(), range.getBytes()};
      if (range.getAccess() == "w") {
        live[key] = buffers.size();
        buffers.push_back(
            {range.getOffset(), range.getBytes(), command, command, dispatch.getLabel().str()});
      } else if (auto it = live.find(key); it != live.end()) {
        buffers[it->second].last = command;
      }
    }
    ++command;
  }
  return buffers;
}

json describe_entry(const EntryReport& entry) {
  return {{"name", entry.name},
          {"groups_per_layer", entry.groups_per_layer()},
          {"groups", entry.groups},
          {"dispatches", entry.dispatches},
          {"copies", entry.copies},
          {"bytes", entry.bytes_read + entry.bytes_written},
          {"bytes_lower_bound", entry.lower_bound},
          {"flops", entry.flops},
          {"arena_bytes", entry.arena_bytes}};
}

// The name with a star in the place of its last number: experts.3.up_proj becomes
// experts.*.up_proj.
std::string without_last_number(const std::string& name) {
  static const std::regex kLastNumber(R"((.*\.)\d+(\..*))");
  return std::regex_replace(name, kLastNumber, "$1*$2");
}

// The weights of a group: those that differ in their last number alone, a stack of experts, as one.
json describe_weights(plan::WeightGroupOp group) {
  std::map<std::string, std::vector<std::string>> stacks;
  std::vector<std::string> order;
  for (auto name : group.getNames().getAsValueRange<mlir::StringAttr>()) {
    auto& stack = stacks[without_last_number(name.str())];
    if (stack.empty())
      order.push_back(without_last_number(name.str()));
    stack.push_back(name.str());
  }
  json weights = json::array();
  for (const std::string& pattern : order) {
    const std::vector<std::string>& names = stacks[pattern];
    weights.push_back({{"class", "weights"},
                       {"name", names.size() == 1 ? names.front() : pattern},
                       {"tensors", names.size()},
                       {"group", group.getIndex()},
                       {"group_bytes", group.getBytes()}});
  }
  return weights;
}

json describe_buffers(mlir::ModuleOp module) {
  json buffers = json::array();
  for (auto group : module.getOps<plan::WeightGroupOp>())
    for (const json& weights : describe_weights(group))
      buffers.push_back(weights);
  for (auto state : module.getOps<ir::StateOp>()) {
    auto type = mlir::cast<mlir::RankedTensorType>(state.getType());
    std::int64_t bytes = static_cast<std::int64_t>(size_of(*ir::dtype_of(type.getElementType())));
    for (std::int64_t extent : type.getShape())
      bytes *= mlir::ShapedType::isDynamic(extent) ? static_cast<std::int64_t>(*state.getCapacity())
                                                   : extent;
    buffers.push_back({{"class", state.getResidency().str()},
                       {"name", state.getSymName().str()},
                       {"bytes", bytes},
                       {"growable", state.getCapacity().has_value()}});
  }
  for (auto entry : module.getOps<plan::EntryOp>())
    for (const ArenaBuffer& buffer : arena_buffers(entry))
      buffers.push_back({{"class", "arena"},
                         {"entry", entry.getSymName().str()},
                         {"name", buffer.label},
                         {"offset", buffer.offset},
                         {"bytes", buffer.bytes},
                         {"first_command", buffer.first},
                         {"last_command", buffer.last}});
  return buffers;
}

json describe(const Options& options, mlir::ModuleOp module) {
  const PlanReport report = report_plan(module);
  json result{{"kernels", report.kernels},
              {"weight_bytes", report.weight_bytes},
              {"constant_bytes", report.constant_bytes},
              {"state_bytes", report.state_bytes},
              {"submits_per_token", 1.0 / static_cast<double>(options.steps)},
              {"entries", json::array()},
              {"buffers", describe_buffers(module)}};
  for (const EntryReport& entry : report.entries) {
    result["entries"].push_back(describe_entry(entry));
    if (entry.name != "decode")
      continue;
    result["groups_per_layer"] = entry.groups_per_layer();
    result["groups_per_token"] = entry.groups;
    result["dispatches_per_token"] = entry.dispatches;
    result["bytes_per_token"] = entry.bytes_read + entry.bytes_written;
    result["bytes_lower_bound"] = entry.lower_bound;
    result["arena_bytes"] = entry.arena_bytes;
  }
  return result;
}

void print_text(const json& plan) {
  fmt::print("{:<12} {:>6} {:>8} {:>10} {:>14} {:>14} {:>7} {:>12}\n", "entry", "layer", "groups",
             "dispatches", "bytes", "lower bound", "excess", "arena");
  for (const json& entry : plan["entries"]) {
    const double bytes = entry["bytes"], bound = entry["bytes_lower_bound"];
    fmt::print("{:<12} {:>6} {:>8} {:>10} {:>14} {:>14} {:>6.1f}% {:>12}\n",
               entry["name"].get<std::string>(), entry["groups_per_layer"].get<std::int64_t>(),
               entry["groups"].get<std::int64_t>(), entry["dispatches"].get<std::int64_t>(),
               static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(bound),
               bound > 0 ? (bytes / bound - 1) * 100 : 0, entry["arena_bytes"].get<std::int64_t>());
  }
  fmt::print("\n{} kernels; weights {} bytes, states {} bytes at first, constants {} bytes\n\n",
             plan["kernels"].get<std::int64_t>(), plan["weight_bytes"].get<std::int64_t>(),
             plan["state_bytes"].get<std::int64_t>(), plan["constant_bytes"].get<std::int64_t>());
  for (const json& buffer : plan["buffers"]) {
    const std::string kind = buffer["class"];
    const std::int64_t bytes = kind == "weights" ? buffer["group_bytes"] : buffer["bytes"];
    const std::string life =
        kind == "arena" ? fmt::format("{} commands {}..{}", buffer["entry"].get<std::string>(),
                                      buffer["first_command"].get<std::int64_t>(),
                                      buffer["last_command"].get<std::int64_t>())
                        : "program";
    fmt::print("{:<8} {:>12}  {:<28} {}\n", kind, bytes, life, buffer["name"].get<std::string>());
  }
}

void run(const Options& options) {
  if (options.steps < 1)
    throw InvalidArgument("cli", "--steps-per-submit must be positive");
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = ir::import_graph(context, trace_model(options.graph));
  mlir::PassManager passes(&context);
  build_pipeline(passes,
                 {.profile = chosen_profile(options.graph.profile), .kv_length = options.context});
  if (mlir::failed(passes.run(*module)))
    throw Error("plan", "the compiler failed; its diagnostics are above");
  const json plan = describe(options, *module);
  if (options.json)
    fmt::print("{}\n", plan.dump(2));
  else
    print_text(plan);
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "Show every buffer, and what a token costs");
  auto options = std::make_shared<Options>();
  add_model_graph_options(*command, options->graph);
  command
      ->add_option("--context", options->context,
                   "Tokens in the caches, for byte counts; 0: the first capacity")
      ->capture_default_str();
  command->add_option("--steps-per-submit", options->steps, "Decode steps in one submit")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  add_examples(*command, {"plan --model models/checkpoints/pebble-4m --context 512",
                          "plan --model DIR --profile nvidia-h200 --json"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
