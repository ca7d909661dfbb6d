// SPDX-License-Identifier: Apache-2.0
// How transforms treat the operations of the table: a derivative and a batching rule for each class
// of operations, in the file named after it. Forward mode needs no rules of its own: a vjp is
// linear in its cotangent, and its reverse is the jvp.
#pragma once

#include "runtime/array/transforms/derivatives.h"

#include <vector>

namespace ashlar {

// One operation of a graph.
class Application {
public:
  explicit Application(Node& node);

  OpKind kind() const { return node_.kind(); }
  const Attributes& attributes() const { return node_.attributes(); }
  Array result() const { return Array(NodeRef(&node_)); }
  const Arrays& inputs() const { return inputs_; }
  const Array& input(std::size_t i = 0) const { return inputs_[i]; }

private:
  Node& node_;
  Arrays inputs_;
};

// An operation whose operands may have a batch as axis 0, which the node does not know of.
struct Batched {
  const Node& node;  // the operation on one row
  Arrays inputs;
  std::vector<bool> batched;  // which inputs have the batch
  std::int64_t size;          // rows of the batch

  const Attributes& attributes() const { return node.attributes(); }
  // Input i with the batch; one without is repeated.
  Array batched_input(std::size_t i) const;
  // The operation on batched inputs with its axis attribute moved behind the batch.
  Array with_axis_behind_batch() const;
};

// The cotangents of the operands for one of the result. Throws Unsupported where there is no rule.
Derivatives vjp_of_op(const Application& op, const Array& cotangent);

// The result with the batch as axis 0.
Array batch_op(const Batched& op);

// By class. What these return in the places of integer operands is absent.
Derivatives vjp_elementwise(const Application& op, const Array& cotangent);
Derivatives vjp_movement(const Application& op, const Array& cotangent);
Derivatives vjp_reduction(const Application& op, const Array& cotangent);
Derivatives vjp_contraction(const Application& op, const Array& cotangent);
Derivatives vjp_attention(const Application& op, const Array& cotangent);
Derivatives vjp_quantized(const Application& op, const Array& cotangent);
Derivatives vjp_gather(const Application& op, const Array& cotangent);
Derivatives vjp_scan(const Application& op, const Array& cotangent);
Derivatives vjp_sort(const Application& op, const Array& cotangent);

Array batch_elementwise(const Batched& op);
Array batch_movement(const Batched& op);
Array batch_reduction(const Batched& op);
Array batch_contraction(const Batched& op);
Array batch_attention(const Batched& op);
Array batch_quantized(const Batched& op);
Array batch_gather(const Batched& op);

}  // namespace ashlar
