// SPDX-License-Identifier: Apache-2.0
// Arrays to and from other frameworks, through DLPack tensors in host memory
// (https://dmlc.github.io/dlpack). Both directions copy: arrays live on the device.
#pragma once

#include "runtime/array/array.h"

struct DLManagedTensor;

namespace ashlar {

// The tensor's elements in logical order, whatever its strides; then calls its deleter, also when
// it throws. f64 becomes f32. Throws InvalidArgument for tensors of other devices and Unsupported
// for element types that arrays lack.
Array from_dlpack(DLManagedTensor* tensor,
                  std::source_location where = std::source_location::current());

// Evaluates. The caller, or whoever it is passed to, calls the deleter in the end.
DLManagedTensor* to_dlpack(const Array& array);

}  // namespace ashlar
