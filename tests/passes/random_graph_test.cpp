// SPDX-License-Identifier: Apache-2.0
// Any graph compiles, and its kernels compute the same bits as its ops one by one.
#include "ir/ashlar_dialect.h"
#include "tests/passes/equivalence.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

using namespace mlir;

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

// Builds an entry from random ops. Values stay small: results are squashed now and then.
class RandomGraph {
public:
  RandomGraph(MLIRContext& context, std::uint32_t seed)
      : builder_(&context), engine_(seed), module_(ModuleOp::create(builder_.getUnknownLoc())) {}

  OwningOpRef<ModuleOp> build(int ops) {
    builder_.setInsertionPointToEnd(module_->getBody());
    declare_states();
    auto function =
        func::FuncOp::create(builder_, location(), "entry",
                             builder_.getFunctionType({tensor({2, 3, 4}, DType::f32)}, {}));
    builder_.setInsertionPointToEnd(function.addEntryBlock());
    pool_.push_back(function.getArgument(0));
    read_states();
    while (static_cast<int>(pool_.size()) < ops)
      add_op();
    finish(function);
    return std::move(module_);
  }

private:
  Location location() { return builder_.getUnknownLoc(); }

  std::int64_t pick(std::int64_t count) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(count));
  }

  RankedTensorType tensor(const Dims& shape, DType dtype) {
    return ir::tensor_type_of(builder_.getContext(), {dtype, Shape(shape)});
  }

  static ArrayType type_of(Value value) { return *ir::array_type_of(value.getType()); }
  static Dims shape_of(Value value) { return type_of(value).shape.dims(); }

  Value make(OpKind kind, ValueRange operands, const Attributes& attributes = {}) {
    return ir::create_op(builder_, location(), kind, operands, attributes);
  }

  Value any() {
    return pool_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(pool_.size())))];
  }

  Value any_float() {
    for (int i = 0; i < 20; ++i)
      if (Value value = any(); is_float(type_of(value).dtype))
        return value;
    return pool_.front();
  }

  Value reshaped(Value value, const Dims& shape) {
    return make(OpKind::reshape, value, {{"shape", shape}});
  }

  std::int64_t size(Value value) { return type_of(value).shape.element_count(); }

  // A value of the given type, from any value by index arithmetic and casts.
  Value fitted(const Dims& shape, DType dtype) {
    Value value = any();
    const std::int64_t wanted = Shape(shape).element_count();
    value = reshaped(value, {size(value)});
    while (size(value) < wanted)
      value = make(OpKind::concat, {value, value}, {{"axis", std::int64_t{0}}});
    value = make(OpKind::slice, value,
                 {{"starts", Dims{0}}, {"sizes", Dims{wanted}}, {"steps", Dims{1}}});
    value = reshaped(value, shape);
    return type_of(value).dtype == dtype ? value : make(OpKind::cast, value, {{"dtype", dtype}});
  }

  Value squashed(Value value) { return make(OpKind::tanh, value); }

  Value indices(const Dims& shape, std::int64_t extent) {
    Value value = fitted(shape, DType::i32);
    Value bound =
        make(OpKind::full, {},
             {{"shape", shape}, {"dtype", DType::i32}, {"value", static_cast<double>(extent)}});
    return make(OpKind::remainder, {value, bound});
  }

  void add(Value value) {
    if (size(value) <= 400)
      pool_.push_back(value);
  }

  void add_op() {
    static constexpr std::array kSteps{
        &RandomGraph::unary,   &RandomGraph::binary, &RandomGraph::binary, &RandomGraph::cast_value,
        &RandomGraph::move,    &RandomGraph::move,   &RandomGraph::reduce, &RandomGraph::reduce,
        &RandomGraph::normal,  &RandomGraph::matmul, &RandomGraph::matmul, &RandomGraph::gather,
        &RandomGraph::scatter, &RandomGraph::line,   &RandomGraph::choose};
    (this->*kSteps[static_cast<std::size_t>(pick(kSteps.size()))])();
  }

  void unary() {
    static constexpr std::array kinds{OpKind::neg,    OpKind::exp, OpKind::silu,
                                      OpKind::square, OpKind::cos, OpKind::tanh};
    add(squashed(make(kinds[static_cast<std::size_t>(pick(kinds.size()))], any_float())));
  }

  void binary() {
    static constexpr std::array kinds{OpKind::add, OpKind::sub, OpKind::mul, OpKind::maximum};
    Value a = any();
    if (type_of(a).dtype == DType::boolean)
      return;
    add(make(kinds[static_cast<std::size_t>(pick(kinds.size()))],
             {a, fitted(shape_of(a), type_of(a).dtype)}));
  }

  void cast_value() {
    static constexpr std::array dtypes{DType::f32, DType::bf16, DType::i32, DType::f16};
    add(make(OpKind::cast, any(),
             {{"dtype", dtypes[static_cast<std::size_t>(pick(dtypes.size()))]}}));
  }

  void choose() {
    Value a = any_float(), b = fitted(shape_of(a), type_of(a).dtype);
    add(make(OpKind::select, {make(OpKind::less, {a, b}), a, b}));
  }

  void move() {
    Value x = any();
    Dims shape = shape_of(x);
    const auto rank = static_cast<std::int64_t>(shape.size());
    switch (pick(5)) {
    case 0: {
      Dims permutation(shape.size());
      std::iota(permutation.begin(), permutation.end(), 0);
      std::shuffle(permutation.begin(), permutation.end(), engine_);
      return add(make(OpKind::transpose, x, {{"permutation", permutation}}));
    }
    case 1:
      shape.insert(shape.begin(), 1 + pick(3));
      return add(make(OpKind::broadcast, x, {{"shape", shape}}));
    case 2: {
      if (rank == 0)
        return;
      Dims starts(shape.size(), 0), steps(shape.size(), 1);
      const auto axis = static_cast<std::size_t>(pick(rank));
      starts[axis] = pick(shape[axis]);
      shape[axis] -= starts[axis];
      return add(make(OpKind::slice, x, {{"starts", starts}, {"sizes", shape}, {"steps", steps}}));
    }
    case 3:
      return add(reshaped(x, {size(x)}));
    default:
      return rank == 0 ? void() : add(make(OpKind::concat, {x, x}, {{"axis", pick(rank)}}));
    }
  }

  void reduce() {
    Value x = any_float();
    const auto rank = static_cast<std::int64_t>(shape_of(x).size());
    if (rank == 0 || size(x) == 0)
      return;
    if (pick(4) == 0)
      return add(make(OpKind::argmax, x, {{"axis", pick(rank)}, {"keepdims", pick(2) == 0}}));
    const OpKind kind = pick(2) == 0 ? OpKind::reduce_sum : OpKind::reduce_max;
    add(squashed(make(kind, x, {{"axes", Dims{pick(rank)}}, {"keepdims", pick(2) == 0}})));
  }

  // x * rsqrt(mean(x^2)) over the last axis.
  void normal() {
    Value x = any_float();
    const Dims shape = shape_of(x);
    if (shape.empty())
      return;
    Value sum =
        make(OpKind::reduce_sum, make(OpKind::square, x),
             {{"axes", Dims{static_cast<std::int64_t>(shape.size()) - 1}}, {"keepdims", true}});
    Value one = make(OpKind::full, {},
                     {{"shape", shape_of(sum)}, {"dtype", type_of(x).dtype}, {"value", 1.0}});
    Value scale = make(OpKind::rsqrt, make(OpKind::add, {sum, one}));
    add(make(OpKind::mul, {x, make(OpKind::broadcast, scale, {{"shape", shape}})}));
  }

  void matmul() {
    Value x = any_float();
    const Dims shape = shape_of(x);
    if (shape.size() < 2)
      return;
    const std::int64_t n = 2 + pick(3);
    auto weight = ir::WeightOp::create(
        builder_, location(), tensor({n, shape.back()}, pick(2) == 0 ? DType::bf16 : DType::f32),
        builder_.getStrArrayAttr({"w" + std::to_string(weights_++)}));
    for (int i = 0; i < 1 + pick(2); ++i)
      add(squashed(
          make(OpKind::matmul, {x, weight}, {{"transpose_rhs", true}, {"dtype", DType::f32}})));
    Value other = fitted({shape.back(), n}, type_of(x).dtype);
    add(squashed(
        make(OpKind::matmul, {x, other}, {{"transpose_rhs", false}, {"dtype", DType::f32}})));
  }

  void gather() {
    Value x = any();
    const Dims shape = shape_of(x);
    if (shape.empty())
      return;
    const std::int64_t axis = pick(static_cast<std::int64_t>(shape.size()));
    add(make(OpKind::take, {x, indices({1 + pick(3)}, shape[static_cast<std::size_t>(axis)])},
             {{"axis", axis}}));
  }

  // Into a state or into any value.
  void scatter() {
    const bool state = pick(2) == 0;
    Value& target_state =
        states_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(states_.size())))];
    Value target = state ? target_state : any();
    Dims shape = shape_of(target);
    if (shape.empty() || (state && pick(3) == 0))
      return;
    const std::int64_t extent = shape[0] == kDynamic ? 8 : shape[0];
    shape[0] = 1 + pick(2);
    Dims index_shape(shape.size(), 1);
    index_shape[0] = shape[0];
    Value result =
        make(OpKind::scatter,
             {target, indices(index_shape, extent), fitted(shape, type_of(target).dtype)},
             {{"axis", std::int64_t{0}}});
    if (state)
      target_state = result;
    else
      add(result);
  }

  void line() {
    Value x = any_float();
    const auto rank = static_cast<std::int64_t>(shape_of(x).size());
    if (rank == 0)
      return;
    if (pick(2) == 0)
      add(squashed(make(OpKind::cumsum, x,
                        {{"axis", pick(rank)}, {"reverse", false}, {"exclusive", pick(2) == 0}})));
    else
      add(make(OpKind::argsort, x, {{"axis", pick(rank)}, {"descending", true}}));
  }

  void declare_states() {
    const std::array types{ArrayType{DType::f32, Shape{8, 3}}, ArrayType{DType::i32, Shape{1}},
                           ArrayType{DType::i32, Shape{1}},
                           ArrayType{DType::bf16, Shape{kDynamic, 2, 2}}};
    for (const ArrayType& type : types) {
      const bool growable = !type.shape.dims().empty() && type.shape.dims()[0] == kDynamic;
      state_types_.push_back(ir::tensor_type_of(builder_.getContext(), type));
      ir::StateOp::create(builder_, location(),
                          builder_.getStringAttr(name(state_types_.size() - 1)),
                          TypeAttr::get(state_types_.back()),
                          growable ? builder_.getI64IntegerAttr(8) : IntegerAttr(),
                          builder_.getStringAttr("state"));
    }
  }

  static std::string name(std::size_t state) { return "s" + std::to_string(state); }

  void read_states() {
    for (std::size_t i = 0; i < state_types_.size(); ++i) {
      auto read = ir::StateReadOp::create(builder_, location(), state_types_[i], name(i));
      states_.push_back(read);
      if (state_types_[i].hasStaticShape())
        pool_.push_back(read);
    }
  }

  void finish(func::FuncOp function) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      Value value = states_[i];
      if (state_types_[i].hasStaticShape() && pick(2) == 0)
        value = fitted(shape_of(value), type_of(value).dtype);
      ir::StateWriteOp::create(builder_, location(), name(i), value);
    }
    SmallVector<Value> results{any(), any(), pool_.back()};
    func::ReturnOp::create(builder_, location(), results);
    function.setType(
        builder_.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  }

  OpBuilder builder_;
  std::mt19937 engine_;
  OwningOpRef<ModuleOp> module_;
  std::vector<Value> pool_, states_;
  std::vector<RankedTensorType> state_types_;
  int weights_ = 0;
};

void check(std::uint32_t seed, int ops, bool fusion, bool alias = true) {
  MLIRContext context;
  load_dialects(context);
  OwningOpRef<ModuleOp> module = RandomGraph(context, seed).build(ops);
  PipelineOptions options{.profile = *find_profile_fixture("lavapipe")};
  options.fusion = fusion;
  options.alias = alias;
  const Difference difference = compare_with_plan(*module, options);
  EXPECT_EQ(difference.largest, 0) << "seed " << seed << ", " << difference.where;
}

TEST(RandomGraph, FusedKernelsComputeTheSameBits) {
  for (std::uint32_t seed = 0; seed < 150; ++seed)
    check(seed, 10 + static_cast<int>(seed % 40), true);
}

TEST(RandomGraph, SingleOpKernelsComputeTheSameBits) {
  for (std::uint32_t seed = 0; seed < 40; ++seed)
    check(seed, 30, false);
}

TEST(RandomGraph, PlansWithoutAliasingComputeTheSameBits) {
  for (std::uint32_t seed = 0; seed < 40; ++seed)
    check(seed, 30, true, /*alias=*/false);
}

}  // namespace
}  // namespace ashlar
