// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <fmt/ranges.h>

#include <unordered_map>

namespace ashlar {
namespace {

using Ids = std::unordered_map<const Node*, std::size_t>;

std::string type_text(const ArrayType& type) {
  return fmt::format("{}{}", name_of(type.dtype), type.shape.to_string());
}

struct ValueText {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
  // Every bit counts: -0.0, NaNs and close neighbours are different programs.
  std::string operator()(double v) const { return fmt::format("{:a}", v); }
  std::string operator()(DType v) const { return std::string(name_of(v)); }
  std::string operator()(const std::string& v) const { return fmt::format("{:?}", v); }
  std::string operator()(const std::vector<std::int64_t>& v) const { return fmt::format("{}", v); }
  std::string operator()(const std::vector<std::string>& v) const { return fmt::format("{}", v); }
};

std::string node_text(const Node& node, const Ids& ids) {
  if (node.is_call())
    return fmt::format("result %{}", ids.at(node.inputs()[node.call().result].get()));
  std::string text(node.is_input() ? "input" : op_info(node.kind()).name);
  for (const NodeRef& input : node.inputs())
    text += fmt::format(" %{}", ids.at(input.get()));
  for (const auto& [name, value] : node.attributes().values())
    text += fmt::format(" {}={}", name, std::visit(ValueText{}, value));
  if (node.data()) {
    text += ' ';
    for (std::byte byte : *node.data())
      fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

void append_entry(std::string& text, const GraphEntry& entry) {
  text += fmt::format("entry {:?}\n", entry.name);
  Ids ids;
  for (const NamedNode& input : entry.inputs)
    if (ids.emplace(input.node.get(), ids.size()).second)
      text += fmt::format("  %{} = input {:?} : {}\n", ids.size() - 1, input.name,
                          type_text(input.node->type()));
  for (const Node* node : topological_order(roots_of(entry)))
    if (ids.emplace(node, ids.size()).second)
      text += fmt::format("  %{} = {} : {}\n", ids.size() - 1, node_text(*node, ids),
                          type_text(node->type()));
  for (std::size_t input : entry.donated)
    text += fmt::format("  donated %{}\n", ids.at(entry.inputs[input].node.get()));
  for (const NamedNode& output : entry.outputs)
    text += fmt::format("  output {:?} %{}\n", output.name, ids.at(output.node.get()));
  for (const NamedNode& update : entry.updates)
    text += fmt::format("  update {:?} %{}\n", update.name, ids.at(update.node.get()));
}

}  // namespace

std::string canonical_text(const Graph& graph) {
  std::string text;
  for (const StateDeclaration& state : graph.states)
    text += fmt::format("state {:?} : {} capacity {} residency {}\n", state.name,
                        type_text(state.type), state.capacity, static_cast<int>(state.residency));
  for (const GraphEntry& entry : graph.entries)
    append_entry(text, entry);
  return text;
}

}  // namespace ashlar
