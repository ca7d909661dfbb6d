// SPDX-License-Identifier: Apache-2.0
// ashlar-split-reduction: cuts long reductions into parts that more workgroups can share.
//
//   %y = ashlar.attention %q, ...           =>   %p = kernel.attention_partial %q, ... {splits =
//   16}
//                                                %y = kernel.attention_combine %p, %zeros
//
//   %t = ashlar.argmax %x                   =>   argmax of 32 pieces, then of their largest values
//
//   %m = ashlar.matmul %x, %w               =>   sum of the products of pieces of K
//
// Attention is split when its queries alone would leave compute units idle; a CPU never is. Other
// reductions are split when there are fewer rows than units and rows are long, matrix products when
// the device would end the loop over K. Sums and products change their order of evaluation; the
// other results stay the same bit for bit. Partial sums and products of f16 and bf16 are f32, so
// that the result rounds once.
#include "ir/kernel_region.h"
#include "ir/matrix_schedules.h"
#include "passes/device_of_pass.h"
#include "passes/op_classes.h"
#include "passes/passes.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_SPLITREDUCTION
#include "passes/passes.h.inc"

namespace {

using Dims = std::vector<std::int64_t>;

constexpr std::int64_t kLongRow = 8192;      // shorter rows are one workgroup's work
constexpr std::int64_t kPieceLength = 1024;  // elements of a row that one workgroup reduces
constexpr std::int64_t kMaxSplits = 32;

// What padding must hold so that it changes no result; nothing where no such value is at hand.
std::optional<double> neutral(OpKind kind, DType dtype) {
  const bool small_integer = is_integer(dtype) && size_of(dtype) <= 4;
  const double infinity = std::numeric_limits<double>::infinity();
  const int bits = static_cast<int>(size_of(dtype) * 8) - (is_signed(dtype) ? 1 : 0);
  switch (kind) {
  case OpKind::reduce_sum:
    return 0.0;
  case OpKind::reduce_prod:
    return 1.0;
  case OpKind::reduce_max:
  case OpKind::argmax:
    if (is_float(dtype))
      return -infinity;
    return small_integer ? std::optional(is_signed(dtype) ? -std::ldexp(1.0, bits) : 0.0)
                         : std::nullopt;
  case OpKind::reduce_min:
  case OpKind::argmin:
    if (is_float(dtype))
      return infinity;
    return small_integer ? std::optional(std::ldexp(1.0, bits) - 1) : std::nullopt;
  default:
    return std::nullopt;
  }
}

struct RowBuilder {
  OpBuilder& builder;
  Location location;

  Value make(OpKind kind, ValueRange operands, const Attributes& attributes) {
    return ir::create_op(builder, location, kind, operands, attributes);
  }
  Value reshape(Value value, Dims shape) {
    return make(OpKind::reshape, value, {{"shape", std::move(shape)}});
  }
};

struct SplitReductionPass : impl::SplitReductionBase<SplitReductionPass> {
  using SplitReductionBase::SplitReductionBase;
  explicit SplitReductionPass(DeviceProfile device) : device_(std::move(device)) {}

  LogicalResult initialize(MLIRContext* context) override {
    return find_device(device_, profile.getValue(), context);
  }

  void runOnOperation() override {
    SmallVector<Operation*> ops;
    getOperation().walk([&](Operation* op) { ops.push_back(op); });
    for (Operation* op : ops) {
      if (auto attention = dyn_cast<ir::AttentionOp>(op))
        split_attention(attention);
      else if (auto matmul = dyn_cast<ir::MatmulOp>(op))
        split_matmul(matmul);
      else if (kernel::is_reduction(op))
        split_row(op);
    }
  }

private:
  std::int64_t units() const { return std::max<std::int64_t>(device_->compute_units, 16); }

  void split_attention(ir::AttentionOp op) {
    auto query = cast<RankedTensorType>(op.getQuery().getType());
    auto value = cast<RankedTensorType>(op.getValue().getType());
    if (device_->is_cpu || query.getNumElements() == 0 ||
        kernel::suits_coop_attention(op, *device_))
      return;
    const std::int64_t workgroups = std::max<std::int64_t>(
        kernel::attention_tiles(op, kernel::attention_tile(op, *device_)), 1);
    // Two for each unit: with one, half of the bandwidth is lost to waiting for loads.
    const std::int64_t splits = std::min((2 * units() + workgroups - 1) / workgroups, kMaxSplits);
    if (splits < 2)
      return;
    OpBuilder builder(op);
    SmallVector<std::int64_t> shape(query.getShape().take_front(3));
    shape.append({splits, value.getDimSize(3) + 2});
    auto partial = kernel::AttentionPartialOp::create(
        builder, op.getLoc(), RankedTensorType::get(shape, builder.getF32Type()), op.getOperands(),
        op->getAttrs());
    partial->setAttr("splits", builder.getI64IntegerAttr(splits));
    RowBuilder b{builder, op.getLoc()};
    Value arrivals = b.make(OpKind::full, {},
                            {{"shape", Dims{workgroups}}, {"dtype", DType::i32}, {"value", 0.0}});
    auto combined = kernel::AttentionCombineOp::create(builder, op.getLoc(), op.getType(),
                                                       partial.getPartials(), arrivals);
    op.replaceAllUsesWith(combined.getResult());
    op.erase();
  }

  void split_row(Operation* op) {
    auto rows = kernel::row_shape_of(op);
    if (!rows || rows->length < kLongRow || rows->rows >= units())
      return;
    const OpKind kind = ir::find_op_info(op)->kind;
    auto type = *ir::array_type_of(op->getOperand(0).getType());
    const auto filler = neutral(kind, type.dtype);
    if (!filler)
      return;
    const std::int64_t pieces =
        std::min((rows->length + kPieceLength - 1) / kPieceLength, kMaxSplits * 4);
    OpBuilder builder(op);
    RowBuilder b{builder, op->getLoc()};
    Value cut = cut_rows(b, op->getOperand(0), *rows, pieces, *filler);
    const bool is_arg = kind == OpKind::argmax || kind == OpKind::argmin;
    Value result = is_arg ? reduce_arg(b, kind, cut) : reduce_twice(b, kind, cut, type.dtype);
    result = b.reshape(result, cast<RankedTensorType>(op->getResult(0).getType()).getShape().vec());
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  // A batch of products, one for each piece of K, and their sum.
  void split_matmul(ir::MatmulOp op) {
    auto left = cast<RankedTensorType>(op.getLhs().getType());
    auto right = cast<RankedTensorType>(op.getRhs().getType());
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    const std::int64_t k = left.getShape().back(), n = type.getShape().back();
    if (device_->max_loop_iterations == 0 || k <= device_->max_loop_iterations ||
        type.getNumElements() == 0)
      return;
    // One right side for all: the batch is more rows.
    const std::int64_t batch = right.getNumElements() / (k * n);
    const std::int64_t rows = type.getNumElements() / (batch * n);
    const std::int64_t pieces = (k + kLongRow - 1) / kLongRow;
    const DType dtype = ir::array_type_of(type)->dtype;
    const DType sum_dtype = is_float(dtype) ? DType::f32 : dtype;
    OpBuilder builder(op);
    RowBuilder b{builder, op->getLoc()};
    Value products =
        b.make(OpKind::matmul,
               {cut_k(b, op.getLhs(), batch, rows, k, pieces),
                op.getTransposeRhs() ? cut_k(b, op.getRhs(), batch, n, k, pieces)
                                     : cut_outer_k(b, op.getRhs(), batch, n, k, pieces)},
               {{"transpose_rhs", op.getTransposeRhs()}, {"dtype", sum_dtype}});
    Value sum = b.make(OpKind::reduce_sum, b.reshape(products, {batch, pieces, rows, n}),
                       {{"axes", Dims{1}}, {"keepdims", false}});
    if (sum_dtype != dtype)
      sum = b.make(OpKind::cast, sum, {{"dtype", dtype}});
    op->getResult(0).replaceAllUsesWith(b.reshape(sum, type.getShape().vec()));
    op->erase();
  }

  // [batch, lines, k] as [batch * pieces, lines, k / pieces].
  static Value cut_k(RowBuilder b, Value input, std::int64_t batch, std::int64_t lines,
                     std::int64_t k, std::int64_t pieces) {
    Value cut = cut_rows(b, input, {batch * lines, k}, pieces, 0);
    const std::int64_t piece = cast<RankedTensorType>(cut.getType()).getShape().back();
    cut = b.make(OpKind::transpose, b.reshape(cut, {batch, lines, pieces, piece}),
                 {{"permutation", Dims{0, 2, 1, 3}}});
    return b.reshape(cut, {batch * pieces, lines, piece});
  }

  // [batch, k, columns] as [batch * pieces, k / pieces, columns].
  static Value cut_outer_k(RowBuilder b, Value input, std::int64_t batch, std::int64_t columns,
                           std::int64_t k, std::int64_t pieces) {
    const std::int64_t piece = (k + pieces - 1) / pieces;
    Value padded =
        b.make(OpKind::pad, b.reshape(input, {batch, k, columns}),
               {{"low", Dims{0, 0, 0}}, {"high", Dims{0, piece * pieces - k, 0}}, {"value", 0.0}});
    return b.reshape(padded, {batch * pieces, piece, columns});
  }

  // [rows, length] as [rows, pieces, length / pieces], padded where it does not divide.
  static Value cut_rows(RowBuilder b, Value input, const kernel::RowShape& rows,
                        std::int64_t pieces, double filler) {
    const std::int64_t piece = (rows.length + pieces - 1) / pieces;
    Value flat = b.reshape(input, {rows.rows, rows.length});
    if (piece * pieces != rows.length)
      flat = b.make(OpKind::pad, flat,
                    {{"low", Dims{0, 0}},
                     {"high", Dims{0, piece * pieces - rows.length}},
                     {"value", filler}});
    return b.reshape(flat, {rows.rows, pieces, piece});
  }

  static Value reduce_twice(RowBuilder b, OpKind kind, Value cut, DType dtype) {
    const bool rounds = kind == OpKind::reduce_sum || kind == OpKind::reduce_prod;
    const bool widened = rounds && is_float(dtype) && dtype != DType::f32;
    if (widened)
      cut = b.make(OpKind::cast, cut, {{"dtype", DType::f32}});
    Value partial = b.make(kind, cut, {{"axes", Dims{2}}, {"keepdims", false}});
    Value whole = b.make(kind, partial, {{"axes", Dims{1}}, {"keepdims", false}});
    return widened ? b.make(OpKind::cast, whole, {{"dtype", dtype}}) : whole;
  }

  // The piece with the best value, and where the best value lies in it. Ties and NaN: the first
  // piece wins, and in it the first element, as in one pass.
  static Value reduce_arg(RowBuilder b, OpKind kind, Value cut) {
    auto shape = cast<RankedTensorType>(cut.getType()).getShape();
    const OpKind best = kind == OpKind::argmax ? OpKind::reduce_max : OpKind::reduce_min;
    Value value = b.make(best, cut, {{"axes", Dims{2}}, {"keepdims", false}});
    Value index = b.make(kind, cut, {{"axis", std::int64_t{2}}, {"keepdims", false}});
    Value piece = b.make(kind, value, {{"axis", std::int64_t{1}}, {"keepdims", true}});
    Value within = b.make(OpKind::take_along_axis, {index, piece}, {{"axis", std::int64_t{1}}});
    Value length = b.make(OpKind::full, {},
                          {{"shape", Dims{shape[0], 1}},
                           {"dtype", DType::i32},
                           {"value", static_cast<double>(shape[2])}});
    return b.make(OpKind::add, {b.make(OpKind::mul, {piece, length}, {}), within}, {});
  }

  std::optional<DeviceProfile> device_;
};

}  // namespace

std::unique_ptr<Pass> create_split_reduction(const DeviceProfile& profile) {
  return std::make_unique<SplitReductionPass>(profile);
}

}  // namespace ashlar
