// SPDX-License-Identifier: Apache-2.0
// "grouped_matmul": many rows times the matrices that their numbers choose. A workgroup takes a
// tile of rows that stand together in the order of their numbers, and multiplies it by the matrix
// of each run of equal numbers in it: a matrix is read once for each tile that one of its rows is
// in.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/grouped_rows.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/stores.h"
#include "codegen/emitters/tile_product.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class GroupedMatmul {
public:
  GroupedMatmul(KernelBuilder& b, Stores stores, kernel::GroupedMatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), rows_(shape_of(root.getResult())[0]),
        columns_(shape_of(root.getResult())[1]), ordered_(e_, root),
        product_(e_, dtype_of(root.getResult()), shape_of(root.getLhs())[1]) {}

  void emit() {
    if (!product_.read_schedule())
      return;
    product_.set_sides(ordered_.left_side(), ordered_.right_side());
    ordered_.allocate(product_.tile_m());
    const std::int64_t tiles_m = (rows_ + product_.tile_m() - 1) / product_.tile_m(),
                       tiles_n = (columns_ + product_.tile_n() - 1) / product_.tile_n();
    b_.for_workgroups(tiles_m * tiles_n, [&] {
      const Values place = b_.delinearize(b_.workgroup(), {tiles_m, tiles_n});
      emit_tile(b_.mul(place[0], product_.tile_m()), b_.mul(place[1], product_.tile_n()));
    });
  }

private:
  void emit_tile(Value first_m, Value first_n) {
    ordered_.load(first_m);
    const Values sums = multiply_runs(first_m, first_n);
    const std::int64_t width = packet_width(stores_, TileProduct::kPacket, columns_);
    product_.for_each_packet(sums, width, [&](Value tile_m, Value tile_n, ValueRange packet) {
      const Value m = b_.add(first_m, tile_m), n = b_.add(first_n, tile_n);
      b_.if_then(b_.both(b_.less(m, rows_), b_.less(n, columns_)),
                 [&] { store_packet(ordered_.row(tile_m), n, packet); });
    });
  }

  Values multiply_runs(Value first_m, Value first_n) {
    return b_.loop(0, product_.tile_m(), 1, product_.zeros(), [&](Value m, ValueRange sums) {
      const Values unchanged(sums);
      return b_.if_values(
          ordered_.starts_run(m), sums.getTypes(),
          [&] { return with_run(ordered_.number(m), first_m, first_n, sums); },
          [&] { return unchanged; });
    });
  }

  // The sums, with those of rows whose matrix is `number`.
  Values with_run(Value number, Value first_m, Value first_n, ValueRange sums) {
    ordered_.start_run(number);
    const Values products = product_.multiply(first_m, first_n);
    Values next;
    product_.for_each_packet(products, TileProduct::kPacket,
                             [&](Value tile_m, Value, ValueRange packet) {
                               const Value is_of_run = b_.equal(ordered_.number(tile_m), number);
                               for (Value value : packet)
                                 next.push_back(b_.select(is_of_run, value, sums[next.size()]));
                             });
    return next;
  }

  void store_packet(Value row, Value n, ValueRange sums) {
    const Value linear = b_.add(b_.mul(row, columns_), n);
    bind_packet(e_, root_, linear, product_.rounded(sums));
    emit_stores(e_, stores_, linear, static_cast<std::int64_t>(sums.size()));
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  kernel::GroupedMatmulOp root_;
  std::int64_t rows_, columns_;
  GroupedRows ordered_;
  TileProduct product_;
};

}  // namespace

void emit_grouped_matmul(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<kernel::GroupedMatmulOp>(roots.front())
                                : kernel::GroupedMatmulOp();
  if (!root)
    return b.fail(b.def(), "a grouped matmul kernel needs one grouped_matmul");
  if (check_stores(b, stores, root) && kernel::element_count(root.getResult().getType()) > 0)
    GroupedMatmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
