// SPDX-License-Identifier: Apache-2.0
#include "models/convert/to_gguf.h"

#include "models/convert/gguf_metadata.h"
#include "models/convert/weight_rows.h"
#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/encode.h"
#include "models/formats/gguf/writer.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "convert";

// The name without a wrapper's prefix; none for tensors of the wrapper's other parts.
std::optional<std::string> decoder_name(std::string_view name, const ModelConfig& config) {
  if (config.model_type == config.decoder_type || name.starts_with("lm_head."))
    return std::string(name);
  for (const std::string_view prefix : {"language_model.", "model.language_model."})
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      const bool whole = name.starts_with("model.") || name.starts_with("lm_head.");
      return (whole ? "" : "model.") + std::string(name);
    }
  return std::nullopt;
}

bool is_query_or_key(std::string_view gguf_name) {
  return gguf_name.find(".attn_q.") != gguf_name.npos ||
         gguf_name.find(".attn_k.") != gguf_name.npos;
}

// Encodes one tensor, row by row.
class TensorEncoder {
public:
  TensorEncoder(const ModelSource& model, const WeightSpec& weight,
                const gguf::Architecture& architecture, WrittenTensor& written)
      : rows_(model, weight), written_(written) {
    if (architecture.interleaves_rope && is_query_or_key(written.name))
      head_rows_ = model.config().layers.front().head_dim;
    adds_one_ = architecture.adds_one_to_norms && written.name.ends_with("norm.weight");
  }

  std::vector<std::byte> encode() {
    std::vector<std::byte> bytes(*gguf::stored_bytes(written_.type, written_.shape));
    const auto row_bytes =
        bytes.size() / static_cast<std::size_t>(std::max<std::int64_t>(rows_.count(), 1));
    std::vector<float> row(rows_.width()), kept(rows_.width());
    double changed = 0, norm = 0;
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
      rows_.read(source_row(i), row);
      if (adds_one_)
        for (float& x : row)
          x += 1;
      const auto target =
          std::span(bytes).subspan(static_cast<std::size_t>(i) * row_bytes, row_bytes);
      gguf::encode(written_.type, row, target);
      gguf::decode(written_.type, target, kept);
      for (std::size_t j = 0; j < row.size(); ++j) {
        const double x = row[j], error = kept[j] - x;
        changed += error * error;
        norm += x * x;
      }
    }
    written_.relative_error = norm > 0 ? std::sqrt(changed / norm) : 0;
    return bytes;
  }

private:
  // See gguf::Architecture::interleaves_rope.
  std::int64_t source_row(std::int64_t row) const {
    if (head_rows_ == 0)
      return row;
    const std::int64_t i = row % head_rows_;
    return row - i + i / 2 + i % 2 * (head_rows_ / 2);
  }

  WeightRows rows_;
  WrittenTensor& written_;
  std::int64_t head_rows_ = 0;
  bool adds_one_ = false;
};

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void write_gguf(const ModelSource& model, const std::filesystem::path& out,
                const GgufRecipe& recipe,
                const std::function<void(const WrittenTensor&)>& on_tensor) {
  const ModelConfig& config = model.config();
  if (config.quantization)
    throw InvalidArgument(kUnit, "{} is quantised already", model.name());
  const gguf::Architecture& architecture = gguf::architecture_of(config.decoder_type);
  gguf::Metadata metadata = gguf_metadata(model);
  metadata["general.file_type"] = recipe.file_type;

  std::vector<gguf::TensorToWrite> tensors;
  if (const auto divisors = gguf_rope_divisors(config))
    tensors.push_back(
        {"rope_freqs.weight", gguf::BlockType::f32, {std::ssize(*divisors)}, [divisors] {
           return bytes_of(*divisors);
         }});
  for (const std::string& full : model.weight_names()) {
    const auto own = decoder_name(full, config);
    if (!own || (config.tied_embeddings && *own == "lm_head.weight"))
      continue;
    const auto name = gguf::gguf_name(architecture, *own);
    if (!name)
      throw Unsupported(kUnit, "tensor '{}' has no place in a GGUF file of architecture {}", full,
                        architecture.name);
    const WeightSpec weight = *model.find_weight(full);
    const gguf::BlockType type = recipe.type_of(*name, weight.shape, config);
    tensors.push_back(
        {*name, type, weight.shape,
         [&, weight, written = WrittenTensor{*name, type, weight.shape, 0}]() mutable {
           auto bytes = TensorEncoder(model, weight, architecture, written).encode();
           if (on_tensor)
             on_tensor(written);
           return bytes;
         }});
  }
  gguf::write(out, metadata, tensors);
}

}  // namespace ashlar
