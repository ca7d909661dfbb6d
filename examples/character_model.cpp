// SPDX-License-Identifier: Apache-2.0
// Trains a small transformer to predict the next character of a text, then lets it write.
//
//     character_model TEXT [STEPS]        examples/stories.txt is such a text
#include "models/nn/losses.h"
#include "models/nn/modules.h"
#include "models/optim/gradients.h"
#include "models/optim/optimizers.h"
#include "runtime/array/closure.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "runtime/program/input_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <set>

using namespace ashlar;

namespace {

constexpr std::int64_t kWidth = 48, kHeads = 4, kLayers = 2, kContext = 48, kBatch = 12;
constexpr int kWritten = 400;

// x + attention(norm(x)), then the same with an MLP.
class Block : public nn::Layer {
public:
  explicit Block(const Array& key)
      : Layer("block"), attention_norm(kWidth), mlp_norm(kWidth),
        attention(random::split(key)(0), kWidth,
                  {.heads = kHeads, .causal = true, .rope = RopeParameters{}}),
        mlp(random::split(key)(1), kWidth, 4 * kWidth) {
    add("attention_norm", attention_norm);
    add("attention", attention);
    add("mlp_norm", mlp_norm);
    add("mlp", mlp);
  }
  Array operator()(const Array& x) override {
    const Array mixed = x + attention(attention_norm(x));
    return mixed + mlp(mlp_norm(mixed));
  }

private:
  nn::RmsNorm attention_norm, mlp_norm;
  nn::MultiHeadAttention attention;
  nn::Mlp mlp;
};

struct CharacterModel : nn::Sequential {
  CharacterModel(const Array& key, std::int64_t characters) {
    const Array keys = random::split(key, kLayers + 2);
    then<nn::Embedding>(keys(0), characters, kWidth);
    for (int i = 0; i < kLayers; ++i)
      then<Block>(keys(i + 1));
    then<nn::RmsNorm>(kWidth).then<nn::Linear>(keys(kLayers + 1), kWidth, characters);
  }
};

// A text as the numbers of its characters.
struct Text {
  std::string characters;  // each character that occurs, sorted
  std::vector<std::int32_t> ids;

  explicit Text(std::string_view text) {
    const std::set<char> distinct(text.begin(), text.end());
    characters.assign(distinct.begin(), distinct.end());
    for (char c : text)
      ids.push_back(static_cast<std::int32_t>(characters.find(c)));
    if (ids.size() <= kContext + 1)
      throw InvalidArgument("character_model", "the text is too short");
  }
};

// kBatch random places of the text: [B, T + 1].
Array batch_of(const Array& ids, const Array& key) {
  const auto last = static_cast<std::int32_t>(ids.dim(0) - kContext);
  const Array starts = random::randint(key, {kBatch, 1}, 0, last);
  return take(ids, starts + arange(kContext + 1));
}

// A model with its optimiser: what one step changes.
class Trainer : public nn::Module {
public:
  Trainer(CharacterModel& model, int steps)
      : model_(model), adamw_({.learning_rate = optim::cosine_decay(5e-3, steps, 5e-4)}),
        state_(adamw_.init(model.trainable())) {
    add("model", model_);
    for (auto& [name, array] : state_)
      add_buffer("optimizer." + name, array);
  }

  // The loss on random places of the text, before the step.
  Array step(const Array& ids, const Array& key) {
    const Array batch = batch_of(ids, key);
    const auto [loss, gradients] = value_and_grad(model_, [&] {
      return nn::cross_entropy(model_(batch(Slice(), Slice(0, -1))),
                               batch(Slice(), Slice(1, kEnd)));
    });
    ArrayMap parameters = model_.trainable();
    adamw_.step(parameters, state_, optim::clip_by_global_norm(gradients, 1));
    model_.update(parameters);
    return loss;
  }

private:
  CharacterModel& model_;
  optim::AdamW adamw_;
  ArrayMap state_;
};

void train(CharacterModel& model, const Text& text, int steps) {
  const Array ids =
      array(std::span<const std::int32_t>(text.ids), {static_cast<std::int64_t>(text.ids.size())});
  Trainer trainer(model, steps);
  const auto train_step = compile(&Trainer::step, trainer);  // traced once
  for (int step = 0; step <= steps; ++step) {
    const Array loss = train_step(ids, random::key(static_cast<std::uint64_t>(step)));
    if (step % 50 == 0 || step == steps) {
      fmt::print("step {:4}  loss {:.3f}\n", step, loss.item<float>());
      std::fflush(stdout);
    }
  }
}

// The model continues the first character of the text, one at a time.
std::string write(CharacterModel& model, const Text& text) {
  std::vector<std::int32_t> ids{text.ids[0]};
  for (int i = 0; i < kWritten; ++i) {
    std::vector<std::int32_t> window(kContext, 0);
    const std::size_t seen = std::min<std::size_t>(ids.size(), kContext);
    std::copy(ids.end() - static_cast<std::ptrdiff_t>(seen), ids.end(), window.begin());
    // The place is an array: a number would be part of the program, one for each place.
    const Array place = array({static_cast<std::int32_t>(seen) - 1});
    const Array scores = model(array(std::span<const std::int32_t>(window), {1, kContext}));
    const Array next = random::categorical(random::key(1000 + static_cast<std::uint64_t>(i)),
                                           take(squeeze(scores, 0), place) / 0.7);
    ids.push_back(next.item<std::int32_t>());
  }
  std::string written;
  for (std::int32_t id : ids)
    written += text.characters[static_cast<std::size_t>(id)];
  return written;
}

void run(const char* path, int steps) {
  const Text text(read_file(path, 1 << 24, "character_model"));
  CharacterModel model(random::key(5), static_cast<std::int64_t>(text.characters.size()));
  std::int64_t count = 0;
  for (const auto& [name, parameter] : model.parameters())
    count += parameter.size();
  fmt::print("{} characters, {} of them distinct; {} parameters\n", text.ids.size(),
             text.characters.size(), count);
  train(model, text, steps);
  fmt::print("----\n{}\n", write(model, text));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: character_model TEXT [STEPS]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::atoi(argv[2]) : 600);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
