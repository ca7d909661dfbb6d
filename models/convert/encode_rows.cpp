// SPDX-License-Identifier: Apache-2.0
#include "models/convert/encode_rows.h"

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/encode.h"

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

// In heads of `head_rows`; see gguf::Architecture::interleaves_rope.
std::int64_t interleaved_row(std::int64_t row, std::int64_t head_rows) {
  const std::int64_t i = row % head_rows;
  return row - i + i / 2 + i % 2 * (head_rows / 2);
}

bool is_query_or_key(std::string_view name) {
  return name.find(".attn_q.") != name.npos || name.find(".attn_k.") != name.npos;
}

}  // namespace

std::vector<std::byte> encode_rows(const ModelConfig& config, const ReadRow& read_row,
                                   WrittenTensor& written) {
  const gguf::Architecture& architecture = gguf::architecture_of(config.decoder_type);
  const bool interleaves = architecture.interleaves_rope && is_query_or_key(written.name),
             adds_one = architecture.adds_one_to_norms && written.name.ends_with("norm.weight");
  const std::int64_t width = written.shape.rank() < 2 ? 1 : written.shape.dim(-1),
                     rows = width == 0 ? 0 : written.shape.element_count() / width;
  std::vector<std::byte> bytes(*gguf::stored_bytes(written.type, written.shape));
  const std::size_t row_bytes =
      bytes.size() / static_cast<std::size_t>(std::max<std::int64_t>(rows, 1));
  std::vector<float> row(static_cast<std::size_t>(width)), kept(row.size());
  double changed = 0, norm = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    read_row(interleaves ? interleaved_row(i, config.layers.front().head_dim) : i, row);
    if (adds_one)
      for (float& x : row)
        x += 1;
    const auto target =
        std::span(bytes).subspan(static_cast<std::size_t>(i) * row_bytes, row_bytes);
    gguf::encode(written.type, row, target);
    gguf::decode(written.type, target, kept);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double x = row[j], error = kept[j] - x;
      changed += error * error;
      norm += x * x;
    }
  }
  written.relative_error = norm > 0 ? std::sqrt(changed / norm) : 0;
  return bytes;
}

}  // namespace ashlar
