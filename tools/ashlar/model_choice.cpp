// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/model_choice.h"

#include "models/generate/open_model.h"
#include "models/shapes/published_shapes.h"
#include "models/shapes/random_model.h"
#include "runtime/program/error.h"

#include <fmt/ranges.h>

namespace ashlar::cli {

void add_model_choice(CLI::App& command, ModelChoice& choice) {
  CLI::Option_group* group = command.add_option_group("Model");
  group->add_option("--model", choice.model, "Model folder or GGUF file");
  CLI::Option* shape =
      group->add_option("--shape", choice.shape,
                        fmt::format("Instead of a folder, the sizes of a known model: {}",
                                    fmt::join(published_shape_names(), ", ")));
  group->require_option(1);
  command
      .add_option("--weights", choice.weights,
                  "With --shape: bf16, f16, f32, q4 or q8 (groups of 64)")
      ->needs(shape)
      ->capture_default_str();
  CLI::Option* random = command.add_flag(
      "--random", choice.random, "With --shape: weights are random numbers; there are no others");
  random->needs(shape);
  shape->needs(random);
}

std::unique_ptr<const ModelSource> open_model(const ModelChoice& choice) {
  if (choice.shape.empty())
    return ashlar::open_model(choice.model);
  return std::make_unique<const RandomModel>(random_model(choice.shape, choice.weights));
}

}  // namespace ashlar::cli
