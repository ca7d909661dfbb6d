// SPDX-License-Identifier: Apache-2.0
#include "passes/strided_access.h"

#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar {
namespace {

ArrayRef<std::int64_t> shape_of(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape();
}

LinearForm constant_form(std::size_t rank) {
  return {0, SmallVector<std::int64_t>(rank, 0)};
}

void add_scaled(LinearForm& sum, const LinearForm& form, std::int64_t factor) {
  sum.offset += form.offset * factor;
  for (auto [total, step] : llvm::zip_equal(sum.steps, form.steps))
    total += step * factor;
}

LinearForm affine(const LinearForm& form, std::int64_t factor, std::int64_t offset) {
  LinearForm result = constant_form(form.steps.size());
  add_scaled(result, form, factor);
  result.offset += offset;
  return result;
}

IndexForms through_transpose(ir::TransposeOp op, const IndexForms& index) {
  IndexForms mapped(index.size());
  for (auto [i, axis] : llvm::enumerate(op.getPermutation()))
    mapped[static_cast<std::size_t>(axis)] = index[i];
  return mapped;
}

IndexForms through_broadcast(ir::BroadcastOp op, const IndexForms& index, std::size_t rank) {
  ArrayRef<std::int64_t> shape = shape_of(op->getOperand(0));
  const std::size_t added = index.size() - shape.size();
  IndexForms mapped;
  for (auto [i, extent] : llvm::enumerate(shape))
    mapped.push_back(extent == 1 ? constant_form(rank) : index[added + i]);
  return mapped;
}

IndexForms through_slice(ir::SliceOp op, const IndexForms& index) {
  IndexForms mapped;
  for (auto [i, form] : llvm::enumerate(index))
    mapped.push_back(affine(form, op.getSteps()[i], op.getStarts()[i]));
  return mapped;
}

// Every axis of the operand is one axis of the result, or is cut into several of them.
std::optional<IndexForms> through_reshape(ir::ReshapeOp op, const IndexForms& index,
                                          std::size_t rank) {
  ArrayRef<std::int64_t> to = shape_of(op->getResult(0));
  IndexForms mapped;
  std::size_t axis = 0;
  for (std::int64_t extent : shape_of(op->getOperand(0))) {
    LinearForm form = constant_form(rank);
    for (std::int64_t covered = 1; covered != extent; ++axis) {
      if (axis == to.size() || to[axis] == 0 || covered * to[axis] > extent)
        return std::nullopt;
      form = affine(form, to[axis], 0);
      add_scaled(form, index[axis], 1);
      covered *= to[axis];
    }
    mapped.push_back(std::move(form));
  }
  return mapped;
}

}  // namespace

IndexForms identity_forms(std::size_t rank) {
  IndexForms forms(rank, constant_form(rank));
  for (std::size_t axis = 0; axis < rank; ++axis)
    forms[axis].steps[axis] = 1;
  return forms;
}

LinearForm linear_place(const IndexForms& index, ArrayRef<std::int64_t> shape) {
  if (index.empty())
    return {};
  LinearForm place = constant_form(index.front().steps.size());
  for (auto [form, extent] : llvm::zip_equal(index, shape)) {
    place = affine(place, extent, 0);
    add_scaled(place, form, 1);
  }
  return place;
}

std::optional<IndexForms> operand_index(Operation* movement, const IndexForms& index) {
  const std::size_t rank = index.empty() ? 0 : index.front().steps.size();
  if (auto op = dyn_cast<ir::TransposeOp>(movement))
    return through_transpose(op, index);
  if (auto op = dyn_cast<ir::BroadcastOp>(movement))
    return through_broadcast(op, index, rank);
  if (auto op = dyn_cast<ir::SliceOp>(movement))
    return through_slice(op, index);
  if (auto op = dyn_cast<ir::ReshapeOp>(movement))
    return through_reshape(op, index, rank);
  return std::nullopt;
}

void collapse_axes(SmallVector<std::int64_t>& extents, MutableArrayRef<LinearForm> forms) {
  SmallVector<std::int64_t> kept;
  SmallVector<SmallVector<std::int64_t>> steps(forms.size());
  for (std::size_t axis = extents.size(); axis-- > 0;) {
    if (extents[axis] == 1)
      continue;
    // From the innermost axis outwards; the last one kept may take this one in.
    const bool joins = !kept.empty() && llvm::all_of(llvm::zip_equal(forms, steps), [&](auto pair) {
      auto& [form, chosen] = pair;
      return form.steps[axis] == chosen.back() * kept.back();
    });
    if (joins) {
      kept.back() *= extents[axis];
      continue;
    }
    kept.push_back(extents[axis]);
    for (auto [form, chosen] : llvm::zip_equal(forms, steps))
      chosen.push_back(form.steps[axis]);
  }
  if (kept.empty()) {
    kept.push_back(1);
    for (auto& chosen : steps)
      chosen.push_back(0);
  }
  extents.assign(kept.rbegin(), kept.rend());
  for (auto [form, chosen] : llvm::zip_equal(forms, steps))
    form.steps.assign(chosen.rbegin(), chosen.rend());
}

}  // namespace ashlar
