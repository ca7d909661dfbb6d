// SPDX-License-Identifier: Apache-2.0
// Reductions over a row, shared out among threads.
#pragma once

#include "codegen/emitters/element.h"

namespace ashlar::codegen {

// Threads that work on one row together: `count` of them, a power of two, of which this one is
// number `number`. Each reads packets of at most `width` elements, without a loop where these are
// no more than `unrolled`: then values that were computed at the same places before are used again.
struct RowTeam {
  Value number;
  std::int64_t count;
  std::int64_t width;
  std::int64_t unrolled = 0;
};

// A packet of this thread. Threads behind the end of the row have its last packet, and are not
// `inside`, which is null where all are.
struct Turn {
  Value packet, inside;
};

// This thread's turns over `packets` packets; none where the team takes a loop.
llvm::SmallVector<Turn> unrolled_turns(KernelBuilder& builder, const RowTeam& team,
                                       std::int64_t packets);

// Calls `body` for each packet of this thread.
void for_packets(KernelBuilder& builder, const RowTeam& team, std::int64_t packets,
                 llvm::function_ref<void(Value packet)> body);

// The result of `reduction` (over trailing axes) for row `row`; all threads of the team must get
// here and all receive it.
Value reduce_row(Elements& elements, mlir::Operation* reduction, Value row, const RowTeam& team);

// Makes the result of `reduction` readable: for a kernel that computes one row at a time (see
// check_rows), or by row number.
void bind_row(Elements& elements, mlir::Operation* reduction, Value value);
void bind_rows(Elements& elements, mlir::Operation* reduction, llvm::ArrayRef<Value> values);

// Computes the reductions that `value` needs of its row `row`, and makes them readable until the
// next row is computed.
void reduce_and_bind(Elements& elements, Value value, Value row, const RowTeam& team);

// Whether the region computes row after row: no value mixes reductions of several rows. Reports the
// op that does.
bool check_rows(KernelBuilder& builder);

}  // namespace ashlar::codegen
