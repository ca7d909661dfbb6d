// SPDX-License-Identifier: Apache-2.0
#include "passes/entry_planner.h"

#include "ir/kernel_region.h"
#include "passes/arena.h"
#include "passes/constant_bytes.h"
#include "passes/kernel_flow.h"
#include "passes/op_classes.h"
#include "passes/scope.h"

using namespace mlir;

namespace ashlar {
namespace {

// Where a value lies. Temporaries have an offset only after the arena was laid out.
struct Place {
  StringRef space;
  std::int64_t index = 0;
  std::int64_t offset = 0;
  std::int64_t bytes = 0;

  bool same_buffer(const Place& other) const {
    return space == other.space && index == other.index && offset == other.offset;
  }
};

struct Access {
  std::size_t place;
  StringRef mode;  // "r", "w", "rw"
};

// A dispatch, or a copy from the first access to the second.
struct Command {
  kernel::CallOp call;  // null for a copy
  SmallVector<Access> accesses;
  std::int64_t group = 0;  // of commands that may run at the same time
  std::string label;
};

class EntryPlanner {
public:
  EntryPlanner(func::FuncOp function, SharedPlan& shared) : function_(function), shared_(shared) {}

  LogicalResult run(OpBuilder& builder, bool alias) {
    for (auto [index, argument] : llvm::enumerate(function_.getArguments()))
      place(argument,
            {"input", static_cast<std::int64_t>(index), 0, byte_size(argument.getType())});
    for (Operation& op : function_.getBody().front())
      if (failed(visit(op)))
        return failure();
    assign_groups();
    add_copies();
    assign_groups();
    const std::int64_t arena_bytes = place_temporaries(alias);
    write(builder, arena_bytes);
    return success();
  }

private:
  std::size_t place(Value value, Place where) {
    places_.push_back(where);
    return place_of_[value] = places_.size() - 1;
  }

  LogicalResult visit(Operation& op) {
    if (auto weight = dyn_cast<ir::WeightOp>(op)) {
      const WeightPlace at = shared_.weights.place_of(weight);
      place(weight, {"weight", static_cast<std::int64_t>(at.group), at.offset,
                     byte_size(weight.getType())});
      return success();
    }
    if (auto read = dyn_cast<ir::StateReadOp>(op))
      return visit_state(read);
    if (auto constant = dyn_cast<ir::ConstantOp>(op))
      return visit_constant(constant);
    if (auto call = dyn_cast<kernel::CallOp>(op))
      return visit_call(call);
    if (isa<ir::StateWriteOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
      return success();
    return op.emitOpError("is not part of a kernel; run ashlar-form-kernels first");
  }

  LogicalResult visit_state(ir::StateReadOp read) {
    place(read.getResult(), state_place(read, read.getState()));
    return success();
  }

  Place state_place(Operation* user, StringRef name) {
    auto state = SymbolTable::lookupNearestSymbolFrom<ir::StateOp>(
        user, StringAttr::get(user->getContext(), name));
    const auto rows = static_cast<std::int64_t>(state.getCapacity().value_or(0));
    return {"state", shared_.states.lookup(name), 0, byte_size(state.getType(), rows)};
  }

  LogicalResult visit_constant(ir::ConstantOp constant) {
    auto [slot, is_new] = shared_.constant_offsets.try_emplace(constant.getValue(), 0);
    if (is_new) {
      auto bytes = constant_bytes(constant.getValue());
      if (!bytes)
        return constant.emitOpError("has no contents that could be stored");
      shared_.constants.resize(
          static_cast<std::size_t>(aligned(static_cast<std::int64_t>(shared_.constants.size()))),
          0);
      slot->second = static_cast<std::int64_t>(shared_.constants.size());
      llvm::append_range(shared_.constants, *bytes);
    }
    place(constant, {"constant", 0, slot->second, byte_size(constant.getType())});
    return success();
  }

  LogicalResult visit_call(kernel::CallOp call) {
    auto def = SymbolTable::lookupNearestSymbolFrom<kernel::DefOp>(call, call.getKernelAttr());
    Command command{call, {}, 0, scope_of(call.getLoc())};
    const kernel::RegionView region = kernel::view_of(def);
    for (auto [input, argument] : llvm::zip_equal(call.getInputs(), region.body->getArguments()))
      command.accesses.push_back(
          {place_of_.lookup(input), kernel::is_updated(region, argument) ? "rw" : "r"});
    for (auto [result, operand] : llvm::zip_equal(call.getOutputs(), def.getInplace())) {
      if (operand >= 0) {
        place_of_[result] = command.accesses[static_cast<std::size_t>(operand)].place;
        continue;
      }
      command.accesses.push_back({place(result, place_result(result, def)), "w"});
    }
    commands_.push_back(std::move(command));
    return success();
  }

  // Straight into a state or an output of the entry, and that over a donated input, where that is
  // safe, else into the arena.
  Place place_result(OpResult result, kernel::DefOp def) {
    for (OpOperand& use : result.getUses())
      if (auto write = dyn_cast<ir::StateWriteOp>(use.getOwner()); write && may_replace(write, def))
        return state_place(write, write.getState());
    for (OpOperand& use : result.getUses())
      if (use.getOwner()->hasTrait<OpTrait::IsTerminator>()) {
        find_donor(use.getOperandNumber(), result, def);
        return {"output", use.getOperandNumber(), 0, byte_size(result.getType())};
      }
    return {"arena", static_cast<std::int64_t>(places_.size()), 0, byte_size(result.getType())};
  }

  bool may_replace(ir::StateWriteOp write, kernel::DefOp def) {
    auto reads = function_.getBody().front().getOps<ir::StateReadOp>();
    return llvm::all_of(reads, [&](ir::StateReadOp read) {
      return read.getState() != write.getState() ||
             may_write_over(read.getResult(), cast<OpResult>(write.getValue()), def);
    });
  }

  // Whether the producer of a value can write it over an old one: all readers of the old one run
  // before, and the producer itself reads each element only to compute the same one, or reductions
  // that are done by then.
  static bool may_write_over(Value old, OpResult result, kernel::DefOp def) {
    return llvm::all_of(old.getUses(),
                        [&](OpOperand& use) { return is_read_before(use, result, def); });
  }

  static bool is_read_before(OpOperand& use, OpResult result, kernel::DefOp def) {
    if (use.getOwner() != result.getOwner())
      return use.getOwner()->isBeforeInBlock(result.getOwner());
    return may_overwrite(kernel::view_of(def), def.getBody().getArgument(use.getOperandNumber()),
                         result.getResultNumber());
  }

  // Pairs an output with an input of its type that the caller gives away, if it may lie there.
  void find_donor(std::int64_t output, OpResult result, kernel::DefOp def) {
    for (BlockArgument input : function_.getArguments())
      if (is_free(input) && have_same_memory(input.getType(), result.getType()) &&
          may_write_over(input, result, def)) {
        donor_of_[output] = input.getArgNumber();
        return;
      }
  }

  bool is_free(BlockArgument input) {
    return is_donated(input.getArgNumber()) && llvm::none_of(donor_of_, [&](const auto& taken) {
             return taken.second == input.getArgNumber();
           });
  }

  bool is_donated(unsigned input) {
    return function_.getArgAttr(input, ir::kDonatedAttribute) != nullptr;
  }

  static bool have_same_memory(Type a, Type b) {
    return getElementTypeOrSelf(a) == getElementTypeOrSelf(b) && byte_size(a) == byte_size(b) &&
           byte_size(a) > 0;
  }

  // State writes and outputs whose values were not computed in place, each beside the first
  // commands that it need not wait for.
  void add_copies() {
    for (auto write : function_.getBody().front().getOps<ir::StateWriteOp>())
      add_copy(write.getValue(), state_place(write, write.getState()), scope_of(write.getLoc()));
    Operation* terminator = function_.getBody().front().getTerminator();
    for (OpOperand& operand : terminator->getOpOperands())
      add_copy(operand.get(),
               {"output", operand.getOperandNumber(), 0, byte_size(operand.get().getType())}, "");
  }

  void add_copy(Value value, Place target, std::string label) {
    const std::size_t source = place_of_.lookup(value);
    if (target.bytes == 0 || places_[source].same_buffer(target))
      return;
    places_.push_back(target);
    Command copy{nullptr, {{source, "r"}, {places_.size() - 1, "w"}}, 0, std::move(label)};
    for (const Command& command : commands_)
      if (depends(copy, command))
        copy.group = command.group + 1;
    const auto next = llvm::find_if(
        commands_, [&](const Command& command) { return command.group > copy.group; });
    commands_.insert(next, std::move(copy));
  }

  // Commands that depend on one of the present group start the next one.
  void assign_groups() {
    std::int64_t group = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < commands_.size(); ++i) {
      const bool hazard =
          std::any_of(commands_.begin() + static_cast<std::ptrdiff_t>(begin),
                      commands_.begin() + static_cast<std::ptrdiff_t>(i),
                      [&](const Command& earlier) { return depends(commands_[i], earlier); });
      if (hazard) {
        ++group;
        begin = i;
      }
      commands_[i].group = group;
    }
  }

  bool depends(const Command& later, const Command& earlier) const {
    return llvm::any_of(later.accesses, [&](const Access& a) {
      return llvm::any_of(earlier.accesses, [&](const Access& b) {
        return (a.mode != "r" || b.mode != "r") &&
               memory_of(places_[a.place]).same_buffer(memory_of(places_[b.place]));
      });
    });
  }

  // Where a place lies if donated inputs and their outputs share buffers.
  Place memory_of(const Place& place) const {
    const auto donor = place.space == "output" ? donor_of_.find(place.index) : donor_of_.end();
    return donor == donor_of_.end() ? place : Place{"input", donor->second, 0, place.bytes};
  }

  std::int64_t place_temporaries(bool alias) {
    llvm::MapVector<std::size_t, Lifetime> lifetimes;
    for (const Command& command : commands_)
      for (const Access& access : command.accesses) {
        const Place& place = places_[access.place];
        if (place.space != "arena")
          continue;
        auto [slot, is_new] =
            lifetimes.insert({access.place, {place.bytes, command.group, command.group}});
        slot->second.last = command.group;
      }
    std::vector<Lifetime> list;
    for (const auto& [place, life] : lifetimes)
      list.push_back(life);
    const ArenaLayout layout = lay_out_arena(list, alias);
    for (auto [entry, offset] : llvm::zip_equal(lifetimes, layout.offsets)) {
      places_[entry.first].index = 0;
      places_[entry.first].offset = offset;
    }
    return layout.bytes;
  }

  // Nothing unless every value has a name.
  static ArrayAttr names(OpBuilder& builder, unsigned count,
                         llvm::function_ref<StringAttr(unsigned)> name_of) {
    SmallVector<Attribute> names;
    for (unsigned i = 0; i < count; ++i)
      if (StringAttr name = name_of(i))
        names.push_back(name);
    return count > 0 && names.size() == count ? builder.getArrayAttr(names) : nullptr;
  }

  ArrayAttr donations(OpBuilder& builder) {
    SmallVector<Attribute> list;
    for (unsigned i = 0; i < function_.getNumArguments(); ++i)
      if (is_donated(i)) {
        const auto taken =
            llvm::find_if(donor_of_, [&](const auto& pair) { return pair.second == i; });
        list.push_back(plan::DonationAttr::get(function_.getContext(), i,
                                               taken == donor_of_.end() ? -1 : taken->first));
      }
    return list.empty() ? nullptr : builder.getArrayAttr(list);
  }

  void write(OpBuilder& builder, std::int64_t arena_bytes) {
    const FunctionType type = function_.getFunctionType();
    auto entry = plan::EntryOp::create(
        builder, function_.getLoc(), function_.getSymNameAttr(),
        builder.getTypeArrayAttr(type.getInputs()), builder.getTypeArrayAttr(type.getResults()),
        builder.getI64IntegerAttr(arena_bytes),
        names(builder, type.getNumInputs(),
              [&](unsigned i) {
                return function_.getArgAttrOfType<StringAttr>(i, ir::kNameAttribute);
              }),
        names(builder, type.getNumResults(),
              [&](unsigned i) {
                return function_.getResultAttrOfType<StringAttr>(i, ir::kNameAttribute);
              }),
        donations(builder));
    OpBuilder body = OpBuilder::atBlockEnd(&entry.getBody().emplaceBlock());
    for (Command& command : commands_) {
      SmallVector<Attribute> ranges;
      for (const Access& access : command.accesses)
        ranges.push_back(range_of(access));
      if (command.call)
        plan::DispatchOp::create(body, command.call.getLoc(), command.call.getKernelAttr(),
                                 builder.getArrayAttr(ranges), builder.getStringAttr(command.label),
                                 command.call.getCostAttr(), command.call.getScalarsAttr());
      else
        plan::CopyOp::create(body, function_.getLoc(), cast<plan::RangeAttr>(ranges[0]),
                             cast<plan::RangeAttr>(ranges[1]),
                             builder.getStringAttr(command.label));
    }
  }

  plan::RangeAttr range_of(const Access& access) {
    const Place& place = places_[access.place];
    return plan::RangeAttr::get(function_.getContext(), place.space, place.index, place.offset,
                                place.bytes, access.mode);
  }

  func::FuncOp function_;
  SharedPlan& shared_;
  std::vector<Place> places_;
  llvm::DenseMap<Value, std::size_t> place_of_;
  llvm::DenseMap<std::int64_t, std::int64_t> donor_of_;  // output -> donated input it may lie in
  std::vector<Command> commands_;
};

}  // namespace

LogicalResult plan_entry(OpBuilder& builder, func::FuncOp function, SharedPlan& shared,
                         bool alias) {
  return EntryPlanner(function, shared).run(builder, alias);
}

}  // namespace ashlar
