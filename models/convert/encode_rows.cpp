// SPDX-License-Identifier: Apache-2.0
#include "models/convert/encode_rows.h"

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/encode.h"
#include "models/formats/gguf/head_order.h"

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

float stored(gguf::StoredAs form, float x) {
  switch (form) {
  case gguf::StoredAs::itself:
    return x;
  case gguf::StoredAs::one_more:
    return x + 1;
  case gguf::StoredAs::negative_exponential:
    return -std::exp(x);
  }
  __builtin_unreachable();
}

// A tensor's rows in the order and with the numbers that the file has.
class FileRows {
public:
  FileRows(const ModelConfig& config, const ReadRow& read, std::string_view tensor,
           std::int64_t rows)
      : config_(config), read_(read), count_(rows),
        architecture_(gguf::architecture_of(config.decoder_type)),
        interleaves_(architecture_.interleaves_rope && is_query_or_key(tensor)) {
    const std::string name = gguf::checkpoint_name(architecture_, tensor).value_or("");
    form_ = gguf::stored_as(architecture_, name);
    if (!architecture_.tiles_value_heads)
      return;
    rows_ =
        gguf::rows_by_head(gguf::name_in_layer(name), *config.recurrence, gguf::HeadOrder::of_file);
    columns_ = gguf::columns_by_head(gguf::name_in_layer(name), *config.recurrence,
                                     gguf::HeadOrder::of_file);
  }

  void read(std::int64_t row, std::span<float> out) {
    if (interleaves_)
      row = interleaved_row(row, config_.layers.front().head_dim);
    read_(rows_ ? rows_->stored_row(row, count_) : row, out);
    if (columns_) {
      before_.assign(out.begin(), out.end());
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = before_[static_cast<std::size_t>(columns_->stored_row(
            static_cast<std::int64_t>(i), static_cast<std::int64_t>(out.size())))];
    }
    for (float& x : out)
      x = stored(form_, x);
  }

private:
  const ModelConfig& config_;
  const ReadRow& read_;
  std::int64_t count_;
  const gguf::Architecture& architecture_;
  bool interleaves_;
  gguf::StoredAs form_;
  std::optional<RowSelection> rows_, columns_;
  std::vector<float> before_;
};

}  // namespace

std::vector<std::byte> encode_rows(const ModelConfig& config, const ReadRow& read_row,
                                   WrittenTensor& written) {
  const std::int64_t width = written.shape.rank() < 2 ? 1 : written.shape.dim(-1),
                     rows = width == 0 ? 0 : written.shape.element_count() / width;
  FileRows file_rows(config, read_row, written.name, rows);
  std::vector<std::byte> bytes(*gguf::stored_bytes(written.type, written.shape));
  const std::size_t row_bytes =
      bytes.size() / static_cast<std::size_t>(std::max<std::int64_t>(rows, 1));
  std::vector<float> row(static_cast<std::size_t>(width)), kept(row.size());
  double changed = 0, norm = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    file_rows.read(i, row);
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
