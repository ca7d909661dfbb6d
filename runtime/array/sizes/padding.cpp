// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/padding.h"

#include "runtime/array/creation.h"
#include "runtime/array/origin.h"
#include "runtime/array/sizes/padding_ops.h"
#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/error.h"

namespace ashlar {

double SizeNumber::read(const Node& from) const {
  switch (kind) {
  case Kind::extent:
    return static_cast<double>(from.type().shape.dim(static_cast<int>(axis)));
  case Kind::start:
    return static_cast<double>(
        from.attributes().integers("starts")[static_cast<std::size_t>(axis)]);
  case Kind::value:
    break;
  }
  return from.attributes().real("value");
}

Padding::Padding(const std::vector<NodePair>& pairs, NumberOf number)
    : pairs_(pairs), number_(std::move(number)), built_(pairs.size()) {
  for (std::size_t i = 0; i < pairs.size(); ++i)
    index_.emplace(pairs[i].large, i);
}

void Padding::rewrite(std::size_t i) {
  const NodePair& pair = pairs_[i];
  const BuiltFor origin(pair.large->origin());
  if (pair.large->is_call()) {
    built_[i] = at(pair.large->inputs()[pair.large->call().result].get());
    return;
  }
  Op op{i, *pair.large, *pair.small, {}};
  bool varies = pair.varies() || op.large.attributes() != op.small.attributes();
  for (std::size_t k = 0; k < op.large.inputs().size(); ++k) {
    op.inputs.push_back(at(op.large.inputs()[k].get()));
    varies |= operand(op, k).varies();
  }
  built_[i] = varies ? build(op) : same_on(op);
}

Array Padding::same_on(const Op& op) {
  if (op.inputs.empty())
    return Array(NodeRef(&op.large));
  std::vector<NodeRef> inputs;
  for (const Array& input : op.inputs)
    inputs.push_back(input.node());
  return Array(rebuild(op.large, std::move(inputs)));
}

std::vector<Array> Padding::extents(std::size_t i) const {
  std::vector<Array> result;
  for (std::int64_t axis = 0; axis < pairs_[i].large->type().shape.rank(); ++axis)
    result.push_back(extent(i, axis));
  return result;
}

const NodePair& Padding::operand(const Op& op, std::size_t k) const {
  return pairs_[index_.at(op.large.inputs()[k].get())];
}

Array Padding::extent(std::size_t i, std::int64_t axis) const {
  if (!pairs_[i].varies(axis))
    return full({}, pairs_[i].large->type().shape.dim(static_cast<int>(axis)), DType::i32);
  return number_({SizeNumber::Kind::extent, i, axis}, DType::i32);
}

void Padding::mask(Op& op, std::size_t k, std::int64_t axis, const Array& fill) const {
  if (operand(op, k).varies(axis))
    op.inputs[k] =
        masked(op.inputs[k], axis, extent(index_.at(op.large.inputs()[k].get()), axis), fill);
}

void Padding::refuse_unless_fixed(const Op& op, std::size_t k, std::int64_t axis) const {
  if (operand(op, k).varies(axis))
    throw Unsupported("compile", "{} cannot have other sizes of axis {} of operand {}",
                      described(op.large), axis, k + 1);
}

}  // namespace ashlar
