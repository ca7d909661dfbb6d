// SPDX-License-Identifier: Apache-2.0
#include "models/quantize/quantize_matrix.h"

#include "runtime/array/eval.h"
#include "runtime/array/ops.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ashlar {
namespace {

// Elements on the device at once, and for each a few bytes of temporaries.
constexpr std::int64_t kChunk = std::int64_t{1} << 22;

void append(std::vector<std::byte>& bytes, const Array& array) {
  const std::vector<std::byte> more = array.to_bytes();
  bytes.insert(bytes.end(), more.begin(), more.end());
}

double total_of(const Array& rows) {
  const std::vector<float> values = rows.to_vector<float>();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

QuantizedMatrix quantize_matrix(const CheckpointTensor& matrix, const AffineEncoding& encoding) {
  const std::int64_t rows = matrix.info->shape.dim(0), width = matrix.info->shape.dim(1);
  const DType dtype = *dtype_of(matrix.info->type);
  const auto row_bytes = static_cast<std::size_t>(width) * size_of(dtype);
  const std::int64_t step = std::max<std::int64_t>(kChunk / std::max<std::int64_t>(width, 1), 1);
  QuantizedMatrix result{};
  double changed = 0, norm = 0;
  for (std::int64_t first = 0; first < rows; first += step) {
    const std::int64_t count = std::min(step, rows - first);
    const Array exact =
        array_from_bytes(matrix.data().subspan(static_cast<std::size_t>(first) * row_bytes,
                                               static_cast<std::size_t>(count) * row_bytes),
                         dtype, {count, width});
    const QuantizedArray quantized = quantize(exact, encoding);
    const Array wide = exact.astype(DType::f32);
    const Array change = sum(square(dequantize(quantized) - wide), -1),
                size = sum(square(wide), -1);
    eval({quantized.packed, quantized.scales, quantized.biases, change, size});
    append(result.packed, quantized.packed);
    append(result.scales, quantized.scales);
    append(result.biases, quantized.biases);
    changed += total_of(change);
    norm += total_of(size);
  }
  result.relative_error = norm > 0 ? std::sqrt(changed / norm) : 0;
  return result;
}

}  // namespace ashlar
