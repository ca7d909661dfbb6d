// SPDX-License-Identifier: Apache-2.0
// "matmul_coop": products of 16-bit floats, or of such floats and packed weights, on cooperative
// matrices. A workgroup computes a tile of the result; each of its grid_m x grid_n subgroups holds
// a part of it as 16x16 matrices. Tiles of the operands go from buffers through registers into
// workgroup memory while the tiles before them are multiplied. Results return through workgroup
// memory, where each has a known place.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matmul_operands.h"
#include "codegen/emitters/operand_tile.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/matrix_schedules.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kSize = MatrixUnit::kSize;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

struct Tile {
  std::int64_t m, n, k;
  std::int64_t grid_m, grid_n;  // subgroups
  std::int64_t slots;           // tiles that workgroup memory holds

  explicit Tile(kernel::ScheduleAttr schedule)
      : m(schedule.get("tile_m", 128)), n(schedule.get("tile_n", 128)),
        k(schedule.get("tile_k", 32)), grid_m(schedule.get("grid_m", 2)),
        grid_n(schedule.get("grid_n", 4)), slots(schedule.get("slots", 2)) {}

  bool is_valid(std::int64_t subgroups) const {
    return grid_m > 0 && grid_n > 0 && subgroups == grid_m * grid_n && m > 0 && n > 0 && k > 0 &&
           m % (kSize * grid_m) == 0 && n % (kSize * grid_n) == 0 && k % kSize == 0 &&
           (slots == 1 || slots == 2);
  }
  // Matrices that a subgroup holds.
  std::int64_t rows() const { return m / grid_m / kSize; }
  std::int64_t columns() const { return n / grid_n / kSize; }
};

class CoopMatmul {
public:
  CoopMatmul(KernelBuilder& b, Stores stores, ir::MatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), shape_(root), tile_(b.def().getSchedule()),
        threads_(b.workgroup_size()), dtype_(dtype_of(root.getLhs())),
        left_(e_, left_side(), dtype_, shape_.k, tile_.m, tile_.k),
        right_(e_, right_side(), dtype_, shape_.k, tile_.n, tile_.k) {}

  void emit() {
    if (threads_ % b_.subgroup_size() != 0 || !tile_.is_valid(threads_ / b_.subgroup_size()))
      return b_.fail(b_.def(), "schedule: grid_m x grid_n subgroups must make up the workgroup and "
                               "divide the tile into 16x16 matrices; tile_k is a multiple of 16, "
                               "slots 1 or 2");
    if (!right_.divides())
      return b_.fail(b_.def(),
                     "schedule: tile_k must be a multiple of 32 that divides packed rows");
    unit_ = MatrixUnit::create(b_, dtype_, tile_.rows() * tile_.columns());
    if (!unit_)
      return b_.fail(root_, "the device has no cooperative matrices of this type");
    allocate();
    const std::int64_t tiles_m = ceil_div(shape_.m, tile_.m), tiles_n = ceil_div(shape_.n, tile_.n);
    b_.for_workgroups(shape_.batch * tiles_n * tiles_m, [&] {
      // Neighbours share columns of the right side, which is the larger one where it matters.
      place(b_.delinearize(b_.workgroup(), {shape_.batch, tiles_n, tiles_m}));
      store_results(multiply_all());
    });
  }

private:
  // ---- Where things are

  void allocate() {
    slot_size_ = left_.size() + right_.size();
    band_columns_ = std::min<std::int64_t>(tile_.columns(), 4);
    while (tile_.columns() % band_columns_ != 0)
      --band_columns_;
    band_stride_ = band_columns_ * kSize / MatrixUnit::kSumPacket + 1;
    const std::int64_t bands = threads_ / b_.subgroup_size() * kSize * band_stride_;
    memory_ =
        b_.shared(VectorType::get(4, b_.getI32Type()), std::max(tile_.slots * slot_size_, bands));
  }

  void place(ValueRange place) {
    batch_ = place[0];
    first_n_ = b_.mul(place[1], tile_.n);
    first_m_ = b_.mul(place[2], tile_.m);
    subgroup_ = b_.div(b_.thread(), b_.subgroup_size());
    part_m_ = b_.mul(b_.div(subgroup_, tile_.grid_n), tile_.rows() * kSize);
    part_n_ = b_.mul(b_.rem(subgroup_, tile_.grid_n), tile_.columns() * kSize);
  }

  // ---- Tiles into workgroup memory

  TileSide left_side() {
    return {root_.getLhs(), shape_.m, /*packs_k=*/true,
            [this](Value line, Value k, std::int64_t width) {
              return left_point(b_, root_, shape_, batch_, line, k, width);
            }};
  }
  TileSide right_side() {
    return {root_.getRhs(), shape_.n, root_.getTransposeRhs(),
            [this](Value line, Value k, std::int64_t width) {
              return right_point(b_, root_, batch_, line, k, width);
            }};
  }

  struct Loaded {
    OperandTile::Loaded left, right;
  };
  Loaded load_both(Value first_k) {
    return {left_.load(first_m_, first_k), right_.load(first_n_, first_k)};
  }
  void store_both(const Loaded& loaded, Value slot) {
    left_.store(loaded.left, memory_, slot);
    right_.store(loaded.right, memory_, right_of(slot));
  }
  Value right_of(Value slot) { return b_.add(slot, left_.size()); }

  // ---- The product

  Value slot_of(Value tile) {
    return tile_.slots == 1 ? b_.index(0) : b_.mul(b_.rem(tile, tile_.slots), slot_size_);
  }

  Values multiply_all() {
    const std::int64_t tiles = std::max<std::int64_t>(ceil_div(shape_.k, tile_.k), 1);
    store_both(load_both(b_.index(0)), b_.index(0));
    b_.barrier();
    Values zeros;
    for (std::int64_t i = 0; i < tile_.rows() * tile_.columns(); ++i)
      zeros.push_back(unit_->zeros());
    const Values sums = b_.loop(0, tiles - 1, 1, zeros, [&](Value tile, ValueRange carried) {
      const Value next = b_.add(tile, 1);
      const Loaded loaded = load_both(b_.mul(next, tile_.k));
      Values products = multiply_tile(slot_of(tile), carried);
      if (tile_.slots == 1)
        b_.barrier();
      store_both(loaded, slot_of(next));
      b_.barrier();
      return products;
    });
    return multiply_tile(slot_of(b_.index(tiles - 1)), sums);
  }

  Values multiply_tile(Value slot, ValueRange carried) {
    Values sums(carried);
    for (std::int64_t k = 0; k < tile_.k; k += kSize)
      multiply_step(slot, k, sums);
    return sums;
  }

  void multiply_step(Value slot, std::int64_t k, Values& sums) {
    std::vector<MatrixUnit::Operand> left;
    for (std::int64_t i = 0; i < tile_.rows(); ++i)
      left.push_back(unit_->load_left(left_.matrix(memory_, slot, b_.add(part_m_, i * kSize), k)));
    for (std::int64_t j = 0; j < tile_.columns(); ++j) {
      const MatrixUnit::Operand right = unit_->load_right(
          right_.matrix(memory_, right_of(slot), b_.add(part_n_, j * kSize), k), right_.packs_k());
      for (std::int64_t i = 0; i < tile_.rows(); ++i) {
        Value& sum = sums[static_cast<std::size_t>(i * tile_.columns() + j)];
        sum = unit_->multiply_add(left[static_cast<std::size_t>(i)], right, sum);
      }
    }
  }

  // ---- Results: a band of 16 rows and up to 64 columns of each subgroup at a time

  void store_results(ValueRange sums) {
    width_ = packet_width(stores_, MatrixUnit::kSumPacket);
    while (shape_.n % width_ != 0)
      width_ /= 2;
    b_.barrier();  // tiles are still being read
    for (std::int64_t i = 0; i < tile_.rows(); ++i)
      for (std::int64_t j = 0; j < tile_.columns(); j += band_columns_) {
        put_band(sums, i, j);
        b_.subgroup_barrier();
        store_band(i * kSize, j * kSize);
        b_.subgroup_barrier();
      }
  }

  Value band() { return b_.mul(subgroup_, kSize * band_stride_); }

  void put_band(ValueRange sums, std::int64_t row, std::int64_t column) {
    for (std::int64_t j = 0; j < band_columns_; ++j)
      unit_->store(sums[static_cast<std::size_t>(row * tile_.columns() + column + j)],
                   {memory_, b_.add(band(), j * kSize / MatrixUnit::kSumPacket), band_stride_});
  }

  void store_band(std::int64_t first_row, std::int64_t first_column) {
    const std::int64_t per_row = band_columns_ * kSize / width_;
    const Value row_begin = b_.add(b_.add(first_m_, part_m_), first_row);
    const Value column_begin = b_.add(b_.add(first_n_, part_n_), first_column);
    auto store = [&](Value packet) {
      const Value row = b_.div(packet, per_row), column = b_.mul(b_.rem(packet, per_row), width_);
      const Value m = b_.add(row_begin, row), n = b_.add(column_begin, column);
      const bool exact = shape_.m % tile_.m == 0 && shape_.n % tile_.n == 0;
      auto store_values = [&] { store_packet(m, n, band_values(row, column)); };
      exact ? store_values()
            : b_.if_then(b_.both(b_.less(m, shape_.m), b_.less(n, shape_.n)), store_values);
    };
    b_.for_each(b_.lane(), b_.index(kSize * per_row), b_.index(b_.subgroup_size()), store);
  }

  Values band_values(Value row, Value column) {
    const Value place = b_.add(band(), b_.mul(row, band_stride_));
    Values values = MatrixUnit::load_sums(b_, memory_, place, column, width_);
    for (Value& value : values)
      value = round_to(b_, dtype_of(root_->getResult(0)), value);
    return values;
  }

  void store_packet(Value m, Value n, const Values& values) {
    const Value row = shape_.batch == 1 ? m : b_.add(b_.mul(batch_, shape_.m), m);
    const Value linear = b_.add(b_.mul(row, shape_.n), n);
    bind_packet(e_, root_, linear, values);
    emit_stores(e_, stores_, linear, width_);
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  ir::MatmulOp root_;
  MatmulShape shape_;
  Tile tile_;
  std::int64_t threads_;
  DType dtype_;
  std::unique_ptr<MatrixUnit> unit_;
  OperandTile left_, right_;
  std::int64_t slot_size_ = 0, band_columns_ = 1, band_stride_ = 1, width_ = 1;
  Value memory_, batch_, first_m_, first_n_, subgroup_, part_m_, part_n_;
};

}  // namespace

void emit_matmul_coop(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<ir::MatmulOp>(roots.front()) : ir::MatmulOp();
  if (!root)
    return b.fail(b.def(), "a matmul kernel needs one matmul");
  if (!kernel::fits_coop_matmul(root) || !is_float(dtype_of(root->getResult(0))))
    return b.fail(root, "cooperative matrices need operands of one 16-bit float type, or packed "
                        "rows on the right");
  if (!check_stores(b, stores, root))
    return;
  if (kernel::element_count(root->getResult(0).getType()) > 0 && shape_of(root.getLhs()).back() > 0)
    CoopMatmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
