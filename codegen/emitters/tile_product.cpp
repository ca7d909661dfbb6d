// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/tile_product.h"

#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::codegen {
namespace {

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
  staged_ = schedule.get("tile_k", 16) != 0;
  tile_k_ = staged_ ? schedule.get("tile_k", 16) : kPacket;
  const std::int64_t block = tile_m_ * tile_n_ / threads;
  const bool fits = is_power(tile_m_) && is_power(tile_n_) && is_power(tile_k_) &&
                    is_power(threads) && std::min({tile_m_, tile_n_, tile_k_}) >= kPacket &&
                    is_power(block) && block >= kPacket * kPacket && block <= 64;
  if (!fits) {
    b_.fail(b_.def(), "schedule: tiles and workgroup must be powers of two, with 16 to 64 elements "
                      "per thread and at least 4 along each side");
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

// ---- Tiles into workgroup memory

TileProduct::Tile TileProduct::make_tile(TileSide side, std::int64_t lines) {
  Tile tile{std::move(side), lines, kPacket, {}};
  const std::int64_t length = tile.side.packs_k ? k_ : tile.side.lines;
  while (length % tile.width != 0)
    tile.width /= 2;
  if (!staged_)
    return tile;
  // Sums are f32; integers are multiplied as the result's type.
  const Type type = compute_type(b_, accumulator_dtype());
  const std::int64_t runs = lines / kPacket;
  tile.memory = b_.shared(VectorType::get({kPacket}, type),
                          tile.side.packs_k ? runs * run_stride() : tile_k_ * runs);
  return tile;
}

// Of a run of kPacket lines and kPacket steps along K: the packet of line `within`, or of step
// `within`. An unused packet behind each line and each run shifts the next one to other banks.
Value TileProduct::place(const Tile& tile, Value run, Value k_packet, Value within) const {
  if (tile.side.packs_k)
    return b_.add(b_.add(b_.mul(run, run_stride()), b_.mul(within, line_stride())), k_packet);
  const Value k = b_.add(b_.mul(k_packet, kPacket), within);
  return b_.add(b_.mul(k, tile.lines / kPacket), run);
}

void TileProduct::load_tile(const Tile& tile, Value first_line, Value first_k) {
  const std::int64_t packets = tile.lines * tile_k_ / kPacket, threads = b_.workgroup_size();
  for (std::int64_t turn = 0; turn < packets; turn += threads) {
    const Value packet = b_.add(b_.thread(), turn);
    auto load = [&] { load_packet(tile, packet, first_line, first_k); };
    turn + threads <= packets ? load() : b_.if_then(b_.less(packet, packets), load);
  }
}

void TileProduct::load_packet(const Tile& tile, Value packet, Value first_line, Value first_k) {
  const bool packs_k = tile.side.packs_k;
  const std::int64_t length = (packs_k ? tile_k_ : tile.lines) / kPacket;
  const Value outer = b_.div(packet, length), inner = b_.rem(packet, length);
  const Value line = packs_k ? outer : b_.mul(inner, kPacket),
              k = packs_k ? b_.mul(inner, kPacket) : outer;
  const Value run = packs_k ? b_.div(line, kPacket) : inner,
              k_packet = packs_k ? inner : b_.div(k, kPacket);
  const Values values = read_packet(tile, b_.add(first_line, line), b_.add(first_k, k));
  b_.store_vector(values, tile.memory, place(tile, run, k_packet, b_.rem(outer, kPacket)));
}

Values TileProduct::read_packet(const Tile& tile, Value line, Value k) {
  const bool packs_k = tile.side.packs_k;
  Values values;
  for (std::int64_t i = 0; i < kPacket; i += tile.width)
    values.append(read_guarded(tile, b_.add(line, packs_k ? 0 : i), b_.add(k, packs_k ? i : 0)));
  return values;
}

// Lines beyond the last repeat it, for their results are not stored; elements beyond K are zeros.
Values TileProduct::read_guarded(const Tile& tile, Value line, Value k) {
  const std::int64_t line_step = tile.side.packs_k ? 1 : tile.width,
                     k_step = tile.side.packs_k ? tile.width : 1;
  const bool k_ends = k_ % tile_k_ != 0;
  const Value inside = b_.less(k, k_);
  if (tile.side.lines % tile.lines != 0)
    line = b_.min(line, b_.index(tile.side.lines - line_step));
  if (k_ends)
    k = b_.min(k, b_.index(k_ - k_step));
  const DType dtype = dtype_of(tile.side.tensor);
  Values values = e_.at(tile.side.tensor, tile.side.at(line, k, tile.width));
  for (Value& value : values) {
    value = is_float(dtype_) ? value : scalar_cast(b_, value, dtype, dtype_);
    if (k_ends)
      value = b_.select(inside, value, b_.zero_of(value.getType()));
  }
  return values;
}

// ---- The product

Values TileProduct::zeros() {
  return Values(static_cast<std::size_t>(block_m_ * block_n_),
                b_.zero_of(compute_type(b_, accumulator_dtype())));
}

Values TileProduct::multiply(Value first_m, Value first_n) {
  const Value thread_m = b_.div(b_.thread(), grid_n_), thread_n = b_.rem(b_.thread(), grid_n_);
  return b_.loop(0, k_, tile_k_, zeros(), [&](Value first_k, ValueRange sums) {
    if (!staged_)
      return multiply_lines(read_lines(left_, first_m, first_k, thread_m, grid_m_, block_m_),
                            read_lines(right_, first_n, first_k, thread_n, grid_n_, block_n_),
                            sums);
    load_tile(left_, first_m, first_k);
    load_tile(right_, first_n, first_k);
    b_.barrier();
    Values next = b_.loop(0, tile_k_ / kPacket, 1, sums, [&](Value k_packet, ValueRange inner) {
      return multiply_lines(load_lines(left_, k_packet, thread_m, grid_m_, block_m_),
                            load_lines(right_, k_packet, thread_n, grid_n_, block_n_), inner);
    });
    b_.barrier();
    return next;
  });
}

// A thread's lines are runs of kPacket, a thread grid apart. `packet` gives a run's line number
// `within`, or its step number `within`.
TileProduct::Lines
TileProduct::gather_lines(const Tile& tile, Value thread, std::int64_t grid, std::int64_t block,
                          llvm::function_ref<Values(Value run, std::int64_t within)> packet) {
  Lines lines;
  for (std::int64_t first = 0; first < block; first += kPacket) {
    const Value run = b_.add(thread, first / kPacket * grid);
    for (std::size_t within = 0; within < kPacket; ++within)
      for (auto [i, value] : llvm::enumerate(packet(run, static_cast<std::int64_t>(within))))
        lines[tile.side.packs_k ? i : within].push_back(value);
  }
  return lines;
}

TileProduct::Lines TileProduct::load_lines(const Tile& tile, Value k_packet, Value thread,
                                           std::int64_t grid, std::int64_t block) {
  return gather_lines(tile, thread, grid, block, [&](Value run, std::int64_t within) {
    return b_.load_vector(tile.memory, place(tile, run, k_packet, b_.index(within)));
  });
}

TileProduct::Lines TileProduct::read_lines(const Tile& tile, Value first_line, Value k,
                                           Value thread, std::int64_t grid, std::int64_t block) {
  const bool packs_k = tile.side.packs_k;
  return gather_lines(tile, thread, grid, block, [&](Value run, std::int64_t within) {
    const Value line = b_.add(first_line, b_.mul(run, kPacket));
    return read_packet(tile, b_.add(line, packs_k ? within : 0), b_.add(k, packs_k ? 0 : within));
  });
}

Values TileProduct::multiply_lines(const Lines& left, const Lines& right, ValueRange sums) {
  Values next(sums);
  for (std::size_t k = 0; k < kPacket; ++k)
    for (std::size_t i = 0; i < left[k].size(); ++i)
      for (std::size_t j = 0; j < right[k].size(); ++j) {
        Value& sum = next[i * right[k].size() + j];
        sum = multiply_add(left[k][i], right[k][j], sum);
      }
  return next;
}

Value TileProduct::multiply_add(Value x, Value y, Value sum) {
  if (is_float(dtype_))
    return b_.make<math::FmaOp>(x, y, sum);
  return b_.make<arith::AddIOp>(b_.make<arith::MulIOp>(x, y), sum);
}

// ---- Results

void TileProduct::for_each_packet(ValueRange sums, std::int64_t width,
                                  llvm::function_ref<void(Value, Value, ValueRange)> body) {
  const Value thread_m = b_.div(b_.thread(), grid_n_), thread_n = b_.rem(b_.thread(), grid_n_);
  const auto line = [&](Value thread, std::int64_t i, std::int64_t grid) {
    const Value run = b_.add(thread, i / kPacket * grid);
    return b_.add(b_.mul(run, kPacket), i % kPacket);
  };
  for (std::int64_t i = 0; i < block_m_; ++i)
    for (std::int64_t j = 0; j < block_n_; j += width)
      body(line(thread_m, i, grid_m_), line(thread_n, j, grid_n_),
           sums.slice(static_cast<std::size_t>(i * block_n_ + j), static_cast<std::size_t>(width)));
}

Values TileProduct::rounded(ValueRange sums) {
  Values values;
  for (Value sum : sums)
    values.push_back(is_float(dtype_) ? round_to(b_, dtype_, sum)
                                      : scalar_cast(b_, sum, wide_integer(), dtype_));
  return values;
}

// What sums of narrow integers are kept in.
DType TileProduct::wide_integer() const {
  if (size_of(dtype_) == 8)
    return dtype_;
  return is_signed(dtype_) ? DType::i32 : DType::u32;
}

}  // namespace ashlar::codegen
