// SPDX-License-Identifier: Apache-2.0
// Buffers named on the command line: `DTYPE:COUNT=FILL`, where FILL is one of
//   zero | iota | random:SEED (uniform in [-1, 1); integers in [-100, 100)) | values:A,B,...
//   (repeated until full) | file:PATH (raw little-endian bytes)
#pragma once

#include "runtime/program/dtype.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct BufferContents {
  DType dtype;
  std::int64_t count;
  std::vector<std::byte> bytes;
};

// Both throw InvalidArgument or IoError.
BufferContents parse_buffer_spec(std::string_view spec);
BufferContents fill_buffer(DType dtype, std::int64_t count, std::string_view fill);

// "f32[3]: 0 0.5 nan", the shortest text that reads back as the same value.
std::string to_string(const BufferContents& buffer);

}  // namespace ashlar
