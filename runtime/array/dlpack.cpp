// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/dlpack.h"

#include "runtime/array/creation.h"
#include "runtime/program/error.h"

#include <dlpack/dlpack.h>

#include <cstring>
#include <memory>

namespace ashlar {
namespace {

constexpr std::uint8_t kBool = 6;  // DLPack 0.8; the header of Debian 12 is older

DLDataType code_of(DType dtype) {
  const auto bits = static_cast<std::uint8_t>(size_of(dtype) * 8);
  if (dtype == DType::boolean)
    return {kBool, 8, 1};
  if (dtype == DType::bf16)
    return {kDLBfloat, bits, 1};
  if (is_float(dtype))
    return {kDLFloat, bits, 1};
  return {static_cast<std::uint8_t>(is_signed(dtype) ? kDLInt : kDLUInt), bits, 1};
}

bool is_double(const DLDataType& type) {
  return type.code == kDLFloat && type.bits == 64 && type.lanes == 1;
}

DType dtype_of(const DLDataType& type) {
  for (DType dtype : {DType::boolean, DType::u8, DType::u16, DType::u32, DType::u64, DType::i8,
                      DType::i16, DType::i32, DType::i64, DType::f16, DType::bf16, DType::f32}) {
    const DLDataType code = code_of(dtype);
    if (code.code == type.code && code.bits == type.bits && code.lanes == type.lanes)
      return dtype;
  }
  if (is_double(type))
    return DType::f32;
  throw Unsupported("dlpack", "no element type for code {}, {} bits and {} lanes", type.code,
                    type.bits, type.lanes);
}

// Copies one element from `source` to `target`.
void copy_element(const DLDataType& type, const std::byte* source, std::byte* target) {
  if (!is_double(type)) {
    std::memcpy(target, source, type.bits / 8);
    return;
  }
  double value;
  std::memcpy(&value, source, sizeof value);
  const auto narrow = static_cast<float>(value);
  std::memcpy(target, &narrow, sizeof narrow);
}

std::vector<std::int64_t> strides_of(const DLTensor& tensor) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(tensor.ndim), 1);
  if (tensor.strides)
    strides.assign(tensor.strides, tensor.strides + tensor.ndim);
  else
    for (std::size_t axis = strides.size(); axis > 1; --axis)
      strides[axis - 2] = strides[axis - 1] * tensor.shape[axis - 1];
  return strides;
}

std::vector<std::byte> dense_bytes(const DLTensor& tensor, const Shape& shape, DType dtype) {
  const auto* base = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  const std::vector<std::int64_t> strides = strides_of(tensor);
  const std::int64_t width = tensor.dtype.bits / 8;
  const std::size_t narrow = size_of(dtype);
  std::vector<std::byte> bytes(static_cast<std::size_t>(shape.element_count()) * narrow);
  std::vector<std::int64_t> at(strides.size(), 0);
  std::int64_t offset = 0;  // in elements
  for (std::size_t done = 0; done < bytes.size(); done += narrow) {
    copy_element(tensor.dtype, base + offset * width, bytes.data() + done);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      offset += strides[axis];
      if (++at[axis] < tensor.shape[axis])
        break;
      offset -= strides[axis] * at[axis];
      at[axis] = 0;
    }
  }
  return bytes;
}

// What an exported tensor points to.
struct Exported {
  DLManagedTensor tensor{};
  std::vector<std::byte> bytes;
  std::vector<std::int64_t> shape;
};

}  // namespace

Array from_dlpack(DLManagedTensor* tensor, std::source_location where) {
  const std::unique_ptr<DLManagedTensor, void (*)(DLManagedTensor*)> owner(
      tensor, [](DLManagedTensor* owned) {
        if (owned->deleter)
          owned->deleter(owned);
      });
  const DLTensor& view = tensor->dl_tensor;
  if (view.device.device_type != kDLCPU)
    throw InvalidArgument("dlpack", "expected a tensor in host memory, got one on device type {}",
                          static_cast<int>(view.device.device_type));
  const DType dtype = dtype_of(view.dtype);
  const Shape shape(std::vector<std::int64_t>(view.shape, view.shape + view.ndim));
  return array_from_bytes(dense_bytes(view, shape, dtype), dtype, shape, where);
}

DLManagedTensor* to_dlpack(const Array& array) {
  auto exported = std::make_unique<Exported>();
  exported->bytes = array.to_bytes();
  exported->shape = array.shape().dims();
  DLManagedTensor& tensor = exported->tensor;
  tensor.dl_tensor = {.data = exported->bytes.data(),
                      .device = {kDLCPU, 0},
                      .ndim = array.rank(),
                      .dtype = code_of(array.dtype()),
                      .shape = exported->shape.data(),
                      .strides = nullptr,
                      .byte_offset = 0};
  tensor.manager_ctx = exported.get();
  tensor.deleter = [](DLManagedTensor* self) { delete static_cast<Exported*>(self->manager_ctx); };
  return &exported.release()->tensor;
}

}  // namespace ashlar
