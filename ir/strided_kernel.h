// SPDX-License-Identifier: Apache-2.0
// Kernels whose extents are scalars of the dispatch record (emitter "strided"): one kernel for all
// shapes of a rank. The body computes one element, as tensors of rank 0; kernel.view reads
// operands.
//
// The scalars, in their order:
//   packets            of `width` elements each, one per thread
//   extent[1 .. rank)  of the axes that all elements form, without the outermost
//   per view: offset, stride[0 .. rank)   in elements
#pragma once

#include "ir/kernel_dialect.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace ashlar::kernel {

inline constexpr llvm::StringLiteral kStridedEmitter = "strided";

struct StridedScalars {
  std::int64_t rank;

  static constexpr std::int64_t packets() { return 0; }
  std::int64_t extent(std::int64_t axis) const { return axis; }  // not of axis 0
  std::int64_t offset(std::int64_t view) const { return rank + view * (rank + 1); }
  std::int64_t stride(std::int64_t view, std::int64_t axis) const {
    return offset(view) + 1 + axis;
  }
  std::int64_t count(std::int64_t views) const { return offset(views); }
};

// Scalars that a dispatch of the kernel carries: 0 unless it is a strided one.
std::int64_t scalar_count(DefOp def);
// Buffers of a dispatch: the inputs, and the outputs that are not in place.
std::int64_t argument_count(DefOp def);
// 32-bit words of a dispatch record.
std::int64_t record_words(DefOp def);

// What a dispatch of a strided kernel touches with these scalars.
struct ViewReach {
  std::size_t buffer;  // number of the input
  std::int64_t first, last;
  std::int64_t element_bytes;
};
struct StridedReach {
  std::int64_t elements;  // of each output
  llvm::SmallVector<ViewReach> views;
};
// Requires scalar_count(def) scalars.
StridedReach strided_reach(DefOp def, llvm::ArrayRef<std::int32_t> scalars);

}  // namespace ashlar::kernel
