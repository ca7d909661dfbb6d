// SPDX-License-Identifier: Apache-2.0
// "matvec": a few rows times weights [N, K]. A group of lanes strides over K and keeps `rows` rows
// of the weights going at once, which share the loaded left side; `unroll` steps along K are loaded
// together, so that enough bytes are under way. Every workgroup computes what lies before the
// product (a norm, say) for itself, after it has asked for its first weights; what lies behind the
// product happens once per element.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matvec_product.h"
#include "ir/schedule_model.h"

#include "llvm/Support/MathExtras.h"

#include <optional>

using namespace mlir;

namespace ashlar::codegen {
namespace {

class Matvec {
public:
  Matvec(KernelBuilder& b, Stores stores) : b_(b), product_(b, stores) {}

  void emit() {
    if (!product_.read_shapes() || !read_schedule())
      return;
    if (product_.chooses_matrices())
      return b_.fail(b_.def(), "schedule: matvec takes no matrices that are chosen by number");
    const std::int64_t rows_per_workgroup = groups_ * rows_;
    b_.for_workgroups((product_.n() + rows_per_workgroup - 1) / rows_per_workgroup,
                      [&] { emit_rows(rows_per_workgroup); });
  }

private:
  void emit_rows(std::int64_t rows_per_workgroup) {
    place(rows_per_workgroup);
    std::optional<WeightBlock> first_block;
    if (product_.is_staged() && unroll_ > 1 && product_.n() > 0 && unrolled_end() > 0)
      first_block = load_weights(first_k(), unroll_);
    product_.compute_left();
    if (product_.n() > 0)
      store_results(totals(first_block));
  }

  bool read_schedule() {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    lanes_ = schedule.get("lanes", b_.subgroup_size());
    rows_ = schedule.get("rows", 1);
    groups_ = lanes_ > 0 ? b_.workgroup_size() / lanes_ : 0;
    width_ = schedule.get("width", 1);
    while (!product_.is_packed() && width_ > 1 && product_.k() % width_ != 0)
      width_ /= 2;
    unroll_ = schedule.get("unroll", 1);
    if (product_.is_packed() && !product_.packs_width(width_))
      return refuse("schedule: the width of packed weights is a multiple of 32 that divides what "
                    "shares a scale, and K");
    const bool fits = lanes_ > 0 && llvm::isPowerOf2_64(static_cast<std::uint64_t>(lanes_)) &&
                      lanes_ <= b_.subgroup_size() && groups_ > 0 && rows_ > 0 && width_ > 0 &&
                      unroll_ > 0 &&
                      llvm::isPowerOf2_64(static_cast<std::uint64_t>(b_.workgroup_size()));
    return fits || refuse("schedule: lanes must be a power of two within a subgroup, rows, width "
                          "and unroll positive");
  }

  bool refuse(const Twine& message) {
    b_.fail(b_.def(), message);
    return false;
  }

  // Which rows of the weights, and which part of K, this thread has.
  void place(std::int64_t rows_per_workgroup) {
    lane_ = b_.rem(b_.thread(), lanes_);
    first_row_ = b_.add(b_.mul(b_.workgroup(), rows_per_workgroup),
                        b_.mul(b_.div(b_.thread(), lanes_), rows_));
    for (std::int64_t row = 0; row < rows_; ++row)
      weight_rows_.push_back(b_.min(b_.add(first_row_, row), b_.index(product_.n() - 1)));
  }

  std::int64_t step() const { return lanes_ * width_; }
  // Where whole blocks of `unroll` steps end.
  std::int64_t unrolled_end() const { return product_.k() / (step() * unroll_) * step() * unroll_; }
  Value first_k() { return b_.mul(lane_, width_); }

  // Packets of the weights for some steps from `k` on.
  struct WeightBlock {
    Value k;
    std::int64_t steps;
    MatvecProduct::WeightPackets packets;
  };

  WeightBlock load_weights(Value k, std::int64_t steps) {
    WeightBlock block{k, steps, {}};
    for (std::int64_t i = 0; i < steps; ++i)
      llvm::append_range(block.packets, product_.load(weight_rows_, b_.add(k, i * step()), width_));
    return block;
  }

  // The sums over K, complete in every lane of a group. `first_block` was loaded before.
  Values totals(const std::optional<WeightBlock>& first_block) {
    Values sums(product_.sum_number(product_.matrices(), 0, 0, rows_), b_.f32(0));
    const std::int64_t end = unrolled_end(), block = step() * unroll_;
    if (first_block)
      sums = accumulate(*first_block, sums);
    sums = accumulate_range(first_block ? block : 0, end, unroll_, sums);
    sums = accumulate_range(end, product_.k(), 1, sums);
    for (Value& sum : sums)
      sum = b_.sum(sum, lanes_);
    return sums;
  }

  Values accumulate_range(std::int64_t from, std::int64_t to, std::int64_t steps, ValueRange sums) {
    if (from >= to)
      return Values(sums);
    return b_.loop(
        b_.add(first_k(), from), b_.index(to), b_.index(step() * steps), sums,
        [&](Value k, ValueRange carried) { return accumulate(load_weights(k, steps), carried); });
  }

  Values accumulate(const WeightBlock& block, ValueRange sums) {
    Values next(sums);
    const std::size_t per_step = block.packets.size() / static_cast<std::size_t>(block.steps);
    for (std::int64_t i = 0; i < block.steps; ++i) {
      const Value k = b_.add(block.k, i * step());
      const auto left = [&](std::int64_t m, std::int64_t offset, std::int64_t width) {
        return product_.left(m, b_.add(k, offset), width);
      };
      const auto packets =
          ArrayRef(block.packets).slice(static_cast<std::size_t>(i) * per_step, per_step);
      product_.multiply(packets, width_, left, next);
    }
    return next;
  }

  // One lane per element, in turns where a group has more elements than lanes.
  void store_results(ValueRange totals) {
    const std::int64_t items = product_.m() * rows_;
    for (std::int64_t turn = 0; turn < items; turn += lanes_) {
      const Value item = b_.add(lane_, turn);
      const Value m = product_.m() == 1 ? b_.index(0) : b_.div(item, rows_);
      const Value row = product_.m() == 1 ? item : b_.rem(item, rows_);
      const Value n = b_.add(first_row_, row);
      const Value exists = b_.both(b_.less(item, items), b_.less(n, product_.n()));
      b_.if_then(exists, [&] { store_element(b_.add(b_.mul(m, product_.n()), n), item, totals); });
    }
  }

  void store_element(Value linear, Value item, ValueRange totals) {
    Values chosen;
    for (std::int64_t matrix = 0; matrix < product_.matrices(); ++matrix) {
      const std::size_t begin = product_.sum_number(matrix, 0, 0, rows_);
      Value total = totals[begin];
      for (std::int64_t other = 1; other < product_.m() * rows_; ++other)
        total = b_.select(b_.equal(item, b_.index(other)),
                          totals[begin + static_cast<std::size_t>(other)], total);
      chosen.push_back(total);
    }
    product_.store(linear, chosen);
  }

  KernelBuilder& b_;
  MatvecProduct product_;
  std::int64_t lanes_ = 0, groups_ = 0, rows_ = 0, width_ = 0, unroll_ = 1;
  Value lane_, first_row_;
  SmallVector<Value> weight_rows_;
};

}  // namespace

void emit_matvec(KernelBuilder& builder, Stores stores) {
  Matvec(builder, stores).emit();
}

}  // namespace ashlar::codegen
