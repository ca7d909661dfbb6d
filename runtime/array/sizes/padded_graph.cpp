// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/padded_graph.h"

#include "runtime/array/creation.h"
#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sizes/padding_ops.h"
#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar {
namespace {

// Only along axis 0: what it holds needs no packing.
bool is_beginning_in_memory(const NodePair& pair) {
  for (std::int64_t axis = 1; axis < pair.large->type().shape.rank(); ++axis)
    if (pair.varies(axis))
      return false;
  return true;
}

// Placeholders for numbers of one element type, which become elements of one input.
class NumberInput {
public:
  NumberInput(DType dtype, std::vector<SizeNumber>& numbers) : dtype_(dtype), numbers_(numbers) {}

  Array operator()(const SizeNumber& number) {
    const auto found = std::ranges::find(numbers_, number);
    const auto at = found - numbers_.begin();
    if (found == numbers_.end()) {
      numbers_.push_back(number);
      placeholders_.push_back(Node::input({dtype_, {}}, current_origin()));
    }
    return Array(placeholders_[static_cast<std::size_t>(at)]);
  }

  // Declares the input; its elements and their placeholders go to `from` and `to`.
  void declare(GraphEntry& entry, std::vector<NodeRef>& from, std::vector<Array>& to) const {
    if (numbers_.empty())
      return;
    const Shape shape{static_cast<std::int64_t>(numbers_.size())};
    NodeRef input = Node::input({dtype_, shape}, current_origin());
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      from.push_back(placeholders_[i]);
      to.push_back(Array(input)(static_cast<std::int64_t>(i)));
    }
    entry.inputs.push_back({fmt::format("sizes.{}", name_of(dtype_)), std::move(input)});
  }

private:
  DType dtype_;
  std::vector<SizeNumber>& numbers_;
  std::vector<NodeRef> placeholders_;
};

template <typename T> T exactly(double value, const Node& node) {
  if (value < static_cast<double>(std::numeric_limits<T>::lowest()) ||
      value > static_cast<double>(std::numeric_limits<T>::max()) ||
      static_cast<double>(static_cast<T>(value)) != value)
    throw Unsupported("compile", "{} holds {}, which follows the sizes and is no {}",
                      described(node), value, name_of(dtype_of<T>()));
  return static_cast<T>(value);
}

template <typename T>
void add_numbers(std::vector<Array>& result, const std::vector<SizeNumber>& numbers,
                 const std::vector<NodePair>& pairs) {
  std::vector<T> values;
  for (const SizeNumber& number : numbers) {
    const Node& node = *pairs[number.node].small;
    const double value = number.read(node);
    // f32 rounds as 'full' itself does.
    const bool rounds = std::same_as<T, float> && node.type().dtype == DType::f32;
    values.push_back(rounds ? static_cast<T>(value) : exactly<T>(value, node));
  }
  if (!values.empty())
    result.push_back(array(std::span<const T>(values), {static_cast<std::int64_t>(values.size())}));
}

}  // namespace

PaddedGraph::PaddedGraph(Graph large, Graph small)
    : large_(std::move(large)), small_(std::move(small)), pairs_(pair_graphs(large_, small_)) {
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    index_.emplace(pairs_[i].large, i);
  build();
}

void PaddedGraph::build() {
  NumberInput integers(DType::i32, integers_), reals(DType::f32, reals_);
  Padding padding(pairs_, [&](const SizeNumber& number, DType dtype) {
    return convert(is_float(dtype) ? reals(number) : integers(number), dtype);
  });
  graph_.states = large_.states;
  GraphEntry entry{large_.entries[0].name, {}, {}, {}, large_.entries[0].donated};
  const std::size_t inputs = large_.entries[0].inputs.size();
  for (std::size_t i = 0; i < inputs; ++i) {
    const ArrayType& type = pairs_[i].large->type();
    const bool flat = !is_beginning_in_memory(pairs_[i]);
    NodeRef input = Node::input(flat ? ArrayType{type.dtype, {type.shape.element_count()}} : type,
                                pairs_[i].large->origin());
    padding.place(i, flat ? unpacked(Array(input), type.shape, padding.extents(i)) : Array(input));
    entry.inputs.push_back({large_.entries[0].inputs[i].name, std::move(input)});
  }
  for (std::size_t i = inputs; i < pairs_.size(); ++i)
    padding.rewrite(i);

  Arrays roots;
  for (const NamedNode& output : large_.entries[0].outputs) {
    const std::size_t i = index_.at(output.node.get());
    const Array& value = padding.at(output.node.get());
    roots.push_back(is_beginning_in_memory(pairs_[i]) ? value : packed(value, padding.extents(i)));
  }
  for (const NamedNode& update : large_.entries[0].updates)
    roots.push_back(padding.at(update.node.get()));

  std::vector<NodeRef> from;
  std::vector<Array> to;
  integers.declare(entry, from, to);
  reals.declare(entry, from, to);
  roots = substitute(roots, from, to);
  auto root = roots.begin();
  for (const NamedNode& output : large_.entries[0].outputs)
    entry.outputs.push_back({output.name, (root++)->node()});
  for (const NamedNode& update : large_.entries[0].updates)
    entry.updates.push_back({update.name, (root++)->node()});
  graph_.entries.push_back(std::move(entry));
}

std::vector<Array> PaddedGraph::numbers_for(const Graph& traced) const {
  const std::vector<NodePair> pairs = pair_graphs(large_, traced);
  check_same_plan(pairs);
  std::vector<Array> result;
  add_numbers<std::int32_t>(result, integers_, pairs);
  add_numbers<float>(result, reals_, pairs);
  return result;
}

// What follows the sizes must do so in the graph that the program was made from.
void PaddedGraph::check_same_plan(const std::vector<NodePair>& pairs) const {
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const NodePair &made = pairs_[i], &now = pairs[i];
    const auto require = [&](bool holds) {
      if (!holds)
        throw Unsupported("compile", "{} follows these sizes in another way",
                          described(*now.large));
    };
    for (std::int64_t axis = 0; axis < now.large->type().shape.rank(); ++axis)
      require(!now.varies(axis) || made.varies(axis));
    if (now.large->is_input() || now.large->is_call())
      continue;
    const auto follows = [](const NodePair& pair, SizeNumber::Kind kind, std::int64_t axis) {
      const SizeNumber number{kind, 0, axis};
      return number.read(*pair.large) != number.read(*pair.small);
    };
    const auto operand_of = [&](const std::vector<NodePair>& all) {
      return all[index_.at(now.large->inputs()[0].get())];
    };
    switch (now.large->kind()) {
    case OpKind::full:
      require(!follows(now, SizeNumber::Kind::value, 0) ||
              follows(made, SizeNumber::Kind::value, 0));
      break;
    case OpKind::slice:
      for (std::int64_t axis = 0; axis < now.large->type().shape.rank(); ++axis)
        require(!follows(now, SizeNumber::Kind::start, axis) ||
                follows(made, SizeNumber::Kind::start, axis));
      break;
    case OpKind::broadcast:
      require(broadcast_keeps_beginnings(operand_of(pairs), now));
      break;
    case OpKind::reshape:
      require(!reshape_keeps_beginnings(operand_of(pairs_), made) ||
              reshape_keeps_beginnings(operand_of(pairs), now));
      break;
    default:
      break;
    }
  }
}

}  // namespace ashlar
