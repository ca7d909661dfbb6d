// SPDX-License-Identifier: Apache-2.0
// Arrays over memory of the host. Where the device offers VK_EXT_external_memory_host, it reads the
// bytes where they lie: good on CPU drivers and GPUs that share the host's memory; a discrete GPU
// reads them over its bus, each time. Elsewhere, or where the bytes do not start at a multiple of
// 16, the device gets a copy.
#pragma once

#include "runtime/array/creation.h"

#include <memory>

namespace ashlar {

// An evaluated array of row-major elements. `owner` keeps the bytes where they are; it is let go
// when the array is gone and the device has passed its last use, or at once after a copy. Until
// then the bytes must not change, and the pages they lie in must stay mapped. Throws
// InvalidArgument when count and shape disagree.
Array array_over(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                 std::shared_ptr<const void> owner, Here where = Here::current());

template <Element T>
Array array_over(std::span<const T> values, const Shape& shape, std::shared_ptr<const void> owner,
                 Here where = Here::current()) {
  return array_over(std::as_bytes(values), dtype_of<T>(), shape, std::move(owner), where);
}

// Whether the device reads the array out of memory of the host that `array_over` was given.
bool is_in_host_memory(const Array& array);

}  // namespace ashlar
