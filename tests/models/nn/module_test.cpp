// SPDX-License-Identifier: Apache-2.0
// The tree of modules: names, freezing, files, gradients.
#include "models/nn/module.h"

#include "models/io/array_files.h"
#include "models/nn/modules.h"
#include "models/optim/optimizers.h"
#include "runtime/array/memory.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <utility>

namespace ashlar::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::ThrowsMessage;
using testing::values_of;

class Net : public Module {
public:
  explicit Net(const Array& key)
      : up(random::split(key)(0), 2, 3), down(random::split(key)(1), 3, 1, false) {
    add("up", up);
    add("scale", scale);
    add("down", down);
    add_buffer("seen", seen);
  }
  Array operator()(const Array& x) {
    seen = seen + 1;
    return down(tanh(up(x))) * scale;
  }

  Linear up, down;
  Array scale = ones({1});
  Array seen = zeros({1});
};

const Array kKey = random::key(1);

TEST(Module, NamesWhatItHolds) {
  Net net(kKey);
  EXPECT_THAT(net.parameters(),
              ElementsAre(Key("down.weight"), Key("scale"), Key("up.bias"), Key("up.weight")));
  EXPECT_EQ(net.arrays().size(), 5);
  EXPECT_EQ(net.up.name(), "up");
}

TEST(Module, FreezesPartsOfItself) {
  Net net(kKey);
  net.up.freeze();
  EXPECT_THAT(net.trainable(), ElementsAre(Key("down.weight"), Key("scale")));
  EXPECT_EQ(net.parameters().size(), 4);
  net.freeze();
  EXPECT_TRUE(net.trainable().empty());
  net.unfreeze();
  EXPECT_EQ(net.trainable().size(), 4);
}

TEST(Module, UpdatesByName) {
  Net net(kKey);
  net.update({{"scale", full({1}, 2.0)}, {"up.bias", zeros({3})}});
  EXPECT_EQ(values_of(net.scale)[0], 2);
  EXPECT_THAT([&] { net.update({{"up.wait", zeros({3})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'module' has no array 'up.wait'")));
  EXPECT_THAT([&] { net.update({{"up.bias", zeros({4})}, {"scale", zeros({1})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'up.bias': expected [3], got [4]")));
  EXPECT_EQ(values_of(net.scale)[0], 2) << "a refused update changes nothing";
}

class Twice : public Module {
public:
  Twice() {
    add("a", a);
    add("a", b);
  }
  Array a = zeros({1}), b = zeros({1});
};

TEST(Module, RefusesRepeatedNames) {
  EXPECT_THAT([] { Twice(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'module' has two members 'a'")));
}

TEST(Module, HasGradientsOfWhatIsTrainable) {
  Net net(kKey);
  net.up.freeze();
  const Array x = array({0.3F, -0.2F}, {1, 2}), before = net.up.weight;
  const auto [loss, gradients] = value_and_grad(net, [&] { return sum(net(x)); });
  EXPECT_THAT(gradients, ElementsAre(Key("down.weight"), Key("scale")));
  const auto hidden = values_of(tanh(net.up(x)));
  const auto gradient = values_of(gradients.at("down.weight"));
  for (std::size_t i = 0; i < hidden.size(); ++i)
    EXPECT_NEAR(gradient[i], hidden[i], 1e-6);
  EXPECT_EQ(net.up.weight.node(), before.node());
  EXPECT_EQ(values_of(net.seen)[0], 1) << "buffers have what the loss left in them";
}

TEST(Module, IsAsBeforeWhenALossThrows) {
  Net net(kKey);
  const ArrayMap before = net.arrays();
  EXPECT_THROW(value_and_grad(net,
                              [&]() -> Array {
                                net.seen = zeros({1});
                                throw InvalidArgument("test", "no");
                              }),
               InvalidArgument);
  for (const auto& [name, array] : net.arrays())
    EXPECT_EQ(array.node(), before.at(name).node()) << name;
}

TEST(Module, SequentialNamesLayersByPlace) {
  Sequential net;
  net.then<Linear>(kKey, 2, 4).then(relu).then<Linear>(kKey, 4, 1, false);
  EXPECT_THAT(net.parameters(), ElementsAre(Key("0.bias"), Key("0.weight"), Key("2.weight")));
  const Array y = net(ones({1, 2}));
  EXPECT_EQ(y.shape(), (Shape{1, 1}));
  EXPECT_EQ(*y.node()->origin().scope, "sequential.2");
}

// A network and an optimiser: what one step changes.
class Trainer : public Module {
public:
  Trainer() : net(kKey), state(sgd.init(net.trainable())) {
    add("net", net);
    for (auto& [name, array] : state)
      add_buffer("optimizer." + name, array);
  }
  Array step(const Array& x) {
    const auto [loss, gradients] = value_and_grad(net, [&] { return sum(square(net(x) - 1)); });
    ArrayMap parameters = net.trainable();
    sgd.step(parameters, state, gradients);
    net.update(parameters);
    return loss;
  }

  const optim::Sgd sgd{{.learning_rate = 0.1, .momentum = 0.5}};
  Net net;
  ArrayMap state;
};

TEST(Module, TrainsTheSameCompiled) {
  Trainer plain, compiled;
  const auto step = compile(&Trainer::step, compiled);
  const Array x = array({0.3F, -0.2F, 0.5F, 0.1F}, {2, 2});
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(step(x).item<float>(), plain.step(x).item<float>(), 1e-5) << i;
  EXPECT_EQ(step.traces().size(), 1);
  const ArrayMap arrays = compiled.arrays();
  for (const auto& [name, array] : plain.arrays())
    EXPECT_NEAR(sum(abs(arrays.at(name) - array)).astype(DType::f32).item<float>(), 0, 1e-5)
        << name;
  EXPECT_EQ(compiled.net.seen.item<float>(), 4);
  EXPECT_EQ(compiled.state.at("step").item<std::int32_t>(), 4);
}

class TwoLayers : public Module {
public:
  TwoLayers() : first(kKey, 64, 128), second(kKey, 128, 64), state(adamw.init(trainable_layers())) {
    for (auto& [name, array] : state)
      add_buffer("optimizer." + name, array);
  }
  Array step(const Array& x) {
    const auto [loss, gradients] =
        value_and_grad(*this, [&] { return sum(square(second(tanh(first(x))) - 1)); });
    ArrayMap parameters = trainable();
    adamw.step(parameters, state, gradients);
    update(parameters);
    return loss;
  }

  const optim::AdamW adamw{{.learning_rate = 1e-3}};
  Linear first, second;
  ArrayMap state;

private:
  ArrayMap trainable_layers() {
    add("first", first);
    add("second", second);
    return trainable();
  }
};

// Parameters and moments are written over themselves; new are the loss and small numbers.
TEST(Module, StepsTakeNoMemory) {
  TwoLayers layers;
  const auto step = compile(&TwoLayers::step, layers);
  const Array x = random::normal(kKey, {32, 64});
  float before = step(x).item<float>();
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t held = memory::active();
    memory::reset_peak();
    const float loss = step(x).item<float>();
    EXPECT_LT(memory::peak() - held, 64);
    EXPECT_LT(loss, std::exchange(before, loss));
  }
}

// The last batch of an epoch has fewer rows.
TEST(Module, StepsOverBatchesOfAnySize) {
  Trainer plain, compiled;
  const auto step = compile(&Trainer::step, compiled, {.sizes = {{"batch"}}});
  for (std::int64_t rows : {8, 7, 5}) {
    const Array x = random::normal(random::key(static_cast<std::uint64_t>(rows)), {rows, 2}) * 0.2;
    EXPECT_NEAR(step(x).item<float>(), plain.step(x).item<float>(), 1e-5) << rows;
  }
  const ArrayMap arrays = compiled.arrays();
  for (const auto& [name, array] : plain.arrays())
    EXPECT_NEAR(sum(abs(arrays.at(name) - array)).astype(DType::f32).item<float>(), 0, 1e-5)
        << name;
  EXPECT_EQ(step.traces().size(), 3);
  for (const TraceReport& trace : step.traces()) {
    EXPECT_EQ(trace.compiled, trace.reason == "first call") << trace.reason;
    EXPECT_THAT(trace.guards, ElementsAre("4 < batch <= 8"));
  }
}

class ModuleFiles : public ::testing::Test {
protected:
  void TearDown() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ = std::filesystem::path(::testing::TempDir()) /
                                      ("module_" + std::to_string(::getpid()) + ".safetensors");
};

TEST_F(ModuleFiles, KeepEveryArray) {
  Net net(kKey), other(random::key(2));
  net.save(path_);
  other.load(path_);
  for (const auto& [name, array] : net.arrays())
    EXPECT_EQ(values_of(other.arrays().at(name)), values_of(array)) << name;
}

TEST_F(ModuleFiles, MustFit) {
  Net net(kKey);
  const auto load = [&](ArrayMap arrays) {
    save_safetensors(path_, arrays);
    net.load(path_);
  };
  ArrayMap arrays = net.arrays();
  arrays.at("scale") = ones({1}, DType::bf16);
  load(arrays);
  EXPECT_EQ(net.scale.dtype(), DType::f32);
  arrays.at("scale") = ones({1}, DType::i32);
  EXPECT_THAT([&] { load(arrays); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'scale': expected f32, got i32")));
  arrays.at("scale") = ones({2});
  EXPECT_THAT([&] { load(arrays); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'scale': expected [1], got [2]")));
  arrays.erase("scale");
  EXPECT_THAT([&] { load(arrays); },
              ThrowsMessage<InvalidArgument>(HasSubstr("has no array 'scale'")));
  arrays = net.arrays();
  arrays.emplace("more", ones({1}));
  EXPECT_THAT([&] { load(arrays); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'module' has no array 'more'")));
}

}  // namespace
}  // namespace ashlar::nn
