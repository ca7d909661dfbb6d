// SPDX-License-Identifier: Apache-2.0
// NumPy's file of one array: magic, version, a Python dictionary, then the elements.
#pragma once

#include "runtime/program/dtype.h"
#include "runtime/program/shape.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ashlar {

struct NpyContents {
  DType dtype;
  bool doubles;       // elements are f64 in the file; dtype is f32
  bool column_major;  // Fortran's order
  Shape shape;
  std::span<const std::byte> data;  // of the parsed bytes, at any alignment
};

// `file` is a name for messages. Versions 1 to 3. Throws FormatError, or Unsupported for element
// types without a DType (complex, strings, records, big-endian numbers).
NpyContents parse_npy(std::span<const std::byte> bytes, std::string_view file);

// What stands before row-major elements in a file of version 1. Throws Unsupported for bf16, which
// NumPy lacks.
std::string npy_header(DType dtype, const Shape& shape);

}  // namespace ashlar
