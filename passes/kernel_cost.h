// SPDX-License-Identifier: Apache-2.0
// Bytes and operations of one kernel, as if every byte it needs crossed the memory bus once.
#pragma once

#include "ir/kernel_region.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <cstdint>
#include <vector>

namespace ashlar {

struct KernelCost {
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t flops = 0;  // additions, multiplications and function calls on elements
  // The same bytes by argument of the dispatch: inputs, then outputs that are not in place.
  std::vector<std::int64_t> reads, writes;

  mlir::DictionaryAttr to_attribute(mlir::MLIRContext* context) const;
  // Zero for absent fields.
  static KernelCost from_attribute(mlir::DictionaryAttr attribute);
};

// `kv_length`: the rows that are in use of inputs with a dynamic axis.
KernelCost cost_of(const kernel::RegionView& region, std::int64_t kv_length);

}  // namespace ashlar
