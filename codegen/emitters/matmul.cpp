// SPDX-License-Identifier: Apache-2.0
// "matmul": products of any shape, in tiles (tile_product.h).
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/matmul_operands.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/stores.h"
#include "codegen/emitters/tile_product.h"
#include "ir/schedule_model.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

class Matmul {
public:
  Matmul(KernelBuilder& b, Stores stores, ir::MatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), shape_(root),
        product_(e_, dtype_of(root->getResult(0)), shape_.k) {}

  void emit() {
    if (!product_.read_schedule())
      return;
    product_.set_sides({root_.getLhs(), shape_.m, /*packs_k=*/true,
                        [this](Value line, Value k, std::int64_t width) {
                          return left_point(b_, root_, shape_, batch_index_, line, k, width);
                        }},
                       {root_.getRhs(), shape_.n, root_.getTransposeRhs(),
                        [this](Value line, Value k, std::int64_t width) {
                          return right_point(b_, root_, batch_index_, line, k, width);
                        }});
    const std::int64_t tiles_m = ceil_div(shape_.m, product_.tile_m()),
                       tiles_n = ceil_div(shape_.n, product_.tile_n());
    b_.for_workgroups(shape_.batch * tiles_m * tiles_n, [&] {
      const Values place = b_.delinearize(b_.workgroup(), {shape_.batch, tiles_m, tiles_n});
      batch_index_ = place[0];
      emit_tile(b_.mul(place[1], product_.tile_m()), b_.mul(place[2], product_.tile_n()));
    });
  }

private:
  void emit_tile(Value first_m, Value first_n) {
    const Values sums = product_.multiply(first_m, first_n);
    const bool exact = shape_.m % product_.tile_m() == 0 && shape_.n % product_.tile_n() == 0;
    const std::int64_t width = packet_width(stores_, TileProduct::kPacket, shape_.n);
    product_.for_each_packet(sums, width, [&](Value tile_m, Value tile_n, ValueRange packet) {
      const Value m = b_.add(first_m, tile_m), n = b_.add(first_n, tile_n);
      auto store = [&] { store_packet(m, n, packet); };
      exact ? store() : b_.if_then(b_.both(b_.less(m, shape_.m), b_.less(n, shape_.n)), store);
    });
  }

  void store_packet(Value m, Value n, ValueRange sums) {
    const Value row = shape_.batch == 1 ? m : b_.add(b_.mul(batch_index_, shape_.m), m);
    const Value linear = b_.add(b_.mul(row, shape_.n), n);
    bind_packet(e_, root_, linear, product_.rounded(sums));
    emit_stores(e_, stores_, linear, static_cast<std::int64_t>(sums.size()));
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  ir::MatmulOp root_;
  MatmulShape shape_;
  TileProduct product_;
  Value batch_index_;
};

}  // namespace

void emit_matmul(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<ir::MatmulOp>(roots.front()) : ir::MatmulOp();
  if (!root)
    return b.fail(b.def(), "a matmul kernel needs one matmul");
  if (!check_stores(b, stores, root))
    return;
  if (is_float(dtype_of(root.getLhs())) != is_float(dtype_of(root->getResult(0))))
    return b.fail(root, "a product of integers is an integer");
  if (kernel::element_count(root->getResult(0).getType()) > 0)
    Matmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
