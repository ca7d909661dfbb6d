// SPDX-License-Identifier: Apache-2.0
#include "models/compile/encoder_model.h"

#include "models/compile/encoder_input.h"
#include "models/generate/encoder_source.h"
#include "runtime/array/compile_graph.h"
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

nn::Weights weights_of(const EncoderSource& source) {
  return nn::Weights(
      [&source](std::string_view name) -> std::optional<ArrayType> {
        const auto tensor = source.find_weight(name);
        return tensor ? std::optional(ArrayType{tensor->dtype, tensor->shape}) : std::nullopt;
      },
      source.quantization());
}

PoolingConfig pooling_of(const EncoderSource& source, const EncoderOptions& options) {
  PoolingConfig config = source.pooling();
  config.pooling = options.pooling.value_or(config.pooling);
  config.normalize = options.normalize.value_or(config.normalize);
  return config;
}

EncoderProgramOptions program_options(const EncoderConfig& config, const PoolingConfig& pooling,
                                      const EncoderOptions& options) {
  const EncoderOutput natural =
      config.labels > 0 ? EncoderOutput::scores : EncoderOutput::embedding;
  EncoderProgramOptions result{.output = options.output.value_or(natural),
                               .pooling = pooling,
                               .dtype = options.dtype.value_or(config.dtype.value_or(DType::f32)),
                               .batch = options.batch,
                               .sizes = {}};
  if (result.output == EncoderOutput::scores && config.labels == 0)
    throw InvalidArgument("encoder", "the checkpoint has no classifier, so it gives no scores");
  if (result.batch < 1)
    throw InvalidArgument("encoder", "expected a batch of at least 1, got {}", result.batch);
  const std::vector<std::int64_t>& sizes = options.sizes;
  if (sizes.empty() || sizes.front() < 1 || !std::ranges::is_sorted(sizes, std::less_equal()))
    throw InvalidArgument("encoder", "sizes must be positive and ascending");
  const std::int64_t most = std::min(
      {config.max_positions, sizes.back(), pooling.max_tokens.value_or(config.max_positions)});
  std::ranges::copy_if(sizes, std::back_inserter(result.sizes),
                       [&](std::int64_t size) { return size < most; });
  result.sizes.push_back(most);
  return result;
}

// Room for a value of an entry, and the bytes that it takes.
Buffer buffer_for(Device& device, const ValueSpec& value) {
  return Buffer(device, byte_count(value.dtype, value.shape), Residency::step, value.name);
}

}  // namespace

struct EncoderModel::Parts {
  Parts(const fs::path& model, const EncoderOptions& options)
      : path(model), source(open_encoder(model)), config(source->config()),
        program(program_options(config, pooling_of(*source, options), options)),
        entries(encoder_entries(config, weights_of(*source), program)), states(device),
        executor(device, compile_graph(trace_entries(entries), device.profile()), states),
        tokenizer(source->find_tokenizer()) {
    executor.load_weights(with_progress(
        [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
          source->read_weight(weight, offset, chunk);
        },
        executor.program(), options.progress));
  }

  // Up to `batch` inputs in one pass.
  void run(std::span<const EncoderInput> inputs, std::vector<std::vector<float>>& rows);
  void write(const Buffer& buffer, std::span<const std::int32_t> values) {
    device.transfers().write(buffer, 0, std::as_bytes(values));
  }

  fs::path path;
  std::unique_ptr<const EncoderSource> source;
  const EncoderConfig& config;
  EncoderProgramOptions program;
  std::vector<EntryDefinition> entries;
  Device device;
  StateStore states;
  Executor executor;
  std::optional<Tokenizer> tokenizer;
};

void EncoderModel::Parts::run(std::span<const EncoderInput> inputs,
                              std::vector<std::vector<float>>& rows) {
  std::size_t longest = 0;
  for (const EncoderInput& input : inputs)
    longest = std::max(longest, input.ids.size());
  const std::int64_t tokens =
      *std::ranges::lower_bound(program.sizes, static_cast<std::int64_t>(longest));
  const auto width = static_cast<std::size_t>(tokens);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(program.batch) * width), types(ids.size()),
      valid(static_cast<std::size_t>(program.batch));
  for (std::size_t row = 0; row < inputs.size(); ++row) {
    std::ranges::copy(inputs[row].ids, ids.begin() + static_cast<std::ptrdiff_t>(row * width));
    std::ranges::copy(inputs[row].type_ids,
                      types.begin() + static_cast<std::ptrdiff_t>(row * width));
    valid[row] = static_cast<std::int32_t>(inputs[row].ids.size());
  }
  const std::uint32_t index = executor.entry_index(fmt::format("encode_{}", tokens));
  const Entry& entry = executor.program().entries[index];
  std::vector<Buffer> buffers;
  std::vector<BufferView> views;
  for (const ValueSpec& value : entry.inputs) {
    buffers.push_back(buffer_for(device, value));
    write(buffers.back(), value.name == "ids" ? ids : value.name == "types" ? types : valid);
  }
  for (const Buffer& buffer : buffers)
    views.push_back({&buffer, 0});
  const ValueSpec& result = entry.outputs.front();
  const Buffer output = buffer_for(device, result);
  executor.run_and_wait(index, views, std::vector<BufferView>{{&output, 0}});

  std::vector<float> values(static_cast<std::size_t>(result.shape.element_count()));
  device.transfers().read(output, 0, std::as_writable_bytes(std::span(values)));
  const std::size_t stride = values.size() / static_cast<std::size_t>(program.batch);
  for (std::size_t row = 0; row < inputs.size(); ++row) {
    const bool per_token = program.output == EncoderOutput::hidden_states;
    const std::size_t count = per_token ? stride / width * inputs[row].ids.size() : stride;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * stride);
    rows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
}

EncoderModel::EncoderModel(const fs::path& path, const EncoderOptions& options)
    : parts_(std::make_unique<Parts>(path, options)) {}

EncoderModel::~EncoderModel() = default;

const EncoderConfig& EncoderModel::config() const {
  return parts_->config;
}

EncoderOutput EncoderModel::output() const {
  return parts_->program.output;
}

std::int64_t EncoderModel::max_tokens() const {
  return parts_->program.sizes.back();
}

EncoderInput EncoderModel::tokenize(std::string_view text) const {
  std::vector<std::int32_t> ids = tokenizer().encode(text, true);
  std::vector<std::int32_t> types(ids.size(), 0);
  return cut_to({std::move(ids), std::move(types)}, max_tokens());
}

EncoderInput EncoderModel::tokenize(std::string_view first, std::string_view second) const {
  EncoderInput pair = cut_to(tokenizer().encode_pair(first, second, true), max_tokens());
  if (config().token_types == 1)  // whatever the tokenizer says
    std::ranges::fill(pair.type_ids, 0);
  return pair;
}

const Tokenizer& EncoderModel::tokenizer() const {
  if (!parts_->tokenizer)
    throw IoError("encoder", "'{}' has no tokenizer; give ids instead of text",
                  parts_->path.native());
  return *parts_->tokenizer;
}

std::vector<std::vector<float>> EncoderModel::run(std::span<const EncoderInput> inputs) {
  for (const EncoderInput& input : inputs)
    check_row(input, config(), max_tokens());
  const auto batch = static_cast<std::size_t>(parts_->program.batch);
  std::vector<std::vector<float>> rows;
  for (std::size_t at = 0; at < inputs.size(); at += batch)
    parts_->run(inputs.subspan(at, std::min(batch, inputs.size() - at)), rows);
  return rows;
}

}  // namespace ashlar
