// SPDX-License-Identifier: Apache-2.0
// "scan": running sums. A workgroup takes a line, each thread adjacent elements of it: sum them,
// add what lies before, and go over them again.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/line.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class Scan {
public:
  Scan(KernelBuilder& b, Stores stores, ir::CumsumOp root)
      : b_(b), e_(b), stores_(stores), root_(root), input_(root.getInput()),
        line_(b, input_, static_cast<std::int64_t>(root.getAxis()), b.workgroup()),
        result_(dtype_of(root->getResult(0))), sum_(is_float(result_) ? DType::f32 : result_) {}

  void emit() {
    const Value zero = b_.zero_of(compute_type(b_, sum_));
    const Share share = share_of_thread(b_, line_.length());
    const Value own =
        b_.loop(share.begin, share.end, b_.index(1), zero, [&](Value i, ValueRange sum) -> Values {
          return {add(sum[0], e_.at(input_, line_.index(position(i))))};
        })[0];
    auto plus = [&](Value x, Value y) { return add(x, y); };
    const Value before = scan_threads(b_, own, zero, plus).before;
    b_.loop(share.begin, share.end, b_.index(1), before, [&](Value i, ValueRange sum) -> Values {
      const Values index = line_.index(position(i));
      const Value with = add(sum[0], e_.at(input_, index));
      store(index, root_.getExclusive() ? sum[0] : with);
      return {with};
    });
  }

private:
  Value add(Value x, Value y) { return scalar_op(b_, OpKind::add, {x, y}, sum_, sum_); }

  // Element `i` in the order of summation.
  Value position(Value i) {
    return root_.getReverse() ? b_.sub(b_.index(line_.length() - 1), i) : i;
  }

  void store(ValueRange index, Value sum) {
    bind_element(e_, root_, round_to(b_, result_, sum));
    const Value linear = b_.linearize(index, shape_of(input_));
    for (const kernel::Store& store : stores_)
      emit_store(e_, store, linear, 1);
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  ir::CumsumOp root_;
  Value input_;
  Line line_;
  DType result_, sum_;
};

}  // namespace

void emit_scan(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<ir::CumsumOp>(roots.front()) : ir::CumsumOp();
  if (!root)
    return b.fail(b.def(), "a scan kernel needs one cumsum");
  if (!check_stores(b, stores, root) || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  b.accept_any_subgroup_size();
  b.for_workgroups(Line::count(root.getInput(), static_cast<std::int64_t>(root.getAxis())),
                   [&] { Scan(b, stores, root).emit(); });
}

}  // namespace ashlar::codegen
