// SPDX-License-Identifier: Apache-2.0
// ashlar-verify-plan: checks plans without trusting the passes that made them.
//
//   plan.dispatch @a [#plan.range<"arena"[0] + 0, 64, "w">] ...
//   plan.dispatch @b [#plan.range<"arena"[0] + 0, 64, "r">, ...]   // error: no barrier in between
//
// Each range must lie inside a buffer that exists and may be accessed that way; arguments must
// match the kernel in number, size and in-place use; the arena is written before it is read; every
// output is complete at the end; commands between two barriers do not conflict, and no donated
// input is read once its output was written, as if both were one buffer; no kernel passes the loop
// limit, or has a buffer of more elements than its 32-bit indices reach.
#include "ir/schedule_model.h"
#include "ir/strided_kernel.h"
#include "passes/kernel_flow.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/plan_ranges.h"

#include <limits>
#include <map>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_VERIFYPLAN
#include "passes/passes.h.inc"

namespace {

// Bytes of a buffer that have been written, as disjoint intervals.
class WrittenBytes {
public:
  void add(std::int64_t begin, std::int64_t end) {
    auto next = intervals_.upper_bound(begin);
    if (next != intervals_.begin() && std::prev(next)->second >= begin)
      --next;
    while (next != intervals_.end() && next->first <= end) {
      begin = std::min(begin, next->first);
      end = std::max(end, next->second);
      next = intervals_.erase(next);
    }
    intervals_[begin] = end;
  }

  bool covers(std::int64_t begin, std::int64_t end) const {
    auto next = intervals_.upper_bound(begin);
    return begin == end || (next != intervals_.begin() && std::prev(next)->second >= end);
  }

private:
  std::map<std::int64_t, std::int64_t> intervals_;
};

// Sizes of all buffers of one entry.
struct Buffers {
  std::map<StringRef, SmallVector<std::int64_t>> bytes;

  static Buffers of(ModuleOp module, plan::EntryOp entry) {
    Buffers buffers;
    for (auto group : module.getOps<plan::WeightGroupOp>())
      buffers.bytes["weight"].push_back(static_cast<std::int64_t>(group.getBytes()));
    for (auto constants : module.getOps<plan::ConstantsOp>())
      buffers.bytes["constant"].push_back(static_cast<std::int64_t>(constants.getData().size()));
    for (auto state : module.getOps<ir::StateOp>())
      buffers.bytes["state"].push_back(
          byte_size(state.getType(), static_cast<std::int64_t>(state.getCapacity().value_or(0))));
    for (Type type : entry.getInputs().getAsValueRange<TypeAttr>())
      buffers.bytes["input"].push_back(byte_size(type));
    for (Type type : entry.getOutputs().getAsValueRange<TypeAttr>())
      buffers.bytes["output"].push_back(byte_size(type));
    buffers.bytes["arena"].push_back(static_cast<std::int64_t>(entry.getArenaBytes()));
    return buffers;
  }
};

class EntryVerifier {
public:
  EntryVerifier(ModuleOp module, plan::EntryOp entry, bool barriers)
      : module_(module), entry_(entry), barriers_(barriers), buffers_(Buffers::of(module, entry)) {}

  LogicalResult run() {
    if (failed(check_donations()))
      return failure();
    for (Operation& command : entry_.getBody().front()) {
      if (isa<plan::BarrierOp>(command)) {
        group_.clear();
        continue;
      }
      if (failed(check_ranges(&command)) || failed(check_donors(&command)) ||
          failed(check_contents(&command)) || failed(check_hazards(&command)))
        return failure();
    }
    return check_outputs();
  }

private:
  LogicalResult check_donations() {
    llvm::DenseSet<std::int64_t> inputs, outputs;
    const auto has = [](ArrayAttr types, std::int64_t index) {
      return index >= 0 && index < static_cast<std::int64_t>(types.size());
    };
    for (plan::DonationAttr donation : donations_of(entry_)) {
      const std::int64_t input = donation.getInput(), output = donation.getOutput();
      if (!has(entry_.getInputs(), input) || !inputs.insert(input).second)
        return entry_.emitOpError("no such input, or donated twice: ") << donation;
      if (!donation.has_output())
        continue;
      if (!has(entry_.getOutputs(), output) || !outputs.insert(output).second)
        return entry_.emitOpError("no such output, or placed twice: ") << donation;
      const Type from = type_at(entry_.getInputs(), input),
                 to = type_at(entry_.getOutputs(), output);
      if (getElementTypeOrSelf(from) != getElementTypeOrSelf(to) ||
          byte_size(from) != byte_size(to))
        return entry_.emitOpError("types differ: ") << donation;
    }
    return success();
  }

  static Type type_at(ArrayAttr types, std::int64_t index) {
    return cast<TypeAttr>(types[static_cast<unsigned>(index)]).getValue();
  }

  // What was written over a donated input is no longer that input.
  LogicalResult check_donors(Operation* command) {
    for (plan::DonationAttr donation : donations_of(entry_))
      for (plan::RangeAttr range : ranges_of(command))
        if (range.getSpace() == "input" && range.getIndex() == donation.getInput() &&
            written_.contains({"output", donation.getOutput()}))
          return command->emitOpError("reads a donated input after output ")
                 << donation.getOutput() << " was written over it: " << range;
    return success();
  }

  LogicalResult check_ranges(Operation* command) {
    for (plan::RangeAttr range : ranges_of(command)) {
      auto space = buffers_.bytes.find(range.getSpace());
      if (space == buffers_.bytes.end() || range.getIndex() < 0 ||
          range.getIndex() >= static_cast<std::int64_t>(space->second.size()))
        return command->emitOpError("no such buffer: ") << range;
      const std::int64_t size = space->second[static_cast<std::size_t>(range.getIndex())];
      if (range.getOffset() < 0 || range.getBytes() < 0 || range.getBytes() > size ||
          range.getOffset() > size - range.getBytes())
        return command->emitOpError("range exceeds its buffer of ") << size << " bytes: " << range;
      const StringRef access = range.getAccess();
      if (access != "r" && access != "w" && access != "rw")
        return command->emitOpError("access: expected r, w or rw: ") << range;
      const StringRef name = range.getSpace();
      if (writes(range) && (name == "weight" || name == "constant" || name == "input"))
        return command->emitOpError("writes a buffer that is read only: ") << range;
    }
    if (auto dispatch = dyn_cast<plan::DispatchOp>(command))
      return check_arguments(dispatch);
    auto copy = dyn_cast<plan::CopyOp>(command);
    if (!copy)
      return command->emitOpError("is not a command");
    if (copy.getSource().getBytes() != copy.getTarget().getBytes() ||
        copy.getSource().getAccess() != "r" || copy.getTarget().getAccess() != "w" ||
        overlaps(shared_ranges_of(copy)[0], shared_ranges_of(copy)[1]))
      return copy.emitOpError("source and target do not fit each other");
    return success();
  }

  LogicalResult check_arguments(plan::DispatchOp dispatch) {
    auto def = module_.lookupSymbol<kernel::DefOp>(dispatch.getKernel());
    if (!def)
      return dispatch.emitOpError("no kernel.def named ") << dispatch.getKernel();
    const kernel::RegionView region = kernel::view_of(def);
    SmallVector<std::pair<Type, StringRef>> expected;
    for (BlockArgument input : region.body->getArguments())
      expected.push_back({input.getType(), kernel::is_updated(region, input) ? "rw" : "r"});
    for (auto [output, operand] : llvm::zip_equal(region.outputs(), region.inplace))
      if (operand < 0)
        expected.push_back({output.getType(), "w"});
    const SmallVector<plan::RangeAttr> ranges = ranges_of(dispatch);
    if (ranges.size() != expected.size())
      return dispatch.emitOpError("kernel has ")
             << expected.size() << " arguments, got " << ranges.size();
    for (auto [range, argument] : llvm::zip_equal(ranges, expected)) {
      if (dispatch.getScalars() && range.getAccess() == argument.second)
        continue;  // knows no shapes
      const bool growable = element_count_of(argument.first) == kDynamic;
      if (range.getAccess() != argument.second ||
          (!growable && range.getBytes() != byte_size(argument.first)) ||
          (growable && range.getSpace() != "state"))
        return dispatch.emitOpError("argument does not fit ")
               << argument.first << " (" << argument.second << "): " << range;
    }
    if (failed(check_scalars(dispatch, def, ranges)))
      return failure();
    return check_own_overlaps(dispatch, region, shared_ranges_of(dispatch));
  }

  // A strided kernel fills its outputs, and its views stay in their buffers.
  LogicalResult check_scalars(plan::DispatchOp dispatch, kernel::DefOp def,
                              ArrayRef<plan::RangeAttr> ranges) {
    const ArrayRef<std::int32_t> scalars = dispatch.getScalars().value_or(ArrayRef<std::int32_t>());
    if (static_cast<std::int64_t>(scalars.size()) != kernel::scalar_count(def))
      return dispatch.emitOpError("kernel takes ")
             << kernel::scalar_count(def) << " scalars, got " << scalars.size();
    if (scalars.empty())
      return success();
    const auto reach = kernel::strided_reach(def, scalars);
    Block& body = def.getBody().front();
    const std::size_t inputs = body.getNumArguments();
    for (auto [i, output] : llvm::enumerate(body.getTerminator()->getOperandTypes()))
      if (ranges[inputs + i].getBytes() != reach.elements * byte_size(output))
        return dispatch.emitOpError("output of ")
               << reach.elements << " elements does not fit " << ranges[inputs + i];
    for (const kernel::ViewReach& view : reach.views) {
      const plan::RangeAttr range = ranges[view.buffer];
      if (view.first < 0 || (view.last + 1) * view.element_bytes > range.getBytes())
        return dispatch.emitOpError("a view reaches elements ")
               << view.first << " to " << view.last << " of " << range;
    }
    return success();
  }

  static std::int64_t element_count_of(Type type) { return kernel::element_count(type); }

  // A written argument may share bytes with an input only where the emitter reads it before it
  // writes it.
  LogicalResult check_own_overlaps(plan::DispatchOp dispatch, const kernel::RegionView& region,
                                   ArrayRef<plan::RangeAttr> ranges) {
    const std::size_t inputs = region.body->getNumArguments();
    SmallVector<unsigned> output_of;  // argument beyond the inputs -> output
    for (auto [output, operand] : llvm::enumerate(region.inplace))
      if (operand < 0)
        output_of.push_back(static_cast<unsigned>(output));
    for (std::size_t a = 0; a < ranges.size(); ++a)
      for (std::size_t b = a + 1; b < ranges.size(); ++b) {
        if (!conflicts(ranges[a], ranges[b]))
          continue;
        const bool same = a < inputs && b >= inputs && !writes(ranges[a]) &&
                          ranges[a].getOffset() == ranges[b].getOffset() &&
                          may_overwrite(region, region.body->getArgument(static_cast<unsigned>(a)),
                                        output_of[b - inputs]);
        if (!same)
          return dispatch.emitOpError("arguments overlap: ") << ranges[a] << " and " << ranges[b];
      }
    return success();
  }

  // The arena and the outputs hold nothing at first.
  LogicalResult check_contents(Operation* command) {
    auto fresh = [](plan::RangeAttr r) {
      return r.getSpace() == "arena" || r.getSpace() == "output";
    };
    for (plan::RangeAttr range : ranges_of(command))
      if (reads(range) && fresh(range) &&
          !written_[{range.getSpace(), range.getIndex()}].covers(
              range.getOffset(), range.getOffset() + range.getBytes()))
        return command->emitOpError("reads bytes that nothing wrote: ") << range;
    for (plan::RangeAttr range : ranges_of(command))
      if (writes(range) && fresh(range))
        written_[{range.getSpace(), range.getIndex()}].add(range.getOffset(),
                                                           range.getOffset() + range.getBytes());
    return success();
  }

  LogicalResult check_hazards(Operation* command) {
    if (!barriers_)
      return success();
    const SmallVector<plan::RangeAttr> ranges = shared_ranges_of(command);
    for (plan::RangeAttr range : ranges)
      for (plan::RangeAttr earlier : group_)
        if (conflicts(range, earlier))
          return command->emitOpError("no barrier between ") << earlier << " and " << range;
    llvm::append_range(group_, ranges);
    return success();
  }

  LogicalResult check_outputs() {
    for (auto [index, bytes] : llvm::enumerate(buffers_.bytes["output"]))
      if (!written_[{"output", static_cast<std::int64_t>(index)}].covers(0, bytes))
        return entry_.emitOpError("output ") << index << " is not complete";
    return success();
  }

  ModuleOp module_;
  plan::EntryOp entry_;
  bool barriers_;
  Buffers buffers_;
  std::map<std::pair<StringRef, std::int64_t>, WrittenBytes> written_;
  SmallVector<plan::RangeAttr> group_;
};

struct VerifyPlanPass : impl::VerifyPlanBase<VerifyPlanPass> {
  using VerifyPlanBase::VerifyPlanBase;

  void runOnOperation() override {
    for (auto def : getOperation().getOps<kernel::DefOp>())
      if (failed(check_loops(def)) || failed(check_extents(def)))
        return signalPassFailure();
    for (auto entry : getOperation().getOps<plan::EntryOp>())
      if (failed(EntryVerifier(getOperation(), entry, barriers).run()))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult check_loops(kernel::DefOp def) {
    const std::int64_t iterations = kernel::loop_iterations(def);
    if (maxLoopIterations == 0 || iterations <= maxLoopIterations)
      return success();
    return def.emitOpError("loops run ")
           << iterations << " times per invocation, limit " << maxLoopIterations.getValue();
  }

  static LogicalResult check_extents(kernel::DefOp def) {
    Block& body = def.getBody().front();
    SmallVector<Value> buffers(body.getArguments());
    llvm::append_range(buffers, body.getTerminator()->getOperands());
    for (Value buffer : buffers)
      if (const std::int64_t elements = element_count(buffer);
          elements > std::numeric_limits<std::int32_t>::max())
        return def.emitOpError("a buffer has ")
               << elements << " elements, more than the 2^31-1 that a kernel can index";
    return success();
  }
};

}  // namespace
}  // namespace ashlar
