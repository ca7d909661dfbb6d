// SPDX-License-Identifier: Apache-2.0
#include "models/compile/logits.h"

#include "models/compile/load_model.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

// The largest number of rows that one pass takes when no chunk is asked for.
constexpr std::int64_t kLargestPass = 512;

std::int64_t checked_length(const std::vector<std::vector<std::int32_t>>& rows,
                            const ModelConfig& config) {
  if (rows.empty() || rows.front().empty())
    throw InvalidArgument("logits", "no ids were given");
  const auto length = static_cast<std::int64_t>(rows.front().size());
  for (const auto& row : rows) {
    if (static_cast<std::int64_t>(row.size()) != length)
      throw InvalidArgument("logits", "rows differ in length: {} and {}", length, row.size());
    for (std::int32_t id : row)
      if (id < 0 || id >= config.vocab_size)
        throw InvalidArgument("logits", "id {} is outside the vocabulary of {}", id,
                              config.vocab_size);
  }
  if (length > config.max_positions)
    throw InvalidArgument("logits", "{} tokens do not fit the context of {}", length,
                          config.max_positions);
  return length;
}

// Places an output [B, chunk, N] of the rows [start, start + count) into [B, length, N].
void place(NamedTensor& target, const std::vector<std::byte>& output, std::int64_t chunk,
           std::int64_t start, std::int64_t count, DType dtype) {
  const std::int64_t batch = target.shape.dim(0), length = target.shape.dim(1),
                     width = target.shape.dim(2);
  const auto element = [&](std::int64_t i) -> float {
    if (dtype == DType::f32) {
      float value;
      std::memcpy(&value, output.data() + i * 4, 4);
      return value;
    }
    std::uint16_t bits;
    std::memcpy(&bits, output.data() + i * 2, 2);
    return dtype == DType::bf16 ? bf16_to_float(bits) : f16_to_float(bits);
  };
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t t = 0; t < count; ++t)
      for (std::int64_t i = 0; i < width; ++i)
        target.values[static_cast<std::size_t>((b * length + start + t) * width + i)] =
            element((b * chunk + t) * width + i);
}

}  // namespace

struct LogitsModel::Parts {
  Parts(std::unique_ptr<const ModelSource> opened, std::int64_t batch, std::int64_t rows_per_pass,
        const LogitsOptions& options)
      : source(std::move(opened)), chunk(rows_per_pass),
        decoder(source->config(), weights_of(*source),
                {.dtype = options.dtype.value_or(source->default_dtype()),
                 .batch = batch,
                 .prefill_sizes = {rows_per_pass},
                 .stop_tokens = {}}),
        entry(decoder.logits_entry(chunk, options.hidden_states)),
        runtime(
            device, compile_entries(decoder, {entry}, device.profile(), options.progress),
            [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> bytes) {
              source->read_weight(weight, offset, bytes);
            },
            options.progress) {
    if (options.progress)
      options.progress("running");
  }

  std::unique_ptr<const ModelSource> source;
  std::int64_t chunk;
  Device device;
  DecoderProgram decoder;
  EntryDefinition entry;
  DecoderRuntime runtime;
};

LogitsModel::LogitsModel(std::unique_ptr<const ModelSource> source, std::int64_t batch,
                         std::int64_t length, const LogitsOptions& options)
    : parts_(std::make_unique<Parts>(
          std::move(source), batch,
          options.chunk > 0 ? options.chunk : std::min(length, kLargestPass), options)) {}

LogitsModel::~LogitsModel() = default;

std::vector<NamedTensor> LogitsModel::run(const std::vector<std::vector<std::int32_t>>& rows) {
  DecoderRuntime& runtime = parts_->runtime;
  const std::int64_t length = checked_length(rows, parts_->source->config()), chunk = parts_->chunk;
  if (static_cast<std::int64_t>(rows.size()) != runtime.batch())
    throw InvalidArgument("logits", "expected {} rows, got {}", runtime.batch(), rows.size());
  runtime.rewind(std::vector<std::int64_t>(rows.size(), 0));

  const std::vector<ValueSpec>& outputs = runtime.executor().program().entries.front().outputs;
  std::vector<NamedTensor> tensors;
  for (const ValueSpec& output : outputs) {
    const Shape shape{runtime.batch(), length, output.shape.dim(2)};
    tensors.push_back(
        {output.name, shape, std::vector<float>(static_cast<std::size_t>(shape.element_count()))});
  }
  for (std::int64_t start = 0; start < length; start += chunk) {
    const std::int64_t count = std::min(chunk, length - start);
    std::vector<std::vector<std::int32_t>> pieces;
    for (const auto& row : rows)
      pieces.emplace_back(row.begin() + start, row.begin() + start + count);
    const auto results = runtime.run_chunk(parts_->entry.name, pieces);
    for (std::size_t i = 0; i < tensors.size(); ++i)
      place(tensors[i], results[i], chunk, start, count, outputs[i].dtype);
  }
  return tensors;
}

std::vector<NamedTensor> compute_logits(const std::filesystem::path& path,
                                        const std::vector<std::vector<std::int32_t>>& rows,
                                        const LogitsOptions& options) {
  auto source = open_model(path);
  const std::int64_t length = checked_length(rows, source->config());
  return LogitsModel(std::move(source), static_cast<std::int64_t>(rows.size()), length, options)
      .run(rows);
}

}  // namespace ashlar
