// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/decoder_manifest.h"

#include "runtime/program/error.h"
#include "tests/runtime/program/sample_program.h"

#include <gmock/gmock.h>

#include <functional>

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct Breakage {
  const char* message;
  std::function<void(Program&)> apply;
};

StateSpec& state(Program& program, std::string_view name) {
  return *std::ranges::find(program.states, name, &StateSpec::name);
}

TEST(DecoderManifest, TheSampleCanGenerate) {
  EXPECT_NO_THROW(verify(sample_decoder()));
  EXPECT_NO_THROW(require_generation(sample_decoder()));
}

class ManifestRejects : public testing::TestWithParam<Breakage> {};

TEST_P(ManifestRejects, WithItsReason) {
  Program program = sample_decoder();
  GetParam().apply(program);
  EXPECT_THAT([&] { verify(program); }, ThrowsMessage<FormatError>(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Every, ManifestRejects,
    testing::Values(
        Breakage{"batch is 0", [](Program& p) { p.decoder->batch = 0; }},
        Breakage{"context limit is -1", [](Program& p) { p.decoder->max_positions = -1; }},
        Breakage{"context limit is 2147483648",
                 [](Program& p) { p.decoder->max_positions = std::int64_t{1} << 31; }},
        Breakage{"window is -2", [](Program& p) { p.decoder->window = -2; }},
        Breakage{"ring is 0", [](Program& p) { p.decoder->ring_rows = 0; }},
        Breakage{"no prefill size", [](Program& p) { p.decoder->prefill_sizes.clear(); }},
        Breakage{"prefill size is 0", [](Program& p) { p.decoder->prefill_sizes[0] = 0; }},
        Breakage{"prefill size is 2: expected 3",
                 [](Program& p) { p.decoder->prefill_sizes = {2, 2}; }},
        Breakage{"stop token is -1", [](Program& p) { p.decoder->stop_tokens[1] = -1; }},
        Breakage{"state 'prompt' is i32[2, 4]: expected i32[2, 5]",
                 [](Program& p) { p.decoder->prefill_sizes[1] = 5; }},
        Breakage{"state 'ring' is i32[8, 2]: expected i32[9, 2]",
                 [](Program& p) { p.decoder->ring_rows = 9; }},
        Breakage{"state 'token' is f32[2]",
                 [](Program& p) { state(p, step::kToken).dtype = DType::f32; }},
        Breakage{"state 'count' is i32[2]", [](Program& p) { state(p, step::kCount).shape = {2}; }},
        Breakage{"state 'sampler.seen' is bool[2, 11]: expected bool[2, 12]",
                 [](Program& p) { p.decoder->sampler_vocabulary = 12; }},
        Breakage{"state 'sampler.seed' is i32[2, 2]: expected u32[2, 2]",
                 [](Program& p) { state(p, sampler::kSeed).dtype = DType::i32; }},
        Breakage{"vocabulary is -1", [](Program& p) { p.decoder->sampler_vocabulary = -1; }},
        Breakage{"cache 'kv.9' is no state",
                 [](Program& p) { p.decoder->caches[0].state = "kv.9"; }},
        Breakage{"cache 'kv.0.key' has shape [16, 3, 3]: expected [rows, 2, ...]",
                 [](Program& p) { state(p, "kv.0.key").shape = {16, 3, 3}; }},
        Breakage{"'kv.0.key' is a growable state of 16 rows: expected a ring of 16",
                 [](Program& p) { p.decoder->caches[0].ring = 16; }},
        Breakage{"'kv.1.key' is a fixed state of 7 rows: expected a growable one",
                 [](Program& p) { p.decoder->caches[1].ring = 0; }},
        Breakage{"'kv.1.key' is a fixed state of 7 rows: expected a ring of 8",
                 [](Program& p) { p.decoder->caches[1].ring = 8; }},
        Breakage{"recurrent state 'memory' is no state",
                 [](Program& p) { state(p, "memory").name = "other"; }},
        Breakage{"recurrent state 'memory' is a growable state",
                 [](Program& p) { state(p, "memory").growable = true; }}));

class CannotGenerate : public testing::TestWithParam<Breakage> {};

TEST_P(CannotGenerate, WithItsReason) {
  Program program = sample_decoder();
  GetParam().apply(program);
  EXPECT_NO_THROW(verify(program));
  EXPECT_THAT([&] { require_generation(program); },
              ThrowsMessage<FormatError>(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Every, CannotGenerate,
    testing::Values(
        Breakage{"it is no decoder", [](Program& p) { p.decoder.reset(); }},
        Breakage{"no state 'done'", [](Program& p) { state(p, step::kDone).name = "finished"; }},
        Breakage{"no state 'sampler.top_p'",
                 [](Program& p) { state(p, sampler::kTopP).name = "nucleus"; }},
        Breakage{"no entry 'prefill_4'", [](Program& p) { p.entries[1].name = "prefill_5"; }},
        Breakage{"no entry 'decode'", [](Program& p) { p.entries.pop_back(); }},
        Breakage{"entry 'decode' has inputs or outputs",
                 [](Program& p) { p.entries[2].outputs = {{"y", DType::f32, {1}}}; }}));

}  // namespace
}  // namespace ashlar
