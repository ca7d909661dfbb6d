// SPDX-License-Identifier: Apache-2.0
// Mixtures of experts: how tokens are routed, and every way in which experts may be stored.
#include "models/nn/experts.h"

#include "runtime/array/ops.h"
#include "runtime/array/quantization.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ashlar::nn {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

std::vector<double> reals(const Array& array) {
  return testing::reference_value(array).reals;
}

std::vector<std::int64_t> integers(const Array& array) {
  return testing::reference_value(array).integers;
}

auto near(double value) {
  return DoubleNear(value, 1e-6);
}

const Array kLogits = array({0.0F, std::log(2.0F), std::log(4.0F), std::log(1.0F)}, {1, 4});

TEST(Route, SoftmaxOverTheChosenOrOverAll) {
  const Routing chosen = route(kLogits, {.count = 4, .chosen = 2});
  EXPECT_THAT(integers(chosen.ids), ElementsAre(2, 1));
  EXPECT_THAT(reals(chosen.weights), ElementsAre(near(4.0 / 6), near(2.0 / 6)));
  const Routing all = route(kLogits, {.count = 4, .chosen = 2, .normalised = false});
  EXPECT_THAT(reals(all.weights), ElementsAre(near(4.0 / 8), near(2.0 / 8)));
}

TEST(Route, CorrectionChoosesButDoesNotWeigh) {
  const ExpertsConfig config{.count = 4, .chosen = 2, .score = RouterScore::sigmoid};
  const Array correction = array({1.0F, 0.0F, 0.0F, 0.5F}, {4});
  const Routing routing = route(kLogits, config, correction);
  EXPECT_THAT(integers(routing.ids), ElementsAre(0, 3));
  EXPECT_THAT(reals(routing.weights), ElementsAre(near(0.5), near(0.5)));
  EXPECT_THAT(integers(route(kLogits, config).ids), ElementsAre(2, 1));
}

// Three experts with 2 x 4 projections, of which two are mixed.
class Storage : public ::testing::Test {
protected:
  static Array numbers(std::int64_t expert, int seed, const Shape& shape) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < shape.element_count(); ++i)
      values.push_back(std::sin(static_cast<float>(17 * expert + 5 * seed + 3 * i)));
    return array(std::span<const float>(values), shape);
  }
  static Array gate(std::int64_t expert) { return numbers(expert, 1, {2, 4}); }
  static Array up(std::int64_t expert) { return numbers(expert, 2, {2, 4}); }
  static Array down(std::int64_t expert) { return numbers(expert, 3, {4, 2}); }

  static ExpertsConfig config() { return {.count = 3, .chosen = 2, .intermediate_size = 2}; }

  static std::vector<double> mixed(const ArrayMap& tensors, const ExpertsConfig& config) {
    const Routing routing{array({2, 0, 0, 1}, {1, 2, 2}),
                          array({0.25F, 0.75F, 0.5F, 0.5F}, {1, 2, 2})};
    return reals(mix_experts(numbers(9, 4, {1, 2, 4}), routing,
                             expert_matrices(Weights(tensors), config, 4), config,
                             Activation::silu));
  }

  static ArrayMap one_by_one() {
    ArrayMap tensors;
    for (std::int64_t e = 0; e < 3; ++e) {
      const std::string expert = fmt::format("experts.{}.", e);
      tensors.emplace(expert + "gate_proj.weight", gate(e));
      tensors.emplace(expert + "up_proj.weight", up(e));
      tensors.emplace(expert + "down_proj.weight", down(e));
    }
    return tensors;
  }
  template <typename F> static Array stacked(F projection) {
    return stack({projection(0), projection(1), projection(2)}, 0);
  }
};

TEST_F(Storage, OneByOneIsWhatTheFormulaSays) {
  std::vector<double> expected;
  const Array x = numbers(9, 4, {1, 2, 4});
  const std::vector<std::vector<std::pair<std::int64_t, double>>> chosen{{{2, 0.25}, {0, 0.75}},
                                                                         {{0, 0.5}, {1, 0.5}}};
  for (std::int64_t t = 0; t < 2; ++t) {
    const Array row = x(0, Slice(t, t + 1));
    Array sum = zeros({1, 4});
    for (const auto& [expert, weight] : chosen[static_cast<std::size_t>(t)])
      sum = sum + linear(silu(linear(row, gate(expert))) * linear(row, up(expert)), down(expert)) *
                      weight;
    for (double value : reals(sum))
      expected.push_back(value);
  }
  EXPECT_THAT(mixed(one_by_one(), config()), Pointwise(DoubleNear(1e-6), expected));
}

// Each matrix has its columns in an order of its own, and says so.
TEST_F(Storage, InputsInOtherOrders) {
  ArrayMap tensors = one_by_one();
  for (std::int64_t e = 0; e < 3; ++e)
    for (const std::string projection : {"gate_proj", "up_proj", "down_proj"}) {
      const std::string module = fmt::format("experts.{}.{}", e, projection);
      const std::int64_t inputs = projection == "down_proj" ? 2 : 4;
      std::vector<std::int32_t> order;
      for (std::int64_t i = 0; i < inputs; ++i)
        order.push_back(static_cast<std::int32_t>((i + e + 1) % inputs));
      const Array columns = array(std::span<const std::int32_t>(order), {inputs});
      tensors.insert_or_assign(module + ".weight",
                               take(tensors.at(module + ".weight"), columns, 1));
      tensors.insert_or_assign(module + ".input_order", columns);
    }
  EXPECT_THAT(mixed(tensors, config()), Pointwise(DoubleNear(1e-6), mixed(one_by_one(), config())));
  tensors.erase("experts.1.up_proj.input_order");
  EXPECT_THAT([&] { mixed(tensors, config()); },
              ThrowsMessage<InvalidArgument>(HasSubstr("only one of 'experts.0.up_proj'")));
}

TEST_F(Storage, OtherNamesAndStacks) {
  const std::vector<double> expected = mixed(one_by_one(), config());
  ExpertsConfig renamed = config();
  renamed.names = {.gate = "w1", .up = "w3", .down = "w2"};
  ArrayMap others;
  for (std::int64_t e = 0; e < 3; ++e) {
    const std::string expert = fmt::format("experts.{}.", e);
    others.emplace(expert + "w1.weight", gate(e));
    others.emplace(expert + "w3.weight", up(e));
    others.emplace(expert + "w2.weight", down(e));
  }
  EXPECT_EQ(mixed(others, renamed), expected);
  EXPECT_EQ(mixed({{"switch_mlp.gate_proj.weight", stacked(gate)},
                   {"switch_mlp.up_proj.weight", stacked(up)},
                   {"switch_mlp.down_proj.weight", stacked(down)}},
                  config()),
            expected);
  EXPECT_EQ(mixed({{"experts.gate_up_proj", concatenate({stacked(gate), stacked(up)}, 1)},
                   {"experts.down_proj", stacked(down)}},
                  config()),
            expected);
}

// Gate and up in turns, inputs first, and biases; or as modules.
TEST_F(Storage, Interleaved) {
  ExpertsConfig gpt = config();
  gpt.interleaved = gpt.has_biases = true;
  gpt.clamp = 0.5;
  const auto wide = [](int seed) {
    return stack({numbers(0, seed, {2}), numbers(1, seed, {2}), numbers(2, seed, {2})}, 0);
  };
  const Array gate_bias = wide(5), up_bias = wide(6);
  const Array down_bias = stack({numbers(0, 7, {4}), numbers(1, 7, {4}), numbers(2, 7, {4})}, 0);
  const auto in_turns = [](const Array& a, const Array& b) {
    return flatten(stack({a, b}, 2), 1, 2);
  };
  const std::vector<double> modules = mixed({{"experts.gate_proj.weight", stacked(gate)},
                                             {"experts.up_proj.weight", stacked(up)},
                                             {"experts.down_proj.weight", stacked(down)},
                                             {"experts.gate_proj.bias", gate_bias},
                                             {"experts.up_proj.bias", up_bias},
                                             {"experts.down_proj.bias", down_bias}},
                                            gpt);
  const std::vector<double> tensors =
      mixed({{"experts.gate_up_proj", swapaxes(in_turns(stacked(gate), stacked(up)), 1, 2)},
             {"experts.gate_up_proj_bias", in_turns(gate_bias, up_bias)},
             {"experts.down_proj", swapaxes(stacked(down), 1, 2)},
             {"experts.down_proj_bias", down_bias}},
            gpt);
  EXPECT_THAT(tensors, Pointwise(DoubleNear(1e-6), modules));
}

// The same numbers packed and as floats with inputs first.
TEST_F(Storage, Mxfp4) {
  constexpr std::int64_t kHidden = 64, kInner = 32;
  ExpertsConfig gpt = config();
  gpt.intermediate_size = kInner;
  gpt.interleaved = gpt.has_biases = true;
  gpt.clamp = 2;
  const auto bytes = [](const Shape& shape, std::uint32_t low, std::uint32_t high) {
    std::vector<std::uint8_t> values;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(shape.element_count()); ++i)
      values.push_back(
          static_cast<std::uint8_t>(low + 2654435761U * (i + 1) / 65536 % (high - low)));
    return array(std::span<const std::uint8_t>(values), shape);
  };
  const Array wide = bytes({3, 2 * kInner, kHidden / 32, 16}, 0, 256),
              wide_scales = bytes({3, 2 * kInner, kHidden / 32}, 120, 125),
              narrow = bytes({3, kHidden, kInner / 32, 16}, 0, 256),
              narrow_scales = bytes({3, kHidden, kInner / 32}, 120, 125);
  ArrayMap packed{{"experts.gate_up_proj_bias", numbers(0, 5, {3, 2 * kInner})},
                  {"experts.down_proj_bias", numbers(0, 6, {3, kHidden})}};
  ArrayMap floats = packed;
  packed.insert({{"experts.gate_up_proj_blocks", wide},
                 {"experts.gate_up_proj_scales", wide_scales},
                 {"experts.down_proj_blocks", narrow},
                 {"experts.down_proj_scales", narrow_scales}});
  floats.insert({{"experts.gate_up_proj", swapaxes(dequantize_mxfp4(wide, wide_scales), 1, 2)},
                 {"experts.down_proj", swapaxes(dequantize_mxfp4(narrow, narrow_scales), 1, 2)}});
  const auto mixed_wide = [&](const ArrayMap& tensors) {
    const Routing routing{array({2, 0, 0, 1}, {1, 2, 2}),
                          array({0.25F, 0.75F, 0.5F, 0.5F}, {1, 2, 2})};
    return reals(mix_experts(numbers(9, 4, {1, 2, kHidden}), routing,
                             expert_matrices(Weights(tensors), gpt, kHidden), gpt,
                             Activation::silu));
  };
  EXPECT_THAT(mixed_wide(packed), Pointwise(DoubleNear(1e-5), mixed_wide(floats)));
  packed.insert_or_assign("experts.down_proj_scales", zeros({3, kHidden, kInner / 32}));
  EXPECT_THAT([&] { mixed_wide(packed); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected u8 blocks and scales")));
}

TEST_F(Storage, RefusesWhatDoesNotFit) {
  ArrayMap missing = one_by_one();
  missing.erase("experts.1.up_proj.weight");
  EXPECT_THAT([&] { mixed(missing, config()); },
              ThrowsMessage<InvalidArgument>(HasSubstr("no tensor 'experts.1.up_proj.weight'")));
  ArrayMap other = one_by_one();
  other.insert_or_assign("experts.2.down_proj.weight", zeros({2, 4}));
  EXPECT_THAT([&] { mixed(other, config()); },
              ThrowsMessage<InvalidArgument>(HasSubstr("experts.2.down_proj.weight")));
  ArrayMap narrow = one_by_one();
  narrow.insert_or_assign("experts.2.gate_proj.weight", zeros({2, 4}, DType::f16));
  EXPECT_THAT([&] { mixed(narrow, config()); },
              ThrowsMessage<InvalidArgument>(HasSubstr(
                  "'experts.0.gate_proj.weight' is f32, but 'experts.2.gate_proj.weight' is f16")));
}

}  // namespace
}  // namespace ashlar::nn
