// SPDX-License-Identifier: Apache-2.0
#include "models/generate/model_source.h"

#include "runtime/program/error.h"

#include <string>

namespace ashlar {
namespace {

std::string type_of(const WeightSpec& weight) {
  return fmt::format("{}{}", name_of(weight.dtype), weight.shape.to_string());
}

}  // namespace

void check_program(const ModelSource& source, const Program& program) {
  std::vector<std::string> mismatches;
  for (const WeightGroup& group : program.weight_groups)
    for (const WeightSpec& wanted : group.weights) {
      const auto stored = source.find_weight(wanted.name);
      if (!stored || stored->dtype != wanted.dtype || stored->shape != wanted.shape)
        mismatches.push_back(fmt::format("'{}': expected {}, got {}", wanted.name, type_of(wanted),
                                         stored ? type_of(*stored) : "no such tensor"));
    }
  if (!mismatches.empty())
    throw InvalidArgument("model",
                          "{} of the program's weights are not in the model; the first is {}",
                          mismatches.size(), mismatches.front());
  if (program.decoder && program.decoder->config_hash != source.config().hash)
    throw InvalidArgument("model",
                          "the program was compiled from another config.json; compile it again");
}

}  // namespace ashlar
