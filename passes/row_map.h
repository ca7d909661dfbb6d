// SPDX-License-Identifier: Apache-2.0
// Which values can be computed row by row: the question behind "row" kernels and norm prologues.
//
// A value *follows R rows* when it depends on reductions over R rows and, cut in row-major order
// into R equal pieces, piece i needs only the reductions of row i. A value that depends on no
// reduction follows none (0).
#pragma once

#include "mlir/IR/Operation.h"

#include <cstdint>
#include <optional>

namespace ashlar {

// The rows that the result of `op` follows when its operands follow `operands` (0 where they follow
// none). Nothing when it follows no single division into rows: then an operand must be stored.
std::optional<std::int64_t> rows_after(mlir::Operation* op, mlir::ArrayRef<std::int64_t> operands);

}  // namespace ashlar
