// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_walk.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

#include <cmath>

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr unsigned kKeys = 1, kValues = 2;  // operands

Value times(KernelBuilder& b, Value x, Value y) {
  return b.make<arith::MulFOp>(x, y);
}

// `values`, one for each of `rows` rows, then again.
Value& of_row(Values& values, std::size_t group, std::size_t row, std::size_t rows) {
  return values[group * rows + row];
}

}  // namespace

// ---- States

Value larger(KernelBuilder& b, Value x, Value y) {
  return b.select(b.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, y, x), y, x);
}

Values RowStates::flat() const {
  Values all(largest);
  all.append(sums);
  all.append(outputs);
  return all;
}

RowStates RowStates::from(ValueRange all, std::size_t rows) {
  return {Values(all.take_front(rows)), Values(all.slice(rows, rows)),
          Values(all.drop_front(2 * rows))};
}

// By the device's own function, which is good to a few units in the last place of a weight.
Value weight_of(KernelBuilder& b, Value score, Value largest) {
  const Value difference = b.make<arith::SubFOp>(score, largest);
  const Value weight =
      b.make<spirv::GLExp2Op>(b.getF32Type(), times(b, difference, b.f32(M_LOG2E)));
  const Value none = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, score, b.f32(-INFINITY));
  return b.select(none, b.f32(0), weight);
}

void rescale(KernelBuilder& b, RowStates& states, ValueRange largest) {
  const std::size_t per_row = states.outputs_per_row();
  for (std::size_t row = 0; row < largest.size(); ++row) {
    const Value factor = weight_of(b, states.largest[row], largest[row]);
    states.largest[row] = largest[row];
    states.sums[row] = times(b, states.sums[row], factor);
    for (std::size_t i = row * per_row; i < (row + 1) * per_row; ++i)
      states.outputs[i] = times(b, states.outputs[i], factor);
  }
}

KeyWalk::KeyWalk(Elements& elements, Operation* attention, const AttentionShape& shape,
                 const AttentionPlace& place, const AttentionTeams& teams,
                 const AttentionRows& rows)
    : e_(elements), b_(elements.builder()), attention_(attention), shape_(shape), place_(place),
      teams_(teams), rows_(rows),
      lead_(rows.appends() ? b_.select(has_new_key(), b_.index(1), b_.index(0)) : b_.index(0)) {}

// The first split has it.
Value KeyWalk::has_new_key() {
  return b_.both(place_.sees_new_key, b_.equal(place_.split, b_.index(0)));
}

// ---- What a thread holds of a row

// Whether a packet lies within the row; null: all do.
Value KeyWalk::holds(unsigned cache, const kernel::RowShare& share, std::int64_t turn) {
  const std::int64_t packets = shape_of(attention_->getOperand(cache))[3] / share.width;
  if ((turn + 1) * teams_.lanes <= packets)
    return Value();
  return b_.less(b_.add(team_lane(), turn * teams_.lanes), packets);
}

// Where this thread's packet starts; beyond the row the last packet again.
Value KeyWalk::element_of(unsigned cache, const kernel::RowShare& share, std::int64_t turn) {
  const std::int64_t packets = shape_of(attention_->getOperand(cache))[3] / share.width;
  Value packet = b_.add(team_lane(), turn * teams_.lanes);
  if (holds(cache, share, turn))
    packet = b_.min(packet, b_.index(packets - 1));
  return b_.mul(packet, share.width);
}

void KeyWalk::hold_query() {
  constexpr std::int64_t kRegisters = 32;
  if (shape_.tile.rows() * teams_.key.elements() > kRegisters)
    return;
  SmallVector<Values> held;
  for (std::int64_t turn = 0; turn < teams_.key.turns; ++turn)
    for (std::size_t row = 0; row < rows(); ++row)
      held.push_back(query(row, turn));
  query_ = std::move(held);
}

Values KeyWalk::query(std::size_t row, std::int64_t turn) {
  if (!query_.empty())
    return query_[static_cast<std::size_t>(turn) * rows() + row];
  Values values = rows_.query(row_of(row), element_of(kKeys, teams_.key, turn), teams_.key.width);
  if (const Value inside = holds(kKeys, teams_.key, turn))
    for (Value& value : values)
      value = b_.select(inside, value, b_.f32(0));
  return values;
}

// ---- Keys that pass by

Values KeyWalk::Batch::flat() const {
  Values all;
  for (const auto* packets : {&keys, &values})
    for (const StoredPacket& packet : *packets)
      all.append(packet.stored);
  return all;
}

KeyWalk::Batch KeyWalk::Batch::with(ValueRange stored) const {
  Batch batch = *this;
  for (auto* packets : {&batch.keys, &batch.values})
    for (StoredPacket& packet : *packets) {
      packet.stored = Values(stored.take_front(packet.stored.size()));
      stored = stored.drop_front(packet.stored.size());
    }
  return batch;
}

// This team's key `number` of those from `first` on.
Value KeyWalk::key_of(Value first, std::int64_t number) {
  return b_.add(b_.add(first, team()), number * teams_.count());
}

Value KeyWalk::cache_row(Value key) {
  if (place_.skipped) {
    const Value behind = b_.select(b_.less_equal(place_.skipped, key), b_.index(1), b_.index(0));
    // Where there are no others, it is the only row that is sure to exist.
    key = b_.select(b_.less(place_.begin, place_.end), b_.add(key, behind), place_.skipped);
  }
  return shape_.ring > 0 ? b_.rem(key, shape_.ring) : key;
}

// Keys beyond the last one are the last one again; the new one, which is not there, is the first.
KeyWalk::Batch KeyWalk::load(Value first) {
  Batch batch;
  for (unsigned cache : {kKeys, kValues}) {
    const Value tensor = attention_->getOperand(cache);
    const kernel::RowShare& share = cache == kKeys ? teams_.key : teams_.value;
    for (std::int64_t number = 0; number < teams_.keys; ++number) {
      Value key = b_.min(b_.sub(key_of(first, number), lead_), b_.sub(place_.end, b_.index(1)));
      if (rows_.appends() && number == 0)
        key = b_.max(key, place_.begin);
      for (std::int64_t turn = 0; turn < share.turns; ++turn) {
        const Values index{cache_row(key), place_.batch, place_.group,
                           element_of(cache, share, turn)};
        (cache == kKeys ? batch.keys : batch.values)
            .push_back(load_stored(b_, rows_.buffer_of(cache), dtype_of(tensor),
                                   b_.linearize(index, shape_of(tensor)), share.width));
      }
    }
  }
  return batch;
}

// A split without keys must not read a cache that may have no rows.
void KeyWalk::load_first() {
  SmallVector<Type> types;
  for (unsigned cache : {kKeys, kValues}) {
    const kernel::RowShare& share = cache == kKeys ? teams_.key : teams_.value;
    const auto packet = stored_types(b_, dtype_of(attention_->getOperand(cache)), share.width);
    for (std::int64_t i = 0; i < teams_.keys * share.turns; ++i)
      types.append(packet);
  }
  const Values stored = b_.if_values(
      b_.less(place_.begin, place_.end), types,
      [&] {
        first_ = load(place_.begin);
        return first_.flat();
      },
      [&] {
        Values zeros;
        for (Type type : types)
          zeros.push_back(b_.zero_of(type));
        return zeros;
      });
  first_ = first_.with(stored);
}

// The step's own key comes before the others, from workgroup memory.
KeyWalk::Batch KeyWalk::with_new_key() {
  Batch batch = first_;
  for (unsigned cache : {kKeys, kValues}) {
    const kernel::RowShare& share = cache == kKeys ? teams_.key : teams_.value;
    const DType dtype = dtype_of(attention_->getOperand(cache));
    for (std::int64_t turn = 0; turn < share.turns; ++turn)
      (cache == kKeys ? batch.keys : batch.values)[static_cast<std::size_t>(turn)] =
          pack(b_, dtype, rows_.new_row(cache, element_of(cache, share, turn), share.width));
  }
  return batch;
}

RowStates KeyWalk::walk() {
  hold_query();
  const Values states = start().flat();
  const Value step = b_.index(teams_.count() * teams_.keys);
  Values carried(states), batch = first_.flat();
  if (rows_.appends())
    batch = b_.if_values(
        b_.both(has_new_key(), b_.equal(team(), b_.index(0))), ValueRange(batch).getTypes(),
        [&] { return with_new_key().flat(); }, [&] { return first_.flat(); });
  carried.append(batch);
  const Value end = b_.add(place_.end, lead_);
  const Values result = b_.loop(place_.begin, end, step, carried, [&](Value first, ValueRange all) {
    const Batch next = load(b_.add(first, step));
    Values after = attend(first, first_.with(all.drop_front(states.size())),
                          RowStates::from(all.take_front(states.size()), rows()))
                       .flat();
    after.append(next.flat());
    return after;
  });
  return RowStates::from(ValueRange(result).take_front(states.size()), rows());
}

// ---- Scores and values

// Before any key. A sink is counted once, by the first team of the first split.
RowStates KeyWalk::start() {
  RowStates states;
  states.largest.assign(rows(), b_.f32(-INFINITY));
  states.sums.assign(rows(), b_.f32(0));
  states.outputs.assign(rows() * static_cast<std::size_t>(teams_.value.elements()), b_.f32(0));
  if (!shape_.has_sinks)
    return states;
  const Value counts = b_.both(b_.equal(place_.split, b_.index(0)), b_.equal(team(), b_.index(0)));
  for (std::size_t row = 0; row < rows(); ++row) {
    const Value head = TileRows(b_, shape_, place_).existing_head(row_of(row));
    const Value sink = e_.at(attention_->getOperand(kSinks), {place_.batch, head});
    states.largest[row] = b_.select(counts, sink, states.largest[row]);
    states.sums[row] = b_.select(counts, b_.f32(1), states.sums[row]);
  }
  return states;
}

RowStates KeyWalk::attend(Value first, const Batch& batch, const RowStates& states) {
  auto unpacked = [&](ArrayRef<StoredPacket> packets) {
    return llvm::map_to_vector(packets, [&](const StoredPacket& p) { return unpack(b_, p); });
  };
  Values found = scores(unpacked(batch.keys));
  for (std::size_t key = 0; key < static_cast<std::size_t>(teams_.keys); ++key)
    for (std::size_t row = 0; row < rows(); ++row) {
      Value& score = of_row(found, key, row, rows());
      const Value seen = sees(row, key_of(first, static_cast<std::int64_t>(key)));
      score = b_.select(seen, score, b_.f32(-INFINITY));
    }
  return add_values(states, found, unpacked(batch.values));
}

// Of some keys, given by packets of their turns: by key, then row.
Values KeyWalk::scores(ArrayRef<Values> keys) {
  const auto turns = static_cast<std::size_t>(teams_.key.turns), count = keys.size() / turns;
  Values dots(count * rows(), b_.f32(0));
  for (std::size_t turn = 0; turn < turns; ++turn)
    for (std::size_t row = 0; row < rows(); ++row) {
      const Values query = this->query(row, static_cast<std::int64_t>(turn));
      for (std::size_t key = 0; key < count; ++key) {
        Value& dot = of_row(dots, key, row, rows());
        for (auto [q, k] : llvm::zip_equal(query, keys[key * turns + turn]))
          dot = b_.make<math::FmaOp>(q, k, dot);
      }
    }
  dots = b_.reduce(dots, teams_.lanes, [&](ValueRange x, ValueRange y) {
    Values sums;
    for (auto [a, c] : llvm::zip_equal(x, y))
      sums.push_back(b_.make<arith::AddFOp>(a, c));
    return sums;
  });
  for (Value& dot : dots)
    dot = cap(times(b_, dot, b_.f32(shape_.scale)));
  return dots;
}

Value KeyWalk::cap(Value score) {
  if (shape_.softcap == 0)
    return score;
  const Value limit = b_.f32(shape_.softcap);
  return times(b_, limit, b_.make<math::TanhOp>(b_.make<arith::DivFOp>(score, limit)));
}

// With one step per tile the range of keys is exact; more steps mask their own.
Value KeyWalk::sees(std::size_t row, Value key) {
  Value visible = b_.less(key, b_.add(place_.end, lead_));
  if (shape_.tile.steps == 1)
    return visible;
  const Value at = b_.add(place_.position, TileRows(b_, shape_, place_).step(row_of(row)));
  if (shape_.causal)
    visible = b_.both(visible, b_.less_equal(key, at));
  if (shape_.window > 0)
    visible = b_.both(visible, b_.less(at, b_.add(key, shape_.window)));
  return visible;
}

// Scores by key, then row; values by key, then turn.
RowStates KeyWalk::add_values(const RowStates& before, ValueRange scores, ArrayRef<Values> values) {
  const std::size_t rows = before.largest.size(), keys = scores.size() / rows;
  const auto turns = static_cast<std::size_t>(teams_.value.turns);
  const auto width = static_cast<std::size_t>(teams_.value.width);
  Values largest(before.largest);
  for (std::size_t i = 0; i < scores.size(); ++i)
    largest[i % rows] = larger(b_, largest[i % rows], scores[i]);
  RowStates after(before);
  rescale(b_, after, largest);
  for (std::size_t key = 0; key < keys; ++key)
    for (std::size_t row = 0; row < rows; ++row) {
      const Value weight = weight_of(b_, scores[key * rows + row], largest[row]);
      after.sums[row] = b_.make<arith::AddFOp>(after.sums[row], weight);
      for (std::size_t i = 0; i < turns * width; ++i) {
        Value& output = after.outputs[row * turns * width + i];
        output = b_.make<math::FmaOp>(weight, values[key * turns + i / width][i % width], output);
      }
    }
  return after;
}

}  // namespace ashlar::codegen
