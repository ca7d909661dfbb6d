// SPDX-License-Identifier: Apache-2.0
#include "models/generate/decoder_runtime.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>

namespace ashlar {

DecoderRuntime::DecoderRuntime(Device& device, const DecoderProgram& decoder,
                               std::int64_t max_positions, Program program,
                               const WeightSource& source)
    : device_(device), max_positions_(max_positions), ring_rows_(decoder.options().ring_rows),
      prefill_sizes_(decoder.options().prefill_sizes), window_(decoder.config().sliding_window),
      states_(device), executor_(device, std::move(program), states_),
      positions_(static_cast<std::size_t>(decoder.options().batch), 0), written_(positions_) {
  for (const nn::KvCache& cache : decoder.caches())
    for (const State* state : {&cache.key, &cache.value})
      caches_.push_back({state->name(), cache.ring});
  executor_.load_weights(source);
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

void DecoderRuntime::write_positions() {
  write_step(step::kPosition, std::vector<std::int32_t>(positions_.begin(), positions_.end()));
}

void DecoderRuntime::make_room(std::span<const std::int64_t> tokens) {
  std::int64_t rows = 0;
  for (std::size_t row = 0; row < positions_.size(); ++row)
    rows = std::max(rows, positions_[row] + tokens[row]);
  if (rows > max_positions_)
    throw InvalidArgument("generate", "{} tokens do not fit the context of {}", rows,
                          max_positions_);
  for (const CacheState& cache : caches_)
    if (cache.ring == 0)
      states_.grow(cache.name, rows, max_positions_);
}

bool DecoderRuntime::can_rewind(std::int64_t row, std::int64_t position) const {
  const auto at = static_cast<std::size_t>(row);
  if (position < 0 || position > positions_[at])
    return false;
  // A ring holds the last `ring` positions that were ever written; the row at `position` sees
  // window - 1 keys before it, and at 0 it needs none.
  const std::int64_t first_seen = std::max<std::int64_t>(0, position - window_ + 1);
  return position == 0 || std::ranges::all_of(caches_, [&](const CacheState& cache) {
           return cache.ring == 0 || first_seen >= written_[at] - cache.ring;
         });
}

void DecoderRuntime::rewind(std::span<const std::int64_t> positions) {
  for (std::int64_t row = 0; row < batch(); ++row)
    if (!can_rewind(row, positions[static_cast<std::size_t>(row)]))
      throw InvalidArgument("generate", "row {} cannot go from position {} to {}", row,
                            positions_[static_cast<std::size_t>(row)],
                            positions[static_cast<std::size_t>(row)]);
  positions_.assign(positions.begin(), positions.end());
  for (std::size_t row = 0; row < positions_.size(); ++row)
    if (positions_[row] == 0)
      written_[row] = 0;
  write_positions();
}

void DecoderRuntime::advance(std::size_t row, std::int64_t tokens) {
  positions_[row] += tokens;
  written_[row] = std::max(written_[row], positions_[row]);
}

void DecoderRuntime::write_prompt(std::span<const std::vector<std::int32_t>> rows,
                                  std::span<const std::int64_t> offsets, std::int64_t size) {
  const std::int64_t stride = prefill_sizes_.back();
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

void DecoderRuntime::prefill(std::span<const std::vector<std::int32_t>> rows) {
  std::vector<std::int64_t> offsets(rows.size(), 0);
  for (;;) {
    std::vector<std::int64_t> left;
    for (std::size_t row = 0; row < rows.size(); ++row)
      left.push_back(static_cast<std::int64_t>(rows[row].size()) - offsets[row]);
    const std::int64_t longest = std::ranges::max(left);
    if (longest == 0)
      return;
    const auto fitting = std::ranges::lower_bound(prefill_sizes_, longest);
    const std::int64_t size = fitting == prefill_sizes_.end() ? prefill_sizes_.back() : *fitting;
    for (std::int64_t& count : left)
      count = std::min(count, size);
    make_room(left);
    write_prompt(rows, offsets, size);
    executor_.run_and_wait(executor_.entry_index(fmt::format("prefill_{}", size)), {}, {});
    for (std::size_t row = 0; row < rows.size(); ++row) {
      offsets[row] += left[row];
      advance(row, left[row]);
    }
  }
}

std::vector<std::vector<std::int32_t>> DecoderRuntime::decode(std::span<const std::int32_t> tokens,
                                                              std::span<const bool> done,
                                                              std::int64_t steps) {
  if (steps < 1 || steps > ring_rows_)
    throw InvalidArgument("generate", "steps per submit: expected 1 to {}, got {}", ring_rows_,
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
  for (std::size_t row = 0; row < width; ++row)
    advance(row, static_cast<std::int64_t>(chosen[row].size()));
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
  write_prompt(rows, offsets, prefill_sizes_.back());

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
    advance(row, static_cast<std::int64_t>(rows[row].size()));

  std::vector<std::vector<std::byte>> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    results.emplace_back(byte_count(outputs[i].dtype, outputs[i].shape));
    device_.transfers().read(buffers[i], 0, results.back());
  }
  return results;
}

void DecoderRuntime::warm_up() {
  executor_.warm_up(executor_.entry_index("decode"));
}

}  // namespace ashlar
