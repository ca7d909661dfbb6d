// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/matvec_product.h"

#include "codegen/emitters/parts.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/matvec_schedules.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kMostRows = 8;
constexpr std::int64_t kRowWidth = 4;  // of packets of the left side
constexpr std::int64_t kFew = 4;       // packets of a thread that stay in registers

// As it lies in memory, or packed.
bool is_input(Value weights) {
  Operation* op = weights.getDefiningOp();
  return isa<BlockArgument>(weights) ||
         (kernel::is_unpacking(op) &&
          llvm::all_of(op->getOperands(), llvm::IsaPred<BlockArgument>));
}

bool is_behind_product(const kernel::Store& store) {
  return !kernel::ops_behind(store.value, [](Operation* op) {
            return isa<ir::MatmulOp, ir::ExpertMatmulOp>(op);
          }).empty();
}

}  // namespace

MatvecProduct::MatvecProduct(KernelBuilder& b, ArrayRef<kernel::Store> stores)
    : b_(b), e_(b), stores_(stores), roots_(kernel::roots_of(kernel::view_of(b.def()))) {}

bool MatvecProduct::refuse(Operation* op, const Twine& message) {
  b_.fail(op, message);
  return false;
}

bool MatvecProduct::read_shapes() {
  if (roots_.empty() || !isa<ir::MatmulOp, ir::ExpertMatmulOp>(roots_.front()))
    return refuse(b_.def(), "a matvec kernel needs a matmul");
  const bool fits = isa<ir::MatmulOp>(roots_.front()) ? read_plain_shapes() : read_chosen_shapes();
  packed_ = fits && kernel::multiplies_packed(roots_);
  return fits && check_epilogue(b_, stores_, roots_);
}

bool MatvecProduct::read_plain_shapes() {
  lhs_ = roots_.front()->getOperand(0);
  ArrayRef<std::int64_t> shape = shape_of(lhs_);
  k_ = shape.back();
  n_ = shape_of(roots_.front()->getResult(0)).back();
  m_ = 1;
  for (std::int64_t extent : shape.drop_back())
    m_ *= extent;
  for (Operation* root : roots_)
    if (!fits_plain(root))
      return refuse(root, "does not fit a matvec kernel: all products share the left side and have "
                          "weights [N, K] of one shape as inputs");
  if (m_ < 1 || m_ > kMostRows)
    return refuse(roots_.front(), "a matvec kernel takes 1 to 8 rows, got " + Twine(m_));
  return true;
}

bool MatvecProduct::fits_plain(Operation* root) const {
  auto matmul = dyn_cast<ir::MatmulOp>(root);
  return matmul && matmul.getLhs() == lhs_ && matmul.getTransposeRhs() &&
         is_input(matmul.getRhs()) && shape_of(matmul.getRhs()) == ArrayRef<std::int64_t>{n_, k_} &&
         is_float(dtype_of(lhs_));
}

bool MatvecProduct::read_chosen_shapes() {
  auto first = cast<ir::ExpertMatmulOp>(roots_.front());
  lhs_ = first.getLhs();
  ids_ = first.getIds();
  ArrayRef<std::int64_t> shape = shape_of(lhs_);
  summed_ = shape[shape.size() - 2];
  k_ = summed_ * shape.back();
  n_ = shape_of(first.getResult()).back();
  m_ = 1;
  products_ = n_ == 0 ? 0 : kernel::element_count(first.getType()) / n_;
  for (Operation* root : roots_)
    if (!fits_chosen(root))
      return refuse(root, "does not fit a matvec kernel: all products share the left side and its "
                          "numbers, and have matrices [N, K] as inputs");
  if (!kernel::ops_behind(lhs_, kernel::is_reduction).empty())
    return refuse(first, "the left side of chosen matrices is not reduced in the same kernel");
  return true;
}

bool MatvecProduct::fits_chosen(Operation* root) const {
  auto product = dyn_cast<ir::ExpertMatmulOp>(root);
  return product && product.getLhs() == lhs_ && product.getIds() == ids_ &&
         product.getTransposeRhs() && shape_of(product.getResult()).back() == n_ &&
         is_input(kernel::expert_outputs(product).matrices);
}

bool MatvecProduct::is_staged() const {
  return !chooses_matrices() && kernel::stages_lhs(roots_.front(), b_.def().getSchedule());
}

bool MatvecProduct::fits_halves() const {
  return kernel::fits_halves(roots_);
}

// ---- Before the product

void MatvecProduct::compute_left() {
  if (in_halves_ && rounds_of_halves() == 1)
    read_ahead(lhs_, halves_point(halves_packet(b_.index(0))));
  else if (is_staged())
    for (const Turn& turn : own_turns())
      read_ahead(lhs_, packet_point(turn.packet));
  bind_reductions();
  if (in_halves_)
    stage_halves();
  else if (is_staged())
    stage_left();
  store_prologue();
}

std::int64_t MatvecProduct::staged_width() const {
  return k_ % kRowWidth == 0 ? kRowWidth : 1;
}

// All threads, on a row of the left side.
RowTeam MatvecProduct::team() {
  return {b_.thread(), b_.workgroup_size(), kRowWidth, kFew};
}

// The packets that this thread computes of a staged left side, where they are few.
SmallVector<Turn> MatvecProduct::own_turns() {
  return unrolled_turns(b_, team(), m_ * k_ / staged_width());
}

Point MatvecProduct::packet_point(Value packet) {
  const std::int64_t width = staged_width();
  return point_at(b_, cast<RankedTensorType>(lhs_.getType()), b_.mul(packet, width), width);
}

// Computes what `tensor` needs besides reductions, so that its loads do not wait for these.
void MatvecProduct::read_ahead(Value tensor, const Point& point) {
  if (kernel::ops_behind(tensor, kernel::is_reduction).empty()) {
    e_.at(tensor, point);
    return;
  }
  const OpInfo* info = ir::find_op_info(tensor.getDefiningOp());
  if (info && info->op_class == OpClass::elementwise)
    for (Value operand : tensor.getDefiningOp()->getOperands())
      read_ahead(operand, point);
}

void MatvecProduct::bind_reductions() {
  SmallVector<Value> needed{lhs_};
  for (const kernel::Store& store : stores_)
    needed.push_back(store.value);
  for (Operation* reduction : kernel::ops_behind(needed, kernel::is_reduction)) {
    const auto shape = kernel::row_shape_of(reduction);
    if (!shape || (shape->rows != m_ && shape->rows * shape->length != m_ * k_))
      return b_.fail(reduction,
                     "must reduce the rows of the product's left side, or parts of them");
    if (shape->rows != m_) {
      bind_parts(reduction, shape->rows);
      continue;
    }
    SmallVector<Value> results;
    for (std::int64_t m = 0; m < m_; ++m)
      results.push_back(reduce_row(e_, reduction, b_.index(m), team()));
    bind_rows(e_, reduction, results);
  }
}

// Reductions of many short rows, shared out among teams of threads.
void MatvecProduct::bind_parts(Operation* reduction, std::int64_t rows) {
  const std::int64_t share = std::max<std::int64_t>(b_.workgroup_size() / rows, 1);
  const auto most = static_cast<std::uint64_t>(std::min(share, b_.subgroup_size()));
  const auto lanes = static_cast<std::int64_t>(llvm::bit_floor(most));
  const std::int64_t teams = b_.workgroup_size() / lanes;
  const RowTeam team{b_.rem(b_.thread(), lanes), lanes, kRowWidth};
  const Value result = reduction->getResult(0);
  const Value memory = b_.shared(compute_type(b_, dtype_of(result)), rows);
  for (std::int64_t first = 0; first < rows; first += teams) {
    // Teams without a row repeat the last one.
    const Value wanted = b_.add(b_.div(b_.thread(), lanes), first);
    const Value row = first + teams <= rows ? wanted : b_.min(wanted, b_.index(rows - 1));
    const Value reduced = reduce_row(e_, reduction, row, team);
    b_.if_then(b_.equal(team.number, b_.index(0)), [&] { b_.store(reduced, memory, row); });
  }
  b_.barrier();
  e_.bind_scalar(result, [this, result, memory](ValueRange index) {
    return b_.load(memory, b_.linearize(index, shape_of(result)));
  });
}

// Computes the left side once per workgroup and keeps it there.
void MatvecProduct::stage_left() {
  const std::int64_t width = staged_width(), packets = m_ * k_ / width;
  const StagedValues staged(b_, dtype_of(lhs_), m_ * k_, width, packed_ ? kPackedBlock : 0);
  auto stage = [&](Value packet) { staged.store(packet, e_.at(lhs_, packet_point(packet))); };
  for_packets(b_, team(), packets, stage);
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

// ---- The left side in halves, in rounds of one packet for each thread

std::int64_t MatvecProduct::rounds_of_halves() const {
  const std::int64_t each = kHalvesWidth * b_.workgroup_size();
  return (m_ * k_ + each - 1) / each;
}

// This thread's packet. Threads without one repeat the last block, all of it: its packets share
// what they are multiples of.
Value MatvecProduct::halves_packet(Value round) {
  constexpr std::int64_t kPackets = kPackedBlock / kHalvesWidth;
  const Value packet = b_.add(b_.mul(round, b_.workgroup_size()), b_.thread());
  const Value block = b_.min(b_.div(packet, kPackets), b_.index(m_ * k_ / kPackedBlock - 1));
  return b_.add(b_.mul(block, kPackets), b_.rem(packet, kPackets));
}

Point MatvecProduct::halves_point(Value packet) {
  const Value linear = b_.mul(packet, kHalvesWidth);
  return left_point(b_.div(linear, k_), b_.rem(linear, k_), kHalvesWidth);
}

void MatvecProduct::stage_halves() {
  const std::int64_t bits = bits_of_numbers(kernel::weights_of(roots_.front()).getDefiningOp());
  halves_.emplace(b_, m_, k_, bits);
  const auto stage = [&](Value round) {
    const Value packet = halves_packet(round);
    halves_->store(packet, e_.at(lhs_, halves_point(packet)));
  };
  if (rounds_of_halves() == 1)
    stage(b_.index(0));
  else
    b_.for_each(b_.index(0), b_.index(rounds_of_halves()), b_.index(1), stage);
  b_.barrier();
}

HalvesOfBlock MatvecProduct::halves(std::int64_t m, Value block) {
  return halves_->load(b_.add(block, m * (k_ / kPackedBlock)));
}

// Fewer values than a packet holds.
Values MatvecProduct::single(const StagedValues& staged, Value linear, std::int64_t width) {
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

// What does not need the product is stored by the first workgroup.
void MatvecProduct::store_prologue() {
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

Values MatvecProduct::left(std::int64_t m, Value k, std::int64_t width) {
  return e_.at(lhs_, left_point(b_.index(m), k, width));
}

Point MatvecProduct::left_point(Value m, Value k, std::int64_t width) {
  ArrayRef<std::int64_t> rows = shape_of(lhs_).drop_back();
  Values index;
  if (chooses_matrices()) {
    index = b_.delinearize(product_, rows.drop_back());
    index.append({b_.div(k, k_ / summed_), b_.rem(k, k_ / summed_)});
  } else {
    index = b_.delinearize(m, rows);
    index.push_back(k);
  }
  const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
  return {std::move(index), axis, width};
}

// ---- The product

bool MatvecProduct::packs_width(std::int64_t width) const {
  return width > 0 && width % kPackedBlock == 0 && divides_k(width) &&
         kernel::columns_of_scale(roots_) % width == 0;
}

WeightPacket MatvecProduct::load_weight(Operation* root, Value row, Value k, std::int64_t width,
                                        const PackedBlock* neighbour) {
  if (chooses_matrices())
    return load_chosen_weight(root, row, k, width);
  const Value weights = root->getOperand(1);
  if (Operation* packed = weights.getDefiningOp())
    return load_block(b_, packed, row, b_.div(k, kPackedBlock), neighbour);
  const Value at = b_.linearize({row, k}, shape_of(weights));
  return load_stored(b_, cast<BlockArgument>(weights).getArgNumber(), dtype_of(weights), at, width);
}

WeightPacket MatvecProduct::load_chosen_weight(Operation* root, Value row, Value k,
                                               std::int64_t width) {
  const kernel::ExpertOutputs outputs = kernel::expert_outputs(root);
  const Value weights = outputs.matrices;
  ArrayRef<std::int64_t> shape = shape_of(weights);
  const Value matrix = nearest_index(b_, chosen_matrix(k), dtype_of(ids_), shape[0]);
  const Value output = b_.add(b_.mul(row, outputs.step), outputs.start);
  const Value column = b_.rem(k, k_ / summed_);
  if (Operation* packed = weights.getDefiningOp())
    return load_block(b_, packed, b_.add(b_.mul(matrix, shape[1]), output),
                      b_.div(column, kPackedBlock));
  return load_stored(b_, cast<BlockArgument>(weights).getArgNumber(), dtype_of(weights),
                     b_.linearize({matrix, output, column}, shape), width);
}

// The number that the left row of column `k` chose. Loaded when first asked for.
Value MatvecProduct::chosen_matrix(Value k) {
  Value& number = chosen_[k];
  if (!number) {
    Values index = b_.delinearize(product_, shape_of(ids_).drop_back());
    index.push_back(b_.div(k, k_ / summed_));
    number = e_.at(ids_, index);
  }
  return number;
}

MatvecProduct::WeightPackets MatvecProduct::load(ArrayRef<Value> rows, Value k,
                                                 std::int64_t width) {
  const std::int64_t block = packed_ ? kPackedBlock : width;
  const std::size_t per_block = roots_.size() * rows.size();
  WeightPackets packets;
  for (std::int64_t offset = 0; offset < width; offset += block)
    for (Operation* root : roots_)
      for (Value row : rows) {
        const PackedBlock* neighbour =
            offset > 0 ? std::get_if<PackedBlock>(&packets[packets.size() - per_block]) : nullptr;
        packets.push_back(load_weight(root, row, b_.add(k, offset), block, neighbour));
      }
  return packets;
}

void MatvecProduct::multiply(ArrayRef<WeightPacket> packets, std::int64_t width, LeftValues left,
                             MutableArrayRef<Value> sums) {
  if (packed_)
    return multiply_blocks(packets, width / kPackedBlock, left, sums);
  const auto rows = static_cast<std::int64_t>(packets.size()) / matrices();
  SmallVector<Values> values;
  for (std::int64_t m = 0; m < m_; ++m)
    values.push_back(left(m, 0, width));
  SmallVector<Values> weights;
  for (const WeightPacket& packet : packets)
    weights.push_back(unpack(b_, std::get<StoredPacket>(packet)));
  for (std::int64_t matrix = 0; matrix < matrices(); ++matrix)
    for (std::int64_t m = 0; m < m_; ++m)
      for (std::int64_t row = 0; row < rows; ++row) {
        Value& sum = sums[sum_number(matrix, m, row, rows)];
        for (auto [x, w] : llvm::zip_equal(values[static_cast<std::size_t>(m)],
                                           weights[static_cast<std::size_t>(matrix * rows + row)]))
          sum = b_.make<math::FmaOp>(x, w, sum);
      }
}

void MatvecProduct::multiply_blocks(ArrayRef<WeightPacket> packets, std::int64_t blocks,
                                    LeftValues left, MutableArrayRef<Value> sums) {
  const auto each = static_cast<std::int64_t>(packets.size()) / blocks;
  for (std::int64_t number = 0; number < blocks; ++number) {
    const auto values = [&](std::int64_t m, std::int64_t offset) {
      return left(m, number * kPackedBlock + offset, kLeftWidth);
    };
    const auto own =
        packets.slice(static_cast<std::size_t>(number * each), static_cast<std::size_t>(each));
    multiply_block(b_, {own, each / matrices(), m_, values}, sums);
  }
}

void MatvecProduct::multiply(ArrayRef<WeightPacket> packets, ArrayRef<HalvesOfBlock> left,
                             MutableArrayRef<Value> sums) {
  const auto rows = static_cast<std::int64_t>(packets.size()) / matrices();
  for (auto [number, packet] : llvm::enumerate(packets)) {
    const auto at = static_cast<std::int64_t>(number);
    for (std::int64_t m = 0; m < m_; ++m) {
      Value& sum = sums[sum_number(at / rows, m, at % rows, rows)];
      sum = multiply_halves(b_, std::get<PackedBlock>(packet), left[static_cast<std::size_t>(m)],
                            sum);
    }
  }
}

// ---- After the product

void MatvecProduct::store(Value linear, ValueRange sums) {
  if (chooses_matrices())
    linear = b_.add(b_.mul(product_, n_), linear);
  for (auto [root, sum] : llvm::zip_equal(roots_, sums))
    bind_element(e_, root, round_to(b_, dtype_of(root->getResult(0)), sum));
  for (const kernel::Store& store : stores_)
    if (is_behind_product(store))
      emit_store(e_, store, linear, 1);
}

}  // namespace ashlar::codegen
