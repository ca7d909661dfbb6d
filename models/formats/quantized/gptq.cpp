// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/column_order.h"
#include "models/formats/quantized/layouts.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::quantized {
namespace {

// Number `at` of a row that is a stream of bits; of 3 bits it may straddle two words.
std::uint32_t number_at(const StoredMatrix& stream, std::int64_t row, std::int64_t at,
                        std::int64_t bits) {
  const std::int64_t bit = at * bits, word = bit / 32, offset = bit % 32;
  std::uint64_t pair = stream.word(row, word);
  if (offset + bits > 32)
    pair |= std::uint64_t{stream.word(row, word + 1)} << 32;
  return static_cast<std::uint32_t>(pair >> offset) & ((1u << bits) - 1);
}

// What the config says holds for most modules; the zeros of all outputs show how many bits the
// numbers of this one have.
std::int64_t bits_of(const StoredMatrix& weight, const StoredMatrix& zeros) {
  const std::int64_t outputs = weight.columns();
  if (outputs == 0 || zeros.columns() == 0 || zeros.columns() * 32 % outputs != 0)
    throw FormatError("model", "tensor {}: {} are no zeros of {} columns", in_quotes(zeros.name()),
                      zeros.shape().to_string(), outputs);
  return zeros.columns() * 32 / outputs;
}

QuantizedMatrix read_module(const Checkpoint& checkpoint, const std::string& module,
                            const StoredMatrix& weight, const GptqLayout& layout) {
  weight.require_matrix().require_type(StoredType::i32);
  const StoredMatrix scales = part_of(checkpoint, module, ".scales").require_floats();
  const StoredMatrix zeros = part_of(checkpoint, module, ".qzeros").require_type(StoredType::i32);
  const std::int64_t bits = bits_of(weight, zeros);
  StoredNumbers numbers{.rows = weight.columns(),
                        .columns = weight.rows() * 32 / bits,
                        .bits = bits,
                        .scale_dtype = float_type_of(scales)};
  if (weight.rows() * 32 % bits != 0)
    throw FormatError("model", "tensor {}: {} are no whole words of {}-bit numbers",
                      in_quotes(weight.name()), weight.shape().to_string(), bits);
  if (scales.rows() == 0 || numbers.columns % scales.rows() != 0)
    throw FormatError("model", "tensor {}: {} groups for {} columns", in_quotes(scales.name()),
                      scales.rows(), numbers.columns);
  numbers.group_size = numbers.columns / scales.rows();
  scales.require_shape(scales.rows(), numbers.rows);
  zeros.require_shape(scales.rows(), numbers.rows * bits / 32);
  numbers.word = [weight](std::int64_t row, std::int64_t word) { return weight.word(word, row); };
  if (const CheckpointTensor* groups = checkpoint.find(module + ".g_idx"))
    sort_columns(StoredMatrix(*groups), numbers);
  numbers.scale = [scales](std::int64_t row, std::int64_t group) {
    return scales.real(group, row);
  };
  numbers.zero = [zeros, layout, bits](std::int64_t row, std::int64_t group) {
    return std::int64_t{number_at(zeros, group, row, bits)} + layout.zero_offset;
  };
  return make_affine(module, numbers);
}

}  // namespace

QuantizedMatrices read_gptq(const Checkpoint& checkpoint, const GptqLayout& layout) {
  QuantizedMatrices matrices;
  for (const auto& [module, weight] : tensors_with_suffix(checkpoint, ".qweight"))
    matrices.emplace(module, read_module(checkpoint, module, weight, layout));
  return matrices;
}

}  // namespace ashlar::quantized
