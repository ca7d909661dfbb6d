// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/matmul_operands.h"

using namespace mlir;

namespace ashlar::codegen {

MatmulShape::MatmulShape(ir::MatmulOp root) {
  ArrayRef<std::int64_t> left = shape_of(root.getLhs()), result = shape_of(root->getResult(0));
  k = left.back();
  n = result.back();
  m = left[left.size() - 2];
  for (std::int64_t extent : left.drop_back(2))
    batch *= extent;
  if (shape_of(root.getRhs()).size() == 2) {
    m *= batch;
    batch = 1;
  }
}

static Point packet(Values index, std::int64_t width) {
  const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
  return {std::move(index), axis, width};
}

Point left_point(KernelBuilder& b, ir::MatmulOp root, const MatmulShape& shape, Value batch,
                 Value line, Value k, std::int64_t width) {
  const Value row = shape.batch == 1 ? line : b.add(b.mul(batch, shape.m), line);
  Values index = b.delinearize(row, shape_of(root.getLhs()).drop_back());
  index.push_back(k);
  return packet(std::move(index), width);
}

Point right_point(KernelBuilder& b, ir::MatmulOp root, Value batch, Value line, Value k,
                  std::int64_t width) {
  Values index = b.delinearize(batch, shape_of(root.getRhs()).drop_back(2));
  index.append(root.getTransposeRhs() ? Values{line, k} : Values{k, line});
  return packet(std::move(index), width);
}

}  // namespace ashlar::codegen
