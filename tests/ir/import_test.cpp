// SPDX-License-Identifier: Apache-2.0
#include "ir/import.h"

#include "runtime/program/error.h"

#include "mlir/IR/MLIRContext.h"

#include <gmock/gmock.h>

namespace ashlar::ir {
namespace {

using ::testing::HasSubstr;

const ArrayType kRows{DType::f32, Shape{2, 4}};

std::string text_of(const Graph& graph, bool locations = false) {
  mlir::MLIRContext context;
  auto module = import_graph(context, graph);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, mlir::OpPrintingFlags().enableDebugInfo(locations, true).useLocalScope());
  return text;
}

std::string refusal_of(const Graph& graph) {
  mlir::MLIRContext context;
  try {
    import_graph(context, graph);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "accepted";
}

SharedBytes bytes(std::initializer_list<int> values) {
  std::vector<std::byte> data;
  for (int value : values)
    data.push_back(static_cast<std::byte>(value));
  return std::make_shared<const std::vector<std::byte>>(std::move(data));
}

TEST(Import, MakesOneFunctionPerEntryWithNamedValues) {
  const NodeRef x = Node::input(kRows, {});
  const NodeRef w = Node::op(OpKind::weight, {DType::bf16, Shape{3, 4}}, {},
                             {{"names", std::vector<std::string>{"q", "k"}}}, {});
  const NodeRef y = Node::op(OpKind::matmul, {DType::f32, Shape{2, 3}}, {x, w},
                             {{"transpose_rhs", true}, {"dtype", DType::f32}}, {});
  const std::string text =
      text_of({{}, {{"first", {{"x", x}}, {{"y", y}}, {}}, {"second", {{"x", x}}, {}, {}}}});
  EXPECT_THAT(text, HasSubstr("func.func @first(%arg0: tensor<2x4xf32> {ashlar.name = \"x\"}) -> "
                              "(tensor<2x3xf32> {ashlar.name = \"y\"})"));
  EXPECT_THAT(text, HasSubstr("ashlar.weight [\"q\", \"k\"] : tensor<3x4xbf16>"));
  EXPECT_THAT(text, HasSubstr("ashlar.matmul %arg0, %0 {dtype = f32, transpose_rhs = true} : "
                              "(tensor<2x4xf32>, tensor<3x4xbf16>) -> tensor<2x3xf32>"));
  EXPECT_THAT(text, HasSubstr("func.func @second(%arg0"));
}

TEST(Import, MarksDonatedInputs) {
  const NodeRef x = Node::input(kRows, {}), y = Node::input(kRows, {});
  EXPECT_THAT(text_of({{}, {{"main", {{"x", x}, {"y", y}}, {}, {}, {1}}}}),
              HasSubstr("func.func @main(%arg0: tensor<2x4xf32> {ashlar.name = \"x\"}, %arg1: "
                        "tensor<2x4xf32> {ashlar.donated, ashlar.name = \"y\"})"));
}

TEST(Import, DeclaresReadsAndWritesStates) {
  const ArrayType cache{DType::f32, Shape{kDynamic, 4}};
  const NodeRef before =
      Node::op(OpKind::state_read, cache, {}, {{"state", std::string("kv.0")}}, {});
  const NodeRef row = Node::input({DType::f32, Shape{1, 4}}, {});
  const NodeRef at = Node::input({DType::i32, Shape{1, 1}}, {});
  const NodeRef after =
      Node::op(OpKind::scatter, cache, {before, at, row}, {{"axis", std::int64_t{0}}}, {});
  const std::string text =
      text_of({{{"kv.0", cache, 64, Residency::state}},
               {{"append", {{"row", row}, {"at", at}}, {}, {{"kv.0", after}}}}});
  EXPECT_THAT(text, HasSubstr("ashlar.state @kv.0 : tensor<?x4xf32> {capacity = 64 : i64, "
                              "residency = \"state\"}"));
  EXPECT_THAT(text, HasSubstr("ashlar.state_read @kv.0 : tensor<?x4xf32>"));
  EXPECT_THAT(text, HasSubstr("ashlar.state_write @kv.0, %1 : tensor<?x4xf32>"));
}

TEST(Import, WritesConstantsOfEveryWidth) {
  auto constant = [](DType dtype, SharedBytes data, std::int64_t count) {
    const NodeRef node = Node::constant({dtype, Shape{count}}, std::move(data), {});
    return text_of({{}, {{"main", {}, {{"y", node}}, {}}}});
  };
  EXPECT_THAT(constant(DType::boolean, bytes({1, 0, 1}), 3),
              HasSubstr("dense<[true, false, true]> : tensor<3xi1>"));
  EXPECT_THAT(constant(DType::u8, bytes({1, 255}), 2), HasSubstr("dense<[1, 255]>"));
  EXPECT_THAT(constant(DType::bf16, bytes({0x80, 0x3f, 0, 0x40}), 2),
              HasSubstr("dense<[1.000000e+00, 2.000000e+00]> : tensor<2xbf16>"));
  EXPECT_THAT(constant(DType::i32, bytes({1, 0, 0, 0}), 1), HasSubstr("dense<1> : tensor<1xi32>"));
}

TEST(Import, KeepsScopesAndLines) {
  const Origin origin{std::make_shared<const std::string>("layers.3.mlp"),
                      std::source_location::current()};
  const NodeRef x = Node::input(kRows, {});
  const NodeRef y = Node::op(OpKind::exp, kRows, {x}, {}, origin);
  const std::string text = text_of({{}, {{"main", {{"x", x}}, {{"y", y}}, {}}}}, true);
  EXPECT_THAT(text, HasSubstr(fmt::format("import_test.cpp:{}:", origin.where.line())));
  EXPECT_THAT(text, HasSubstr("\"layers.3.mlp\"("));
}

TEST(Import, RefusesWhatTheEntryDoesNotDeclare) {
  const NodeRef x = Node::input(kRows, {});
  EXPECT_THAT(refusal_of({{}, {{"main", {}, {{"y", x}}, {}}}}),
              HasSubstr("entry 'main' depends on an array that is not its input: f32[2, 4]"));
  EXPECT_THAT(refusal_of({{}, {{"main", {{"x", x}}, {}, {{"cache", x}}}}}),
              HasSubstr("entry 'main' uses state 'cache', which is not declared"));
}

}  // namespace
}  // namespace ashlar::ir
