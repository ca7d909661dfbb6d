// SPDX-License-Identifier: Apache-2.0
#include "codegen/translate_plan.h"

#include "ir/ashlar_dialect.h"
#include "ir/plan_dialect.h"
#include "ir/strided_kernel.h"
#include "runtime/program/error.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

ArrayType array_type(Type type) {
  auto array = ir::array_type_of(type);
  if (!array)
    throw Error("compile", "a plan holds a value that is no array");
  return *array;
}

Residency residency_of(StringRef name) {
  if (name == "state")
    return Residency::state;
  if (name == "step")
    return Residency::step;
  if (name == "ring")
    return Residency::ring;
  throw Error("compile", "no residency '{}'", name.str());
}

Space space_of(StringRef name) {
  constexpr std::pair<const char*, Space> kSpaces[] = {
      {"weight", Space::weight}, {"constant", Space::constant}, {"state", Space::state},
      {"arena", Space::arena},   {"input", Space::input},       {"output", Space::output}};
  for (const auto& [text, space] : kSpaces)
    if (name == text)
      return space;
  throw Error("compile", "no space '{}' in a plan", name.str());
}

Access access_of(StringRef name) {
  if (name == "r")
    return Access::read;
  return name == "w" ? Access::write : Access::read_write;
}

BufferRange range_of(plan::RangeAttr range) {
  return {space_of(range.getSpace()), static_cast<std::uint32_t>(range.getIndex()),
          static_cast<std::uint64_t>(range.getOffset()),
          static_cast<std::uint64_t>(range.getBytes())};
}

StateSpec state_of(ir::StateOp state) {
  ArrayType type = array_type(state.getType());
  const bool growable = type.shape.rank() > 0 && type.shape.dim(0) == kDynamic;
  Shape shape = type.shape;
  if (growable) {
    std::vector<std::int64_t> dims = shape.dims();
    dims[0] = static_cast<std::int64_t>(state.getCapacity().value_or(0));
    shape = Shape(std::move(dims));
  }
  return {state.getSymName().str(), type.dtype, shape, growable,
          residency_of(state.getResidency())};
}

WeightGroup weight_group_of(plan::WeightGroupOp op) {
  WeightGroup group{{}, static_cast<std::uint64_t>(op.getBytes())};
  for (auto [name, type, offset] : llvm::zip_equal(op.getNames(), op.getTypes(), op.getOffsets())) {
    ArrayType array = array_type(cast<TypeAttr>(type).getValue());
    group.weights.push_back({cast<StringAttr>(name).getValue().str(), array.dtype, array.shape,
                             static_cast<std::uint64_t>(offset)});
  }
  return group;
}

Cost cost_of(std::optional<DictionaryAttr> attributes) {
  auto figure = [&](StringRef name) -> std::uint64_t {
    auto value = attributes ? attributes->getAs<IntegerAttr>(name) : nullptr;
    return value ? static_cast<std::uint64_t>(value.getInt()) : 0;
  };
  return {figure("bytes_read"), figure("bytes_written"), figure("flops")};
}

Dispatch dispatch_of(plan::DispatchOp op, const llvm::StringMap<PlacedKernel>& kernels) {
  auto kernel = kernels.find(op.getKernel());
  if (kernel == kernels.end())
    throw Error("compile", "a plan runs the unknown kernel '{}'", op.getKernel().str());
  Dispatch dispatch{.kernel = kernel->second.index,
                    .arguments = {},
                    .scalars = {},
                    .workgroups = kernel->second.workgroups,
                    .label = op.getLabel().str(),
                    .cost = cost_of(op.getCost())};
  if (auto scalars = op.getScalars()) {
    dispatch.scalars.assign(scalars->begin(), scalars->end());
    const std::uint32_t packets = dispatch.scalars.at(kernel::StridedScalars::packets());
    dispatch.workgroups = {(packets - 1) / kernel->second.workgroup_size + 1, 1, 1};
  }
  for (auto range : op.getRanges().getAsRange<plan::RangeAttr>())
    dispatch.arguments.push_back({range_of(range), access_of(range.getAccess())});
  return dispatch;
}

// `names` may be absent; values are then numbered.
std::vector<ValueSpec> values_of(ArrayAttr types, std::optional<ArrayAttr> names,
                                 const char* prefix) {
  std::vector<ValueSpec> values;
  for (auto type : types.getAsValueRange<TypeAttr>()) {
    ArrayType array = array_type(type);
    std::string name = names ? cast<StringAttr>((*names)[values.size()]).str()
                             : fmt::format("{}{}", prefix, values.size());
    values.push_back({std::move(name), array.dtype, array.shape});
  }
  return values;
}

Donation donation_of(plan::DonationAttr donation) {
  Donation result{static_cast<std::uint32_t>(donation.getInput()), std::nullopt};
  if (donation.has_output())
    result.output = static_cast<std::uint32_t>(donation.getOutput());
  return result;
}

Entry entry_of(plan::EntryOp op, const llvm::StringMap<PlacedKernel>& kernels) {
  Entry entry{.name = op.getSymName().str(),
              .inputs = values_of(op.getInputs(), op.getInputNames(), "input"),
              .outputs = values_of(op.getOutputs(), op.getOutputNames(), "output"),
              .arena_bytes = static_cast<std::uint64_t>(op.getArenaBytes()),
              .commands = {}};
  if (auto donations = op.getDonations())
    for (auto donation : donations->getAsRange<plan::DonationAttr>())
      entry.donations.push_back(donation_of(donation));
  for (Operation& command : op.getBody().front()) {
    if (auto dispatch = dyn_cast<plan::DispatchOp>(command))
      entry.commands.push_back(dispatch_of(dispatch, kernels));
    else if (auto copy = dyn_cast<plan::CopyOp>(command))
      entry.commands.push_back(
          Copy{range_of(copy.getSource()), range_of(copy.getTarget()), copy.getLabel().str()});
    else if (isa<plan::BarrierOp>(command))
      entry.commands.push_back(Barrier{});
    else
      throw Error("compile", "a plan holds '{}'", command.getName().getStringRef().str());
  }
  return entry;
}

}  // namespace

Program translate_plan(ModuleOp module, const llvm::StringMap<PlacedKernel>& kernels) {
  Program program;
  for (Operation& op : module.getBody()->getOperations()) {
    if (auto state = dyn_cast<ir::StateOp>(op))
      program.states.push_back(state_of(state));
    else if (auto group = dyn_cast<plan::WeightGroupOp>(op))
      program.weight_groups.push_back(weight_group_of(group));
    else if (auto constants = dyn_cast<plan::ConstantsOp>(op))
      program.constants.assign(constants.getData().begin(), constants.getData().end());
    else if (auto entry = dyn_cast<plan::EntryOp>(op))
      program.entries.push_back(entry_of(entry, kernels));
  }
  return program;
}

}  // namespace ashlar::codegen
