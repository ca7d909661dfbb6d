// SPDX-License-Identifier: Apache-2.0
// Products of 16x16 matrices of 16-bit floats with f32 sums, each matrix held by a subgroup: the
// device's cooperative matrices where it has them. Elsewhere lanes hold whole rows and multiply
// themselves, slowly, so that emitters built on this run, and are tested, on every device.
//
// Operands come from workgroup memory, in packets of 16 bytes (vector<4xi32>): 8 elements or 4
// sums. Places and strides (from one row, or column, to the next) count packets. All lanes of a
// subgroup must pass the same ones, and all of them must get to every operation.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "runtime/program/dtype.h"

#include <memory>

namespace ashlar::codegen {

class MatrixUnit {
public:
  static constexpr std::int64_t kSize = 16;
  static constexpr std::int64_t kPacket = 8;     // elements of 16 bits in one
  static constexpr std::int64_t kSumPacket = 4;  // sums in one

  // For operands of `dtype`; at most `sums` calls of zeros() follow. Null where the device can do
  // it neither way.
  static std::unique_ptr<MatrixUnit> create(KernelBuilder& builder, DType dtype, std::int64_t sums);
  virtual ~MatrixUnit() = default;

  struct Place {
    Value memory, at;
    std::int64_t stride;
  };
  // A left or right side: the matrix, or where it lies. Must be used before its memory changes.
  struct Operand {
    Value matrix;
    Place place;
    bool columns;
  };

  // Sums, which the operations below take over: the old ones must not be used again.
  virtual Value zeros() = 0;
  // 16 rows of 16 elements along K.
  virtual Operand load_left(const Place& place) = 0;
  // 16 rows (along K) of 16 columns, stored row by row, or column by column.
  virtual Operand load_right(const Place& place, bool columns) = 0;
  // left * right + sums
  virtual Value multiply_add(const Operand& left, const Operand& right, Value sums) = 0;
  // Multiplies row r of sums by number r of the 16 floats at `at` of `memory` (f32).
  virtual Value scale_rows(Value sums, Value memory, Value at) = 0;
  virtual void store(Value sums, const Place& place) = 0;

  // Whether operands outlive changes of the memory that they came from.
  virtual bool keeps_operands() const = 0;

  // `width` (1, 2 or 4) stored sums from `column` on, a multiple of width, in the row that starts
  // at `row`.
  static Values load_sums(KernelBuilder& builder, Value memory, Value row, Value column,
                          std::int64_t width);
};

std::unique_ptr<MatrixUnit> make_cooperative_matrices(KernelBuilder& builder, DType dtype);
std::unique_ptr<MatrixUnit> make_lane_matrices(KernelBuilder& builder, DType dtype,
                                               std::int64_t sums);

}  // namespace ashlar::codegen
