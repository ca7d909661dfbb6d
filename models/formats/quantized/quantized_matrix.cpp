// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/quantized_matrix.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <bit>
#include <ranges>

namespace ashlar::quantized {
namespace {

// A power of two times a float is one of the same type, short of its range.
bool are_powers_of_two(const StoredNumbers& numbers) {
  for (std::int64_t row = 0; row < numbers.rows; ++row)
    for (std::int64_t group = 0; group * numbers.group_size < numbers.columns; ++group) {
      const std::int64_t zero = numbers.zero(row, group);
      if (zero < 0 || (zero != 0 && !std::has_single_bit(static_cast<std::uint64_t>(zero))))
        return false;
    }
  return true;
}

}  // namespace

QuantizedMatrix make_affine(std::string_view module, const StoredNumbers& numbers) {
  const auto group = group_within(numbers.group_size, numbers.columns);
  if (!group)
    throw Unsupported("model", "{}: groups of {} in rows of {} are not supported: expected {}",
                      in_quotes(module), numbers.group_size, numbers.columns, kKnownEncodings);
  const AffineEncoding encoding{numbers.bits, *group};
  if (!is_known(encoding))
    throw Unsupported("model", "{}: {} bits in groups of {}: expected {}", in_quotes(module),
                      encoding.bits, encoding.group_size, kKnownEncodings);
  QuantizedMatrix matrix;
  matrix.shape = {numbers.rows, numbers.columns};
  matrix.encoding = encoding;
  matrix.scale_dtype = are_powers_of_two(numbers) ? numbers.scale_dtype : DType::f32;
  matrix.word = numbers.word;
  matrix.input_order = numbers.input_order;
  const std::int64_t groups = numbers.group_size / encoding.group_size;
  matrix.scale = [scale = numbers.scale, groups](std::int64_t row, std::int64_t group) {
    return scale(row, group / groups);
  };
  matrix.bias = [scale = numbers.scale, zero = numbers.zero, groups](std::int64_t row,
                                                                     std::int64_t group) {
    return -static_cast<float>(zero(row, group / groups)) * scale(row, group / groups);
  };
  return matrix;
}

std::optional<std::int64_t> group_within(std::int64_t stored_group, std::int64_t columns) {
  for (const std::int64_t group : std::views::reverse(kQuantizedGroups))
    if (stored_group % group == 0 && columns % group == 0)
      return group;
  return std::nullopt;
}

DType float_type_of(const StoredMatrix& matrix) {
  return *dtype_of(matrix.require_floats().type());
}

std::map<std::string, StoredMatrix> tensors_with_suffix(const Checkpoint& checkpoint,
                                                        std::string_view suffix) {
  std::map<std::string, StoredMatrix> found;
  for (const CheckpointTensor& tensor : checkpoint.tensors())
    if (std::string_view name = tensor.info->name; name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      found.emplace(name, StoredMatrix(tensor));
    }
  return found;
}

StoredMatrix part_of(const Checkpoint& checkpoint, std::string_view module,
                     std::string_view suffix) {
  return StoredMatrix(checkpoint.at(std::string(module) + std::string(suffix)));
}

}  // namespace ashlar::quantized
