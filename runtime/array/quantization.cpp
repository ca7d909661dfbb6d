// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/quantization.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

void check(const Array& input, const AffineEncoding& encoding) {
  if (!is_known(encoding))
    throw InvalidArgument("quantize", "no encoding with {} bits and groups of {}: expected {}",
                          encoding.bits, encoding.group_size, kKnownEncodings);
  if (input.rank() == 0 || input.dim(-1) % row_unit(encoding) != 0)
    throw InvalidArgument("quantize", "groups of {} do not divide the last axis of {}",
                          row_unit(encoding), input.shape().to_string());
}

// By how much number i of a block is shifted to stand in word j: to the left, or to the right where
// its first bits lie in the word before. By 32, which leaves nothing, where it has no bit in the
// word.
Array shifts(std::int64_t bits, bool left) {
  std::vector<std::uint32_t> by;
  for (std::int64_t word = 0; word < bits; ++word)
    for (std::int64_t i = 0; i < kPackedBlock; ++i) {
      const std::int64_t shift = left ? i * bits - 32 * word : 32 * word - i * bits;
      const bool meets = left ? shift >= 0 && shift < 32 : shift > 0 && shift < bits;
      by.push_back(static_cast<std::uint32_t>(meets ? shift : 32));
    }
  return array(std::span<const std::uint32_t>(by), {bits, kPackedBlock});
}

// Numbers [..., K] (u32, below 2^bits) to words [..., K * bits / 32].
Array pack(const Array& numbers, std::int64_t bits) {
  const Array blocks = unflatten(numbers, -1, {-1, 1, kPackedBlock});
  // No bit is set twice, so the sum is the union.
  const Array words = sum((blocks << shifts(bits, true)) + (blocks >> shifts(bits, false)), -1);
  return flatten(words, numbers.rank() - 1);
}

// [..., m, n] as [E, m, n].
Array list_of_matrices(const Array& x) {
  return reshape(x, {-1, x.dim(-2), x.dim(-1)});
}

Shape leading_shape(const Array& x) {
  const std::vector<std::int64_t>& dims = x.shape().dims();
  return Shape(std::vector<std::int64_t>(dims.begin(), dims.end() - 2));
}

}  // namespace

QuantizedArray quantize(const Operand& input, AffineEncoding encoding) {
  const WrittenAt at(input.where());
  const Array exact = input.array();
  check(exact, encoding);
  const DType dtype = float_dtype(exact.dtype());
  const Array groups =
      unflatten(convert(exact, DType::f32), -1, {-1, encoding.group_size});  // [..., K / G, G]
  const Array low = min(groups, -1, true), high = max(groups, -1, true);
  const double most = static_cast<double>((std::int64_t{1} << encoding.bits) - 1);
  const Array from_low = abs(low) > abs(high);
  const Array step = maximum((high - low) / most, 1e-7);
  const Array signed_step = where(from_low, step, -step);
  const Array edge = where(from_low, low, high);
  // An integer multiple of the scale reaches the edge, so that 0 is met exactly too.
  const Array multiple = round(edge / signed_step);
  const Array reached = multiple != 0;
  const Array scale = where(reached, edge / where(reached, multiple, 1.0), signed_step);
  const Array bias = where(reached, edge, 0.0);
  const Array numbers = clip(round((groups - bias) / scale), 0.0, most);
  return {pack(flatten(numbers.astype(DType::u32), exact.rank() - 1), encoding.bits),
          convert(squeeze(scale, -1), dtype), convert(squeeze(bias, -1), dtype), encoding};
}

Array dequantize(const QuantizedArray& input, DType dtype) {
  return table::dequantize(input.packed, input.scales, input.biases, input.encoding.bits,
                           input.encoding.group_size, dtype);
}

Array dequantize_mxfp4(const Array& packed, const Array& scales, DType dtype) {
  return table::dequantize_mxfp4(packed, scales, dtype);
}

Array dequantize_float(const Array& packed, const Array& scales, const FloatEncoding& encoding,
                       DType dtype) {
  return table::dequantize_float(packed, scales, encoding.exponent_bits, encoding.mantissa_bits,
                                 encoding.group_size, dtype);
}

Array dequantize_k(const Array& packed, const Array& scales, std::int64_t bits, DType dtype) {
  return table::dequantize_k(packed, scales, bits, dtype);
}

Array quantized_matmul(const Operand& x, const QuantizedArray& weight) {
  const WrittenAt at(x.where());
  return linear(x, dequantize(weight));
}

Array gather_quantized_matmul(const Operand& x, const QuantizedArray& weights,
                              const std::optional<Array>& x_indices,
                              const std::optional<Array>& weight_indices) {
  const WrittenAt at(x.where());
  if (x.array().rank() < 2 || weights.packed.rank() < 2)
    throw InvalidArgument("gather_quantized_matmul", "expected matrices, got {} and {}",
                          x.array().shape().to_string(), weights.packed.shape().to_string());
  const Array rows = x_indices ? take(list_of_matrices(x.array()), *x_indices, 0) : x.array();
  const Array matrices =
      dequantize({list_of_matrices(weights.packed), list_of_matrices(weights.scales),
                  list_of_matrices(weights.biases), weights.encoding});
  const std::int64_t count = matrices.dim(0);
  const Array chosen =
      weight_indices ? *weight_indices : reshape(arange(count), leading_shape(weights.packed));
  const Array ids = where(chosen < 0, chosen + count, chosen);
  const Shape pairs = broadcast_shapes(leading_shape(rows), ids.shape());
  const auto with = [&](std::initializer_list<std::int64_t> last) {
    std::vector<std::int64_t> dims = pairs.dims();
    dims.insert(dims.end(), last);
    return Shape(std::move(dims));
  };
  const std::int64_t m = rows.dim(-2);
  return expert_linear(expand_dims(broadcast_to(rows, with({m, rows.dim(-1)})), -2), matrices,
                       broadcast_to(expand_dims(expand_dims(ids, -1), -1), with({m, 1})));
}

}  // namespace ashlar
