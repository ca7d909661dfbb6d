// SPDX-License-Identifier: Apache-2.0
// "grouped_matmul_coop": as "grouped_matmul", on cooperative matrices. A tile of rows is multiplied
// by the matrix of each run of equal numbers in it; of the results those of the run's rows are
// stored. (With the other rows as zeros all runs could add to the same sums, but for matrices that
// are not finite.)
#include "codegen/emitters/coop_product.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/grouped_rows.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/matrix_schedules.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class CoopGroupedMatmul {
public:
  CoopGroupedMatmul(KernelBuilder& b, Stores stores, kernel::GroupedMatmulOp root)
      : b_(b), e_(b), stores_(stores), root_(root), rows_(shape_of(root.getResult())[0]),
        columns_(shape_of(root.getResult())[1]), ordered_(e_, root),
        product_(e_, ordered_.left_side(), ordered_.right_side(), dtype_of(root.getLhs()),
                 shape_of(root.getLhs())[1]) {}

  void emit() {
    if (!product_.prepare())
      return;
    ordered_.allocate(product_.tile_m());
    starts_ = b_.shared(b_.getI32Type(), product_.tile_m() + 1);
    const std::int64_t tiles_m = (rows_ + product_.tile_m() - 1) / product_.tile_m(),
                       tiles_n = (columns_ + product_.tile_n() - 1) / product_.tile_n();
    b_.for_workgroups(tiles_m * tiles_n, [&] {
      const Values place = b_.delinearize(b_.workgroup(), {tiles_m, tiles_n});
      const Value first_m = b_.mul(place[0], product_.tile_m());
      product_.place(first_m, b_.mul(place[1], product_.tile_n()));
      ordered_.load(first_m);
      multiply_runs();
    });
  }

private:
  void multiply_runs() {
    const Value runs = collect_starts();
    b_.for_each(b_.index(0), runs, b_.index(1), [&](Value run) {
      number_ = ordered_.number(b_.to_index(b_.load(starts_, run)));
      ordered_.start_run(number_);
      b_.barrier();  // results of the run before are still being read
      store(product_.multiply());
    });
  }

  // Where runs start, into workgroup memory, and how many there are.
  Value collect_starts() {
    const Value count_at = b_.index(product_.tile_m());
    b_.if_then(b_.equal(b_.thread(), b_.index(0)), [&] {
      const Values count =
          b_.loop(0, product_.tile_m(), 1, {b_.i32(0)}, [&](Value m, ValueRange carried) -> Values {
            const Value starts = ordered_.starts_run(m);
            b_.if_then(starts, [&] { b_.store(b_.to_i32(m), starts_, b_.to_index(carried[0])); });
            const Value more = b_.make<arith::ExtUIOp>(b_.getI32Type(), starts);
            return {b_.make<arith::AddIOp>(carried[0], more)};
          });
      b_.store(count[0], starts_, count_at);
    });
    b_.barrier();
    return b_.to_index(b_.load(starts_, count_at));
  }

  void store(ValueRange sums) {
    const std::int64_t width = packet_width(stores_, MatrixUnit::kSumPacket, columns_);
    product_.for_each_packet(sums, width, [&](Value m, Value n, const Values& packet) {
      const Value position = ordered_.tile_position(m);
      b_.if_then(b_.equal(ordered_.number(position), number_), [&] {
        store_packet(b_.add(b_.mul(ordered_.row(position), columns_), n), packet);
      });
    });
  }

  void store_packet(Value linear, const Values& sums) {
    Values values;
    for (Value sum : sums)
      values.push_back(round_to(b_, dtype_of(root_.getResult()), sum));
    bind_packet(e_, root_, linear, values);
    emit_stores(e_, stores_, linear, static_cast<std::int64_t>(values.size()));
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  kernel::GroupedMatmulOp root_;
  std::int64_t rows_, columns_;
  GroupedRows ordered_;
  CoopProduct product_;
  Value starts_;  // in workgroup memory, their number behind them
  Value number_;  // of the run in progress
};

}  // namespace

void emit_grouped_matmul_coop(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  auto root = roots.size() == 1 ? dyn_cast<kernel::GroupedMatmulOp>(roots.front())
                                : kernel::GroupedMatmulOp();
  if (!root)
    return b.fail(b.def(), "a grouped matmul kernel needs one grouped_matmul");
  if (!kernel::fits_coop_matmul(root) || !is_float(dtype_of(root.getResult())))
    return b.fail(root, "cooperative matrices need operands of one 16-bit float type, or packed "
                        "rows on the right");
  if (check_stores(b, stores, root) && kernel::element_count(root.getResult().getType()) > 0 &&
      shape_of(root.getLhs()).back() > 0)
    CoopGroupedMatmul(b, stores, root).emit();
}

}  // namespace ashlar::codegen
