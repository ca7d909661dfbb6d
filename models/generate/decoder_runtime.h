// SPDX-License-Identifier: Apache-2.0
// A decoder on a device: its program, weights, caches and what every batch row holds in them.
//
// Everything it knows of the model is in the program's manifest. This is the layer between ids and
// the executor: it cuts prompts into prefill chunks, makes room in the caches, and submits k decode
// steps at a time. Text, sampling policy and stop strings belong to Generator and Session. One
// thread at a time.
#pragma once

#include "models/generate/progress.h"
#include "models/generate/sampling_options.h"
#include "runtime/executor/executor.h"
#include "runtime/executor/state_store.h"
#include "runtime/program/decoder_manifest.h"
#include "runtime/vulkan/device.h"

#include <span>
#include <stop_token>
#include <vector>

namespace ashlar {

class DecoderRuntime {
public:
  // `program` was compiled for this device and has a manifest. Weights come from `source`. The
  // device must outlive the runtime. Throws InvalidArgument where there is no manifest, and what
  // Executor throws.
  DecoderRuntime(Device& device, Program program, const WeightSource& source,
                 const Progress& progress = {});

  std::int64_t batch() const { return static_cast<std::int64_t>(ids_.size()); }
  std::int64_t max_positions() const { return manifest().max_positions; }
  // The ids whose keys and values the caches hold, per row, and how many they are.
  const std::vector<std::vector<std::int32_t>>& ids() const { return ids_; }
  std::vector<std::int64_t> positions() const;

  // The next token of every row appends at its position. Positions may only go back to where the
  // layers still hold what they need: see can_rewind.
  void rewind(std::span<const std::int64_t> positions);
  // Whether a row that stands at positions()[row] may go back to `position`. Full-attention caches
  // always may; rings forget; recurrent states only know their beginning and now.
  bool can_rewind(std::int64_t row, std::int64_t position) const;
  // Every row keeps its first positions[row] ids: by going back there, or, where that cannot be, by
  // starting over and prefilling them again.
  void truncate(std::span<const std::int64_t> positions);

  // Appends ids to every row's cache; rows may differ in length, also be empty. Cancelling ends it
  // after the chunk that runs.
  void prefill(std::span<const std::vector<std::int32_t>> rows, std::stop_token cancel = {});

  // Whether the program can choose other tokens than the most likely ones.
  bool has_sampler() const { return manifest().sampler_vocabulary > 0; }
  // How each row's tokens are chosen from now on; with a sampler only. The repetition penalty
  // counts what the caches hold now and what is fed from now on.
  void set_sampling(std::span<const SamplingOptions> rows);

  // Feeds `tokens` (one per row) and runs `steps` steps in one submit. Returns the chosen tokens
  // per row, ended at a stop token (included). Rows that are `done` produce nothing. Steps must be
  // at most max_steps() and leave no row beyond max_positions().
  std::vector<std::vector<std::int32_t>> decode(std::span<const std::int32_t> tokens,
                                                std::span<const bool> done, std::int64_t steps);
  std::int64_t max_steps() const { return manifest().ring_rows; }

  // Runs one prefill-sized chunk of `entry` ("logits_T") and returns its outputs as bytes.
  std::vector<std::vector<std::byte>> run_chunk(std::string_view entry,
                                                std::span<const std::vector<std::int32_t>> rows);

  // Compiles decode's kernels in the driver, so that no token waits for them. Those of a prefill
  // size are compiled by the first prompt that needs it: most need one size of several.
  void warm_up();

  // For measurements: readies an entry (decode, prefill_T with all T rows) to be run `repeat` times
  // by the executor, as if every row had `context` tokens in its caches; they are zeros where
  // nothing was computed. The runs themselves are not counted: positions() stays at `context`.
  void stage(std::string_view entry, std::int64_t context, std::int64_t repeat);

  Executor& executor() { return executor_; }
  const DecoderManifest& manifest() const { return *executor_.program().decoder; }
  const Executor& executor() const { return executor_; }
  Device& device() { return device_; }

private:
  void write_step(std::string_view name, std::span<const std::int32_t> values);
  std::vector<std::int32_t> read_step(std::string_view name, std::size_t count);
  void write_positions();
  void write_prompt(std::span<const std::vector<std::int32_t>> rows,
                    std::span<const std::int64_t> offsets, std::int64_t size);
  // Makes the caches hold that many more tokens of each row.
  void make_room(std::span<const std::int64_t> tokens);
  // The caches of `row` hold these ids too.
  void append(std::size_t row, std::span<const std::int32_t> ids);
  std::int64_t tokens_per_run(std::string_view entry) const;

  Device& device_;
  StateStore states_;
  Executor executor_;
  std::vector<std::vector<std::int32_t>> ids_;
  std::vector<std::int64_t> written_;  // per row: one past the last position in the caches
};

}  // namespace ashlar
