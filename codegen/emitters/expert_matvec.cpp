// SPDX-License-Identifier: Apache-2.0
// "expert_matvec": rows times the matrices that their numbers choose, a few rows at a time. A
// workgroup has one row of the result; a group of lanes strides over the rows that are summed and
// over K, and keeps `rows` columns of the result going at once, which share what is loaded of the
// left side. `unroll` steps are loaded together. Packed matrices are multiplied as they are
// (packed_dot.h).
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matrix_choice.h"
#include "codegen/emitters/packed_dot.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/MathExtras.h"

#include <vector>

using namespace mlir;

namespace ashlar::codegen {
namespace {

class ExpertMatvec {
public:
  ExpertMatvec(KernelBuilder& b, const MatrixChoice& choice)
      : b_(b), e_(b), choice_(choice), stores_(choice.product_stores()),
        roots_(kernel::roots_of(kernel::view_of(b.def()))) {}

  void emit() {
    if (!read_shapes() || !read_schedule() || !check_stores(b_, stores_, roots_.front()))
      return;
    const std::int64_t blocks = (n_ + groups_ * rows_ - 1) / (groups_ * rows_);
    SmallVector<WorkRange> ranges{
        {m_ * blocks, [&](Value workgroup) { emit_columns(workgroup, blocks); }}};
    if (choice_)
      ranges.push_back(choice_.rows());
    emit_ranges(b_, ranges);
  }

private:
  void emit_columns(Value workgroup, std::int64_t blocks) {
    const Values place = b_.delinearize(workgroup, {m_, blocks});
    m_index_ = place[0];
    lane_ = b_.rem(b_.thread(), lanes_);
    first_column_ =
        b_.add(b_.mul(place[1], groups_ * rows_), b_.mul(b_.div(b_.thread(), lanes_), rows_));
    if (choice_) {
      choice_.pick(e_, m_index_, m_);
      b_.barrier();
    }
    store_results(totals());
  }

  bool refuse(Operation* op, const Twine& message) {
    b_.fail(op, message);
    return false;
  }

  bool read_shapes() {
    if (roots_.empty() || !isa<ir::ExpertMatmulOp>(roots_.front()))
      return refuse(b_.def(), "an expert_matvec kernel needs an expert_matmul");
    auto first = cast<ir::ExpertMatmulOp>(roots_.front());
    lhs_ = first.getLhs();
    ids_ = first.getIds();
    ArrayRef<std::int64_t> shape = shape_of(lhs_);
    k_ = shape.back();
    summed_ = shape[shape.size() - 2];
    outputs_first_ = first.getTransposeRhs();
    n_ = shape_of(first.getResult()).back();
    m_ = n_ == 0 ? 0 : kernel::element_count(first.getType()) / n_;
    for (Operation* root : roots_) {
      auto product = dyn_cast<ir::ExpertMatmulOp>(root);
      const bool fits = product && product.getLhs() == lhs_ && product.getIds() == ids_ &&
                        product.getTransposeRhs() == outputs_first_ &&
                        shape_of(product.getResult()).back() == n_ &&
                        is_input(kernel::expert_outputs(product).matrices);
      if (!fits)
        return refuse(root, "does not fit an expert_matvec kernel: all products share the left "
                            "side and its numbers, and have matrices of one layout as inputs");
      packed_ |= !isa<BlockArgument>(kernel::expert_outputs(product).matrices);
    }
    return true;
  }

  // As it lies in memory, or packed along K.
  bool is_input(Value matrices) const {
    Operation* op = matrices.getDefiningOp();
    return isa<BlockArgument>(matrices) ||
           (outputs_first_ && kernel::is_unpacking(op) &&
            llvm::all_of(op->getOperands(), llvm::IsaPred<BlockArgument>));
  }

  bool read_schedule() {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    lanes_ = schedule.get("lanes", b_.subgroup_size());
    rows_ = schedule.get("rows", 1);
    groups_ = lanes_ > 0 ? b_.workgroup_size() / lanes_ : 0;
    width_ = schedule.get("width", 1);
    if (!outputs_first_)
      width_ = 1;
    while (!packed_ && width_ > 1 && k_ % width_ != 0)
      width_ /= 2;
    unroll_ = schedule.get("unroll", 1);
    if (packed_ && width_ != kPackedBlock)
      return refuse(b_.def(), "schedule: the width of packed weights is 32");
    const bool fits = lanes_ > 0 && llvm::isPowerOf2_64(static_cast<std::uint64_t>(lanes_)) &&
                      lanes_ <= b_.subgroup_size() && groups_ > 0 && rows_ > 0 && width_ > 0 &&
                      unroll_ > 0;
    return fits || refuse(b_.def(), "schedule: lanes must be a power of two within a subgroup, "
                                    "rows, width and unroll positive");
  }

  // ---- The product

  // Steps over K of one of the rows that are summed.
  std::int64_t steps_of_row() const { return (k_ + lanes_ * width_ - 1) / (lanes_ * width_); }

  // Sums are numbered by root, then column. Complete in every lane of a group.
  Values totals() {
    const std::int64_t steps = summed_ * steps_of_row(), whole = steps / unroll_ * unroll_;
    Values sums(roots_.size() * static_cast<std::size_t>(rows_), b_.f32(0));
    if (whole > 0)
      sums = b_.loop(0, whole, unroll_, sums, [&](Value step, ValueRange carried) {
        return add_steps(step, unroll_, carried);
      });
    if (whole < steps)
      sums = add_steps(b_.index(whole), steps - whole, sums);
    for (Value& sum : sums)
      sum = b_.sum(sum, lanes_);
    return sums;
  }

  // Where one step of this lane is. Lanes behind the end of a row read its end and count nothing.
  struct Step {
    Value slot;  // which of the rows that are summed
    Value k, inside;
    std::vector<WeightPacket> packets;  // by root, then column
  };

  Step load_step(Value number) {
    const Value turn = b_.rem(number, steps_of_row());
    Step step{b_.div(number, steps_of_row()), {}, b_.boolean(true), {}};
    step.k = b_.add(b_.mul(turn, lanes_ * width_), b_.mul(lane_, width_));
    if (k_ % (lanes_ * width_) != 0) {
      step.inside = b_.less(step.k, k_);
      step.k = b_.min(step.k, b_.index(k_ - width_));
    }
    const Value number_of_matrix = e_.at(ids_, index_of(step.slot));
    for (Operation* root : roots_) {
      const kernel::ExpertOutputs outputs = kernel::expert_outputs(root);
      const Value matrix =
          nearest_index(b_, number_of_matrix, dtype_of(ids_), shape_of(outputs.matrices)[0]);
      for (std::int64_t row = 0; row < rows_; ++row) {
        const Value column = b_.min(b_.add(first_column_, row), b_.index(n_ - 1));
        const Value output = b_.add(b_.mul(column, outputs.step), outputs.start);
        step.packets.push_back(load_weight(outputs.matrices, matrix, output, step.k));
      }
    }
    return step;
  }

  WeightPacket load_weight(Value matrices, Value matrix, Value output, Value k) {
    ArrayRef<std::int64_t> shape = shape_of(matrices);
    if (Operation* packed = matrices.getDefiningOp())
      return load_block(b_, packed, b_.add(b_.mul(matrix, shape[1]), output),
                        b_.div(k, kPackedBlock));
    const Values place = outputs_first_ ? Values{matrix, output, k} : Values{matrix, k, output};
    return load_stored(b_, cast<BlockArgument>(matrices).getArgNumber(), dtype_of(matrices),
                       b_.linearize(place, shape), width_);
  }

  // The index of a row of the left side.
  Values index_of(Value slot) {
    Values index = b_.delinearize(m_index_, shape_of(lhs_).drop_back(2));
    index.push_back(slot);
    return index;
  }

  Values left(const Step& step, std::int64_t offset, std::int64_t width) {
    Values index = index_of(step.slot);
    index.push_back(b_.add(step.k, offset));
    const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
    Values values = e_.at(lhs_, Point{std::move(index), axis, width});
    for (Value& value : values)
      value = b_.select(step.inside, value, b_.f32(0));
    return values;
  }

  Values add_steps(Value first, std::int64_t count, ValueRange sums) {
    std::vector<Step> steps;
    for (std::int64_t i = 0; i < count; ++i)
      steps.push_back(load_step(b_.add(first, i)));
    Values next(sums);
    for (const Step& step : steps)
      packed_ ? add_packed(step, next) : add_plain(step, next);
    return next;
  }

  void add_packed(const Step& step, Values& sums) {
    const auto values = [&](std::int64_t, std::int64_t offset) {
      return left(step, offset, kLeftWidth);
    };
    multiply_block(b_, {step.packets, rows_, /*left_rows=*/1, values}, sums);
  }

  void add_plain(const Step& step, Values& sums) {
    const Values x = left(step, 0, width_);
    for (auto [packet, sum] : llvm::zip_equal(step.packets, sums))
      for (auto [a, c] : llvm::zip_equal(x, unpack(b_, std::get<StoredPacket>(packet))))
        sum = b_.make<math::FmaOp>(a, c, sum);
  }

  // ---- After the product

  // One lane per column, in turns where a group has more columns than lanes.
  void store_results(ValueRange totals) {
    for (std::int64_t turn = 0; turn < rows_; turn += lanes_) {
      const Value row = b_.add(lane_, turn), column = b_.add(first_column_, row);
      b_.if_then(b_.both(b_.less(row, rows_), b_.less(column, n_)),
                 [&] { store_element(row, column, totals); });
    }
  }

  void store_element(Value row, Value column, ValueRange totals) {
    for (auto [i, root] : llvm::enumerate(roots_)) {
      const std::size_t begin = i * static_cast<std::size_t>(rows_);
      Value total = totals[begin];
      for (std::int64_t other = 1; other < rows_; ++other)
        total = b_.select(b_.equal(row, b_.index(other)),
                          totals[begin + static_cast<std::size_t>(other)], total);
      bind_element(e_, root, round_to(b_, dtype_of(root->getResult(0)), total));
    }
    for (const kernel::Store& store : stores_)
      emit_store(e_, store, b_.add(b_.mul(m_index_, n_), column), 1);
  }

  KernelBuilder& b_;
  Elements e_;
  const MatrixChoice& choice_;
  Stores stores_;
  SmallVector<Operation*> roots_;
  Value lhs_, ids_;
  std::int64_t m_ = 0, n_ = 0, k_ = 0, summed_ = 0;
  std::int64_t lanes_ = 0, groups_ = 0, rows_ = 0, width_ = 0, unroll_ = 1;
  bool packed_ = false;
  bool outputs_first_ = true;  // whether matrices are [E, N, K], not [E, K, N]
  Value lane_, m_index_, first_column_;
};

}  // namespace

void emit_expert_matvec(KernelBuilder& b, Stores stores) {
  const MatrixChoice choice(b, stores);
  ExpertMatvec(b, choice).emit();
}

}  // namespace ashlar::codegen
