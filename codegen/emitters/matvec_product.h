// SPDX-License-Identifier: Apache-2.0
// What the schedules of a few rows times weights [N, K] share: the shapes, what lies before the
// products and behind them, and the products of one step along K. Packed weights are multiplied as
// they are (packed_dot.h).
#pragma once

#include "codegen/emitters/element.h"
#include "codegen/emitters/packed_dot.h"
#include "ir/kernel_region.h"

#include <vector>

namespace ashlar::codegen {

class StagedValues;

class MatvecProduct {
public:
  MatvecProduct(KernelBuilder& builder, llvm::ArrayRef<kernel::Store> stores);

  // Reads the region; reports what fits no schedule.
  bool read_shapes();

  std::int64_t m() const { return m_; }
  std::int64_t n() const { return n_; }
  std::int64_t k() const { return k_; }
  std::int64_t matrices() const { return static_cast<std::int64_t>(roots_.size()); }
  bool is_packed() const { return packed_; }
  // Whether the left side is computed and kept in workgroup memory.
  bool is_staged() const;

  // Sums over K are numbered by matrix, then row of the left side, then row of the weights.
  std::size_t sum_number(std::int64_t matrix, std::int64_t m, std::int64_t row,
                         std::int64_t rows) const {
    return static_cast<std::size_t>((matrix * m_ + m) * rows + row);
  }

  // Computes what lies before the product, by all threads of the workgroup: reductions, the left
  // side itself where it is staged, and outputs that do not need the product.
  void compute_left();
  // `width` values of row `m` of the left side.
  Values left(std::int64_t m, Value k, std::int64_t width);

  // `width` columns from `k` on of some rows of every matrix: by matrix, then row.
  using WeightPackets = std::vector<WeightPacket>;
  WeightPackets load(llvm::ArrayRef<Value> rows, Value k, std::int64_t width);

  // Adds the products of these packets with the left side's values to `sums`; `left` gives `width`
  // of them, from column `offset` of the packets on.
  using LeftValues =
      llvm::function_ref<Values(std::int64_t m, std::int64_t offset, std::int64_t width)>;
  void multiply(llvm::ArrayRef<WeightPacket> packets, std::int64_t width, LeftValues left,
                llvm::MutableArrayRef<Value> sums);

  // Stores what lies behind the product for its element number `linear`, by the sum of each matrix.
  void store(Value linear, ValueRange sums);

private:
  bool refuse(mlir::Operation* op, const llvm::Twine& message);
  std::int64_t staged_width() const;
  std::int64_t own_packets() const;
  Point own_point(std::int64_t number);
  void read_ahead(Value tensor, const Point& point);
  void bind_reductions();
  void stage_left();
  Values single(const StagedValues& staged, Value linear, std::int64_t width);
  void store_prologue();
  WeightPacket load_weight(Value weights, Value row, Value k, std::int64_t width);

  KernelBuilder& b_;
  Elements e_;
  llvm::ArrayRef<kernel::Store> stores_;
  llvm::SmallVector<mlir::Operation*> roots_;
  Value lhs_;
  std::int64_t m_ = 0, n_ = 0, k_ = 0;
  bool packed_ = false;
};

}  // namespace ashlar::codegen
