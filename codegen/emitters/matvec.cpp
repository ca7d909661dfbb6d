// SPDX-License-Identifier: Apache-2.0
// "matvec": a few rows times weights [N, K]. A group of lanes strides over K and keeps `rows` rows
// of the weights going at once, which share the loaded left side; `unroll` steps along K are loaded
// together, so that enough bytes are under way. Every workgroup computes what lies before the
// product (a norm, say) for itself, after it has asked for its first weights; what lies behind the
// product happens once per element. Packed weights are multiplied as they are (packed_dot.h).
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/packed_dot.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/MathExtras.h"

#include <optional>
#include <vector>

using namespace mlir;

namespace ashlar::codegen {
namespace {

class Matvec {
public:
  Matvec(KernelBuilder& b, Stores stores)
      : b_(b), e_(b), stores_(stores), roots_(kernel::roots_of(kernel::view_of(b.def()))) {}

  void emit() {
    if (!read_shapes() || !read_schedule() || !check_epilogue(b_, stores_, roots_))
      return;
    const std::int64_t rows_per_workgroup = groups_ * rows_;
    b_.for_workgroups((n_ + rows_per_workgroup - 1) / rows_per_workgroup,
                      [&] { emit_rows(rows_per_workgroup); });
  }

private:
  void emit_rows(std::int64_t rows_per_workgroup) {
    place(rows_per_workgroup);
    const bool staged = kernel::stages_lhs(roots_.front());
    std::optional<WeightBlock> first_block;
    if (staged && unroll_ > 1 && n_ > 0 && unrolled_end() > 0)
      first_block = load_weights(first_k(), unroll_);
    bind_reductions();
    if (staged)
      stage_lhs();
    store_prologue();
    if (n_ > 0)
      store_results(totals(first_block));
  }

  bool read_shapes() {
    if (roots_.empty() || !isa<ir::MatmulOp>(roots_.front()))
      return refuse(b_.def(), "a matvec kernel needs a matmul");
    lhs_ = roots_.front()->getOperand(0);
    ArrayRef<std::int64_t> shape = shape_of(lhs_);
    k_ = shape.back();
    n_ = shape_of(roots_.front()->getResult(0)).back();
    m_ = 1;
    for (std::int64_t extent : shape.drop_back())
      m_ *= extent;
    for (Operation* root : roots_) {
      auto matmul = dyn_cast<ir::MatmulOp>(root);
      const bool fits = matmul && matmul.getLhs() == lhs_ && matmul.getTransposeRhs() &&
                        is_input(matmul.getRhs()) &&
                        shape_of(matmul.getRhs()) == ArrayRef<std::int64_t>{n_, k_} &&
                        is_float(dtype_of(lhs_));
      if (!fits)
        return refuse(root,
                      "does not fit a matvec kernel: all products share the left side and have "
                      "weights [N, K] of one shape as inputs");
    }
    if (m_ < 1 || m_ > kMostRows)
      return refuse(roots_.front(), "a matvec kernel takes 1 to 8 rows, got " + Twine(m_));
    return true;
  }

  // As it lies in memory, or packed.
  static bool is_input(Value weights) {
    Operation* op = weights.getDefiningOp();
    return isa<BlockArgument>(weights) ||
           (kernel::is_unpacking(op) &&
            llvm::all_of(op->getOperands(), llvm::IsaPred<BlockArgument>));
  }

  bool read_schedule() {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    lanes_ = schedule.get("lanes", b_.subgroup_size());
    rows_ = schedule.get("rows", 1);
    groups_ = lanes_ > 0 ? b_.workgroup_size() / lanes_ : 0;
    width_ = schedule.get("width", 1);
    while (width_ > 1 && k_ % width_ != 0)
      width_ /= 2;
    unroll_ = schedule.get("unroll", 1);
    packed_ = kernel::multiplies_packed(roots_);
    if (packed_ && width_ != kPackedBlock)
      return refuse(b_.def(), "schedule: the width of packed weights is 32");
    const bool fits = lanes_ > 0 && llvm::isPowerOf2_64(static_cast<std::uint64_t>(lanes_)) &&
                      lanes_ <= b_.subgroup_size() && groups_ > 0 && rows_ > 0 && width_ > 0 &&
                      unroll_ > 0 &&
                      llvm::isPowerOf2_64(static_cast<std::uint64_t>(b_.workgroup_size()));
    return fits || refuse(b_.def(), "schedule: lanes must be a power of two within a subgroup, "
                                    "rows, width and unroll positive");
  }

  bool refuse(Operation* op, const Twine& message) {
    b_.fail(op, message);
    return false;
  }

  // ---- Before the product

  void bind_reductions() {
    const RowTeam team{b_.thread(), b_.workgroup_size(), 4};
    SmallVector<Value> needed{lhs_};
    for (const kernel::Store& store : stores_)
      needed.push_back(store.value);
    for (Operation* reduction : kernel::ops_behind(needed, kernel::is_reduction)) {
      const auto shape = kernel::row_shape_of(reduction);
      if (!shape || shape->rows != m_)
        return b_.fail(reduction, "must reduce the rows of the product's left side");
      SmallVector<Value> results;
      for (std::int64_t m = 0; m < m_; ++m)
        results.push_back(reduce_row(e_, reduction, b_.index(m), team));
      bind_rows(e_, reduction, results);
    }
  }

  // Computes the left side once per workgroup and keeps it there.
  void stage_lhs() {
    const std::int64_t width = k_ % 4 == 0 ? 4 : 1, packets = m_ * k_ / width;
    const StagedValues staged(b_, dtype_of(lhs_), m_ * k_, width, packed_ ? kPackedBlock : 0);
    auto type = cast<RankedTensorType>(lhs_.getType());
    b_.for_each(b_.thread(), b_.index(packets), b_.index(b_.workgroup_size()), [&](Value packet) {
      staged.store(packet, e_.at(lhs_, point_at(b_, type, b_.mul(packet, width), width)));
    });
    b_.barrier();
    e_.bind(lhs_, [this, staged](const Point& point) {
      const Value linear = b_.linearize(point.index, shape_of(lhs_));
      if (point.width < staged.width())
        return single(staged, linear, point.width);
      Values values;
      for (std::int64_t i = 0; i < point.width; i += staged.width())
        values.append(staged.load(b_.div(b_.add(linear, i), staged.width())));
      return values;
    });
  }

  // Fewer values than a packet holds.
  Values single(const StagedValues& staged, Value linear, std::int64_t width) {
    const Values packet = staged.load(b_.div(linear, staged.width()));
    Values values;
    for (std::int64_t i = 0; i < width; ++i) {
      const Value lane = b_.rem(b_.add(linear, i), staged.width());
      Value value = packet.front();
      for (std::size_t other = 1; other < packet.size(); ++other)
        value = b_.select(b_.equal(lane, b_.index(static_cast<std::int64_t>(other))), packet[other],
                          value);
      values.push_back(value);
    }
    return values;
  }

  bool is_behind_product(const kernel::Store& store) const {
    return !kernel::ops_behind(store.value, [](Operation* op) {
              return isa<ir::MatmulOp>(op);
            }).empty();
  }

  // What does not need the product is stored by the first workgroup.
  void store_prologue() {
    SmallVector<kernel::Store> early;
    for (const kernel::Store& store : stores_)
      if (!is_behind_product(store))
        early.push_back(store);
    if (early.empty())
      return;
    b_.if_then(b_.equal(b_.workgroup(), b_.index(0)), [&] {
      for (const kernel::Store& store : early) {
        const std::int64_t width = packet_width({store}, 4);
        const std::int64_t items = kernel::element_count(store.value.getType()) / width;
        b_.for_each(b_.thread(), b_.index(items), b_.index(b_.workgroup_size()),
                    [&](Value item) { emit_store(e_, store, b_.mul(item, width), width); });
      }
    });
  }

  // ---- The product

  // Sums are numbered by root, then row of the left side, then row of the weights.
  std::size_t sum_number(std::size_t root, std::int64_t m, std::int64_t row) const {
    return (root * static_cast<std::size_t>(m_) + static_cast<std::size_t>(m)) *
               static_cast<std::size_t>(rows_) +
           static_cast<std::size_t>(row);
  }

  // Which rows of the weights, and which part of K, this thread has.
  void place(std::int64_t rows_per_workgroup) {
    lane_ = b_.rem(b_.thread(), lanes_);
    first_row_ = b_.add(b_.mul(b_.workgroup(), rows_per_workgroup),
                        b_.mul(b_.div(b_.thread(), lanes_), rows_));
    for (std::int64_t row = 0; row < rows_; ++row)
      weight_rows_.push_back(b_.min(b_.add(first_row_, row), b_.index(n_ - 1)));
  }

  std::int64_t step() const { return lanes_ * width_; }
  // Where whole blocks of `unroll` steps end.
  std::int64_t unrolled_end() const { return k_ / (step() * unroll_) * step() * unroll_; }
  Value first_k() { return b_.mul(lane_, width_); }

  // Packets of the weights for some steps from `k` on: by step, then root, then row.
  struct WeightBlock {
    Value k;
    std::vector<WeightPacket> packets;
  };

  WeightPacket load_weight(Value weights, Value row, Value k) {
    if (Operation* packed = weights.getDefiningOp())
      return load_block(b_, packed, row, b_.div(k, kPackedBlock));
    const Value at = b_.linearize({row, k}, shape_of(weights));
    return load_stored(b_, cast<BlockArgument>(weights).getArgNumber(), dtype_of(weights), at,
                       width_);
  }

  WeightBlock load_weights(Value k, std::int64_t steps) {
    WeightBlock block{k, {}};
    for (std::int64_t i = 0; i < steps; ++i)
      for (Operation* root : roots_)
        for (Value row : weight_rows_)
          block.packets.push_back(load_weight(root->getOperand(1), row, b_.add(k, i * step())));
    return block;
  }

  // The sums over K, complete in every lane of a group. `first_block` was loaded before.
  Values totals(const std::optional<WeightBlock>& first_block) {
    Values sums(sum_number(roots_.size(), 0, 0), b_.f32(0));
    const std::int64_t end = unrolled_end(), block = step() * unroll_;
    if (first_block)
      sums = accumulate(*first_block, sums);
    sums = accumulate_range(first_block ? block : 0, end, unroll_, sums);
    sums = accumulate_range(end, k_, 1, sums);
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
    const std::size_t per_step = roots_.size() * weight_rows_.size();
    for (std::size_t i = 0; i * per_step < block.packets.size(); ++i) {
      const Value k = b_.add(block.k, static_cast<std::int64_t>(i) * step());
      const auto packets = ArrayRef(block.packets).slice(i * per_step, per_step);
      packed_ ? accumulate_packed(k, packets, next) : accumulate_step(k, packets, next);
    }
    return next;
  }

  void accumulate_packed(Value k, ArrayRef<WeightPacket> packets, Values& sums) {
    const auto left = [&](std::int64_t m, std::int64_t offset) {
      return e_.at(lhs_, lhs_point(m, b_.add(k, offset), kLeftWidth));
    };
    multiply_block(b_, {packets, rows_, m_, left}, sums);
  }

  void accumulate_step(Value k, ArrayRef<WeightPacket> packets, Values& sums) {
    SmallVector<Values> left;
    for (std::int64_t m = 0; m < m_; ++m)
      left.push_back(e_.at(lhs_, lhs_point(m, k, width_)));
    SmallVector<Values> weights;
    for (const WeightPacket& packet : packets)
      weights.push_back(unpack(b_, std::get<StoredPacket>(packet)));
    for (std::size_t root = 0; root < roots_.size(); ++root)
      for (std::int64_t m = 0; m < m_; ++m)
        for (std::int64_t row = 0; row < rows_; ++row) {
          const Values& x = left[static_cast<std::size_t>(m)];
          const Values& w =
              weights[root * static_cast<std::size_t>(rows_) + static_cast<std::size_t>(row)];
          Value& sum = sums[sum_number(root, m, row)];
          for (auto [a, c] : llvm::zip_equal(x, w))
            sum = b_.make<math::FmaOp>(a, c, sum);
        }
  }

  Point lhs_point(std::int64_t m, Value k, std::int64_t width) {
    Values index = b_.delinearize(b_.index(m), shape_of(lhs_).drop_back());
    index.push_back(k);
    const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
    return {std::move(index), axis, width};
  }

  // ---- After the product

  // One lane per element, in turns where a group has more elements than lanes.
  void store_results(ValueRange totals) {
    const std::int64_t items = m_ * rows_;
    for (std::int64_t turn = 0; turn < items; turn += lanes_) {
      const Value item = b_.add(lane_, turn);
      const Value m = m_ == 1 ? b_.index(0) : b_.div(item, rows_);
      const Value row = m_ == 1 ? item : b_.rem(item, rows_);
      const Value n = b_.add(first_row_, row);
      const Value exists = b_.both(b_.less(item, items), b_.less(n, n_));
      b_.if_then(exists, [&] { store_element(b_.add(b_.mul(m, n_), n), item, totals); });
    }
  }

  void store_element(Value linear, Value item, ValueRange totals) {
    for (auto [i, root] : llvm::enumerate(roots_)) {
      const std::size_t begin = sum_number(i, 0, 0);
      Value total = totals[begin];
      for (std::int64_t other = 1; other < m_ * rows_; ++other)
        total = b_.select(b_.equal(item, b_.index(other)),
                          totals[begin + static_cast<std::size_t>(other)], total);
      bind_element(e_, root, round_to(b_, dtype_of(root->getResult(0)), total));
    }
    for (const kernel::Store& store : stores_)
      if (is_behind_product(store))
        emit_store(e_, store, linear, 1);
  }

  static constexpr std::int64_t kMostRows = 8;

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  SmallVector<Operation*> roots_;
  Value lhs_;
  std::int64_t m_ = 0, n_ = 0, k_ = 0;
  std::int64_t lanes_ = 0, groups_ = 0, rows_ = 0, width_ = 0, unroll_ = 1;
  bool packed_ = false;
  Value lane_, first_row_;
  SmallVector<Value> weight_rows_;
};

}  // namespace

void emit_matvec(KernelBuilder& builder, Stores stores) {
  Matvec(builder, stores).emit();
}

}  // namespace ashlar::codegen
