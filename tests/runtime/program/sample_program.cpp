// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/program/sample_program.h"

namespace ashlar {

Program sample_program() {
  Program program;
  const std::vector<std::uint32_t> module = {
      0x07230203,    0x00010600, 0,    8,  0,      // magic, SPIR-V 1.6, generator, bound, schema
      2u << 16 | 17, 1,                            // OpCapability Shader
      2u << 16 | 17, 11,                           // OpCapability Int64
      2u << 16 | 17, 4467,                         // OpCapability RoundingModeRTE
      3u << 16 | 14, 0,          1,                // OpMemoryModel
      4u << 16 | 16, 1,          4462, 16,         // OpExecutionMode RoundingModeRTE of f16
      6u << 16 | 16, 1,          17,   64, 2, 1};  // OpExecutionMode LocalSize
  program.kernels = {{.name = "two",
                      .spirv = module,
                      .workgroup_size = {64, 2, 1},
                      .subgroup_size = 8,
                      .argument_count = 2,
                      .scalar_count = 1,
                      .pushed = true,
                      .indirect = {1},
                      .texels = {0}},
                     {.name = "none",
                      .spirv = module,
                      .workgroup_size = {1, 1, 1},
                      .subgroup_size = 0,
                      .argument_count = 0,
                      .scalar_count = 0}};
  program.weight_groups = {
      {.weights = {{"q", DType::bf16, {4, 8}, 0}, {"k", DType::f32, {3}, 64}}, .bytes = 80},
      {.weights = {}, .bytes = 128}};
  program.constants = {1, 2, 3, 4, 5};
  program.states = {{"cache", DType::f16, {16, 2}, true, Residency::state},
                    {"step", DType::u32, {8}, false, Residency::step},
                    {"ids", DType::i32, {8}, false, Residency::ring}};
  const auto dispatch = [](Argument a, Argument b) {
    return Dispatch{.kernel = 0,
                    .arguments = {a, b},
                    .scalars = {7},
                    .workgroups = {3, 2, 1},
                    .label = "layers.0.q",
                    .cost = {100, 200, 300}};
  };
  program.entries = {
      {.name = "prepack",
       .inputs = {{"raw", DType::u8, {128}}},
       .outputs = {},
       .arena_bytes = 0,
       .commands = {dispatch({{Space::input, 0, 0, 128}, Access::read},
                             {{Space::weight, 1, 0, 128}, Access::write})}},
      {.name = "decode",
       .inputs = {{"x", DType::f32, {2, 5}}, {"old", DType::f32, {1}}},
       .outputs = {{"y", DType::f32, {}}, {"z", DType::boolean, {0}}},
       .arena_bytes = 256,
       .commands = {dispatch({{Space::weight, 0, 64, 12}, Access::read},
                             {{Space::arena, 0, 0, 40}, Access::write}),
                    Copy{{Space::constant, 0, 1, 4}, {Space::arena, 0, 128, 4}, "constants"},
                    Barrier{},
                    dispatch({{Space::state, 0, 0, 64}, Access::read_write},
                             {{Space::output, 0, 0, 4}, Access::write}),
                    dispatch({{Space::input, 0, 0, 32}, Access::read},
                             {{Space::state, 1, 0, 32}, Access::read_write})},
       .donations = {{1, 0}, {0, std::nullopt}}}};
  return program;
}

Program sample_decoder() {
  Program program;
  const auto step_state = [&](std::string_view name, const Shape& shape,
                              Residency residency = Residency::step) {
    program.states.push_back({std::string(name), DType::i32, shape, false, residency});
  };
  step_state(step::kPrompt, {2, 4});
  for (const std::string_view name : {step::kValid, step::kToken, step::kPosition, step::kDone})
    step_state(name, {2});
  step_state(step::kRing, {8, 2}, Residency::ring);
  step_state(step::kCount, {1});
  const auto sampler_state = [&](std::string_view name, DType dtype, std::int64_t values = 1) {
    program.states.push_back({std::string(name), dtype, {2, values}, false, Residency::step});
  };
  for (const std::string_view name :
       {sampler::kInverseTemperature, sampler::kTopP, sampler::kPenalty})
    sampler_state(name, DType::f32);
  for (const std::string_view name : {sampler::kTopK, sampler::kLastRank})
    sampler_state(name, DType::i32);
  sampler_state(sampler::kSeed, DType::u32, 2);
  sampler_state(sampler::kSeen, DType::boolean, 11);
  program.states.push_back({"kv.0.key", DType::bf16, {16, 2, 3}, true, Residency::state});
  program.states.push_back({"kv.1.key", DType::bf16, {7, 2, 3}, false, Residency::state});
  program.states.push_back({"memory", DType::f32, {2, 3}, false, Residency::state});
  for (const char* name : {"prefill_2", "prefill_4", "decode"})
    program.entries.push_back({.name = name, .arena_bytes = 0});
  program.decoder = {.config_hash = 99,
                     .batch = 2,
                     .max_positions = 64,
                     .window = 4,
                     .ring_rows = 8,
                     .prefill_sizes = {2, 4},
                     .sampler_vocabulary = 11,
                     .stop_tokens = {5, 6},
                     .caches = {{"kv.0.key", 0}, {"kv.1.key", 7}},
                     .recurrent_states = {"memory"}};
  return program;
}

}  // namespace ashlar
