// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_mxfp4.h"

#include "models/formats/gguf/block_type.h"
#include "runtime/program/error.h"

#include <span>

namespace ashlar {
namespace {

constexpr std::string_view kBlocks = "_blocks", kScales = "_scales";
constexpr std::size_t kPairs = 16;  // bytes of a block's numbers, two in each

// As files have them: the first 16 numbers in the lower halves, not neighbours in one byte.
void put_block(std::span<const std::byte> pairs, std::byte scale, std::byte* out) {
  const auto number = [&](std::size_t i) {
    return pairs[i / 2] >> (i % 2 == 0 ? 0 : 4) & std::byte{15};
  };
  out[0] = scale;
  for (std::size_t i = 0; i < kPairs; ++i)
    out[1 + i] = number(i) | number(i + kPairs) << 4;
}

std::vector<std::byte> read_all(const ModelSource& model, const WeightSpec& weight) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(weight.shape.element_count()));
  model.read_weight(weight, 0, bytes);
  return bytes;
}

}  // namespace

bool is_mxfp4_scales(std::string_view name) {
  return name.ends_with("_proj_scales");
}

std::vector<Mxfp4Slice> slice_mxfp4(std::string_view name, const Shape& shape) {
  if (!name.ends_with(kBlocks) || shape.rank() != 4)
    return {};
  name.remove_suffix(kBlocks.size());
  const std::string_view projection = name.substr(name.rfind('.') + 1);
  const std::int64_t rows = shape.dim(1);
  const auto numbers = [&](std::int64_t out) {
    return Shape{shape.dim(0), out, shape.dim(2) * 32};
  };
  if (projection == "gate_up_proj")
    return {{"ffn_gate_exps.weight", numbers(rows / 2), 0, 2},
            {"ffn_up_exps.weight", numbers(rows / 2), 1, 2}};
  for (const auto& [own, tensor] : {std::pair("gate_proj", "ffn_gate_exps.weight"),
                                    {"up_proj", "ffn_up_exps.weight"},
                                    {"down_proj", "ffn_down_exps.weight"}})
    if (projection == own)
      return {{tensor, numbers(rows)}};
  return {};
}

std::vector<std::byte> read_mxfp4(const ModelSource& model, const WeightSpec& blocks,
                                  const Mxfp4Slice& slice) {
  const std::string name = blocks.name.substr(0, blocks.name.size() - kBlocks.size());
  const auto scales = model.find_weight(name + std::string(kScales));
  const std::vector<std::int64_t>& dims = blocks.shape.dims();
  if (blocks.dtype != DType::u8 || dims.back() != kPairs || !scales || scales->dtype != DType::u8 ||
      scales->shape != Shape(std::vector(dims.begin(), dims.end() - 1)))
    throw InvalidArgument("convert", "'{}': expected u8 blocks of {} bytes with u8 scales",
                          blocks.name, kPairs);
  const auto pairs = read_all(model, blocks), exponents = read_all(model, *scales);
  const auto rows = static_cast<std::size_t>(dims[1]), per_row = static_cast<std::size_t>(dims[2]);
  const auto bytes = static_cast<std::size_t>(gguf::block_bytes(gguf::BlockType::mxfp4));
  std::vector<std::byte> out;
  out.reserve(pairs.size() / kPairs * bytes);
  for (std::size_t expert = 0; expert < static_cast<std::size_t>(dims[0]); ++expert)
    for (auto row = static_cast<std::size_t>(slice.first_row); row < rows;
         row += static_cast<std::size_t>(slice.row_step))
      for (std::size_t i = 0; i < per_row; ++i) {
        const std::size_t block = (expert * rows + row) * per_row + i;
        out.resize(out.size() + bytes);
        put_block(std::span(pairs).subspan(block * kPairs, kPairs), exponents[block],
                  out.data() + out.size() - bytes);
      }
  return out;
}

}  // namespace ashlar
