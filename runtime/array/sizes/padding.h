// SPDX-License-Identifier: Apache-2.0
// Rewrites one function's graph for large arrays so that it is right for smaller ones too: every
// value holds that of the smaller arrays at the beginning of each axis, and nothing that lies
// behind reaches it. Sums leave it out by masks; numbers that follow the sizes come from outside.
#pragma once

#include "runtime/array/array.h"
#include "runtime/array/sizes/graph_pair.h"

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ashlar {

// A number that follows the sizes, and where it is read in a graph of the function.
struct SizeNumber {
  enum class Kind { extent, value, start };
  Kind kind;
  std::size_t node;   // of the pairs
  std::int64_t axis;  // of extents and starts
  bool operator==(const SizeNumber&) const = default;

  double read(const Node& node) const;
};

class Padding {
public:
  // `number` gives a size number as a 0-d array.
  using NumberOf = std::function<Array(const SizeNumber& number, DType dtype)>;

  Padding(const std::vector<NodePair>& pairs, NumberOf number);

  // Node i is `array` in the new graph.
  void place(std::size_t i, const Array& array) { built_[i] = array; }
  // Rewrites node i; those before it must be there. Throws Unsupported where there is no rule.
  void rewrite(std::size_t i);
  const Array& at(const Node* large) const { return *built_[index_.at(large)]; }
  // One for each axis of node i.
  std::vector<Array> extents(std::size_t i) const;

private:
  // One operation under way.
  struct Op {
    std::size_t index;
    Node& large;
    const Node& small;
    std::vector<Array> inputs;
  };
  const NodePair& operand(const Op& op, std::size_t k) const;
  Array extent(std::size_t i, std::int64_t axis) const;
  // Puts `fill` behind the extent of operand k along an axis, where that varies.
  void mask(Op& op, std::size_t k, std::int64_t axis, const Array& fill) const;
  void refuse_unless_fixed(const Op& op, std::size_t k, std::int64_t axis) const;

  static Array same_on(const Op& op);
  Array build(Op op) const;
  Array build_movement(Op& op) const;
  Array build_reshape(const Op& op) const;
  Array build_slice(const Op& op) const;
  void mask_reduction(Op& op) const;
  void mask_contraction(Op& op) const;
  void mask_attention(Op& op) const;
  void mask_gather(Op& op) const;
  void wrap_indices(Op& op) const;
  void drop_updates(Op& op) const;
  void mask_sort(Op& op) const;

  const std::vector<NodePair>& pairs_;
  NumberOf number_;
  std::unordered_map<const Node*, std::size_t> index_;
  std::vector<std::optional<Array>> built_;
};

// Whether a reshape puts the beginnings of its operand's axes where its result has them.
bool reshape_keeps_beginnings(const NodePair& operand, const NodePair& result);
// Whether a broadcast repeats nothing but axes of size 1 that stay so.
bool broadcast_keeps_beginnings(const NodePair& operand, const NodePair& result);

}  // namespace ashlar
