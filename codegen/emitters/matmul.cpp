// SPDX-License-Identifier: Apache-2.0
// "matmul": products of any shape, tiled through workgroup memory. Each thread computes a small
// block of the result, whose rows and columns lie one thread grid apart.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matmul_operands.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// One side's tile in workgroup memory: `lines` rows of the left side or columns of the right side,
// each tile_k elements of K, stored with K outermost.
struct Operand {
  Value tensor;
  std::int64_t extent;  // lines in all
  std::int64_t lines;   // in a tile
  bool packs_k;         // whether adjacent elements in memory run along K
  std::int64_t width;   // elements per load
  Value memory;
};

class Matmul {
public:
  Matmul(KernelBuilder& b, Stores stores, ir::MatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), threads_(b.workgroup_size()),
        dtype_(dtype_of(root->getResult(0))), shape_(root) {}

  void emit() {
    if (!read_schedule())
      return;
    left_ = operand(root_.getLhs(), shape_.m, tile_m_, /*packs_k=*/true);
    right_ = operand(root_.getRhs(), shape_.n, tile_n_, root_.getTransposeRhs());
    b_.for_workgroups(shape_.batch * ceil_div(shape_.m, tile_m_) * ceil_div(shape_.n, tile_n_),
                      [&] { emit_tile(); });
  }

private:
  void emit_tile() {
    const Values place = b_.delinearize(
        b_.workgroup(), {shape_.batch, ceil_div(shape_.m, tile_m_), ceil_div(shape_.n, tile_n_)});
    batch_index_ = place[0];
    first_m_ = b_.mul(place[1], tile_m_);
    first_n_ = b_.mul(place[2], tile_n_);
    grid_m_ = tile_m_ / block_m_;
    grid_n_ = tile_n_ / block_n_;
    thread_m_ = b_.div(b_.thread(), grid_n_);
    thread_n_ = b_.rem(b_.thread(), grid_n_);
    store_results(multiply());
  }

  bool read_schedule() {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    tile_m_ = schedule.get("tile_m", 32);
    tile_n_ = schedule.get("tile_n", 32);
    tile_k_ = schedule.get("tile_k", 16);
    auto is_power = [](std::int64_t n) {
      return n > 0 && llvm::isPowerOf2_64(static_cast<std::uint64_t>(n));
    };
    const std::int64_t block = tile_m_ * tile_n_ / threads_;
    const bool fits = is_power(tile_m_) && is_power(tile_n_) && is_power(tile_k_) &&
                      is_power(threads_) && tile_k_ >= kUnroll && is_power(block) && block <= 64;
    if (!fits) {
      b_.fail(b_.def(),
              "schedule: tiles and workgroup must be powers of two, with 1 to 64 elements "
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
    return true;
  }

  // ---- Tiles into workgroup memory

  Operand operand(Value tensor, std::int64_t extent, std::int64_t lines, bool packs_k) {
    Operand side{tensor, extent, lines, packs_k, 4, {}};
    const std::int64_t run = packs_k ? shape_.k : extent, tile_run = packs_k ? tile_k_ : lines;
    while (run % side.width != 0 || tile_run % side.width != 0 ||
           lines * tile_k_ < threads_ * side.width) {
      if (side.width == 1)
        break;
      side.width /= 2;
    }
    side.memory = b_.shared(compute_type(b_, accumulator_dtype()), lines * tile_k_);
    return side;
  }

  // Sums are f32; integers are multiplied as the result's type.
  DType accumulator_dtype() const { return is_float(dtype_) ? DType::f32 : dtype_; }

  void load_tile(const Operand& side, Value first_line, Value first_k) {
    const std::int64_t packets = side.lines * tile_k_ / side.width;
    for (std::int64_t turn = 0; turn < packets; turn += threads_) {
      const Value packet = b_.add(b_.thread(), turn);
      auto load = [&] { load_packet_of(side, packet, first_line, first_k); };
      turn + threads_ <= packets ? load() : b_.if_then(b_.less(packet, packets), load);
    }
  }

  void load_packet_of(const Operand& side, Value packet, Value first_line, Value first_k) {
    const std::int64_t run = (side.packs_k ? tile_k_ : side.lines) / side.width;
    const Value outer = b_.div(packet, run), inner = b_.mul(b_.rem(packet, run), side.width);
    const Value tile_line = side.packs_k ? outer : inner, tile_k = side.packs_k ? inner : outer;
    const Value line = b_.add(first_line, tile_line), k = b_.add(first_k, tile_k);
    const Values values = guarded(side, line, k);
    for (auto [i, value] : llvm::enumerate(values)) {
      const auto lane = static_cast<std::int64_t>(i);
      const Value at_k = b_.add(tile_k, side.packs_k ? lane : 0);
      const Value at_line = b_.add(tile_line, side.packs_k ? 0 : lane);
      b_.store(value, side.memory, b_.add(b_.mul(at_k, side.lines), at_line));
    }
  }

  // Zeros outside the matrix. A packet is inside or outside as a whole, for its width divides the
  // extent.
  Values guarded(const Operand& side, Value line, Value k) {
    auto read = [&] {
      Values values = e_.at(side.tensor, point_of(side, line, k));
      for (Value& value : values)
        value = is_float(dtype_) ? value : scalar_cast(b_, value, dtype_of(side.tensor), dtype_);
      return values;
    };
    Value inside = b_.boolean(true);
    if (side.extent % side.lines != 0)
      inside = b_.both(inside, b_.less(line, side.extent));
    if (shape_.k % tile_k_ != 0)
      inside = b_.both(inside, b_.less(k, shape_.k));
    const Type type = compute_type(b_, accumulator_dtype());
    const SmallVector<Type> types(static_cast<std::size_t>(side.width), type);
    const Values zeros(types.size(), b_.zero_of(type));
    if (matchPattern(inside, m_One()))
      return read();
    return b_.if_values(inside, types, read, [&] { return zeros; });
  }

  Point point_of(const Operand& side, Value line, Value k) {
    return side.tensor == root_.getLhs()
               ? left_point(b_, root_, shape_, batch_index_, line, k, side.width)
               : right_point(b_, root_, batch_index_, line, k, side.width);
  }

  // ---- The product

  Values multiply() {
    const Type type = compute_type(b_, accumulator_dtype());
    const Values zeros(static_cast<std::size_t>(block_m_ * block_n_), b_.zero_of(type));
    return b_.loop(0, shape_.k, tile_k_, zeros, [&](Value first_k, ValueRange sums) {
      load_tile(left_, first_m_, first_k);
      load_tile(right_, first_n_, first_k);
      b_.barrier();
      Values next = b_.loop(0, tile_k_, kUnroll, sums, [&](Value k, ValueRange inner) {
        Values unrolled(inner);
        for (std::int64_t i = 0; i < kUnroll; ++i)
          unrolled = multiply_line(b_.add(k, i), unrolled);
        return unrolled;
      });
      b_.barrier();
      return next;
    });
  }

  Values load_line(const Operand& side, Value k, Value thread, std::int64_t grid,
                   std::int64_t block) {
    Values values;
    const Value first = b_.add(b_.mul(k, side.lines), thread);
    for (std::int64_t i = 0; i < block; ++i)
      values.push_back(b_.load(side.memory, b_.add(first, i * grid)));
    return values;
  }

  Values multiply_line(Value k, ValueRange sums) {
    const Values left = load_line(left_, k, thread_m_, grid_m_, block_m_);
    const Values right = load_line(right_, k, thread_n_, grid_n_, block_n_);
    Values next;
    for (std::size_t i = 0; i < left.size(); ++i)
      for (std::size_t j = 0; j < right.size(); ++j)
        next.push_back(multiply_add(left[i], right[j], sums[i * right.size() + j]));
    return next;
  }

  Value multiply_add(Value x, Value y, Value sum) {
    if (is_float(dtype_))
      return b_.make<math::FmaOp>(x, y, sum);
    return b_.make<arith::AddIOp>(b_.make<arith::MulIOp>(x, y), sum);
  }

  // ---- Results

  void store_results(ValueRange sums) {
    for (std::int64_t i = 0; i < block_m_; ++i)
      for (std::int64_t j = 0; j < block_n_; ++j) {
        const Value m = b_.add(first_m_, b_.add(thread_m_, i * grid_m_));
        const Value n = b_.add(first_n_, b_.add(thread_n_, j * grid_n_));
        const Value sum = sums[static_cast<std::size_t>(i * block_n_ + j)];
        auto store = [&] { store_element(m, n, sum); };
        const bool exact = shape_.m % tile_m_ == 0 && shape_.n % tile_n_ == 0;
        exact ? store() : b_.if_then(b_.both(b_.less(m, shape_.m), b_.less(n, shape_.n)), store);
      }
  }

  void store_element(Value m, Value n, Value sum) {
    const Value row = shape_.batch == 1 ? m : b_.add(b_.mul(batch_index_, shape_.m), m);
    const Value linear = b_.add(b_.mul(row, shape_.n), n);
    const Value value =
        is_float(dtype_) ? round_to(b_, dtype_, sum) : scalar_cast(b_, sum, wide_integer(), dtype_);
    bind_element(e_, root_, value);
    for (const kernel::Store& store : stores_)
      emit_store(e_, store, linear, 1);
  }

  // What sums of narrow integers are kept in.
  DType wide_integer() const {
    if (size_of(dtype_) == 8)
      return dtype_;
    return is_signed(dtype_) ? DType::i32 : DType::u32;
  }

  static constexpr std::int64_t kUnroll = 4;

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  ir::MatmulOp root_;
  std::int64_t threads_;
  DType dtype_;
  MatmulShape shape_;
  std::int64_t tile_m_ = 0, tile_n_ = 0, tile_k_ = 0, block_m_ = 0, block_n_ = 0;
  std::int64_t grid_m_ = 0, grid_n_ = 0;
  Operand left_, right_;
  Value batch_index_, first_m_, first_n_, thread_m_, thread_n_;
};

}  // namespace

void emit_matmul(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<ir::MatmulOp>(roots.front()) : ir::MatmulOp();
  if (!root)
    return b.fail(b.def(), "a matmul kernel needs one matmul");
  if (!check_stores(b, stores, root))
    return;
  if (is_float(dtype_of(root.getLhs())) != is_float(dtype_of(root->getResult(0))))
    return b.fail(root, "a product of integers is an integer");
  if (kernel::element_count(root->getResult(0).getType()) > 0)
    Matmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
