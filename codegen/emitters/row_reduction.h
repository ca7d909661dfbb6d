// SPDX-License-Identifier: Apache-2.0
// Reductions over a row, shared out among threads.
#pragma once

#include "codegen/emitters/element.h"

namespace ashlar::codegen {

// Threads that work on one row together: `count` of them, a power of two, of which this one is
// number `number`. Each reads packets of at most `width` elements.
struct RowTeam {
  Value number;
  std::int64_t count;
  std::int64_t width;
};

// The result of `reduction` (over trailing axes) for row `row`; all threads of the team must get
// here and all receive it.
Value reduce_row(Elements& elements, mlir::Operation* reduction, Value row, const RowTeam& team);

// The results of a reduction that are known here, by row number.
struct RowValue {
  Value row;
  Value value;
};
// Makes the result of `reduction` readable in those rows; reading any other is reported. Row
// numbers that are constants 0, 1, ... may also be chosen at run time.
void bind_rows(Elements& elements, mlir::Operation* reduction, llvm::ArrayRef<RowValue> rows);

}  // namespace ashlar::codegen
