// SPDX-License-Identifier: Apache-2.0
// "attention_coop": attention of many query rows on cooperative matrices. Each subgroup takes 16
// rows that share a key/value head (heads of the group first, then steps). The workgroup walks over
// blocks of keys in workgroup memory: scores are a product of matrices; they go through workgroup
// memory, where each has a known place, to the lanes that own the row; those return weights of 16
// bits, and the factor by which what was summed so far shrinks.
#include "codegen/emitters/attention_shape.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matrix_unit.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/matrix_schedules.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

#include <cmath>

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kSize = MatrixUnit::kSize;
constexpr std::int64_t kPacket = MatrixUnit::kPacket;
constexpr std::int64_t kSumPacket = MatrixUnit::kSumPacket;

// Rows of packets in workgroup memory, each followed by an unused one, so that rows start in
// different banks.
struct Rows {
  std::int64_t packets;  // in a row
  std::int64_t first = 0;
  std::int64_t stride() const { return packets + 1; }
};

class CoopAttention {
public:
  CoopAttention(KernelBuilder& b, Stores stores, Operation* root)
      : b_(b), e_(b), stores_(stores), root_(root),
        shape_(root,
               kernel::coop_attention_tile(root, b.workgroup_size() / b.subgroup_size() * kSize)),
        dtype_(dtype_of(root->getOperand(1))), threads_(b.workgroup_size()),
        subgroups_(threads_ / b.subgroup_size()),
        keys_(b.def().getSchedule().get("keys", kernel::coop_attention_keys(root))),
        rows_(subgroups_ * kSize),
        lanes_per_row_(std::max<std::int64_t>(b.subgroup_size() / kSize, 1)),
        rows_per_lane_(std::max<std::int64_t>(kSize / b.subgroup_size(), 1)) {}

  void emit() {
    const std::int64_t matrices = (keys_ + shape_.value_size) / kSize;
    unit_ = MatrixUnit::create(b_, dtype_, matrices);
    if (!unit_)
      return b_.fail(root_, "the device has no cooperative matrices of this type");
    if (threads_ % b_.subgroup_size() != 0 || keys_ % (kPacket * lanes_per_row_) != 0 ||
        keys_ % kSize != 0 || keys_ <= 0)
      return b_.fail(b_.def(), "schedule: keys must be a multiple of 16, and of 8 for each lane "
                               "that shares a row; the workgroup one of subgroups");
    allocate();
    b_.for_workgroups(shape_.batch * shape_.groups * shape_.head_blocks() * shape_.step_blocks(),
                      [&] { attend(); });
  }

private:
  void attend() {
    place_ = place_attention(b_, shape_, [&](unsigned operand, Value batch) {
      return e_.at(root_->getOperand(operand), {batch});
    });
    divide_keys(b_, shape_, 0, place_);
    subgroup_ = b_.div(b_.thread(), b_.subgroup_size());
    stage_query();
    store_results(walk_keys());
  }

  // What the loop over keys carries: the outputs' matrices, and for each row of this lane the
  // largest score and the sum of weights.
  struct State {
    Values outputs, largest, sums;

    Values flat() const {
      Values all(outputs);
      all.append(largest);
      all.append(sums);
      return all;
    }
    static State from(ValueRange all, std::size_t rows) {
      const std::size_t outputs = all.size() - 2 * rows;
      return {Values(all.take_front(outputs)), Values(all.slice(outputs, rows)),
              Values(all.take_back(rows))};
    }
  };

  Value mulf(Value x, Value y) { return b_.make<arith::MulFOp>(x, y); }
  Value larger(Value x, Value y) {
    return b_.select(b_.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, y, x), y, x);
  }

  // ---- Workgroup memory

  void allocate() {
    query_ = key_ = {shape_.head_size / kPacket};
    value_ = {shape_.value_size / kPacket};
    scores_ = {keys_ / kSumPacket};
    weights_ = {keys_ / kPacket};
    value_.first = keys_ * key_.stride();
    const std::int64_t tiles = value_.first + keys_ * value_.stride();
    const std::int64_t queries = rows_ * query_.stride();
    // Where matrices hold them, query rows make room for keys.
    query_.first = unit_->keeps_operands() ? 0 : tiles;
    scores_.first = unit_->keeps_operands() ? std::max(tiles, queries) : tiles + queries;
    weights_.first = scores_.first + rows_ * scores_.stride();
    memory_ =
        b_.shared(VectorType::get(4, b_.getI32Type()), weights_.first + rows_ * weights_.stride());
    row_numbers_ = b_.shared(b_.getF32Type(), rows_);
  }

  Value place_of(const Rows& rows, Value row, Value packet) {
    return b_.add(b_.add(b_.mul(row, rows.stride()), rows.first), packet);
  }
  MatrixUnit::Place matrix_place(const Rows& rows, Value row, std::int64_t packet) {
    return {memory_, place_of(rows, row, b_.index(packet)), rows.stride()};
  }
  // The first row of this subgroup.
  Value first_row() { return b_.mul(subgroup_, kSize); }

  // ---- Query rows

  TileRows tile_rows() const { return {b_, shape_, place_}; }

  void stage_query() {
    const std::int64_t packets = query_.packets;
    b_.for_each(b_.thread(), b_.index(rows_ * packets), b_.index(threads_), [&](Value i) {
      const Value row = b_.div(i, packets), packet = b_.rem(i, packets);
      // Rows beyond the last repeat it; they are not stored.
      const Point point{{place_.batch, tile_rows().existing_step(row),
                         tile_rows().existing_head(row), b_.mul(packet, kPacket)},
                        3,
                        kPacket};
      b_.store_vector(pack_words(b_, dtype_, e_.at(root_->getOperand(0), point)), memory_,
                      place_of(query_, row, packet));
    });
    b_.barrier();
    for (std::int64_t d = 0; d < query_.packets; d += kSize / kPacket)
      query_matrices_.push_back(unit_->load_left(matrix_place(query_, first_row(), d)));
  }

  // ---- The loop over blocks of keys

  State walk_keys() {
    State start;
    for (std::int64_t e = 0; e < shape_.value_size; e += kSize)
      start.outputs.push_back(unit_->zeros());
    for (std::int64_t i = 0; i < rows_per_lane_; ++i) {
      start.largest.push_back(shape_.has_sinks
                                  ? e_.at(root_->getOperand(kSinks),
                                          {place_.batch, tile_rows().existing_head(row_of_lane(i))})
                                  : b_.f32(-INFINITY));
      start.sums.push_back(b_.f32(shape_.has_sinks ? 1 : 0));
    }
    const auto rows = static_cast<std::size_t>(rows_per_lane_);
    const Values end = b_.loop(place_.begin, place_.end, b_.index(keys_), start.flat(),
                               [&](Value first, ValueRange carried) {
                                 return block(first, State::from(carried, rows)).flat();
                               });
    return State::from(end, rows);
  }

  State block(Value first, State state) {
    const Values keys = fetch(root_->getOperand(1), key_, first);
    const Values values = fetch(root_->getOperand(2), value_, first);
    b_.barrier();  // the block before is still being read
    put(key_, keys);
    put(value_, values);
    b_.barrier();
    multiply_keys();
    b_.subgroup_barrier();
    for (std::int64_t i = 0; i < rows_per_lane_; ++i)
      weigh_row(first, i, state);
    b_.subgroup_barrier();
    add_values(state.outputs);
    return state;
  }

  Value cache_row(Value key) { return shape_.ring > 0 ? b_.rem(key, shape_.ring) : key; }

  std::int64_t turns(const Rows& rows) const {
    return (keys_ * rows.packets + threads_ - 1) / threads_;
  }

  // This thread's packets of a block, as words. Rows beyond the last key repeat it: their weights
  // are zero, but what lies there need not be a number.
  Values fetch(Value tensor, const Rows& rows, Value first) {
    Values words;
    for (std::int64_t turn = 0; turn < turns(rows); ++turn) {
      Value i = b_.add(b_.thread(), turn * threads_);
      if ((turn + 1) * threads_ > keys_ * rows.packets)
        i = b_.min(i, b_.index(keys_ * rows.packets - 1));
      const Value key =
          b_.min(b_.add(first, b_.div(i, rows.packets)), b_.sub(place_.end, b_.index(1)));
      const Point point{
          {cache_row(key), place_.batch, place_.group, b_.mul(b_.rem(i, rows.packets), kPacket)},
          3,
          kPacket};
      words.append(pack_words(b_, dtype_, e_.at(tensor, point)));
    }
    return words;
  }

  void put(const Rows& rows, ValueRange words) {
    for (std::int64_t turn = 0; turn < turns(rows); ++turn) {
      const Value i = b_.add(b_.thread(), turn * threads_);
      auto store = [&] {
        b_.store_vector(words.slice(static_cast<std::size_t>(4 * turn), 4), memory_,
                        place_of(rows, b_.div(i, rows.packets), b_.rem(i, rows.packets)));
      };
      (turn + 1) * threads_ <= keys_* rows.packets
          ? store()
          : b_.if_then(b_.less(i, keys_ * rows.packets), store);
    }
  }

  void multiply_keys() {
    for (std::int64_t key = 0; key < keys_; key += kSize) {
      Value sums = unit_->zeros();
      for (auto [d, query] : llvm::enumerate(query_matrices_)) {
        const auto packet = static_cast<std::int64_t>(d) * (kSize / kPacket);
        sums = unit_->multiply_add(
            query, unit_->load_right(matrix_place(key_, b_.index(key), packet), /*columns=*/true),
            sums);
      }
      unit_->store(sums, matrix_place(scores_, first_row(), key / kSumPacket));
    }
  }

  void add_values(Values& outputs) {
    for (Value& output : outputs)
      output = unit_->scale_rows(output, row_numbers_, first_row());
    for (std::int64_t key = 0; key < keys_; key += kSize) {
      const MatrixUnit::Operand weights =
          unit_->load_left(matrix_place(weights_, first_row(), key / kPacket));
      for (auto [e, output] : llvm::enumerate(outputs)) {
        const auto packet = static_cast<std::int64_t>(e) * (kSize / kPacket);
        output = unit_->multiply_add(
            weights,
            unit_->load_right(matrix_place(value_, b_.index(key), packet), /*columns=*/false),
            output);
      }
    }
  }

  // ---- Weights of one row. Lanes that share it have equal parts of its keys.

  Value row_of_lane(std::int64_t i) {
    const Value row = rows_per_lane_ > 1 ? b_.add(b_.mul(b_.lane(), rows_per_lane_), i)
                                         : b_.div(b_.lane(), lanes_per_row_);
    return b_.add(first_row(), row);
  }
  Value part_of_lane() { return b_.rem(b_.lane(), lanes_per_row_); }

  void weigh_row(Value first, std::int64_t i, State& state) {
    const Value row = row_of_lane(i);
    Values weights = scores_of(row, first);
    Value& largest = state.largest[static_cast<std::size_t>(i)];
    Value& sum = state.sums[static_cast<std::size_t>(i)];
    const Value before = largest;
    for (Value score : weights)
      largest = larger(largest, score);
    largest = b_.reduce(largest, lanes_per_row_, [&](ValueRange x, ValueRange y) -> Values {
      return {larger(x[0], y[0])};
    })[0];
    const Value none =
        b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest, b_.f32(-INFINITY));
    const Value base = b_.select(none, b_.f32(0), largest);
    Value added = b_.f32(0);
    for (Value& weight : weights) {
      weight = to_element(exponential(weight, base));
      added = b_.make<arith::AddFOp>(added, weight);
    }
    const Value factor = exponential(before, base);
    sum = b_.make<math::FmaOp>(sum, factor, b_.sum(added, lanes_per_row_));
    put_weights(row, weights, factor);
  }

  // Scaled and capped; -inf where the row does not see the key.
  Values scores_of(Value row, Value first) {
    const std::int64_t count = keys_ / lanes_per_row_;
    const Value part = part_of_lane();
    const Value begin = b_.add(first, b_.mul(part, count));
    const auto [low, high] = seen_keys(row);
    Values scores;
    for (std::int64_t packet = 0; packet < count / kSumPacket; ++packet) {
      const Value at = b_.add(b_.mul(part, count / kSumPacket), packet);
      for (Value bits : b_.load_vector(memory_, place_of(scores_, row, at))) {
        const Value score = cap(mulf(float_of(b_, bits), b_.f32(shape_.scale)));
        const Value key = b_.add(begin, static_cast<std::int64_t>(scores.size()));
        Value seen = b_.less(key, high);
        if (shape_.window > 0)
          seen = b_.both(seen, b_.less(low, b_.add(key, 1)));
        scores.push_back(b_.select(seen, score, b_.f32(-INFINITY)));
      }
    }
    return scores;
  }

  std::pair<Value, Value> seen_keys(Value row) {
    const Value after = b_.add(b_.add(place_.position, tile_rows().step(row)), 1);
    return {b_.sub(after, b_.index(shape_.window)),
            shape_.causal ? b_.min(place_.end, after) : place_.end};
  }

  Value cap(Value score) {
    if (shape_.softcap == 0)
      return score;
    const Value limit = b_.f32(shape_.softcap);
    return mulf(limit, b_.make<math::TanhOp>(b_.make<arith::DivFOp>(score, limit)));
  }

  // The device's own function: the result is rounded to 16 bits or multiplies what was.
  Value exponential(Value x, Value base) {
    const Value difference = b_.make<arith::SubFOp>(x, base);
    return b_.make<spirv::GLExp2Op>(b_.getF32Type(), mulf(difference, b_.f32(M_LOG2E)));
  }

  // A weight, in [0, 1], rounded as it is multiplied.
  Value to_element(Value weight) {
    if (dtype_ == DType::f16)
      return b_.make<arith::ExtFOp>(b_.getF32Type(),
                                    b_.make<arith::TruncFOp>(b_.getF16Type(), weight));
    const Value bits = b_.make<arith::AddIOp>(bits_of(b_, weight), b_.i32(0x8000));
    return float_of(b_, b_.make<arith::AndIOp>(bits, b_.i32(0xffff0000)));
  }

  void put_weights(Value row, ValueRange weights, Value factor) {
    const std::int64_t count = keys_ / lanes_per_row_ / kPacket;
    for (std::int64_t packet = 0; packet < count; ++packet) {
      const auto first = static_cast<std::size_t>(packet * kPacket);
      const Value at = b_.add(b_.mul(part_of_lane(), count), packet);
      b_.store_vector(pack_words(b_, dtype_, weights.slice(first, kPacket)), memory_,
                      place_of(weights_, row, at));
    }
    put_row_number(row, factor);
  }

  void put_row_number(Value row, Value number) {
    auto store = [&] { b_.store(number, row_numbers_, row); };
    lanes_per_row_ == 1 ? store() : b_.if_then(b_.equal(part_of_lane(), b_.index(0)), store);
  }

  // ---- Results

  void store_results(State state) {
    divide(state);
    width_ = packet_width(stores_, kSumPacket);
    // As many columns at a time as the scores had room for.
    std::int64_t columns = std::min(keys_, shape_.value_size);
    while (shape_.value_size % columns != 0)
      columns -= kSize;
    for (std::int64_t first = 0; first < shape_.value_size; first += columns) {
      b_.subgroup_barrier();
      for (std::int64_t e = 0; e < columns; e += kSize)
        unit_->store(state.outputs[static_cast<std::size_t>((first + e) / kSize)],
                     matrix_place(scores_, first_row(), e / kSumPacket));
      b_.subgroup_barrier();
      store_columns(first, columns);
    }
  }

  // By the sum of weights; rows without keys are zero.
  void divide(State& state) {
    for (std::int64_t i = 0; i < rows_per_lane_; ++i) {
      const Value sum = state.sums[static_cast<std::size_t>(i)];
      const Value largest = state.largest[static_cast<std::size_t>(i)];
      const Value empty =
          b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest, b_.f32(-INFINITY));
      put_row_number(row_of_lane(i),
                     b_.make<arith::DivFOp>(b_.f32(1), b_.select(empty, b_.f32(1), sum)));
    }
    b_.subgroup_barrier();
    for (Value& output : state.outputs)
      output = unit_->scale_rows(output, row_numbers_, first_row());
  }

  void store_columns(std::int64_t first, std::int64_t columns) {
    const std::int64_t per_row = columns / width_;
    b_.for_each(b_.lane(), b_.index(kSize * per_row), b_.index(b_.subgroup_size()), [&](Value i) {
      const Value row = b_.add(first_row(), b_.div(i, per_row));
      const Value column = b_.mul(b_.rem(i, per_row), width_);
      // The last rows of a tile may belong to no head.
      const Value exists = b_.both(tile_rows().exists(row), b_.less(row, shape_.tile.rows()));
      b_.if_then(exists, [&] {
        store_values(row, b_.add(column, first),
                     MatrixUnit::load_sums(b_, memory_, place_of(scores_, row, b_.index(0)), column,
                                           width_));
      });
    });
  }

  void store_values(Value row, Value element, Values values) {
    for (Value& value : values)
      value = round_to(b_, dtype_of(root_->getResult(0)), value);
    const Values index{place_.batch, tile_rows().step(row), tile_rows().head(row), element};
    const Value linear = b_.linearize(index, shape_of(root_->getResult(0)));
    bind_packet(e_, root_, linear, values);
    for (const kernel::Store& store : stores_)
      emit_store(e_, store, linear, width_);
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  Operation* root_;
  AttentionShape shape_;
  DType dtype_;
  std::int64_t threads_, subgroups_, keys_, rows_;
  std::int64_t lanes_per_row_, rows_per_lane_, width_ = 1;
  std::unique_ptr<MatrixUnit> unit_;
  Rows query_{}, key_{}, value_{}, scores_{}, weights_{};
  Value memory_, row_numbers_, subgroup_;
  AttentionPlace place_;
  std::vector<MatrixUnit::Operand> query_matrices_;
};

}  // namespace

void emit_attention_coop(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  if (roots.size() != 1 || !isa<ir::AttentionOp>(roots.front()))
    return b.fail(b.def(), "an attention kernel needs one attention");
  Operation* root = roots.front();
  if (!kernel::fits_coop_attention(root))
    return b.fail(root, "cooperative matrices need queries, keys and values of one 16-bit float "
                        "type, and heads of a multiple of 16 elements");
  if (!check_stores(b, stores, root) || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  CoopAttention(b, stores, root).emit();
}

}  // namespace ashlar::codegen
