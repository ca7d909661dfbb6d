// SPDX-License-Identifier: Apache-2.0
// The value of a region's tensors at one index: what fusion means inside a kernel. Inlinable ops
// (sources, elementwise, random, movement, gathers, dequantize, attention_combine) are evaluated
// where they are used, with their indices mapped through movement ops; other ops must be bound by
// the emitter.
// Every op rounds once, to its result's element type.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "ir/op_info.h"

#include <functional>
#include <map>
#include <vector>

namespace ashlar::codegen {

struct ScaleAndBias {
  Value scale, bias;  // of scale * q + bias
};

// `width` elements in a row along `axis`, the first one at `index`; index[axis] is a multiple of
// width. A single element has width 1 and no axis.
struct Point {
  Values index;
  int axis = -1;
  std::int64_t width = 1;

  // The element `lane` steps along the axis.
  Point lane(KernelBuilder& b, std::int64_t lane) const;
};

// The `width` elements (dividing the innermost extent) from number `linear` on.
Point point_at(KernelBuilder& b, mlir::RankedTensorType type, Value linear, std::int64_t width);

class Elements {
public:
  explicit Elements(KernelBuilder& builder) : b_(builder) {}

  // Values of compute type, one for each element of the point.
  Values at(Value tensor, const Point& point);
  Value at(Value tensor, ValueRange index);

  // From now on `tensor` has the values that `source` gives.
  using Source = std::function<Values(const Point&)>;
  void bind(Value tensor, Source source);
  // Like bind, but with one element at a time.
  using ScalarSource = std::function<Value(ValueRange index)>;
  void bind_scalar(Value tensor, ScalarSource source);

  KernelBuilder& builder() { return b_; }

private:
  Values evaluate(Value tensor, const Point& point);
  Values lanes(Value tensor, const Point& point);
  Values uniform(Value tensor, Values index, std::int64_t width);
  Values argument(mlir::BlockArgument argument, const Point& point);
  Values elementwise(mlir::Operation* op, OpKind kind, const Point& point);
  Values philox(mlir::Operation* op, const Point& point);
  Values source(mlir::Operation* op, OpKind kind, const Point& point);
  Values constant(mlir::Operation* op, const Point& point);
  Values movement(mlir::Operation* op, OpKind kind, const Point& point);
  Values reshape(mlir::Operation* op, const Point& point);
  Values transpose(mlir::Operation* op, const Point& point);
  Values broadcast(mlir::Operation* op, const Point& point);
  Values slice(mlir::Operation* op, const Point& point);
  Values pad(mlir::Operation* op, const Point& point);
  Values concat(mlir::Operation* op, const Point& point);
  Values concat_from(mlir::Operation* op, const Point& point, unsigned operand,
                     std::int64_t offset);
  Values take(mlir::Operation* op, const Point& point);
  Values take_along_axis(mlir::Operation* op, const Point& point);
  Values gather(Value input, Value row, DType row_type, std::int64_t axis, Point point);
  Values dequantize(mlir::Operation* op, const Point& point);
  Values dequantize_mxfp4(mlir::Operation* op, const Point& point);
  ScaleAndBias scale_at(mlir::Operation* op, Values index);
  Value small_float_at(mlir::Operation* op, Values index);
  Values combine(mlir::Operation* op, const Point& point);

  using Key = std::tuple<const void*, int, std::int64_t, std::vector<const void*>>;
  struct Memo {
    int scope;
    Values values;
  };
  static Key key_of(Value tensor, const Point& point);

  KernelBuilder& b_;
  llvm::DenseMap<Value, Source> bound_;
  std::map<Key, Memo> memo_;
};

DType dtype_of(Value tensor);
llvm::ArrayRef<std::int64_t> shape_of(Value tensor);

// A row number out of an integer tensor: where it lies inside [0, extent), as an index that is safe
// to use. `wraps`: negative numbers count from the end. A dynamic extent is trusted.
struct RowIndex {
  Value inside;
  Value index;
};
RowIndex row_index(KernelBuilder& b, Value number, DType dtype, std::int64_t extent, bool wraps);
// The index in [0, extent) that is nearest to a number out of an integer tensor.
Value nearest_index(KernelBuilder& b, Value number, DType dtype, std::int64_t extent);

}  // namespace ashlar::codegen
