// SPDX-License-Identifier: Apache-2.0
#include "models/generate/checkpoint_weights.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

// Elements [offset / 4, ...) of doubles as floats.
void narrow_doubles(std::span<const std::byte> source, std::uint64_t offset,
                    std::span<std::byte> chunk) {
  for (std::size_t i = 0; i < chunk.size() / sizeof(float); ++i) {
    double wide;
    std::memcpy(&wide, source.data() + (offset / sizeof(float) + i) * sizeof wide, sizeof wide);
    const auto narrow = static_cast<float>(wide);
    std::memcpy(chunk.data() + i * sizeof narrow, &narrow, sizeof narrow);
  }
}

}  // namespace

DType loaded_dtype(const TensorInfo& info) {
  if (info.type == StoredType::f64)
    return DType::f32;
  if (auto dtype = dtype_of(info.type))
    return *dtype;
  throw Unsupported("model", "tensor '{}' is stored as {}, which cannot be loaded", info.name,
                    name_of(info.type));
}

std::optional<WeightSpec> find_weight(const Checkpoint& checkpoint, std::string_view name) {
  const CheckpointTensor* tensor = checkpoint.find(name);
  if (!tensor)
    return std::nullopt;
  return WeightSpec{std::string(name), loaded_dtype(*tensor->info), tensor->info->shape, 0};
}

void read_weight(const Checkpoint& checkpoint, const WeightSpec& weight, std::uint64_t offset,
                 std::span<std::byte> chunk) {
  const CheckpointTensor& tensor = checkpoint.at(weight.name);
  if (tensor.info->type == StoredType::f64)
    return narrow_doubles(tensor.data(), offset, chunk);
  std::ranges::copy(tensor.data().subspan(offset, chunk.size()), chunk.begin());
}

}  // namespace ashlar
