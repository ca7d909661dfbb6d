// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/tile_product.h"

#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kUnroll = 4;

bool is_power(std::int64_t n) {
  return n > 0 && llvm::isPowerOf2_64(static_cast<std::uint64_t>(n));
}

}  // namespace

TileProduct::TileProduct(Elements& elements, DType result, std::int64_t k)
    : e_(elements), b_(elements.builder()), dtype_(result), k_(k) {}

bool TileProduct::read_schedule() {
  const kernel::ScheduleAttr schedule = b_.def().getSchedule();
  const std::int64_t threads = b_.workgroup_size();
  tile_m_ = schedule.get("tile_m", 32);
  tile_n_ = schedule.get("tile_n", 32);
  tile_k_ = schedule.get("tile_k", 16);
  const std::int64_t block = tile_m_ * tile_n_ / threads;
  const bool fits = is_power(tile_m_) && is_power(tile_n_) && is_power(tile_k_) &&
                    is_power(threads) && tile_k_ >= kUnroll && is_power(block) && block <= 64;
  if (!fits) {
    b_.fail(b_.def(), "schedule: tiles and workgroup must be powers of two, with 1 to 64 elements "
                      "per thread and tile_k at least 4");
    return false;
  }
  block_m_ = 1;
  while (block_m_ * block_m_ < block && block_m_ < tile_m_)
    block_m_ *= 2;
  block_n_ = block / block_m_;
  if (block_n_ > tile_n_) {
    block_n_ = tile_n_;
    block_m_ = block / block_n_;
  }
  grid_m_ = tile_m_ / block_m_;
  grid_n_ = tile_n_ / block_n_;
  return true;
}

void TileProduct::set_sides(TileSide left, TileSide right) {
  left_ = make_tile(std::move(left), tile_m_);
  right_ = make_tile(std::move(right), tile_n_);
}

// ---- Tiles into workgroup memory, stored with K outermost

TileProduct::Tile TileProduct::make_tile(TileSide side, std::int64_t lines) {
  Tile tile{std::move(side), lines, 4, {}};
  const std::int64_t run = tile.side.packs_k ? k_ : tile.side.lines;
  const std::int64_t tile_run = tile.side.packs_k ? tile_k_ : lines;
  while (run % tile.width != 0 || tile_run % tile.width != 0 ||
         lines * tile_k_ < b_.workgroup_size() * tile.width) {
    if (tile.width == 1)
      break;
    tile.width /= 2;
  }
  // Sums are f32; integers are multiplied as the result's type.
  tile.memory = b_.shared(compute_type(b_, accumulator_dtype()), lines * tile_k_);
  return tile;
}

void TileProduct::load_tile(const Tile& tile, Value first_line, Value first_k) {
  const std::int64_t packets = tile.lines * tile_k_ / tile.width, threads = b_.workgroup_size();
  for (std::int64_t turn = 0; turn < packets; turn += threads) {
    const Value packet = b_.add(b_.thread(), turn);
    auto load = [&] { load_packet_of(tile, packet, first_line, first_k); };
    turn + threads <= packets ? load() : b_.if_then(b_.less(packet, packets), load);
  }
}

void TileProduct::load_packet_of(const Tile& tile, Value packet, Value first_line, Value first_k) {
  const bool packs_k = tile.side.packs_k;
  const std::int64_t run = (packs_k ? tile_k_ : tile.lines) / tile.width;
  const Value outer = b_.div(packet, run), inner = b_.mul(b_.rem(packet, run), tile.width);
  const Value tile_line = packs_k ? outer : inner, tile_k = packs_k ? inner : outer;
  const Value line = b_.add(first_line, tile_line), k = b_.add(first_k, tile_k);
  const Values values = guarded(tile, line, k);
  for (auto [i, value] : llvm::enumerate(values)) {
    const auto lane = static_cast<std::int64_t>(i);
    const Value at_k = b_.add(tile_k, packs_k ? lane : 0);
    const Value at_line = b_.add(tile_line, packs_k ? 0 : lane);
    b_.store(value, tile.memory, b_.add(b_.mul(at_k, tile.lines), at_line));
  }
}

// Zeros outside the matrix. A packet is inside or outside as a whole, for its width divides the
// extent.
Values TileProduct::guarded(const Tile& tile, Value line, Value k) {
  const Value tensor = tile.side.tensor;
  auto read = [&] {
    Values values = e_.at(tensor, tile.side.at(line, k, tile.width));
    for (Value& value : values)
      value = is_float(dtype_) ? value : scalar_cast(b_, value, dtype_of(tensor), dtype_);
    return values;
  };
  Value inside = b_.boolean(true);
  if (tile.side.lines % tile.lines != 0)
    inside = b_.both(inside, b_.less(line, tile.side.lines));
  if (k_ % tile_k_ != 0)
    inside = b_.both(inside, b_.less(k, k_));
  const Type type = compute_type(b_, accumulator_dtype());
  const SmallVector<Type> types(static_cast<std::size_t>(tile.width), type);
  const Values zeros(types.size(), b_.zero_of(type));
  if (matchPattern(inside, m_One()))
    return read();
  return b_.if_values(inside, types, read, [&] { return zeros; });
}

// ---- The product

Values TileProduct::zeros() {
  return Values(static_cast<std::size_t>(block_m_ * block_n_),
                b_.zero_of(compute_type(b_, accumulator_dtype())));
}

Values TileProduct::multiply(Value first_m, Value first_n) {
  const Value thread_m = b_.div(b_.thread(), grid_n_), thread_n = b_.rem(b_.thread(), grid_n_);
  return b_.loop(0, k_, tile_k_, zeros(), [&](Value first_k, ValueRange sums) {
    load_tile(left_, first_m, first_k);
    load_tile(right_, first_n, first_k);
    b_.barrier();
    Values next = b_.loop(0, tile_k_, kUnroll, sums, [&](Value k, ValueRange inner) {
      Values unrolled(inner);
      for (std::int64_t i = 0; i < kUnroll; ++i)
        unrolled = multiply_line(b_.add(k, i), thread_m, thread_n, unrolled);
      return unrolled;
    });
    b_.barrier();
    return next;
  });
}

Values TileProduct::load_line(const Tile& tile, Value k, Value thread, std::int64_t grid,
                              std::int64_t block) {
  Values values;
  const Value first = b_.add(b_.mul(k, tile.lines), thread);
  for (std::int64_t i = 0; i < block; ++i)
    values.push_back(b_.load(tile.memory, b_.add(first, i * grid)));
  return values;
}

Values TileProduct::multiply_line(Value k, Value thread_m, Value thread_n, ValueRange sums) {
  const Values left = load_line(left_, k, thread_m, grid_m_, block_m_);
  const Values right = load_line(right_, k, thread_n, grid_n_, block_n_);
  Values next;
  for (std::size_t i = 0; i < left.size(); ++i)
    for (std::size_t j = 0; j < right.size(); ++j)
      next.push_back(multiply_add(left[i], right[j], sums[i * right.size() + j]));
  return next;
}

Value TileProduct::multiply_add(Value x, Value y, Value sum) {
  if (is_float(dtype_))
    return b_.make<math::FmaOp>(x, y, sum);
  return b_.make<arith::AddIOp>(b_.make<arith::MulIOp>(x, y), sum);
}

// ---- Results

void TileProduct::for_each_element(llvm::function_ref<void(std::size_t, Value, Value)> body) {
  const Value thread_m = b_.div(b_.thread(), grid_n_), thread_n = b_.rem(b_.thread(), grid_n_);
  for (std::int64_t i = 0; i < block_m_; ++i)
    for (std::int64_t j = 0; j < block_n_; ++j)
      body(static_cast<std::size_t>(i * block_n_ + j), b_.add(thread_m, i * grid_m_),
           b_.add(thread_n, j * grid_n_));
}

Value TileProduct::rounded(Value sum) {
  return is_float(dtype_) ? round_to(b_, dtype_, sum)
                          : scalar_cast(b_, sum, wide_integer(), dtype_);
}

// What sums of narrow integers are kept in.
DType TileProduct::wide_integer() const {
  if (size_of(dtype_) == 8)
    return dtype_;
  return is_signed(dtype_) ? DType::i32 : DType::u32;
}

}  // namespace ashlar::codegen
