// SPDX-License-Identifier: Apache-2.0
// What each class of operations needs, so that nothing behind the extents of its operands reaches
// what lies before those of its result.
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sizes/padding.h"
#include "runtime/array/sizes/padding_ops.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <limits>

namespace ashlar {
namespace {

// The axes that reshape groups: elements of one group of the operand are those of one of the
// result. Ends, exclusive.
struct Group {
  std::size_t from_end, to_end;
};

std::vector<Group> groups_of(const std::vector<std::int64_t>& from,
                             const std::vector<std::int64_t>& to) {
  std::vector<Group> groups;
  std::size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    std::int64_t a = from[i++], b = to[j++];
    while (a != b) {
      if (a < b)
        a *= from[i++];
      else
        b *= to[j++];
    }
    groups.push_back({i, j});
  }
  groups.push_back({from.size(), to.size()});  // axes of size 1
  return groups;
}

// Behind the first axis of [begin, end) that is not 1 nothing may vary.
bool only_first_varies(const NodePair& pair, std::size_t begin, std::size_t end) {
  bool first = true;
  for (std::size_t axis = begin; axis < end; ++axis) {
    if (pair.large->type().shape.dims()[axis] == 1)
      continue;
    if (!first && pair.varies(static_cast<std::int64_t>(axis)))
      return false;
    first = false;
  }
  return true;
}

Array sort_fill(const Node& input, bool descending) {
  const DType dtype = input.type().dtype;
  if (is_float(dtype))
    return full({}, std::numeric_limits<double>::quiet_NaN(), dtype);
  return descending ? lowest(dtype) : highest(dtype);
}

}  // namespace

bool reshape_keeps_beginnings(const NodePair& operand, const NodePair& result) {
  const auto &from = operand.large->type().shape.dims(), &to = result.large->type().shape.dims();
  const auto &small_from = operand.small->type().shape.dims(),
             &small_to = result.small->type().shape.dims();
  std::size_t i = 0, j = 0;
  for (const Group& group : groups_of(from, to)) {
    const auto elements = [](const std::vector<std::int64_t>& dims, std::size_t begin,
                             std::size_t end) {
      std::int64_t count = 1;
      for (std::size_t axis = begin; axis < end; ++axis)
        count *= dims[axis];
      return count;
    };
    if (elements(small_from, i, group.from_end) != elements(small_to, j, group.to_end) ||
        !only_first_varies(operand, i, group.from_end) ||
        !only_first_varies(result, j, group.to_end))
      return false;
    i = group.from_end;
    j = group.to_end;
  }
  return true;
}

bool broadcast_keeps_beginnings(const NodePair& operand, const NodePair& result) {
  const int rank = operand.large->type().shape.rank();
  for (int axis = -rank; axis < 0; ++axis)
    if (operand.varies(rank + axis) &&
        operand.small->type().shape.dim(axis) != result.small->type().shape.dim(axis))
      return false;
  return true;
}

Array Padding::build(Op op) const {
  switch (op_info(op.large.kind()).op_class) {
  case OpClass::source:
    if (op.large.is(OpKind::full) &&
        op.large.attributes().real("value") != op.small.attributes().real("value"))
      return broadcast(number_({SizeNumber::Kind::value, op.index, 0}, op.large.type().dtype),
                       op.large.type().shape);
    break;
  case OpClass::elementwise:
  case OpClass::random:
    break;
  case OpClass::movement:
    return build_movement(op);
  case OpClass::reduction:
    mask_reduction(op);
    break;
  case OpClass::contraction:
    mask_contraction(op);
    break;
  case OpClass::gather:
    mask_gather(op);
    break;
  case OpClass::scan:
    mask(op, 0, op.large.attributes().integer("axis"), zeros({}, op.large.type().dtype));
    break;
  case OpClass::sort:
    mask_sort(op);
    break;
  case OpClass::attention:
    mask_attention(op);
    break;
  case OpClass::quantized:  // what shares a row's scales
    for (std::size_t k = 0; k < op.inputs.size(); ++k)
      for (std::int64_t axis = 1; axis < op.inputs[k].rank(); ++axis)
        refuse_unless_fixed(op, k, axis);
    break;
  case OpClass::custom:
    throw Unsupported("compile", "{} computes what nobody knows", described(op.large));
  }
  return same_on(op);
}

// ---- Movement

Array Padding::build_movement(Op& op) const {
  const Attributes& attributes = op.large.attributes();
  switch (op.large.kind()) {
  case OpKind::reshape:
    return build_reshape(op);
  case OpKind::slice:
    return build_slice(op);
  case OpKind::broadcast:
    if (!broadcast_keeps_beginnings(operand(op, 0), pairs_[op.index]))
      throw Unsupported("compile", "{} repeats for one size only", described(op.large));
    return same_on(op);
  case OpKind::pad:
    for (std::int64_t axis = 0; axis < op.inputs[0].rank(); ++axis)
      mask(op, 0, axis, table::full({}, op.large.type().dtype, attributes.real("value")));
    return same_on(op);
  case OpKind::concat:
    for (std::size_t k = 0; k + 1 < op.inputs.size(); ++k)
      refuse_unless_fixed(op, k, attributes.integer("axis"));
    return same_on(op);
  default:
    return same_on(op);
  }
}

Array Padding::build_reshape(const Op& op) const {
  if (reshape_keeps_beginnings(operand(op, 0), pairs_[op.index]))
    return same_on(op);
  const std::size_t input = index_.at(op.large.inputs()[0].get());
  return unpacked(packed(op.inputs[0], extents(input)), op.large.type().shape, extents(op.index));
}

// Where a start follows the sizes, as in x[-1], elements are chosen by their indices.
Array Padding::build_slice(const Op& op) const {
  auto starts = op.large.attributes().integers("starts");
  auto sizes = op.large.attributes().integers("sizes");
  auto steps = op.large.attributes().integers("steps");
  const auto& small_starts = op.small.attributes().integers("starts");
  Array x = op.inputs[0];
  for (std::size_t axis = 0; axis < starts.size(); ++axis) {
    if (starts[axis] == small_starts[axis])
      continue;
    const auto a = static_cast<std::int64_t>(axis);
    const Array start = number_({SizeNumber::Kind::start, op.index, a}, DType::i32);
    x = table::take(x, start + arange(sizes[axis]) * steps[axis], a);
    starts[axis] = 0;
    steps[axis] = 1;
  }
  return table::slice(x, starts, sizes, steps);
}

// ---- Sums, products and attention

void Padding::mask_reduction(Op& op) const {
  const DType dtype = op.large.inputs()[0]->type().dtype;
  const auto fill = [&]() -> Array {
    switch (op.large.kind()) {
    case OpKind::reduce_prod:
    case OpKind::reduce_all:
      return ones({}, dtype);
    case OpKind::reduce_max:
    case OpKind::argmax:
      return lowest(dtype);
    case OpKind::reduce_min:
    case OpKind::argmin:
      return highest(dtype);
    default:
      return zeros({}, dtype);
    }
  }();
  const Attributes& attributes = op.large.attributes();
  const auto axes = attributes.find("axes") ? attributes.integers("axes")
                                            : std::vector{attributes.integer("axis")};
  for (std::int64_t axis : axes)
    mask(op, 0, axis, fill);
}

void Padding::mask_contraction(Op& op) const {
  const bool transposed = op.large.attributes().boolean("transpose_rhs");
  const std::int64_t lhs = op.inputs[0].rank(), rhs = op.inputs[1].rank();
  const auto zero_of = [&](std::size_t k) { return zeros({}, op.inputs[k].dtype()); };
  mask(op, 0, lhs - 1, zero_of(0));
  mask(op, 1, transposed ? rhs - 1 : rhs - 2, zero_of(1));
  if (op.large.is(OpKind::expert_matmul)) {
    mask(op, 0, lhs - 2, zero_of(0));
    refuse_unless_fixed(op, 1, 0);
  }
}

void Padding::mask_attention(Op& op) const {
  constexpr std::size_t kLength = 4;
  mask(op, kLength, 0, zeros({}, op.inputs[kLength].dtype()));
  for (std::int64_t axis : {2, 3}) {
    refuse_unless_fixed(op, 0, axis);
    refuse_unless_fixed(op, 1, axis);
  }
}

// ---- Gathers, scans and sorts

void Padding::mask_gather(Op& op) const {
  const std::int64_t axis = op.large.attributes().integer("axis");
  if (op.large.is(OpKind::scatter) || op.large.is(OpKind::scatter_add))
    drop_updates(op);
  else if (operand(op, 0).varies(axis))
    wrap_indices(op);
}

// Negative indices count from the end of the smaller array, and what it lacks reads 0.
void Padding::wrap_indices(Op& op) const {
  const std::int64_t axis = op.large.attributes().integer("axis");
  const Array size = convert(extent(index_.at(op.large.inputs()[0].get()), axis), DType::i64);
  const Array given = convert(op.inputs[1], DType::i64);
  const Array index = where(given < 0, given + size, given);
  const Array absent = full({}, op.inputs[0].dim(static_cast<int>(axis)), DType::i64);
  const Array wrapped = where((index < 0) | (index >= size), absent, index);
  op.inputs[1] = convert(wrapped, DType::i32);
}

void Padding::drop_updates(Op& op) const {
  const std::int64_t axis = op.large.attributes().integer("axis");
  if (!operand(op, 2).varies(axis))
    return;
  if (!operand(op, 1).varies(axis))
    refuse_unless_fixed(op, 2, axis);
  op.inputs[1] = convert(op.inputs[1], DType::i64);
  mask(op, 1, axis, full({}, -1, DType::i64));
}

void Padding::mask_sort(Op& op) const {
  const Attributes& attributes = op.large.attributes();
  const bool descending = op.large.is(OpKind::topk_indices) || attributes.boolean("descending");
  mask(op, 0, attributes.integer("axis"), sort_fill(*op.large.inputs()[0], descending));
}

}  // namespace ashlar
