// SPDX-License-Identifier: Apache-2.0
#include "models/generate/generator.h"

#include "models/generate/row_output.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <chrono>

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;

// A submit of several steps is noticed as a pause in streamed text, and must stay far below any
// driver's watchdog.
constexpr double kSubmitSeconds = 0.05;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

std::string_view name_of(StopReason reason) {
  switch (reason) {
  case StopReason::eos:
    return "eos";
  case StopReason::stop_string:
    return "stop_string";
  case StopReason::max_tokens:
    return "max_tokens";
  case StopReason::context_full:
    return "context_full";
  case StopReason::cancelled:
    return "cancelled";
  }
  __builtin_unreachable();
}

void Generator::check_prompts(const std::vector<std::vector<std::int32_t>>& prompts) const {
  const DecoderRuntime& runtime = model_.runtime();
  if (static_cast<std::int64_t>(prompts.size()) != runtime.batch())
    throw InvalidArgument("generate", "expected {} prompts, one per batch row, got {}",
                          runtime.batch(), prompts.size());
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    if (prompts[row].empty())
      throw InvalidArgument("generate", "prompt {} is empty; give at least one token", row);
    const std::int64_t needed =
        runtime.positions()[row] + static_cast<std::int64_t>(prompts[row].size());
    if (needed > runtime.max_positions())
      throw InvalidArgument("generate",
                            "prompt {}: {} tokens do not fit the context of {}; shorten the prompt",
                            row, needed, runtime.max_positions());
    for (std::int32_t id : prompts[row])
      if (id < 0 || id >= model_.config().vocab_size)
        throw InvalidArgument("generate", "prompt {}: id {} is outside the vocabulary of {}", row,
                              id, model_.config().vocab_size);
  }
}

std::vector<SamplingOptions> Generator::row_sampling(const GenerateOptions& options) const {
  const auto batch = static_cast<std::size_t>(model_.runtime().batch());
  std::vector<SamplingOptions> rows = options.sampling;
  if (rows.size() < 2)
    rows.resize(batch, rows.empty() ? SamplingOptions() : rows.front());
  if (rows.size() != batch)
    throw InvalidArgument("generate", "sampling options: expected one or one per row ({}), got {}",
                          batch, rows.size());
  for (const SamplingOptions& row : rows) {
    check_sampling(row);
    if (row.needs_sampler() && !model_.runtime().has_sampler())
      throw InvalidArgument("generate", "the model was loaded for greedy decoding; load it with "
                                        "LoadOptions::sampling");
  }
  return rows;
}

std::int64_t Generator::choose_steps(const GenerateOptions& options, std::int64_t generated,
                                     std::int64_t room) const {
  const DecoderRuntime& runtime = model_.runtime();
  const std::int64_t wanted = std::min({options.max_tokens - generated, room, runtime.max_steps()});
  if (options.steps_per_submit > 0)
    return std::min(wanted, options.steps_per_submit);
  if (times_.decode_steps == 0)
    return std::min<std::int64_t>(wanted, 1);
  const double per_step = times_.decode_seconds / static_cast<double>(times_.decode_steps);
  const auto fitting = static_cast<std::int64_t>(kSubmitSeconds / per_step);
  return std::min(wanted, std::max<std::int64_t>(fitting, 1));
}

std::vector<Generation> Generator::run(const std::vector<std::vector<std::int32_t>>& prompts,
                                       const GenerateOptions& options, const TextCallback& on_text,
                                       std::stop_token cancel) {
  check_prompts(prompts);
  for (const std::string& stop : options.stop_strings)
    if (stop.empty())
      throw InvalidArgument("generate", "a stop string is empty");
  const std::vector<SamplingOptions> sampling = row_sampling(options);
  times_ = {};
  DecoderRuntime& runtime = model_.runtime();

  std::vector<RowOutput> rows;
  std::vector<std::int32_t> next;
  std::vector<std::vector<std::int32_t>> heads;
  for (const auto& prompt : prompts) {
    rows.emplace_back(model_.has_tokenizer() ? &model_.tokenizer() : nullptr, options.stop_strings,
                      model_.stop_tokens());
    next.push_back(prompt.back());
    heads.emplace_back(prompt.begin(), prompt.end() - 1);
  }
  const auto prefill_start = Clock::now();
  runtime.prefill(heads, cancel);
  if (runtime.has_sampler())
    runtime.set_sampling(sampling);
  times_.prefill_seconds = seconds_since(prefill_start);

  const auto end_all = [&](StopReason reason) {
    for (RowOutput& row : rows)
      row.end(reason);
  };
  const auto all_ended = [&] { return std::ranges::all_of(rows, &RowOutput::ended); };
  if (options.max_tokens <= 0)
    end_all(StopReason::max_tokens);
  for (std::int64_t generated = 0; !all_ended();) {
    if (cancel.stop_requested()) {
      end_all(StopReason::cancelled);
      break;
    }
    std::int64_t room = runtime.max_positions();
    for (std::size_t row = 0; row < rows.size(); ++row)
      if (!rows[row].ended())
        room = std::min(room, runtime.max_positions() - runtime.positions()[row]);
    const std::int64_t steps = choose_steps(options, generated, room);
    if (steps < 1) {
      end_all(StopReason::context_full);
      break;
    }
    const auto flags = std::make_unique<bool[]>(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
      flags[row] = rows[row].ended();
    const std::uint64_t dispatches = runtime.executor().counters().dispatches;
    const auto start = Clock::now();
    const std::vector<std::int64_t> before = runtime.positions();
    const auto chosen = runtime.decode(next, {flags.get(), rows.size()}, steps);
    times_.decode_seconds += seconds_since(start);
    times_.decode_steps += steps;
    times_.decode_submits += 1;
    times_.decode_dispatches +=
        static_cast<std::int64_t>(runtime.executor().counters().dispatches - dispatches);
    generated += steps;

    std::vector<std::int64_t> kept = runtime.positions();
    for (std::size_t row = 0; row < rows.size(); ++row) {
      kept[row] = before[row] + rows[row].take(chosen[row], options.max_tokens);
      if (!chosen[row].empty())
        next[row] = chosen[row].back();
      if (const std::string text = rows[row].new_text(); on_text && !text.empty())
        on_text(static_cast<std::int64_t>(row), text);
    }
    if (kept != runtime.positions())
      runtime.truncate(kept);
  }

  std::vector<Generation> results;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (const std::string text = rows[row].new_text(); on_text && !text.empty())
      on_text(static_cast<std::int64_t>(row), text);
    results.push_back(rows[row].result());
    results.back().prompt_tokens = static_cast<std::int64_t>(prompts[row].size());
  }
  return results;
}

}  // namespace ashlar
