// SPDX-License-Identifier: Apache-2.0
#include "models/generate/decoder_runtime.h"

#include "models/generate/sampler_values.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>

namespace ashlar {
namespace {

Program with_manifest(Program program) {
  if (!program.decoder)
    throw InvalidArgument("generate", "the program is no decoder: it has no manifest");
  return program;
}

}  // namespace

DecoderRuntime::DecoderRuntime(Device& device, Program program, const WeightSource& source,
                               const Progress& progress)
    : device_(device), states_(device),
      executor_(device, with_manifest(std::move(program)), states_),
      ids_(static_cast<std::size_t>(manifest().batch)), written_(ids_.size(), 0) {
  executor_.load_weights(with_progress(source, executor_.program(), progress));
  write_positions();
}

void DecoderRuntime::write_step(std::string_view name, std::span<const std::int32_t> values) {
  states_.write(name, 0, std::as_bytes(values));
}

std::vector<std::int32_t> DecoderRuntime::read_step(std::string_view name, std::size_t count) {
  std::vector<std::int32_t> values(count);
  states_.read(name, 0, std::as_writable_bytes(std::span(values)));
  return values;
}

std::vector<std::int64_t> DecoderRuntime::positions() const {
  std::vector<std::int64_t> positions;
  for (const std::vector<std::int32_t>& row : ids_)
    positions.push_back(static_cast<std::int64_t>(row.size()));
  return positions;
}

void DecoderRuntime::write_positions() {
  const std::vector<std::int64_t> now = positions();
  write_step(step::kPosition, std::vector<std::int32_t>(now.begin(), now.end()));
}

void DecoderRuntime::make_room(std::span<const std::int64_t> tokens) {
  std::int64_t rows = 0;
  for (std::size_t row = 0; row < ids_.size(); ++row)
    rows = std::max(rows, static_cast<std::int64_t>(ids_[row].size()) + tokens[row]);
  if (rows > max_positions())
    throw InvalidArgument("generate", "{} tokens do not fit the context of {}", rows,
                          max_positions());
  for (const CacheManifest& cache : manifest().caches)
    if (cache.ring == 0)
      states_.grow(cache.state, rows, max_positions());
}

bool DecoderRuntime::can_rewind(std::int64_t row, std::int64_t position) const {
  const auto at = static_cast<std::size_t>(row);
  if (position < 0 || position > static_cast<std::int64_t>(ids_[at].size()))
    return false;
  if (position == 0 || position == static_cast<std::int64_t>(ids_[at].size()))
    return true;
  if (!manifest().recurrent_states.empty())
    return false;
  // A ring holds the last `ring` positions that were ever written; the row at `position` sees
  // window - 1 keys before it.
  const std::int64_t first_seen = std::max<std::int64_t>(0, position - manifest().window + 1);
  return std::ranges::all_of(manifest().caches, [&](const CacheManifest& cache) {
    return cache.ring == 0 || first_seen >= written_[at] - cache.ring;
  });
}

void DecoderRuntime::rewind(std::span<const std::int64_t> positions) {
  for (std::int64_t row = 0; row < batch(); ++row)
    if (!can_rewind(row, positions[static_cast<std::size_t>(row)]))
      throw InvalidArgument("generate", "row {} cannot go from position {} to {}", row,
                            ids_[static_cast<std::size_t>(row)].size(),
                            positions[static_cast<std::size_t>(row)]);
  for (std::size_t row = 0; row < ids_.size(); ++row) {
    ids_[row].resize(static_cast<std::size_t>(positions[row]));
    if (positions[row] == 0)
      written_[row] = 0;
  }
  write_positions();
}

void DecoderRuntime::truncate(std::span<const std::int64_t> positions) {
  std::vector<std::int64_t> reached(positions.begin(), positions.end());
  std::vector<std::vector<std::int32_t>> again(ids_.size());
  for (std::size_t row = 0; row < ids_.size(); ++row)
    if (!can_rewind(static_cast<std::int64_t>(row), positions[row])) {
      again[row].assign(ids_[row].begin(), ids_[row].begin() + positions[row]);
      reached[row] = 0;
    }
  rewind(reached);
  prefill(again);
}

void DecoderRuntime::append(std::size_t row, std::span<const std::int32_t> ids) {
  ids_[row].insert(ids_[row].end(), ids.begin(), ids.end());
  written_[row] = std::max(written_[row], static_cast<std::int64_t>(ids_[row].size()));
}

void DecoderRuntime::set_sampling(std::span<const SamplingOptions> rows) {
  write_sampling(states_, manifest(), rows, ids_);
}

void DecoderRuntime::write_prompt(std::span<const std::vector<std::int32_t>> rows,
                                  std::span<const std::int64_t> offsets, std::int64_t size) {
  const std::int64_t stride = manifest().prefill_sizes.back();
  std::vector<std::int32_t> prompt(static_cast<std::size_t>(batch() * stride), 0), valid;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto left = static_cast<std::int64_t>(rows[row].size()) - offsets[row];
    const std::int64_t count = std::clamp<std::int64_t>(left, 0, size);
    std::copy_n(rows[row].begin() + offsets[row], count,
                prompt.begin() + static_cast<std::ptrdiff_t>(row) * stride);
    valid.push_back(static_cast<std::int32_t>(count));
  }
  write_step(step::kPrompt, prompt);
  write_step(step::kValid, valid);
}

void DecoderRuntime::prefill(std::span<const std::vector<std::int32_t>> rows,
                             std::stop_token cancel) {
  const std::vector<std::int64_t>& sizes = manifest().prefill_sizes;
  std::vector<std::int64_t> offsets(rows.size(), 0);
  while (!cancel.stop_requested()) {
    std::vector<std::int64_t> left;
    for (std::size_t row = 0; row < rows.size(); ++row)
      left.push_back(static_cast<std::int64_t>(rows[row].size()) - offsets[row]);
    const std::int64_t longest = std::ranges::max(left);
    if (longest == 0)
      return;
    const auto fitting = std::ranges::lower_bound(sizes, longest);
    const std::int64_t size = fitting == sizes.end() ? sizes.back() : *fitting;
    for (std::int64_t& count : left)
      count = std::min(count, size);
    make_room(left);
    write_prompt(rows, offsets, size);
    executor_.run_and_wait(executor_.entry_index(prefill_entry(size)), {}, {});
    for (std::size_t row = 0; row < rows.size(); ++row) {
      append(row, std::span(rows[row]).subspan(static_cast<std::size_t>(offsets[row]),
                                               static_cast<std::size_t>(left[row])));
      offsets[row] += left[row];
    }
  }
}

std::vector<std::vector<std::int32_t>> DecoderRuntime::decode(std::span<const std::int32_t> tokens,
                                                              std::span<const bool> done,
                                                              std::int64_t steps) {
  if (steps < 1 || steps > max_steps())
    throw InvalidArgument("generate", "steps per submit: expected 1 to {}, got {}", max_steps(),
                          steps);
  std::vector<std::int64_t> most;
  for (bool ended : done)
    most.push_back(ended ? 0 : steps);
  make_room(most);
  write_step(step::kToken, tokens);
  write_step(step::kDone, std::vector<std::int32_t>(done.begin(), done.end()));
  write_step(step::kCount, std::vector<std::int32_t>{0});
  executor_.run_and_wait(executor_.entry_index("decode"), {}, {},
                         static_cast<std::uint32_t>(steps));

  const auto width = static_cast<std::size_t>(batch());
  const std::vector<std::int32_t> ring =
      read_step(step::kRing, static_cast<std::size_t>(steps) * width);
  std::vector<std::vector<std::int32_t>> chosen(width);
  for (std::size_t i = 0; i < ring.size(); ++i)
    if (ring[i] != kNoToken)
      chosen[i % width].push_back(ring[i]);
  for (std::size_t row = 0; row < width; ++row) {
    if (chosen[row].empty())
      continue;
    append(row, tokens.subspan(row, 1));
    append(row, std::span(chosen[row]).first(chosen[row].size() - 1));
  }
  return chosen;
}

std::vector<std::vector<std::byte>>
DecoderRuntime::run_chunk(std::string_view entry, std::span<const std::vector<std::int32_t>> rows) {
  const std::uint32_t index = executor_.entry_index(entry);
  std::vector<std::int64_t> sizes;
  for (const auto& row : rows)
    sizes.push_back(static_cast<std::int64_t>(row.size()));
  make_room(sizes);
  const std::vector<std::int64_t> offsets(rows.size(), 0);
  write_prompt(rows, offsets, manifest().prefill_sizes.back());

  std::vector<Buffer> buffers;
  std::vector<BufferView> views;
  const std::vector<ValueSpec>& outputs = executor_.program().entries[index].outputs;
  for (const ValueSpec& output : outputs)
    buffers.emplace_back(device_, byte_count(output.dtype, output.shape), Residency::arena,
                         output.name);
  for (const Buffer& buffer : buffers)
    views.push_back({&buffer, 0});
  executor_.run_and_wait(index, {}, views);
  for (std::size_t row = 0; row < rows.size(); ++row)
    append(row, rows[row]);

  std::vector<std::vector<std::byte>> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    results.emplace_back(byte_count(outputs[i].dtype, outputs[i].shape));
    device_.transfers().read(buffers[i], 0, results.back());
  }
  return results;
}

std::int64_t DecoderRuntime::tokens_per_run(std::string_view entry) const {
  for (const std::int64_t size : manifest().prefill_sizes)
    if (entry == prefill_entry(size))
      return size;
  return 1;
}

void DecoderRuntime::stage(std::string_view entry, std::int64_t context, std::int64_t repeat) {
  if (context < 0 || repeat < 1 || repeat > max_steps())
    throw InvalidArgument("generate", "cannot run {} {} times behind {} tokens", entry, repeat,
                          context);
  const std::size_t rows = ids_.size();
  const std::int64_t tokens = tokens_per_run(entry);
  ids_.assign(rows, std::vector<std::int32_t>(static_cast<std::size_t>(context), 0));
  written_.assign(rows, context);
  make_room(std::vector<std::int64_t>(rows, tokens * repeat));
  write_positions();
  if (entry == "decode") {
    for (std::string_view zeroed : {step::kToken, step::kDone})
      write_step(zeroed, std::vector<std::int32_t>(rows, 0));
    write_step(step::kCount, std::vector<std::int32_t>{0});
  } else {
    const std::vector<std::vector<std::int32_t>> prompt(
        rows, std::vector<std::int32_t>(static_cast<std::size_t>(tokens), 0));
    write_prompt(prompt, std::vector<std::int64_t>(rows, 0), tokens);
  }
}

void DecoderRuntime::warm_up() {
  executor_.warm_up(executor_.entry_index("decode"));
}

}  // namespace ashlar
