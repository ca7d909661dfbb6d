// SPDX-License-Identifier: Apache-2.0
// The matrix unit without cooperative matrices. Lane i of a subgroup keeps rows [i * rows, (i + 1)
// * rows) of every matrix of sums in memory of its own and reads operands where they lie. Small
// loops rather than fast ones: drivers take long to compile straight code of this size.
#include "codegen/emitters/matrix_unit.h"
#include "codegen/emitters/storage.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class LaneMatrices final : public MatrixUnit {
public:
  LaneMatrices(KernelBuilder& b, DType dtype, std::int64_t sums)
      : b_(b), dtype_(dtype), rows_(kSize / b.subgroup_size()),
        sums_(b.own(b.getF32Type(), sums * rows_ * kSize)) {}

  // Sums are known by their first place in sums_.
  Value zeros() override {
    const Value first = b_.index(next_);
    next_ += rows_ * kSize;
    each(rows_ * kSize, [&](Value i) { b_.store(b_.f32(0), sums_, b_.add(first, i)); });
    return first;
  }

  Operand load_left(const Place& place) override { return {{}, place, false}; }
  Operand load_right(const Place& place, bool columns) override { return {{}, place, columns}; }

  Value multiply_add(const Operand& left, const Operand& right, Value sums) override {
    right.columns ? by_columns(left.place, right.place, sums)
                  : by_rows(left.place, right.place, sums);
    return sums;
  }

  Value scale_rows(Value sums, Value memory, Value at) override {
    each(rows_ * kSize, [&](Value i) {
      const Value factor = b_.load(memory, b_.add(at, row_of_lane(b_.div(i, kSize))));
      const Value place = b_.add(sums, i);
      b_.store(b_.make<arith::MulFOp>(b_.load(sums_, place), factor), sums_, place);
    });
    return sums;
  }

  bool keeps_operands() const override { return false; }

  void store(Value sums, const Place& place) override {
    constexpr std::int64_t kPackets = kSize / kSumPacket;
    each(rows_ * kPackets, [&](Value i) {
      const Value row = b_.div(i, kPackets), packet = b_.rem(i, kPackets);
      Values bits;
      for (std::int64_t j = 0; j < kSumPacket; ++j)
        bits.push_back(bits_of(b_, b_.load(sums_, b_.add(b_.add(sums, b_.mul(i, kSumPacket)), j))));
      b_.store_vector(bits, place.memory, b_.add(line(place, row_of_lane(row)), packet));
    });
  }

private:
  void each(std::int64_t count, llvm::function_ref<void(Value)> body) {
    b_.for_each(b_.index(0), b_.index(count), b_.index(1), body);
  }
  Value row_of_lane(Value row) { return b_.add(b_.mul(b_.lane(), rows_), row); }
  Value line(const Place& place, Value line) {
    return b_.add(place.at, b_.mul(line, place.stride));
  }
  Values load(const Place& place, Value at) {
    return unpack_words(b_, dtype_, b_.load_vector(place.memory, at));
  }

  void add_product(Value at, ValueRange left, ValueRange right) {
    Value sum = b_.load(sums_, at);
    for (auto [x, y] : llvm::zip_equal(left, right))
      sum = b_.make<math::FmaOp>(x, y, sum);
    b_.store(sum, sums_, at);
  }

  // Both sides lie along K.
  void by_columns(const Place& left, const Place& right, Value sums) {
    each(rows_ * kSize, [&](Value i) {
      const Value row = line(left, row_of_lane(b_.div(i, kSize)));
      const Value column = line(right, b_.rem(i, kSize));
      for (std::int64_t packet = 0; packet < kSize / kPacket; ++packet)
        add_product(b_.add(sums, i), load(left, b_.add(row, packet)),
                    load(right, b_.add(column, packet)));
    });
  }

  // 8 columns of a row of the right side at a time, and 8 steps of K.
  void by_rows(const Place& left, const Place& right, Value sums) {
    each(rows_ * kSize / kPacket, [&](Value i) {
      const Value row = line(left, row_of_lane(b_.div(i, kSize / kPacket)));
      const Value packet = b_.rem(i, kSize / kPacket);
      each(kSize / kPacket, [&](Value k) {
        const Values lefts = load(left, b_.add(row, k));
        std::vector<Values> rights;
        for (std::int64_t step = 0; step < kPacket; ++step)
          rights.push_back(
              load(right, b_.add(line(right, b_.add(b_.mul(k, kPacket), step)), packet)));
        for (std::size_t column = 0; column < kPacket; ++column) {
          Values along;
          for (const Values& values : rights)
            along.push_back(values[column]);
          add_product(b_.add(b_.add(sums, b_.mul(i, kPacket)), static_cast<std::int64_t>(column)),
                      lefts, along);
        }
      });
    });
  }

  KernelBuilder& b_;
  DType dtype_;
  std::int64_t rows_, next_ = 0;
  Value sums_;
};

}  // namespace

std::unique_ptr<MatrixUnit> make_lane_matrices(KernelBuilder& b, DType dtype, std::int64_t sums) {
  return std::make_unique<LaneMatrices>(b, dtype, sums);
}

}  // namespace ashlar::codegen
