// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/transforms.h"

#include "runtime/array/closure.h"
#include "runtime/array/compile_graph.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::values_of;

Array cube(const Array& x) {
  return sum(x * x * x);
}

TEST(Grad, NestsAndKeepsTheSignature) {
  const Array x = array({2.0F});
  const auto first = grad([](const Array& a) { return sum(grad(cube)(a)); });
  EXPECT_THAT(values_of(grad(cube)(x)), ElementsAre(12));
  EXPECT_THAT(values_of(first(x)), ElementsAre(12));
  const auto scalar = [](const Array& a) { return a * a * a; };
  EXPECT_THAT(values_of(grad(grad(grad(scalar)))(full({}, 5.0))), ElementsAre(6));
}

TEST(Grad, OfSeveralArguments) {
  const auto f = [](const Array& a, const Array& b) { return sum(a * b); };
  const Array a = array({1.0F, 2.0F}), b = array({3.0F, 4.0F});
  const Arrays both = grad(f, std::vector{1, 0})(a, b);
  EXPECT_THAT(values_of(both[0]), ElementsAre(1, 2));
  EXPECT_THAT(values_of(both[1]), ElementsAre(3, 4));
  const auto [value, gradient] = value_and_grad(f, 1)(a, b);
  EXPECT_THAT(values_of(value), ElementsAre(11));
  EXPECT_THAT(values_of(gradient), ElementsAre(1, 2));
}

TEST(Grad, OfNamedParameters) {
  const ArrayMap parameters{{"b", full({}, 3.0)}, {"w", array({1.0F, 2.0F})}};
  const auto [value, gradients] = value_and_grad(
      [](const ArrayMap& p) { return sum(square(p.at("w"))) * p.at("b"); }, parameters);
  EXPECT_THAT(values_of(value), ElementsAre(15));
  EXPECT_THAT(values_of(gradients.at("b")), ElementsAre(5));
  EXPECT_THAT(values_of(gradients.at("w")), ElementsAre(6, 12));
}

TEST(Grad, UndoesBroadcastingAndPromotion) {
  const auto f = [](const Array& bias, const Array& x) { return sum(bias * x); };
  const Array x = array({1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}, {2, 3});
  const Array half = array({1.0F, 1.0F, 1.0F}).astype(DType::bf16);
  const Array gradient = grad(f)(half, x);
  EXPECT_EQ(gradient.type(), (ArrayType{DType::bf16, Shape{3}}));
  EXPECT_THAT(values_of(gradient), ElementsAre(5, 7, 9));
  EXPECT_THAT(values_of(grad(f)(full({}, 2.0), x)), ElementsAre(21));
  EXPECT_THAT(values_of(grad(f)(ones({2, 1}), x)), ElementsAre(6, 15));
}

TEST(Grad, IsZeroWhereNothingFlows) {
  const auto unused = [](const Array& a, const Array& b) { return sum(b); };
  EXPECT_THAT(values_of(grad(unused)(ones({2}), ones({2}))), ElementsAre(0, 0));
  const auto stepped = [](const Array& a) { return sum(floor(a) * a); };
  EXPECT_THAT(values_of(grad(stepped)(array({2.5F}))), ElementsAre(2));
  const auto through_ints = [](const Array& a) {
    return sum(astype(astype(a, DType::i32), DType::f32) + a);
  };
  EXPECT_THAT(values_of(grad(through_ints)(array({2.5F}))), ElementsAre(1));
}

TEST(Grad, SharesTiesEqually) {
  const Array x = array({1.0F, 3.0F, 3.0F});
  EXPECT_THAT(values_of(grad([](const Array& a) { return max(a); })(x)), ElementsAre(0, 0.5, 0.5));
  EXPECT_THAT(values_of(grad([](const Array& a) { return sum(maximum(a, 3.0)); })(x)),
              ElementsAre(0, 0.5, 0.5));
}

TEST(Grad, OfSoftmaxAndLogsumexp) {
  const Array x = array({0.0F, 0.0F});
  EXPECT_THAT(values_of(grad([](const Array& a) { return logsumexp(a); })(x)),
              ElementsAre(0.5, 0.5));
  EXPECT_THAT(values_of(grad([](const Array& a) { return softmax(a)(0); })(x)),
              ElementsAre(0.25, -0.25));
}

TEST(Grad, RefusesWhatHasNoGradient) {
  EXPECT_THAT([] { grad([](const Array& a) { return a * 2; })(ones({2})); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("[grad] the function must return one float, got f32[2]")));
  EXPECT_THAT([] { grad(cube)(array({1, 2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("argument 0 is i32")));
  EXPECT_THAT([] { grad(cube, 1)(ones({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("argument 1 is outside the 1")));
  EXPECT_THAT(
      [] { vjp(cube, {ones({2})}, {ones({2})}); },
      ThrowsMessage<InvalidArgument>(HasSubstr("cotangents 0: expected f32[], got f32[2]")));
}

TEST(Grad, RefusesToReadValuesInside) {
  const auto reads = [](const Array& a) { return a.item<float>() > 0 ? a : -a; };
  EXPECT_THAT(
      [&] { grad(reads)(full({}, 1.0)); },
      ThrowsMessage<InvalidArgument>(HasSubstr("it has no value while its function is traced")));
}

TEST(Grad, RefusesToUpdateStates) {
  const State state("transforms_test.state", DType::f32, {2});
  const auto updates = [&](const Array& a) {
    state.update(a);
    return sum(a);
  };
  EXPECT_THAT([&] { grad(updates)(ones({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("cannot be updated inside a transform")));
}

TEST(Grad, KeepsTheScopeOfTheForwardOperation) {
  const auto f = [](const Array& a) {
    Scope scope("layer");
    return sum(exp(a));
  };
  const Array gradient = grad(f)(ones({2}));
  ASSERT_TRUE(gradient.node()->origin().scope);
  EXPECT_EQ(*gradient.node()->origin().scope, "layer");
}

TEST(Jvp, GivesOutputsAndTangents) {
  const auto f = [](const Array& a, const Array& b) { return Arrays{a * b, exp(a)}; };
  const auto [outputs, tangents] =
      jvp(f, {array({2.0F}), array({3.0F})}, {array({1.0F}), array({10.0F})});
  EXPECT_THAT(values_of(outputs[0]), ElementsAre(6));
  EXPECT_THAT(values_of(tangents[0]), ElementsAre(23));
  EXPECT_NEAR(values_of(tangents[1])[0], std::exp(2.0), 1e-6);
}

TEST(StopGradient, KeepsTheValue) {
  const auto f = [](const Array& a) { return sum(a * stop_gradient(a * 2)); };
  const Array x = array({3.0F});
  EXPECT_THAT(values_of(stop_gradient(x * 2)), ElementsAre(6));
  EXPECT_THAT(values_of(grad(f)(x)), ElementsAre(6));
  EXPECT_THAT(values_of(jvp(f, {x}, {ones({1})}).second[0]), ElementsAre(6));
}

TEST(Compile, DifferentiatesClosuresAndCompilesGradients) {
  const auto closure = compile([](const Array& x, const Array& y) { return sum(x * x * y); });
  const Array x = array({1.0F, 2.0F}), y = array({3.0F, 4.0F});
  EXPECT_THAT(grad(closure)(x, y).to_vector<float>(), ElementsAre(6, 16));
  const auto step = compile([](const Array& a) { return a - 0.5 * grad(cube)(a); });
  EXPECT_THAT(step(array({1.0F, 2.0F})).to_vector<float>(), ElementsAre(-0.5, -4));
}

// sin with a gradient that says 7.
CustomRules seven() {
  CustomRules rules;
  rules.vjp = [](const Arrays& primals, const Arrays& cotangents, const Arrays&) {
    return Arrays{cotangents[0] * 7.0};
  };
  return rules;
}

TEST(CustomFunction, UsesItsVjpInBothModes) {
  const auto f = custom_function([](const Array& x) { return sin(x); }, seven());
  const Array x = array({0.0F, 1.0F});
  EXPECT_NEAR(values_of(f(x))[1], std::sin(1.0), 1e-6);
  EXPECT_THAT(values_of(grad([&](const Array& a) { return sum(f(a)); })(x)), ElementsAre(7, 7));
  EXPECT_THAT(values_of(jvp(f, {x}, {ones({2})}).second[0]), ElementsAre(7, 7));
}

TEST(CustomFunction, UsesItsJvpInBothModes) {
  CustomRules rules;
  rules.jvp = [](const Arrays& primals, const Arrays& tangents) {
    return Arrays{tangents[0] * primals[0] * 5.0};
  };
  const auto f = custom_function([](const Array& x) { return sin(x); }, rules);
  const Array x = array({1.0F, 2.0F});
  EXPECT_THAT(values_of(grad([&](const Array& a) { return sum(f(a)); })(x)), ElementsAre(5, 10));
  EXPECT_THAT(values_of(jvp(f, {x}, {ones({2})}).second[0]), ElementsAre(5, 10));
}

TEST(CustomFunction, GivesItsRuleAllCotangentsAtOnce) {
  int calls = 0;
  CustomRules rules;
  rules.vjp = [&](const Arrays&, const Arrays& cotangents, const Arrays& outputs) {
    ++calls;
    return Arrays{cotangents[0] + 10.0 * cotangents[1] + 0.0 * outputs[0]};
  };
  const auto f = custom_function([](const Arrays& x) { return Arrays{x[0] * 2, x[0] * 3}; }, rules);
  const auto loss = [&](const Array& a) {
    const Arrays y = f({a});
    return sum(y[0] + exp(y[1] * 0.0) * y[1]);
  };
  EXPECT_THAT(values_of(grad(loss)(ones({1}))), ElementsAre(11));
  EXPECT_EQ(calls, 1);
}

TEST(CustomFunction, KeepsItsRulesUnderVmap) {
  const auto f = custom_function([](const Array& x) { return sin(x); }, seven());
  const auto loss = [&](const Array& a) { return sum(vmap(f)(a)); };
  EXPECT_THAT(values_of(grad(loss)(array({0.0F, 1.0F}))), ElementsAre(7, 7));
  CustomRules rules;
  rules.vmap = [](const Arrays& x, const std::vector<bool>& batched) {
    return Arrays{x[0] + (batched[0] ? 100.0 : 0.0)};
  };
  const auto g = custom_function([](const Array& x) { return x + 1; }, rules);
  EXPECT_THAT(values_of(vmap(g)(array({1.0F, 2.0F}))), ElementsAre(101, 102));
}

TEST(CustomFunction, RefusesWrongCotangents) {
  CustomRules rules;
  rules.vjp = [](const Arrays&, const Arrays& cotangents, const Arrays&) {
    return Arrays{sum(cotangents[0])};
  };
  const auto f = custom_function([](const Array& x) { return sin(x); }, rules);
  EXPECT_THAT(
      [&] { grad([&](const Array& a) { return sum(f(a)); })(ones({2})); },
      ThrowsMessage<InvalidArgument>(HasSubstr("cotangent 0 is f32[], its argument f32[2]")));
}

// A deep chain of which every layer keeps a wide intermediate value.
Array deep(const Array& x, bool checkpointed) {
  const auto layer = [](const Array& a) {
    const Array wide = tanh(matmul(a, ones({16, 512}) * 0.01));
    return matmul(wide, ones({512, 16}) * 0.01);
  };
  const auto recomputed = checkpoint(layer);
  Array y = x;
  for (int i = 0; i < 6; ++i)
    y = checkpointed ? recomputed(y) : layer(y);
  return sum(square(y));
}

std::uint64_t arena_bytes(bool checkpointed) {
  const Graph graph = trace_entries(
      {{"main", [&] {
          const Array x = entry_input("x", DType::f32, {64, 16});
          return std::vector<NamedArray>{
              {"gradient", grad([&](const Array& a) { return deep(a, checkpointed); })(x)}};
        }}});
  return compile_graph(graph, *find_profile_fixture("lavapipe")).entries[0].arena_bytes;
}

TEST(Checkpoint, GivesTheSameGradientFromLessMemory) {
  const Array x = ones({64, 16}) * 0.5;
  const auto gradient = [&](bool checkpointed) {
    return grad([&](const Array& a) { return deep(a, checkpointed); })(x).to_vector<float>();
  };
  EXPECT_EQ(gradient(true), gradient(false));
  EXPECT_LT(arena_bytes(true), arena_bytes(false) / 2);
}

TEST(Checkpoint, ReachesWhatItCaptures) {
  const auto loss = [](const Array& w) {
    const Array wide = w * 3;
    const auto inner = checkpoint([&](const Array& x) { return exp(x * wide) * w; });
    return sum(inner(ones({1})));
  };
  const auto plain = [](const Array& w) { return sum(exp(w * 3) * w); };
  const Array w = array({0.5F});
  EXPECT_NEAR(values_of(grad(loss)(w))[0], values_of(grad(plain)(w))[0], 1e-6);
  EXPECT_NEAR(values_of(grad(grad([&](const Array& a) { return loss(reshape(a, {1})); }))(
                  full({}, 0.5)))[0],
              values_of(grad(grad([&](const Array& a) { return plain(reshape(a, {1})); }))(
                  full({}, 0.5)))[0],
              1e-4);
}

// What a rule makes of the function's outputs follows the rule again.
TEST(CustomFunction, SecondDerivativesOfOutputsFollowTheRule) {
  CustomRules rules;
  rules.vjp = [](const Arrays&, const Arrays& cotangents, const Arrays& outputs) {
    return Arrays{cotangents[0] * outputs[0] * 3};
  };
  const auto f = custom_function([](const Array& x) { return x * 2; }, rules);
  const auto slope = grad([&](const Array& x) { return sum(f(x)); });
  const Array x = array({1.0F, 5.0F});
  EXPECT_THAT(values_of(slope(x)), ElementsAre(6, 30));
  EXPECT_THAT(values_of(grad([&](const Array& y) { return sum(slope(y)); })(x)),
              ElementsAre(18, 90));
  EXPECT_THAT(values_of(jvp([&](const Array& y) { return slope(y); }, {x}, {ones({2})}).second[0]),
              ElementsAre(18, 90));
}

}  // namespace
}  // namespace ashlar
