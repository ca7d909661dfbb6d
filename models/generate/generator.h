// SPDX-License-Identifier: Apache-2.0
// Generation: prompts in, tokens and text out, until something stops them.
#pragma once

#include "models/generate/language_model.h"

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace ashlar {

enum class StopReason { eos, stop_string, max_tokens, context_full, cancelled };
std::string_view name_of(StopReason reason);  // "eos", "stop_string", ...

struct GenerateOptions {
  std::int64_t max_tokens = 256;
  // One for all batch rows, or one for each; none: greedy. What the checkpoint suggests is ignored.
  std::vector<SamplingOptions> sampling;
  std::vector<std::string> stop_strings;  // generation ends before the first one that appears
  // Decode steps per submit; 0 chooses by the measured token time.
  std::int64_t steps_per_submit = 0;
};

// One row's result. `ids` holds everything the model chose, a stop token included; `text` ends
// before the stop token or stop string.
struct Generation {
  std::vector<std::int32_t> ids;
  std::string text;
  StopReason reason = StopReason::max_tokens;
  std::int64_t prompt_tokens = 0;
};

struct GenerationTimes {
  double prefill_seconds = 0;
  double decode_seconds = 0;
  std::int64_t decode_steps = 0;  // of the batch
  std::int64_t decode_submits = 0;
  std::int64_t decode_dispatches = 0;
};

// Receives text as it becomes certain; `row` is the batch row.
using TextCallback = std::function<void(std::int64_t row, std::string_view text)>;

// Generates from where the model's caches stand. One thread at a time per model.
class Generator {
public:
  explicit Generator(LanguageModel& model) : model_(model) {}

  // Appends each row's ids to its cache and continues it. Cancelling ends the present submit and
  // returns what there is. Throws InvalidArgument for an empty prompt, a prompt that does not fit
  // the context, ids outside the vocabulary, sampling options out of range, or ones that need a
  // model loaded with LoadOptions::sampling; nothing has run then.
  std::vector<Generation> run(const std::vector<std::vector<std::int32_t>>& prompts,
                              const GenerateOptions& options, const TextCallback& on_text = {},
                              std::stop_token cancel = {});

  // Of the last run.
  const GenerationTimes& times() const { return times_; }

private:
  void check_prompts(const std::vector<std::vector<std::int32_t>>& prompts) const;
  // The options of every row, checked.
  std::vector<SamplingOptions> row_sampling(const GenerateOptions& options) const;
  // `room`: tokens that every row which still runs has left in its context.
  std::int64_t choose_steps(const GenerateOptions& options, std::int64_t generated,
                            std::int64_t room) const;

  LanguageModel& model_;
  GenerationTimes times_;
};

}  // namespace ashlar
