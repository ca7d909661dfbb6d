// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/graph/layer_graph.h"

#include "ir/ashlar_dialect.h"
#include "ir/import.h"
#include "ir/kernel_dialect.h"
#include "ir/plan_dialect.h"
#include "passes/kernel_cost.h"
#include "passes/pipeline.h"
#include "passes/plan_ranges.h"
#include "passes/scope.h"
#include "runtime/program/error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace ashlar::cli {
namespace {

using mlir::Operation;
using mlir::StringRef;

// "ashlar.reduce_sum" is "reduce_sum".
std::string short_name(Operation* op) {
  return op->getName().stripDialect().str();
}

// Values that cost nothing to make: weights, states as they were, constants.
bool is_leaf(Operation* op) {
  static const std::set<std::string, std::less<>> kLeaves{"weight", "state_read", "constant",
                                                          "full",   "iota",       "state_write"};
  return kLeaves.contains(short_name(op));
}

// The scope within `layer`; nothing for operations elsewhere.
std::optional<std::string> scope_in_layer(StringRef scope, std::int64_t layer) {
  if (layer_of(scope) != layer)
    return std::nullopt;
  const std::string prefix = fmt::format("layers.{}", layer);
  const StringRef rest = scope.substr(scope.find(prefix) + prefix.size());
  return rest.empty() ? "(layer)" : rest.drop_front().str();
}

std::int64_t bytes_of(mlir::Value value) {
  const auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
  const auto dtype = ir::dtype_of(type.getElementType());
  return type.hasStaticShape() && dtype
             ? type.getNumElements() * static_cast<std::int64_t>(size_of(*dtype))
             : 0;
}

// Where the parts of a location came from.
void collect_parts(mlir::Location location, std::vector<mlir::Location>& parts) {
  if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(location))
    for (mlir::Location part : fused.getLocations())
      collect_parts(part, parts);
  else
    parts.push_back(location);
}

// A kernel as it leaves form-kernels, with the places in model code that its operations come from.
struct FormedKernel {
  std::string scope, root;
  std::vector<std::pair<mlir::Location, std::string>> operations;
  bool placed = false;
};

// Looks at kernels where they still belong to one layer each: equal ones are shared afterwards.
class FormedKernelObserver final : public mlir::PassInstrumentation {
public:
  FormedKernelObserver(const std::string& entry, std::vector<FormedKernel>& kernels)
      : entry_(entry), kernels_(kernels) {}

  void runBeforePass(mlir::Pass* pass, Operation* op) override {
    if (pass->getArgument() != "ashlar-outline-kernels")
      return;
    // Other entries have kernels of the same scopes.
    Operation* function = mlir::SymbolTable::lookupSymbolIn(op, entry_);
    function->walk([&](kernel::FusedOp fused) {
      FormedKernel& kernel =
          kernels_.emplace_back(FormedKernel{scope_of(fused.getLoc()), fused.getRoot().str(), {}});
      for (Operation& inner : fused.getBody().front().without_terminator())
        kernel.operations.emplace_back(inner.getLoc(), short_name(&inner));
    });
  }

private:
  const std::string& entry_;
  std::vector<FormedKernel>& kernels_;
};

// Blocks of the layer before the passes, with the location of every operation.
class BlockReader {
public:
  BlockReader(LayerGraph& graph, std::int64_t layer) : graph_(graph), layer_(layer) {}

  void read(mlir::func::FuncOp function) {
    for (Operation& op : function.getBody().front().without_terminator()) {
      const auto scope = scope_in_layer(scope_of(op.getLoc()), layer_);
      if (!scope || is_leaf(&op))
        continue;
      if (graph_.blocks.empty() || graph_.blocks.back().scope != *scope)
        graph_.blocks.push_back({*scope, {}});
      graph_.blocks.back().operations.push_back({short_name(&op), std::nullopt});
      locations_.push_back(op.getLoc());
      block_of_[&op] = graph_.blocks.size() - 1;
      add_edges(op);
    }
  }

  // Of every operation, in the order of the blocks.
  const std::vector<mlir::Location>& locations() const { return locations_; }

private:
  void add_edges(Operation& op) {
    const std::size_t to = block_of_.at(&op);
    for (const mlir::Value operand : op.getOperands()) {
      Operation* source = operand.getDefiningOp();
      if (!source || is_leaf(source) || !counted_.insert({operand.getAsOpaquePointer(), to}).second)
        continue;
      const auto found = block_of_.find(source);
      const bool outside = found == block_of_.end();
      if (!outside && found->second == to)
        continue;
      graph_.block_edges.push_back(
          {outside ? std::nullopt : std::optional(found->second), to, bytes_of(operand)});
    }
  }

  LayerGraph& graph_;
  std::int64_t layer_;
  std::vector<mlir::Location> locations_;
  std::map<Operation*, std::size_t> block_of_;
  std::set<std::pair<const void*, std::size_t>> counted_;  // a value counts once per block
};

// Kernels of the layer in the finished plan.
class KernelReader {
public:
  KernelReader(LayerGraph& graph, std::int64_t layer, std::vector<FormedKernel>& formed)
      : graph_(graph), layer_(layer), formed_(formed) {}

  void read(mlir::ModuleOp module, plan::EntryOp entry) {
    std::size_t group = 0;
    bool open = false;  // the present group holds a kernel of the layer
    for (Operation& op : entry.getBody().front()) {
      if (auto dispatch = mlir::dyn_cast<plan::DispatchOp>(op)) {
        const bool ours = add(module, dispatch, group);
        open = open || ours;
      } else if (mlir::isa<plan::BarrierOp>(op) && open) {
        ++group;
        open = false;
      }
    }
  }

  // The formed kernel of each kernel of the layer.
  const std::vector<const FormedKernel*>& sources() const { return sources_; }

private:
  struct Write {
    plan::RangeAttr range;
    std::optional<std::size_t> kernel;
  };

  FormedKernel& formed(StringRef scope, StringRef root) {
    const auto found = std::ranges::find_if(formed_, [&](const FormedKernel& kernel) {
      return !kernel.placed && scope == kernel.scope && root == kernel.root;
    });
    if (found == formed_.end())
      throw Error("graph", "the plan runs a kernel that no pass formed: {} {}", root.str(),
                  scope.str());
    found->placed = true;
    return *found;
  }

  bool add(mlir::ModuleOp module, plan::DispatchOp dispatch, std::size_t group) {
    const auto scope = scope_in_layer(dispatch.getLabel(), layer_);
    std::optional<std::size_t> index;
    if (scope) {
      auto def = module.lookupSymbol<kernel::DefOp>(dispatch.getKernel());
      const FormedKernel& source = formed(dispatch.getLabel(), def.getRoot());
      index = graph_.kernels.size();
      sources_.push_back(&source);
      LayerKernel kernel{.scope = *scope, .emitter = source.root, .operations = {}, .group = group};
      for (const auto& [location, name] : source.operations)
        kernel.operations.push_back(name);
      graph_.kernels.push_back(std::move(kernel));
    }
    count_bytes(dispatch, index);
    return scope.has_value();
  }

  void count_bytes(plan::DispatchOp dispatch, std::optional<std::size_t> index) {
    const KernelCost cost = KernelCost::from_attribute(dispatch.getCostAttr());
    std::map<std::optional<std::size_t>, std::int64_t> sources;
    std::size_t argument = 0;
    for (auto range : dispatch.getRanges().getAsRange<plan::RangeAttr>()) {
      const std::int64_t read = argument < cost.reads.size() ? cost.reads[argument] : 0;
      ++argument;
      if (!index || read == 0)
        continue;
      if (range.getSpace() == "weight")
        graph_.kernels[*index].weight_bytes += read;
      const auto writer =
          std::ranges::find_if(writes_.rbegin(), writes_.rend(),
                               [&](const Write& w) { return overlaps(w.range, range); });
      if (writer != writes_.rend() && range.getSpace() == "arena")
        sources[writer->kernel] += read;
    }
    for (auto range : dispatch.getRanges().getAsRange<plan::RangeAttr>())
      if (range.getSpace() == "arena" && writes(range))
        writes_.push_back({range, index});
    if (!index)
      return;
    graph_.kernels[*index].bytes_read = cost.bytes_read;
    graph_.kernels[*index].bytes_written = cost.bytes_written;
    for (const auto& [from, bytes] : sources)
      graph_.kernel_edges.push_back({from, *index, bytes});
  }

  LayerGraph& graph_;
  std::int64_t layer_;
  std::vector<FormedKernel>& formed_;
  std::vector<const FormedKernel*> sources_;
  std::vector<Write> writes_;  // of the arena, by all kernels so far
};

// Finds each operation again in the kernels, by where in model code it stands and what it does.
void assign_kernels(LayerGraph& graph, const std::vector<mlir::Location>& locations,
                    const std::vector<const FormedKernel*>& kernels) {
  std::map<std::pair<const void*, std::string>, std::size_t> exact;
  std::map<const void*, std::size_t> by_place;
  for (std::size_t i = 0; i < kernels.size(); ++i)
    for (const auto& [location, name] : kernels[i]->operations) {
      std::vector<mlir::Location> parts;
      collect_parts(location, parts);
      for (const mlir::Location part : parts) {
        exact.try_emplace({part.getAsOpaquePointer(), name}, i);
        by_place.try_emplace(part.getAsOpaquePointer(), i);
      }
    }
  // What passes do not rewrite into something else keeps its name.
  static const std::set<std::string, std::less<>> kMovements{"reshape",   "broadcast", "slice",
                                                             "transpose", "concat",    "cast"};
  std::size_t next = 0;
  for (OperationBlock& block : graph.blocks)
    for (ArrayOperation& op : block.operations) {
      const void* place = locations[next++].getAsOpaquePointer();
      if (const auto found = exact.find({place, op.name}); found != exact.end())
        op.kernel = found->second;
      else if (const auto near = by_place.find(place);
               near != by_place.end() && !kMovements.contains(op.name))
        op.kernel = near->second;
    }
}

template <typename Op> Op find_symbol(mlir::ModuleOp module, const std::string& name) {
  auto op = module.lookupSymbol<Op>(name);
  if (!op)
    throw InvalidArgument("graph", "the model has no entry '{}'", name);
  return op;
}

}  // namespace

std::size_t LayerGraph::operation_count() const {
  std::size_t count = 0;
  for (const OperationBlock& block : blocks)
    count += block.operations.size();
  return count;
}

std::size_t LayerGraph::group_count() const {
  return kernels.empty() ? 0 : kernels.back().group + 1;
}

LayerGraph layer_graph(const Graph& graph, const std::string& entry, std::int64_t layer,
                       const DeviceProfile& profile, std::int64_t context) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext mlir_context(registry);
  mlir_context.loadAllAvailableDialects();
  auto module = ir::import_graph(mlir_context, graph);

  LayerGraph result;
  BlockReader blocks(result, layer);
  blocks.read(find_symbol<mlir::func::FuncOp>(*module, entry));
  if (result.blocks.empty())
    throw InvalidArgument("graph", "entry '{}' has no layer {}", entry, layer);

  std::vector<FormedKernel> formed;
  mlir::PassManager passes(&mlir_context);
  passes.addInstrumentation(std::make_unique<FormedKernelObserver>(entry, formed));
  build_pipeline(passes, {.profile = profile, .kv_length = context});
  if (mlir::failed(passes.run(*module)))
    throw Error("graph", "the compiler failed; its diagnostics are above");

  KernelReader kernels(result, layer, formed);
  kernels.read(*module, find_symbol<plan::EntryOp>(*module, entry));
  assign_kernels(result, blocks.locations(), kernels.sources());
  return result;
}

}  // namespace ashlar::cli
