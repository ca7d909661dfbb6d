// SPDX-License-Identifier: Apache-2.0
// "matvec_stationary": a few rows times weights [N, K], with the left side in registers. A team of
// `lanes` threads, whole subgroups, covers K at once: each of them loads its values of the left
// side a single time, and multiplies `batches` batches of `rows` rows of the weights that pass by.
// The next batch is under way while one is multiplied, and the first before the left side is
// computed. Subgroups leave their sums in workgroup memory, so that a workgroup waits only once, at
// the end, before it adds them up and does what lies behind the product.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matrix_choice.h"
#include "codegen/emitters/matvec_product.h"
#include "ir/schedule_model.h"

#include <optional>

using namespace mlir;

namespace ashlar::codegen {
namespace {

class StationaryMatvec {
public:
  StationaryMatvec(KernelBuilder& b, const MatrixChoice& choice)
      : b_(b), choice_(choice), product_(b, choice.product_stores()) {}

  void emit() {
    if (!product_.read_shapes() || !read_schedule())
      return;
    const std::int64_t rows = rows_of_workgroup(), blocks = (product_.n() + rows - 1) / rows;
    SmallVector<WorkRange> ranges{{product_.products() * blocks, [&](Value workgroup) {
                                     place(workgroup, blocks);
                                     multiply_all(load_first());
                                     b_.barrier();
                                     store_results();
                                   }}};
    if (choice_)
      ranges.push_back(choice_.rows());
    emit_ranges(b_, ranges);
  }

private:
  bool read_schedule() {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    lanes_ = schedule.get("lanes", b_.subgroup_size());
    rows_ = schedule.get("rows", 1);
    batches_ = schedule.get("batches", 1);
    width_ = schedule.get("width", 1);
    if (lanes_ < 1 || lanes_ % b_.subgroup_size() != 0 || b_.workgroup_size() % lanes_ != 0 ||
        rows_ < 1 || batches_ < 1)
      return refuse("schedule: lanes must be whole subgroups and divide the workgroup, rows and "
                    "batches positive");
    if (width_ < 1 || !product_.divides_k(width_) ||
        (product_.is_packed() && width_ != kPackedBlock))
      return refuse("schedule: the width must divide K, and is 32 for packed weights");
    if (product_.n() == 0 || product_.k() == 0)
      return refuse("schedule: there is nothing to multiply");
    steps_ = (packets_of_row() + lanes_ - 1) / lanes_;
    in_halves_ = schedule.get("halves", 0) != 0;
    if (in_halves_ && !product_.fits_halves())
      return refuse(
          "schedule: halves need packed weights of 4 or 8 bits with biases, one scale for "
          "32 columns, and a left side of 16-bit floats");
    if (in_halves_)
      product_.keep_halves();
    return true;
  }

  bool refuse(const Twine& message) {
    b_.fail(b_.def(), message);
    return false;
  }

  std::int64_t packets_of_row() const { return product_.k() / width_; }
  std::int64_t teams() const { return b_.workgroup_size() / lanes_; }
  std::int64_t subgroups_of_team() const { return lanes_ / b_.subgroup_size(); }
  std::int64_t rows_of_workgroup() const { return teams() * batches_ * rows_; }
  // Of each team in each batch.
  std::int64_t sums_of_batch() const { return product_.matrices() * product_.m() * rows_; }

  // ---- Where this thread works

  // `blocks` workgroups for each product.
  void place(Value block, std::int64_t blocks) {
    if (product_.chooses_matrices()) {
      product_.choose_product(b_.div(block, blocks));
      block = b_.rem(block, blocks);
    }
    const Value lane = b_.rem(b_.thread(), lanes_);
    team_ = b_.div(b_.thread(), lanes_);
    subgroup_ = b_.div(lane, b_.subgroup_size());
    first_row_ = b_.mul(block, rows_of_workgroup());
    for (std::int64_t step = 0; step < steps_; ++step) {
      const Value packet = b_.add(lane, step * lanes_);
      // Lanes behind the end of a row read its end and count nothing.
      const bool whole = (step + 1) * lanes_ <= packets_of_row();
      inside_.push_back(whole ? Value() : b_.less(packet, packets_of_row()));
      const Value last = b_.index(packets_of_row() - 1);
      columns_.push_back(b_.mul(whole ? packet : b_.min(packet, last), width_));
    }
    partial_sums_ =
        b_.shared(b_.getF32Type(), teams() * batches_ * sums_of_batch() * subgroups_of_team());
  }

  // The number of this team's batch among the workgroup's.
  Value batch_number(Value batch) { return b_.add(b_.mul(team_, batches_), batch); }

  // ---- The product

  // Packets of the weights of some rows: by step along K, then matrix, then row.
  using Batch = MatvecProduct::WeightPackets;

  Batch load(Value batch) {
    const Value first = b_.add(first_row_, b_.mul(batch_number(batch), rows_));
    SmallVector<Value> rows;
    for (std::int64_t row = 0; row < rows_; ++row)
      rows.push_back(b_.min(b_.add(first, row), b_.index(product_.n() - 1)));
    Batch packets;
    for (Value column : columns_)
      llvm::append_range(packets, product_.load(rows, column, width_));
    return packets;
  }

  // The first batch and what it is multiplied by. Which matrix that is of is the first thing to
  // know.
  Batch load_first() {
    std::optional<Batch> first;
    if (choice_)
      product_.pick_matrices(choice_);
    else
      first = load(b_.index(0));
    product_.compute_left();
    if (choice_) {
      b_.barrier();
      first = load(b_.index(0));
    }
    in_halves_ ? hold_halves() : hold_left();
    return *first;
  }

  // This thread's values of the left side.
  void hold_left() {
    const std::int64_t width = std::min(width_, kLeftWidth);
    for (std::int64_t step = 0; step < steps_; ++step)
      for (std::int64_t m = 0; m < product_.m(); ++m) {
        Values& values = left_.emplace_back();
        const auto number = static_cast<std::size_t>(step);
        for (std::int64_t offset = 0; offset < width_; offset += width)
          values.append(product_.left(m, b_.add(columns_[number], offset), width));
        if (inside_[number])
          for (Value& value : values)
            value = b_.select(inside_[number], value, b_.f32(0));
      }
  }

  // The same in halves.
  void hold_halves() {
    for (std::int64_t step = 0; step < steps_; ++step)
      for (std::int64_t m = 0; m < product_.m(); ++m) {
        const auto number = static_cast<std::size_t>(step);
        HalvesOfBlock& block =
            halves_.emplace_back(product_.halves(m, b_.div(columns_[number], width_)));
        if (!inside_[number])
          continue;
        block.unit = b_.select(inside_[number], block.unit, b_.f32(0));
        block.total = b_.select(inside_[number], block.total, b_.f32(0));
      }
  }

  void multiply_all(const Batch& first) {
    Values loaded = values_of(first);
    loaded = b_.loop(0, batches_ - 1, 1, loaded, [&](Value batch, ValueRange carried) {
      const Batch next = load(b_.add(batch, 1));
      multiply(batch, with_values(first, carried));
      return values_of(next);
    });
    multiply(b_.index(batches_ - 1), with_values(first, loaded));
  }

  void multiply(Value batch, const Batch& packets) {
    Values sums(static_cast<std::size_t>(sums_of_batch()), b_.f32(0));
    const auto per_step = static_cast<std::size_t>(product_.matrices() * rows_);
    for (std::int64_t step = 0; step < steps_; ++step) {
      const auto weights =
          ArrayRef(packets).slice(static_cast<std::size_t>(step) * per_step, per_step);
      if (in_halves_) {
        const auto rows = static_cast<std::size_t>(product_.m());
        product_.multiply(
            weights, ArrayRef(halves_).slice(static_cast<std::size_t>(step) * rows, rows), sums);
        continue;
      }
      const auto left = [&](std::int64_t m, std::int64_t offset, std::int64_t width) {
        const Values& values = left_[static_cast<std::size_t>(step * product_.m() + m)];
        return Values(ArrayRef(values).slice(static_cast<std::size_t>(offset),
                                             static_cast<std::size_t>(width)));
      };
      product_.multiply(weights, width_, left, sums);
    }
    keep(batch, b_.scatter_sums(sums));
  }

  // ---- Sums of subgroups: by batch of the workgroup, then number, then subgroup of the team

  Value place_of_sum(Value batch, Value number) {
    return b_.mul(b_.add(b_.mul(batch, sums_of_batch()), number), subgroups_of_team());
  }

  // Lane i of the subgroup has sum number i, in turns.
  void keep(Value batch, ValueRange sums) {
    for (auto [turn, sum] : llvm::enumerate(sums)) {
      const Value number = b_.add(b_.lane(), static_cast<std::int64_t>(turn) * b_.subgroup_size());
      b_.if_then(b_.less(number, sums_of_batch()), [&, sum = sum] {
        b_.store(sum, partial_sums_, b_.add(place_of_sum(batch_number(batch), number), subgroup_));
      });
    }
  }

  Value total(Value batch, Value number) {
    const Value first = place_of_sum(batch, number);
    Value sum = b_.load(partial_sums_, first);
    for (std::int64_t i = 1; i < subgroups_of_team(); ++i)
      sum = b_.make<arith::AddFOp>(sum, b_.load(partial_sums_, b_.add(first, i)));
    return sum;
  }

  void store_results() {
    const std::int64_t rows = rows_of_workgroup(), items = product_.m() * rows;
    b_.for_each(b_.thread(), b_.index(items), b_.index(b_.workgroup_size()), [&](Value item) {
      const Values place = b_.delinearize(item, {product_.m(), rows});
      const Value n = b_.add(first_row_, place[1]);
      b_.if_then(b_.less(n, product_.n()), [&] { store_element(place[0], place[1], n); });
    });
  }

  void store_element(Value m, Value row, Value n) {
    Values sums;
    for (std::int64_t matrix = 0; matrix < product_.matrices(); ++matrix) {
      const Value number =
          b_.add(b_.mul(b_.add(m, matrix * product_.m()), rows_), b_.rem(row, rows_));
      sums.push_back(total(b_.div(row, rows_), number));
    }
    product_.store(b_.add(b_.mul(m, product_.n()), n), sums);
  }

  KernelBuilder& b_;
  const MatrixChoice& choice_;
  MatvecProduct product_;
  std::int64_t lanes_ = 0, rows_ = 0, batches_ = 0, width_ = 0, steps_ = 0;
  bool in_halves_ = false;
  Value team_, subgroup_, first_row_, partial_sums_;
  SmallVector<Value> inside_, columns_;  // by step
  SmallVector<Values> left_;             // by step, then row of the left side
  SmallVector<HalvesOfBlock> halves_;    // the same
};

}  // namespace

void emit_matvec_stationary(KernelBuilder& builder, Stores stores) {
  const MatrixChoice choice(builder, stores);
  StationaryMatvec(builder, choice).emit();
}

}  // namespace ashlar::codegen
