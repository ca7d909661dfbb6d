// SPDX-License-Identifier: Apache-2.0
// The extents of a matrix product, and where an element of an operand lies.
#pragma once

#include "codegen/emitters/element.h"
#include "ir/ashlar_dialect.h"

namespace ashlar::codegen {

// `batch` products of [m, k] by [k, n]. One right side for all makes the batch more rows.
struct MatmulShape {
  std::int64_t batch = 1, m = 0, n = 0, k = 0;

  explicit MatmulShape(ir::MatmulOp root);
};

// `width` elements of row `line` of the left side, from k on.
Point left_point(KernelBuilder& builder, ir::MatmulOp root, const MatmulShape& shape, Value batch,
                 Value line, Value k, std::int64_t width);
// `width` elements of column `line` of the right side from k on; where the right side is not
// transposed, of row k from column `line` on.
Point right_point(KernelBuilder& builder, ir::MatmulOp root, Value batch, Value line, Value k,
                  std::int64_t width);

}  // namespace ashlar::codegen
