// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

const ArrayType kVector{DType::f32, Shape{4}};

NodeRef unary(OpKind kind, const NodeRef& input) {
  return Node::op(kind, input->type(), {input}, {}, {});
}

Graph graph_of(const NodeRef& input, const NodeRef& output) {
  return {{}, {{"main", {{"x", input}}, {{"y", output}}, {}}}};
}

TEST(Graph, DestroysDeepChainsInConstantStack) {
  NodeRef node = Node::input(kVector, {});
  for (int i = 0; i < 2'000'000; ++i)
    node = unary(OpKind::exp, node);
  node = {};
}

TEST(Graph, OrdersDeepChainsInConstantStack) {
  const NodeRef input = Node::input(kVector, {});
  NodeRef node = input;
  for (int i = 0; i < 500'000; ++i)
    node = unary(OpKind::exp, node);
  Node* roots[] = {node.get()};
  const std::vector<Node*> order = topological_order(roots);
  ASSERT_EQ(order.size(), 500'001U);
  EXPECT_EQ(order.front(), input.get());
  EXPECT_EQ(order.back(), node.get());
}

TEST(Graph, ListsSharedNodesOnceAndAfterTheirInputs) {
  const NodeRef x = Node::input(kVector, {});
  const NodeRef e = unary(OpKind::exp, x);
  const NodeRef s = Node::op(OpKind::add, kVector, {e, e}, {}, {});
  const NodeRef t = Node::op(OpKind::mul, kVector, {s, x}, {}, {});
  Node* roots[] = {t.get(), e.get()};
  EXPECT_THAT(topological_order(roots), ::testing::ElementsAre(x.get(), e.get(), s.get(), t.get()));
}

TEST(Graph, EvaluatedNodesForgetTheirInputs) {
  const NodeRef x = Node::input(kVector, {});
  NodeRef e = unary(OpKind::exp, x);
  e->set_value(nullptr);
  EXPECT_TRUE(e->inputs().empty());
}

TEST(CanonicalText, NamesEveryNodeTypeAndAttribute) {
  const NodeRef x = Node::input(kVector, {});
  const NodeRef r = Node::op(OpKind::reshape, {DType::f32, Shape{2, 2}}, {x},
                             {{"shape", std::vector<std::int64_t>{2, 2}}}, {});
  Graph graph = graph_of(x, r);
  graph.states.push_back({"k", {DType::bf16, Shape{kDynamic, 2}}, 8, Residency::state});
  graph.entries[0].updates.push_back({"k", x});
  graph.entries[0].donated = {0};
  EXPECT_EQ(canonical_text(graph), "state \"k\" : bf16[-1, 2] capacity 8 residency 1\n"
                                   "entry \"main\"\n"
                                   "  %0 = input \"x\" : f32[4]\n"
                                   "  %1 = reshape %0 shape=[2, 2] : f32[2, 2]\n"
                                   "  donated %0\n"
                                   "  output \"y\" %1\n"
                                   "  update \"k\" %0\n");
}

TEST(CanonicalText, TellsConstantsAndCloseNumbersApart) {
  auto constant = [](std::uint8_t byte) {
    auto data = std::make_shared<const std::vector<std::byte>>(1, std::byte{byte});
    const NodeRef node = Node::constant({DType::u8, Shape{1}}, data, {});
    return canonical_text({{}, {{"main", {}, {{"y", node}}, {}}}});
  };
  EXPECT_NE(constant(1), constant(2));
  auto full = [](double value) {
    const NodeRef node = Node::op(
        OpKind::full, kVector, {},
        {{"shape", std::vector<std::int64_t>{4}}, {"dtype", DType::f32}, {"value", value}}, {});
    return canonical_text({{}, {{"main", {}, {{"y", node}}, {}}}});
  };
  EXPECT_NE(full(0.0), full(-0.0));
  EXPECT_NE(full(1.0), full(1.0 + 0x1p-52));
}

TEST(CanonicalText, IgnoresScopesAndLines) {
  auto text = [](const Origin& origin) {
    const NodeRef x = Node::input(kVector, origin);
    return canonical_text(graph_of(x, Node::op(OpKind::exp, kVector, {x}, {}, origin)));
  };
  EXPECT_EQ(text({}), text({std::make_shared<const std::string>("layers.3"),
                            std::source_location::current()}));
}

}  // namespace
}  // namespace ashlar
