// SPDX-License-Identifier: Apache-2.0
#include "ir/infer.h"

#include "runtime/program/affine_encoding.h"
#include "runtime/program/error.h"
#include "runtime/program/float_encoding.h"
#include "runtime/program/k_encoding.h"

#include <algorithm>
#include <optional>
#include <set>

namespace ashlar {
namespace {

using Operands = std::span<const ArrayType>;
using Dims = std::vector<std::int64_t>;

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw InvalidArgument("type", std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

std::string text(const ArrayType& type) {
  return fmt::format("{}{}", name_of(type.dtype), type.shape.to_string());
}

// Axis attributes in the IR are non-negative.
std::size_t checked_axis(std::int64_t axis, const Shape& shape) {
  if (axis < 0 || axis >= shape.rank())
    refuse("axis {} is outside {}", axis, shape.to_string());
  return static_cast<std::size_t>(axis);
}

void check_rank(const Dims& values, const Shape& shape, std::string_view what) {
  if (static_cast<int>(values.size()) != shape.rank())
    refuse("{}: expected {} values for {}, got {}", what, shape.rank(), shape.to_string(),
           values.size());
}

void check_index_type(const ArrayType& indices) {
  if (!is_integer(indices.dtype))
    refuse("indices: expected an integer type, got {}", name_of(indices.dtype));
}

void check_extents(const Dims& dims) {
  for (std::int64_t d : dims)
    if (d < 0)
      refuse("negative extent in {}", Shape(dims).to_string());
}

std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  const std::optional<std::int64_t> sum = checked_add(a, b);
  if (!sum)
    refuse("{} + {} passes 2^63-1", a, b);
  return *sum;
}

std::int64_t product_of(std::int64_t a, std::int64_t b) {
  const std::optional<std::int64_t> product = checked_mul(a, b);
  if (!product)
    refuse("{} * {} passes 2^63-1", a, b);
  return *product;
}

}  // namespace

ArrayType infer_same_type(Operands operands, const Attributes&) {
  for (const ArrayType& other : operands.subspan(1))
    if (other != operands[0])
      refuse("operands differ: {} and {}", text(operands[0]), text(other));
  return operands[0];
}

ArrayType infer_comparison(Operands operands, const Attributes& attributes) {
  return {DType::boolean, infer_same_type(operands, attributes).shape};
}

ArrayType infer_predicate(Operands operands, const Attributes&) {
  return {DType::boolean, operands[0].shape};
}

ArrayType infer_select(Operands operands, const Attributes&) {
  if (operands[0].dtype != DType::boolean)
    refuse("condition: expected bool, got {}", name_of(operands[0].dtype));
  if (operands[1] != operands[2] || operands[0].shape != operands[1].shape)
    refuse("operands differ: {}, {} and {}", text(operands[0]), text(operands[1]),
           text(operands[2]));
  return operands[1];
}

ArrayType infer_cast(Operands operands, const Attributes& attributes) {
  return {attributes.dtype("dtype"), operands[0].shape};
}

ArrayType infer_bitcast(Operands operands, const Attributes& attributes) {
  const DType from = operands[0].dtype, to = attributes.dtype("dtype");
  if (from == DType::boolean || to == DType::boolean || size_of(from) != size_of(to))
    refuse("the bits of {} are no {}", name_of(from), name_of(to));
  return {to, operands[0].shape};
}

ArrayType infer_filled(Operands, const Attributes& attributes) {
  const Dims& dims = attributes.integers("shape");
  check_extents(dims);
  if (attributes.find("axis"))
    checked_axis(attributes.integer("axis"), Shape(dims));
  return {attributes.dtype("dtype"), Shape(dims)};
}

ArrayType infer_custom_kernel(Operands, const Attributes& attributes) {
  const Dims& dims = attributes.integers("shape");
  check_extents(dims);
  for (std::string_view name : {"workgroups", "workgroup_size"}) {
    const Dims& counts = attributes.integers(name);
    if (counts.size() != 3 || std::ranges::any_of(counts, [](std::int64_t n) { return n < 1; }))
      refuse("{}: expected three positive numbers, got {}", name, Shape(counts).to_string());
  }
  return {attributes.dtype("dtype"), Shape(dims)};
}

ArrayType infer_reshape(Operands operands, const Attributes& attributes) {
  const Shape shape(attributes.integers("shape"));
  check_extents(shape.dims());
  if (shape.element_count() != operands[0].shape.element_count())
    refuse("cannot view {} as {}", operands[0].shape.to_string(), shape.to_string());
  return {operands[0].dtype, shape};
}

ArrayType infer_transpose(Operands operands, const Attributes& attributes) {
  const Shape& shape = operands[0].shape;
  const Dims& permutation = attributes.integers("permutation");
  check_rank(permutation, shape, "permutation");
  Dims dims;
  std::set<std::int64_t> seen;
  for (std::int64_t axis : permutation) {
    dims.push_back(shape.dims()[checked_axis(axis, shape)]);
    if (!seen.insert(axis).second)
      refuse("axis {} appears twice in the permutation", axis);
  }
  return {operands[0].dtype, Shape(std::move(dims))};
}

ArrayType infer_broadcast(Operands operands, const Attributes& attributes) {
  const Shape shape(attributes.integers("shape"));
  check_extents(shape.dims());
  if (operands[0].shape.rank() > shape.rank() ||
      broadcast_shapes(operands[0].shape, shape) != shape)
    refuse("cannot broadcast {} to {}", operands[0].shape.to_string(), shape.to_string());
  return {operands[0].dtype, shape};
}

ArrayType infer_slice(Operands operands, const Attributes& attributes) {
  const Shape& shape = operands[0].shape;
  const Dims& starts = attributes.integers("starts");
  const Dims& sizes = attributes.integers("sizes");
  const Dims& steps = attributes.integers("steps");
  check_rank(starts, shape, "starts");
  check_rank(sizes, shape, "sizes");
  check_rank(steps, shape, "steps");
  check_extents(sizes);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (steps[i] == 0)
      refuse("step 0 on axis {}", i);
    if (sizes[i] == 0)
      continue;
    const std::int64_t last = sum_of(starts[i], product_of(sizes[i] - 1, steps[i]));
    const std::int64_t extent = shape.dims()[i];
    if (std::min(starts[i], last) < 0 || std::max(starts[i], last) >= extent)
      refuse("axis {}: elements {}..{} are outside [0, {})", i, starts[i], last, extent);
  }
  return {operands[0].dtype, Shape(sizes)};
}

ArrayType infer_pad(Operands operands, const Attributes& attributes) {
  const Shape& shape = operands[0].shape;
  const Dims& low = attributes.integers("low");
  const Dims& high = attributes.integers("high");
  check_rank(low, shape, "low");
  check_rank(high, shape, "high");
  Dims dims = shape.dims();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (low[i] < 0 || high[i] < 0)
      refuse("negative padding on axis {}", i);
    dims[i] = sum_of(dims[i], sum_of(low[i], high[i]));
  }
  return {operands[0].dtype, Shape(std::move(dims))};
}

ArrayType infer_concat(Operands operands, const Attributes& attributes) {
  if (operands.empty())
    refuse("needs at least one array");
  const std::size_t axis = checked_axis(attributes.integer("axis"), operands[0].shape);
  Dims dims = operands[0].shape.dims();
  for (const ArrayType& other : operands.subspan(1)) {
    Dims expected = dims;
    if (other.shape.rank() == operands[0].shape.rank())
      expected[axis] = other.shape.dims()[axis];
    if (other.dtype != operands[0].dtype || other.shape.dims() != expected)
      refuse("cannot join {} and {} along axis {}", text(operands[0]), text(other), axis);
    dims[axis] = sum_of(dims[axis], other.shape.dims()[axis]);
  }
  return {operands[0].dtype, Shape(std::move(dims))};
}

ArrayType infer_reduction(Operands operands, const Attributes& attributes) {
  const Shape& shape = operands[0].shape;
  const bool keepdims = attributes.boolean("keepdims");
  std::vector<bool> reduced(static_cast<std::size_t>(shape.rank()), false);
  for (std::int64_t axis : attributes.integers("axes")) {
    const std::size_t i = checked_axis(axis, shape);
    if (reduced[i])
      refuse("axis {} appears twice", axis);
    reduced[i] = true;
  }
  Dims dims;
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i])
      dims.push_back(shape.dims()[i]);
    else if (keepdims)
      dims.push_back(1);
  }
  return {operands[0].dtype, Shape(std::move(dims))};
}

ArrayType infer_arg_reduction(Operands operands, const Attributes& attributes) {
  const Shape& shape = operands[0].shape;
  const std::size_t axis = checked_axis(attributes.integer("axis"), shape);
  if (shape.dims()[axis] == 0)
    refuse("axis {} of {} is empty", axis, shape.to_string());
  Dims dims = shape.dims();
  if (attributes.boolean("keepdims"))
    dims[axis] = 1;
  else
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  return {DType::i32, Shape(std::move(dims))};
}

ArrayType infer_matmul(Operands operands, const Attributes& attributes) {
  const Shape& lhs = operands[0].shape;
  const Shape& rhs = operands[1].shape;
  if (lhs.rank() < 2 || rhs.rank() < 2)
    refuse("needs matrices, got {} and {}", lhs.to_string(), rhs.to_string());
  const bool transposed = attributes.boolean("transpose_rhs");
  const std::int64_t rhs_k = rhs.dim(transposed ? -1 : -2);
  const std::int64_t rhs_n = rhs.dim(transposed ? -2 : -1);
  Dims batch(lhs.dims().begin(), lhs.dims().end() - 2);
  const Dims rhs_batch(rhs.dims().begin(), rhs.dims().end() - 2);
  if (lhs.dim(-1) != rhs_k || (!rhs_batch.empty() && rhs_batch != batch))
    refuse("cannot multiply {} by {}{}", text(operands[0]), text(operands[1]),
           transposed ? " transposed" : "");
  if (is_float(operands[0].dtype) != is_float(operands[1].dtype))
    refuse("cannot multiply {} by {}", name_of(operands[0].dtype), name_of(operands[1].dtype));
  batch.push_back(lhs.dim(-2));
  batch.push_back(rhs_n);
  return {attributes.dtype("dtype"), Shape(std::move(batch))};
}

ArrayType infer_expert_matmul(Operands operands, const Attributes& attributes) {
  const Shape &lhs = operands[0].shape, &rhs = operands[1].shape, &ids = operands[2].shape;
  check_index_type(operands[2]);
  if (lhs.rank() < 2 || rhs.rank() != 3 || rhs.dim(0) == 0)
    refuse("needs rows and at least one matrix, got {} and {}", lhs.to_string(), rhs.to_string());
  const bool transposed = attributes.boolean("transpose_rhs");
  if (lhs.dim(-1) != rhs.dim(transposed ? -1 : -2) || !is_float(operands[0].dtype) ||
      !is_float(operands[1].dtype))
    refuse("cannot multiply {} by matrices of {}{}", text(operands[0]), text(operands[1]),
           transposed ? " transposed" : "");
  Dims dims(lhs.dims().begin(), lhs.dims().end() - 1);
  if (ids.dims() != dims)
    refuse("one number for each row of {}: expected {}, got {}", lhs.to_string(),
           Shape(dims).to_string(), ids.to_string());
  dims.back() = rhs.dim(transposed ? -2 : -1);
  return {attributes.dtype("dtype"), Shape(std::move(dims))};
}

ArrayType infer_attention(Operands operands, const Attributes& attributes) {
  const Shape &query = operands[0].shape, &key = operands[1].shape, &value = operands[2].shape;
  if (query.rank() != 4 || key.rank() != 4 || value.rank() != 4)
    refuse("query, key and value have rank 4, got {}, {} and {}", query.to_string(),
           key.to_string(), value.to_string());
  const std::int64_t batch = query.dim(0), heads = query.dim(2), groups = key.dim(2);
  if (key.dim(1) != batch || value.dim(1) != batch || value.dim(0) != key.dim(0) ||
      value.dim(2) != groups || key.dim(3) != query.dim(3) || groups == 0 || heads % groups != 0)
    refuse("query {}, key {} and value {} disagree", query.to_string(), key.to_string(),
           value.to_string());
  if (operands.size() > 5 &&
      (!is_float(operands[5].dtype) || operands[5].shape != Shape{batch, heads}))
    refuse("sinks: expected floats [{}, {}], got {}", batch, heads, text(operands[5]));
  for (const ArrayType& scalar : operands.subspan(3, 2))
    if (scalar != ArrayType{DType::i32, Shape{batch}})
      refuse("position and length: expected i32[{}], got {}", batch, text(scalar));
  if (attributes.integer("window") < 0 || attributes.integer("ring") < 0 ||
      attributes.real("softcap") < 0)
    refuse("window, ring and softcap must not be negative");
  return {operands[0].dtype, Shape{batch, query.dim(1), heads, value.dim(3)}};
}

ArrayType infer_dequantize(Operands operands, const Attributes& attributes) {
  const AffineEncoding encoding{attributes.integer("bits"), attributes.integer("group_size")};
  if (!is_known(encoding))
    refuse("no encoding with {} bits and groups of {}: expected {}", encoding.bits,
           encoding.group_size, kKnownEncodings);
  const ArrayType &packed = operands[0], &scales = operands[1], &biases = operands[2];
  const DType dtype = attributes.dtype("dtype");
  if (packed.dtype != DType::u32 || !is_float(scales.dtype) || scales != biases || !is_float(dtype))
    refuse("packed words are u32, scales and biases floats of one type, got {}, {} and {}, to {}",
           text(packed), text(scales), text(biases), name_of(dtype));
  if (scales.shape.rank() == 0 || packed.shape.rank() != scales.shape.rank())
    refuse("packed {} and scales {} disagree", packed.shape.to_string(), scales.shape.to_string());
  Dims dims = scales.shape.dims(), words = dims;
  dims.back() *= encoding.group_size;
  if (dims.back() % row_unit(encoding) != 0)
    refuse("groups of {} do not make rows of whole blocks of {}: scales {}", encoding.group_size,
           kPackedBlock, scales.shape.to_string());
  words.back() = dims.back() * encoding.bits / 32;
  if (packed.shape.dims() != words)
    refuse("packed {} and scales {} disagree: expected packed {}", packed.shape.to_string(),
           scales.shape.to_string(), Shape(words).to_string());
  return {dtype, Shape(std::move(dims))};
}

ArrayType infer_dequantize_mxfp4(Operands operands, const Attributes& attributes) {
  const ArrayType &packed = operands[0], &scales = operands[1];
  const DType dtype = attributes.dtype("dtype");
  if (scales.dtype != DType::u8 || scales.shape.rank() == 0 || !is_float(dtype))
    refuse("scales are u8 [..., K / 32], got {}, to {}", text(scales), name_of(dtype));
  Dims dims = scales.shape.dims(), stored = dims;
  dims.back() *= kPackedBlock;
  if (packed.dtype == DType::u8)
    stored.push_back(kPackedBlock / 2);
  else
    stored.back() *= kPackedBlock / 8;
  if (packed.shape.dims() != stored)
    refuse("packed {} and scales {} disagree: expected packed {}", text(packed), text(scales),
           Shape(stored).to_string());
  return {dtype, Shape(std::move(dims))};
}

ArrayType infer_dequantize_k(Operands operands, const Attributes& attributes) {
  const ArrayType &packed = operands[0], &scales = operands[1];
  const std::int64_t bits = attributes.integer("bits");
  const DType dtype = attributes.dtype("dtype");
  if (!is_k_encoding(bits))
    refuse("bits: expected 2 to 6 or 8, got {}", bits);
  if (packed.dtype != DType::u32 || scales.dtype != DType::u32 || !is_float(dtype))
    refuse("packed words and scales are u32, got {} and {}, to {}", text(packed), text(scales),
           name_of(dtype));
  if (scales.shape.rank() == 0 || scales.shape.dim(-1) % kSuperBlockScaleWords != 0)
    refuse("scales have {} words for {} numbers, got {}", kSuperBlockScaleWords, kSuperBlock,
           scales.shape.to_string());
  Dims dims = scales.shape.dims(), words = dims;
  dims.back() = dims.back() / kSuperBlockScaleWords * kSuperBlock;
  words.back() = dims.back() / 32 * bits;
  if (packed.shape.dims() != words)
    refuse("packed {} and scales {} disagree: expected packed {}", packed.shape.to_string(),
           scales.shape.to_string(), Shape(words).to_string());
  return {dtype, Shape(std::move(dims))};
}

ArrayType infer_dequantize_float(Operands operands, const Attributes& attributes) {
  const FloatEncoding encoding{attributes.integer("exponent_bits"),
                               attributes.integer("mantissa_bits"),
                               attributes.integer("group_size")};
  if (!is_known(encoding))
    refuse("no encoding e{}m{} in groups of {}: expected {}", encoding.exponent_bits,
           encoding.mantissa_bits, encoding.group_size, kKnownSmallFloats);
  const ArrayType &packed = operands[0], &scales = operands[1];
  const DType dtype = attributes.dtype("dtype");
  if (packed.dtype != DType::u32 || !is_float(scales.dtype) || !is_float(dtype))
    refuse("packed words are u32, scales floats, got {} and {}, to {}", text(packed), text(scales),
           name_of(dtype));
  if (scales.shape.rank() == 0)
    refuse("scales have an axis of groups, got {}", text(scales));
  Dims dims = scales.shape.dims(), words = dims;
  dims.back() *= encoding.group_size;
  words.back() = dims.back() * encoding.bits() / 32;
  if (dims.back() % kPackedBlock != 0 || packed.shape.dims() != words)
    refuse("packed {} and scales {} disagree, or rows are no whole blocks of {}",
           packed.shape.to_string(), scales.shape.to_string(), kPackedBlock);
  return {dtype, Shape(std::move(dims))};
}

ArrayType infer_take(Operands operands, const Attributes& attributes) {
  check_index_type(operands[1]);
  const Shape& shape = operands[0].shape;
  const std::size_t axis = checked_axis(attributes.integer("axis"), shape);
  Dims dims(shape.dims().begin(), shape.dims().begin() + static_cast<std::ptrdiff_t>(axis));
  std::ranges::copy(operands[1].shape.dims(), std::back_inserter(dims));
  std::copy(shape.dims().begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.dims().end(),
            std::back_inserter(dims));
  return {operands[0].dtype, Shape(std::move(dims))};
}

ArrayType infer_take_along_axis(Operands operands, const Attributes& attributes) {
  check_index_type(operands[1]);
  const std::size_t axis = checked_axis(attributes.integer("axis"), operands[0].shape);
  Dims expected = operands[0].shape.dims();
  if (operands[1].shape.rank() == operands[0].shape.rank())
    expected[axis] = operands[1].shape.dims()[axis];
  if (operands[1].shape.dims() != expected)
    refuse("indices {} do not fit {} along axis {}", operands[1].shape.to_string(),
           operands[0].shape.to_string(), axis);
  return {operands[0].dtype, operands[1].shape};
}

ArrayType infer_scatter(Operands operands, const Attributes& attributes) {
  check_index_type(operands[1]);
  const Shape &target = operands[0].shape, &indices = operands[1].shape,
              &updates = operands[2].shape;
  const std::size_t axis = checked_axis(attributes.integer("axis"), target);
  if (updates.rank() != target.rank() || indices.rank() != target.rank() ||
      operands[2].dtype != operands[0].dtype)
    refuse("target {}, indices {} and updates {} disagree", text(operands[0]), indices.to_string(),
           text(operands[2]));
  for (std::size_t i = 0; i < updates.dims().size(); ++i) {
    const bool index_fits = indices.dims()[i] == updates.dims()[i] || indices.dims()[i] == 1;
    const bool update_fits = i == axis || updates.dims()[i] == target.dims()[i];
    if (!index_fits || !update_fits || (i == axis && indices.dims()[i] != updates.dims()[i]))
      refuse("target {}, indices {} and updates {} disagree on axis {}", target.to_string(),
             indices.to_string(), updates.to_string(), i);
  }
  return operands[0];
}

ArrayType infer_arg_sort(Operands operands, const Attributes& attributes) {
  checked_axis(attributes.integer("axis"), operands[0].shape);
  return {DType::i32, operands[0].shape};
}

ArrayType infer_topk(Operands operands, const Attributes& attributes) {
  const std::size_t axis = checked_axis(attributes.integer("axis"), operands[0].shape);
  const std::int64_t k = attributes.integer("k");
  Dims dims = operands[0].shape.dims();
  if (k < 0 || k > dims[axis])
    refuse("k {} is outside [0, {}]", k, dims[axis]);
  dims[axis] = k;
  return {DType::i32, Shape(std::move(dims))};
}

}  // namespace ashlar
