// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/coop_product.h"

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kSize = MatrixUnit::kSize;

}  // namespace

CoopProduct::Tile::Tile(kernel::ScheduleAttr schedule)
    : m(schedule.get("tile_m", 128)), n(schedule.get("tile_n", 128)), k(schedule.get("tile_k", 32)),
      grid_m(schedule.get("grid_m", 2)), grid_n(schedule.get("grid_n", 4)),
      slots(schedule.get("slots", 2)) {}

bool CoopProduct::Tile::is_valid(std::int64_t subgroups) const {
  return grid_m > 0 && grid_n > 0 && subgroups == grid_m * grid_n && m > 0 && n > 0 && k > 0 &&
         m % (kSize * grid_m) == 0 && n % (kSize * grid_n) == 0 && k % kSize == 0 &&
         (slots == 1 || slots == 2);
}

CoopProduct::CoopProduct(Elements& elements, TileSide left, TileSide right, DType dtype,
                         std::int64_t k)
    : b_(elements.builder()), tile_(b_.def().getSchedule()), m_(left.lines), n_(right.lines), k_(k),
      threads_(b_.workgroup_size()), dtype_(dtype),
      left_(elements, std::move(left), dtype, k, tile_.m, tile_.k),
      right_(elements, std::move(right), dtype, k, tile_.n, tile_.k) {}

bool CoopProduct::prepare() {
  if (threads_ % b_.subgroup_size() != 0 || !tile_.is_valid(threads_ / b_.subgroup_size()))
    b_.fail(b_.def(), "schedule: grid_m x grid_n subgroups must make up the workgroup and divide "
                      "the tile into 16x16 matrices; tile_k is a multiple of 16, slots 1 or 2");
  else if (!right_.divides())
    b_.fail(b_.def(), "schedule: tile_k must be a multiple of 32 that divides packed rows");
  else if (unit_ = MatrixUnit::create(b_, dtype_, tile_.rows() * tile_.columns()); !unit_)
    b_.fail(b_.def(), "the device has no cooperative matrices of this type");
  if (b_.failed())
    return false;
  allocate();
  return true;
}

// ---- Where things are

void CoopProduct::allocate() {
  slot_size_ = left_.size() + right_.size();
  band_columns_ = std::min<std::int64_t>(tile_.columns(), 4);
  while (tile_.columns() % band_columns_ != 0)
    --band_columns_;
  band_stride_ = band_columns_ * kSize / MatrixUnit::kSumPacket + 1;
  const std::int64_t bands = threads_ / b_.subgroup_size() * kSize * band_stride_;
  memory_ = b_.shared(mlir::VectorType::get(4, b_.getI32Type()),
                      std::max(tile_.slots * slot_size_, bands));
}

void CoopProduct::place(Value first_m, Value first_n) {
  first_m_ = first_m;
  first_n_ = first_n;
  subgroup_ = b_.div(b_.thread(), b_.subgroup_size());
  part_m_ = b_.mul(b_.div(subgroup_, tile_.grid_n), tile_.rows() * kSize);
  part_n_ = b_.mul(b_.rem(subgroup_, tile_.grid_n), tile_.columns() * kSize);
}

// ---- Tiles into workgroup memory

CoopProduct::Loaded CoopProduct::load_both(Value first_k) {
  return {left_.load(first_m_, first_k), right_.load(first_n_, first_k)};
}

void CoopProduct::store_both(const Loaded& loaded, Value slot) {
  left_.store(loaded.left, memory_, slot);
  right_.store(loaded.right, memory_, right_of(slot));
}

Value CoopProduct::slot_of(Value tile) {
  return tile_.slots == 1 ? b_.index(0) : b_.mul(b_.rem(tile, tile_.slots), slot_size_);
}

// ---- The product

Values CoopProduct::zeros() {
  Values zeros;
  for (std::int64_t i = 0; i < tile_.rows() * tile_.columns(); ++i)
    zeros.push_back(unit_->zeros());
  return zeros;
}

Values CoopProduct::multiply() {
  const std::int64_t tiles = std::max<std::int64_t>((k_ + tile_.k - 1) / tile_.k, 1);
  store_both(load_both(b_.index(0)), b_.index(0));
  b_.barrier();
  const Values sums = b_.loop(0, tiles - 1, 1, zeros(), [&](Value tile, ValueRange carried) {
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

Values CoopProduct::multiply_tile(Value slot, ValueRange carried) {
  Values sums(carried);
  for (std::int64_t k = 0; k < tile_.k; k += kSize)
    multiply_step(slot, k, sums);
  return sums;
}

void CoopProduct::multiply_step(Value slot, std::int64_t k, Values& sums) {
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

void CoopProduct::for_each_packet(ValueRange sums, std::int64_t width, PacketBody body) {
  b_.barrier();  // tiles are still being read
  for (std::int64_t i = 0; i < tile_.rows(); ++i)
    for (std::int64_t j = 0; j < tile_.columns(); j += band_columns_) {
      put_band(sums, i, j);
      b_.subgroup_barrier();
      take_band(i * kSize, j * kSize, width, body);
      b_.subgroup_barrier();
    }
}

void CoopProduct::put_band(ValueRange sums, std::int64_t row, std::int64_t column) {
  for (std::int64_t j = 0; j < band_columns_; ++j)
    unit_->store(sums[static_cast<std::size_t>(row * tile_.columns() + column + j)],
                 {memory_, b_.add(band(), j * kSize / MatrixUnit::kSumPacket), band_stride_});
}

void CoopProduct::take_band(std::int64_t first_row, std::int64_t first_column, std::int64_t width,
                            PacketBody body) {
  const std::int64_t per_row = band_columns_ * kSize / width;
  const Value row_begin = b_.add(b_.add(first_m_, part_m_), first_row);
  const Value column_begin = b_.add(b_.add(first_n_, part_n_), first_column);
  b_.for_each(
      b_.lane(), b_.index(kSize * per_row), b_.index(b_.subgroup_size()), [&](Value packet) {
        const Value row = b_.div(packet, per_row), column = b_.mul(b_.rem(packet, per_row), width);
        const Value m = b_.add(row_begin, row), n = b_.add(column_begin, column);
        auto take = [&] { body(m, n, band_sums(row, column, width)); };
        const bool exact = m_ % tile_.m == 0 && n_ % tile_.n == 0;
        exact ? take() : b_.if_then(b_.both(b_.less(m, m_), b_.less(n, n_)), take);
      });
}

Values CoopProduct::band_sums(Value row, Value column, std::int64_t width) {
  const Value place = b_.add(band(), b_.mul(row, band_stride_));
  return MatrixUnit::load_sums(b_, memory_, place, column, width);
}

}  // namespace ashlar::codegen
