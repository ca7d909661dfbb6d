// SPDX-License-Identifier: Apache-2.0
#include "models/formats/loadable_tensors.h"

#include "models/formats/quantized/layouts.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ashlar {
namespace {

using quantized::QuantizedMatrix;
using Element = std::function<float(std::int64_t row, std::int64_t column)>;

// Fills a chunk with elements of `width` columns, as `element(row, column)` gives them.
template <typename Stored, typename Get>
void fill(std::int64_t width, std::uint64_t offset, std::span<std::byte> chunk, Get element) {
  const auto first = static_cast<std::int64_t>(offset / sizeof(Stored));
  const auto count = static_cast<std::int64_t>(chunk.size() / sizeof(Stored));
  std::int64_t row = width > 0 ? first / width : 0, column = width > 0 ? first % width : 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Stored value = element(row, column);
    std::memcpy(chunk.data() + i * std::int64_t{sizeof value}, &value, sizeof value);
    if (++column == width) {
      column = 0;
      ++row;
    }
  }
}

LoadableTensor of_floats(DType dtype, const Shape& shape, Element element) {
  return {dtype, shape,
          [dtype, width = shape.dim(-1), element = std::move(element)](std::uint64_t offset,
                                                                       std::span<std::byte> chunk) {
            if (dtype == DType::f32)
              fill<float>(width, offset, chunk, element);
            else
              fill<std::uint16_t>(width, offset, chunk, [&](std::int64_t row, std::int64_t column) {
                const float value = element(row, column);
                return dtype == DType::bf16 ? float_to_bf16(value) : float_to_f16(value);
              });
          }};
}

LoadableTensor of_doubles(const CheckpointTensor& tensor) {
  return {DType::f32, tensor.info->shape,
          [data = tensor.data()](std::uint64_t offset, std::span<std::byte> chunk) {
            // One row as long as the tensor.
            constexpr std::int64_t kWidth = std::int64_t{1} << 62;
            fill<float>(kWidth, offset, chunk, [&](std::int64_t, std::int64_t at) {
              double wide;
              std::memcpy(&wide, data.data() + at * std::int64_t{sizeof wide}, sizeof wide);
              return static_cast<float>(wide);
            });
          }};
}

LoadableTensor as_stored(const CheckpointTensor& tensor, DType dtype) {
  return {dtype, tensor.info->shape,
          [data = tensor.data()](std::uint64_t offset, std::span<std::byte> chunk) {
            std::ranges::copy(data.subspan(offset, chunk.size()), chunk.begin());
          }};
}

LoadableTensor of_integers(const std::vector<std::int32_t>& values) {
  return {
      DType::i32, {std::ssize(values)}, [values](std::uint64_t offset, std::span<std::byte> chunk) {
        std::ranges::copy(std::as_bytes(std::span(values)).subspan(offset, chunk.size()),
                          chunk.begin());
      }};
}

// Throws FormatError, naming it, where a tensor's rows do not fit.
LoadableTensor select_rows(std::string_view name, const LoadableTensor& whole,
                           const RowSelection& rows) {
  const std::int64_t stored = whole.shape.rank() > 0 ? whole.shape.dim(0) : 0;
  if (stored == 0 || !rows.divides(stored))
    throw FormatError("model", "tensor {}: expected rows in groups of {}, got {}", in_quotes(name),
                      rows.period, whole.shape.to_string());
  std::vector<std::int64_t> dims = whole.shape.dims();
  dims.front() = rows.count(stored);
  const std::uint64_t row_bytes =
      static_cast<std::uint64_t>(whole.shape.element_count() / stored) * size_of(whole.dtype);
  return {whole.dtype, Shape(std::move(dims)),
          [read = whole.read, rows, stored, row_bytes](std::uint64_t offset,
                                                       std::span<std::byte> chunk) {
            while (!chunk.empty()) {
              const std::uint64_t skipped = offset % row_bytes,
                                  count = std::min(chunk.size(), row_bytes - skipped);
              const auto row = static_cast<std::int64_t>(offset / row_bytes);
              read(static_cast<std::uint64_t>(rows.stored_row(row, stored)) * row_bytes + skipped,
                   chunk.first(count));
              offset += count;
              chunk = chunk.subspan(count);
            }
          }};
}

// The last axis replaced.
Shape with_columns(const Shape& shape, std::int64_t columns) {
  std::vector<std::int64_t> dims = shape.dims();
  dims.back() = columns;
  return Shape(std::move(dims));
}

}  // namespace

LoadableTensors::LoadableTensors(std::shared_ptr<const Checkpoint> checkpoint,
                                 const std::optional<QuantizationConfig>& quantization,
                                 std::span<const ProjectionPart> parts, SmallFloats floats)
    : checkpoint_(std::move(checkpoint)), quantization_(quantization) {
  if (quantization_)
    matrices_ = quantized::read_matrices(*checkpoint_, *quantization_);
  for (const auto& [module, matrix] : matrices_)
    if (std::holds_alternative<AffineEncoding>(matrix.encoding) ||
        (floats == SmallFloats::packed && matrix.word))
      add_packed(module, matrix);
    else
      add_unpacked(module, matrix);
  if (!parts.empty())
    for (const std::string& name : names())
      add_parts_of(name, parts);
}

void LoadableTensors::add_packed(const std::string& module, const QuantizedMatrix& matrix) {
  const std::int64_t columns = matrix.shape.dim(-1);
  const std::int64_t words = columns * bits_of(matrix.encoding) / 32;
  parts_[module + ".weight"] = {
      DType::u32, with_columns(matrix.shape, words),
      [words, word = matrix.word](std::uint64_t offset, std::span<std::byte> chunk) {
        fill<std::uint32_t>(words, offset, chunk, word);
      }};
  const Shape groups = with_columns(matrix.shape, columns / group_size_of(matrix.encoding));
  parts_[module + ".scales"] = of_floats(matrix.scale_dtype, groups, matrix.scale);
  if (matrix.bias)
    parts_[module + ".biases"] = of_floats(matrix.scale_dtype, groups, matrix.bias);
  if (!matrix.input_order.empty())
    parts_[module + ".input_order"] = of_integers(matrix.input_order);
  quantization_->modules.insert_or_assign(module, matrix.encoding);
}

void LoadableTensors::add_unpacked(const std::string& module, const QuantizedMatrix& matrix) {
  parts_[module + ".weight"] = of_floats(matrix.unpacked_dtype, matrix.shape, matrix.value);
  parts_[module + ".scales"] = std::nullopt;
  quantization_->modules.insert_or_assign(module, std::nullopt);
}

// `name`: a tensor of any module.
void LoadableTensors::add_parts_of(const std::string& name, std::span<const ProjectionPart> parts) {
  bool is_whole = false;
  for (const ProjectionPart& part : parts) {
    const std::size_t at = name.rfind(fmt::format(".{}.", part.stored));
    if (at == name.npos)
      continue;
    is_whole = true;
    const std::string path = name.substr(0, at + 1),
                      tensor = name.substr(path.size() + part.stored.size());
    const LoadableTensor whole = *find(name);
    // All rows have their inputs in one order.
    parts_[fmt::format("{}{}{}", path, part.name, tensor)] =
        tensor == ".input_order" ? whole : select_rows(name, whole, part.rows);
    if (quantization_)
      quantization_->modules[fmt::format("{}{}", path, part.name)] =
          quantization_->encoding_of(fmt::format("{}{}", path, part.stored));
  }
  if (is_whole)
    parts_[name] = std::nullopt;
}

bool LoadableTensors::is_part_of_converted(std::string_view stored) const {
  const std::size_t dot = std::min(stored.rfind('.'), stored.size());
  return matrices_.contains(stored.substr(0, dot)) && stored.substr(dot) != ".bias";
}

std::vector<std::string> LoadableTensors::names() const {
  std::vector<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint_->tensors())
    if (!is_part_of_converted(tensor.info->name) && !parts_.contains(tensor.info->name))
      names.push_back(tensor.info->name);
  for (const auto& [name, part] : parts_)
    if (part)
      names.push_back(name);
  std::ranges::sort(names);
  return names;
}

std::optional<LoadableTensor> LoadableTensors::find(std::string_view name) const {
  if (const auto part = parts_.find(name); part != parts_.end())
    return part->second;
  const CheckpointTensor* tensor = checkpoint_->find(name);
  if (!tensor)
    return std::nullopt;
  if (tensor->info->type == StoredType::f64)
    return of_doubles(*tensor);
  if (const auto dtype = dtype_of(tensor->info->type))
    return as_stored(*tensor, *dtype);
  throw Unsupported("model", "tensor {} is stored as {}, which cannot be loaded", in_quotes(name),
                    name_of(tensor->info->type));
}

}  // namespace ashlar
