// SPDX-License-Identifier: Apache-2.0
// "matmul_coop": a matmul on cooperative matrices.
#include "codegen/emitters/coop_product.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matmul_operands.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/matrix_schedules.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

class CoopMatmul {
public:
  CoopMatmul(KernelBuilder& b, Stores stores, ir::MatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), shape_(root),
        product_(e_, left_side(), right_side(), dtype_of(root.getLhs()), shape_.k) {}

  void emit() {
    if (!product_.prepare())
      return;
    const std::int64_t tiles_m = ceil_div(shape_.m, product_.tile_m()),
                       tiles_n = ceil_div(shape_.n, product_.tile_n());
    b_.for_workgroups(shape_.batch * tiles_n * tiles_m, [&] {
      // Neighbours share columns of the right side, which is the larger one where it matters.
      const Values place = b_.delinearize(b_.workgroup(), {shape_.batch, tiles_n, tiles_m});
      batch_ = place[0];
      product_.place(b_.mul(place[2], product_.tile_m()), b_.mul(place[1], product_.tile_n()));
      store(product_.multiply());
    });
  }

private:
  TileSide left_side() {
    return {root_.getLhs(), shape_.m, /*packs_k=*/true,
            [this](Value line, Value k, std::int64_t width) {
              return left_point(b_, root_, shape_, batch_, line, k, width);
            }};
  }
  TileSide right_side() {
    return {root_.getRhs(), shape_.n, root_.getTransposeRhs(),
            [this](Value line, Value k, std::int64_t width) {
              return right_point(b_, root_, batch_, line, k, width);
            }};
  }

  void store(ValueRange sums) {
    const std::int64_t width = packet_width(stores_, MatrixUnit::kSumPacket, shape_.n);
    product_.for_each_packet(sums, width, [&](Value m, Value n, const Values& packet) {
      Values values;
      for (Value sum : packet)
        values.push_back(round_to(b_, dtype_of(root_->getResult(0)), sum));
      const Value row = shape_.batch == 1 ? m : b_.add(b_.mul(batch_, shape_.m), m);
      const Value linear = b_.add(b_.mul(row, shape_.n), n);
      bind_packet(e_, root_, linear, values);
      emit_stores(e_, stores_, linear, width);
    });
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  ir::MatmulOp root_;
  MatmulShape shape_;
  CoopProduct product_;
  Value batch_;
};

}  // namespace

void emit_matmul_coop(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<ir::MatmulOp>(roots.front()) : ir::MatmulOp();
  if (!root)
    return b.fail(b.def(), "a matmul kernel needs one matmul");
  if (!kernel::fits_coop_matmul(root) || !is_float(dtype_of(root->getResult(0))))
    return b.fail(root, "cooperative matrices need operands of one 16-bit float type, or packed "
                        "rows on the right");
  if (!check_stores(b, stores, root))
    return;
  if (kernel::element_count(root->getResult(0).getType()) > 0 && shape_of(root.getLhs()).back() > 0)
    CoopMatmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
