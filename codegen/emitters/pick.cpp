// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/pick.h"

#include "codegen/emitters/scalar_ops.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// Each lane keeps its share of the keys. In each turn all lanes agree on the first entry that is
// left; the lane it came from marks it as taken, and the lane of the turn's number remembers it.
class Pick {
public:
  Pick(Elements& elements, Operation* topk, const Line& line)
      : e_(elements), b_(elements.builder()), input_(topk->getOperand(0)), line_(line),
        dtype_(dtype_of(input_)),
        wanted_(static_cast<std::int64_t>(cast<ir::TopKOp>(topk).getK())) {}

  Value emit() {
    Value taken = load_keys();
    return b_.loop(0, wanted_, 1, {taken, b_.i32(0)},
                   [&](Value turn, ValueRange carried) -> Values {
                     const Value first = first_left(carried[0]);
                     const Value is_mine = b_.equal(b_.lane(), turn);
                     return {take(first, carried[0]), b_.select(is_mine, first, carried[1])};
                   })[1];
  }

private:
  Value all_ones() { return b_.i32(-1); }
  Value bit(std::size_t i) { return b_.i32(std::int64_t{1} << i); }

  // Returns which entries of this lane count as taken at first: those behind the end of the line.
  Value load_keys() {
    const Value last = b_.index(line_.length() - 1);
    Value taken = b_.i32(0);
    for (std::int64_t i = 0; i < line_.length(); i += b_.subgroup_size()) {
      const Value position = b_.add(b_.lane(), i), valid = b_.less_equal(position, last);
      taken = b_.select(valid, taken, b_.either(taken, bit(keys_.size())));
      const Value element = e_.at(input_, line_.index(b_.min(position, last)));
      keys_.push_back(sort_key(b_, dtype_, element, /*ascending=*/false));
      indices_.push_back(b_.to_i32(position));
    }
    return taken;
  }

  // The index of the first entry of the whole subgroup. What is taken comes after everything else.
  Value first_left(Value taken) {
    Values is_left;
    for (std::size_t i = 0; i < keys_.size(); ++i)
      is_left.push_back(b_.equal(b_.both(taken, bit(i)), b_.i32(0)));
    const Value key = least(is_left, keys_, all_ones());
    for (auto [i, own] : llvm::enumerate(keys_))
      is_left[i] = b_.both(is_left[i], b_.equal(own, key));
    return least(is_left, indices_, all_ones());
  }

  // Of the subgroup's `values` where they count; `none` is at least as large as all of them.
  Value least(const Values& counts, const Values& values, Value none) {
    Value least = none;
    for (auto [counted, value] : llvm::zip_equal(counts, values))
      least = b_.make<arith::MinUIOp>(least, b_.select(counted, value, none));
    return b_.subgroup_min(least);
  }

  Value take(Value index, Value taken) {
    for (auto [i, own] : llvm::enumerate(indices_))
      taken = b_.select(b_.equal(own, index), b_.either(taken, bit(i)), taken);
    return taken;
  }

  Elements& e_;
  KernelBuilder& b_;
  Value input_;
  const Line& line_;
  DType dtype_;
  std::int64_t wanted_;
  Values keys_, indices_;
};

}  // namespace

Value pick_first(Elements& elements, Operation* topk, const Line& line) {
  return Pick(elements, topk, line).emit();
}

}  // namespace ashlar::codegen
