// SPDX-License-Identifier: Apache-2.0
// What the schedules of a few rows times weights [N, K] share: the shapes, what lies before the
// products and behind them, and the products of one step along K. Packed weights are multiplied as
// they are (packed_dot.h).
//
// Rows that choose their matrices by number (ashlar.expert_matmul) are products of their own. The
// left rows that are summed lie end to end along K, and each packet of the weights is of the matrix
// that its left row chose.
#pragma once

#include "codegen/emitters/element.h"
#include "codegen/emitters/matrix_choice.h"
#include "codegen/emitters/packed_halves.h"
#include "codegen/emitters/row_reduction.h"
#include "ir/kernel_region.h"

#include <vector>

namespace ashlar::codegen {

class StagedValues;

class MatvecProduct {
public:
  MatvecProduct(KernelBuilder& builder, llvm::ArrayRef<kernel::Store> stores);

  // Reads the region; reports what fits no schedule.
  bool read_shapes();

  std::int64_t products() const { return products_; }
  std::int64_t m() const { return m_; }
  std::int64_t n() const { return n_; }
  std::int64_t k() const { return k_; }
  std::int64_t matrices() const { return static_cast<std::int64_t>(roots_.size()); }
  bool is_packed() const { return packed_; }
  bool fits_halves() const;
  bool chooses_matrices() const { return ids_ != nullptr; }
  // Whether packets of so many columns cut what lies side by side along K without a rest.
  bool divides_k(std::int64_t width) const { return (k_ / summed_) % width == 0; }
  // Whether the left side is computed and kept in workgroup memory.
  bool is_staged() const;

  // Sums over K are numbered by matrix, then row of the left side, then row of the weights.
  std::size_t sum_number(std::int64_t matrix, std::int64_t m, std::int64_t row,
                         std::int64_t rows) const {
    return static_cast<std::size_t>((matrix * m_ + m) * rows + row);
  }

  // All below is about this one of the products; needed where there are several.
  void choose_product(Value number) { product_ = number; }

  // Picks its matrices in this workgroup; they are known behind the next barrier.
  void pick_matrices(const MatrixChoice& choice) { choice.pick(e_, product_, products_); }

  // The left side is kept in halves; see fits_halves.
  void keep_halves() { in_halves_ = true; }

  // Computes what lies before the product, by all threads of the workgroup: reductions, the left
  // side itself where it is staged, and outputs that do not need the product.
  void compute_left();
  // `width` values of row `m` of the left side.
  Values left(std::int64_t m, Value k, std::int64_t width);

  // The same in halves, where they are kept: block number `block` of the row.
  HalvesOfBlock halves(std::int64_t m, Value block);

  // Whether packets of packed weights can have so many columns: whole blocks that share scales.
  bool packs_width(std::int64_t width) const;

  // `width` columns from `k` on of some rows of every matrix: by matrix, then row; of packed
  // weights block after block.
  using WeightPackets = std::vector<WeightPacket>;
  WeightPackets load(llvm::ArrayRef<Value> rows, Value k, std::int64_t width);

  // Adds the products of these packets with the left side's values to `sums`; `left` gives `width`
  // of them, from column `offset` of the packets on.
  using LeftValues =
      llvm::function_ref<Values(std::int64_t m, std::int64_t offset, std::int64_t width)>;
  void multiply(llvm::ArrayRef<WeightPacket> packets, std::int64_t width, LeftValues left,
                llvm::MutableArrayRef<Value> sums);

  // The same for a block of the left side in halves, by row.
  void multiply(llvm::ArrayRef<WeightPacket> packets, llvm::ArrayRef<HalvesOfBlock> left,
                llvm::MutableArrayRef<Value> sums);

  // Stores what lies behind the product for its element number `linear`, by the sum of each matrix.
  void store(Value linear, ValueRange sums);

private:
  bool refuse(mlir::Operation* op, const llvm::Twine& message);
  bool read_plain_shapes();
  bool read_chosen_shapes();
  bool fits_plain(mlir::Operation* root) const;
  bool fits_chosen(mlir::Operation* root) const;
  Value chosen_matrix(Value k);
  std::int64_t staged_width() const;
  RowTeam team();
  llvm::SmallVector<Turn> own_turns();
  Point packet_point(Value packet);
  Point left_point(Value m, Value k, std::int64_t width);
  void read_ahead(Value tensor, const Point& point);
  void bind_reductions();
  void bind_parts(mlir::Operation* reduction, std::int64_t rows);
  void stage_left();
  std::int64_t rounds_of_halves() const;
  Value halves_packet(Value round);
  Point halves_point(Value packet);
  void stage_halves();
  Values single(const StagedValues& staged, Value linear, std::int64_t width);
  void store_prologue();
  void multiply_blocks(llvm::ArrayRef<WeightPacket> packets, std::int64_t blocks, LeftValues left,
                       llvm::MutableArrayRef<Value> sums);
  WeightPacket load_weight(mlir::Operation* root, Value row, Value k, std::int64_t width,
                           const PackedBlock* neighbour);
  WeightPacket load_chosen_weight(mlir::Operation* root, Value row, Value k, std::int64_t width);

  KernelBuilder& b_;
  Elements e_;
  llvm::ArrayRef<kernel::Store> stores_;
  llvm::SmallVector<mlir::Operation*> roots_;
  Value lhs_, ids_;  // the latter where matrices are chosen
  std::int64_t products_ = 1, m_ = 0, n_ = 0, k_ = 0;
  std::int64_t summed_ = 1;  // left rows of a product that are summed
  Value product_;
  llvm::DenseMap<Value, Value> chosen_;  // number of the matrix by column of its packet
  bool packed_ = false, in_halves_ = false;
  std::optional<StagedHalves> halves_;
};

}  // namespace ashlar::codegen
