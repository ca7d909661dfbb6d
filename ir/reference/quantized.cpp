// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include "runtime/program/float_encoding.h"
#include "runtime/program/k_encoding.h"

#include <cmath>

namespace ashlar::reference {
namespace {

// Number `k` of a row of words that starts at `words`.
std::uint64_t unpack(const std::int64_t* words, std::int64_t k, std::int64_t bits) {
  std::uint64_t number = 0;
  for (std::int64_t i = 0; i < bits; ++i) {
    const std::int64_t at = k * bits + i;
    const auto word = static_cast<std::uint64_t>(words[at / 32]);
    number |= (word >> (at % 32) & 1) << i;
  }
  return number;
}

}  // namespace

void evaluate_dequantize(Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor &packed = operands[0], &scales = operands[1], &biases = operands[2];
  const std::int64_t bits = attributes.integer("bits"), group = attributes.integer("group_size"),
                     length = result.type.shape.dim(-1);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t row = i / length, k = i % length;
    const auto at = static_cast<std::size_t>(i / group);
    const std::int64_t* words = packed.integers.data() + row * packed.type.shape.dim(-1);
    const double value =
        static_cast<double>(unpack(words, k, bits)) * scales.reals[at] + biases.reals[at];
    result.reals[static_cast<std::size_t>(i)] = round_to(value, result.type.dtype);
  }
}

void evaluate_dequantize_float(Operands operands, const Attributes& attributes, Tensor& result) {
  const FloatEncoding encoding{attributes.integer("exponent_bits"),
                               attributes.integer("mantissa_bits"),
                               attributes.integer("group_size")};
  const Tensor &packed = operands[0], &scales = operands[1];
  const std::int64_t length = result.type.shape.dim(-1);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t* words = packed.integers.data() + i / length * packed.type.shape.dim(-1);
    const auto code = static_cast<std::uint32_t>(unpack(words, i % length, encoding.bits()));
    const double value = static_cast<double>(decode_small_float(encoding, code)) *
                         scales.reals[static_cast<std::size_t>(i / encoding.group_size)];
    result.reals[static_cast<std::size_t>(i)] = round_to(value, result.type.dtype);
  }
}

void evaluate_dequantize_mxfp4(Operands operands, Tensor& result) {
  constexpr double kValues[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  const Tensor &packed = operands[0], &scales = operands[1];
  const std::int64_t per_element = packed.type.dtype == DType::u8 ? 2 : 8;
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const auto bits =
        static_cast<std::uint64_t>(packed.integers[static_cast<std::size_t>(i / per_element)]);
    const std::uint64_t code = bits >> (i % per_element * 4) & 15;
    const std::int64_t scale = scales.integers[static_cast<std::size_t>(i / 32)];
    const double power = scale == 255 ? std::nan("") : std::ldexp(1, static_cast<int>(scale) - 127);
    const double value = (code & 8 ? -1 : 1) * kValues[code & 7] * power;
    result.reals[static_cast<std::size_t>(i)] = round_to(value, result.type.dtype);
  }
}

// Number by number, as runtime/program/k_encoding.h says.
void evaluate_dequantize_k(Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor &packed = operands[0], &scales = operands[1];
  const std::int64_t bits = attributes.integer("bits"), length = result.type.shape.dim(-1);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t* words = packed.integers.data() + i / length * packed.type.shape.dim(-1);
    const std::int64_t* record = scales.integers.data() + i / kSuperBlock * kSuperBlockScaleWords;
    const auto byte = [&](std::int64_t at) {
      return static_cast<std::int64_t>(unpack(record + 1, at, 8));
    };
    const double d = f16_to_float(static_cast<std::uint16_t>(unpack(record, 0, 16))),
                 m = f16_to_float(static_cast<std::uint16_t>(unpack(record, 1, 16)));
    const std::int64_t group = i % kSuperBlock / k_group_size(bits);
    const auto q = static_cast<double>(unpack(words, i % length, bits));
    double value = 0;
    if (k_group_size(bits) == 32)
      value = d * static_cast<double>(byte(2 * group)) * q -
              m * static_cast<double>(byte(2 * group + 1));
    else if (bits == 2)
      value =
          d * static_cast<double>(byte(group) % 16) * q - m * static_cast<double>(byte(group) / 16);
    else
      value = d * static_cast<double>(static_cast<std::int8_t>(byte(group))) *
              (q - static_cast<double>(std::int64_t{1} << (bits - 1)));
    result.reals[static_cast<std::size_t>(i)] = round_to(value, result.type.dtype);
  }
}

}  // namespace ashlar::reference
