// SPDX-License-Identifier: Apache-2.0
// "row": elementwise work around reductions over trailing axes (norms, softmax, argmax). A team of
// threads takes a row: one pass for each reduction, then one for each output. Passes of few turns
// are unrolled, so that what the first one loads and computes stays in registers for the others.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/stores.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

struct RowSchedule {
  std::int64_t rows;     // per workgroup
  std::int64_t threads;  // per row
  std::int64_t width;
  std::int64_t unroll;  // passes of at most that many turns
};

class RowPart {
public:
  RowPart(Elements& elements, const kernel::Part& part, const RowSchedule& schedule)
      : e_(elements), b_(elements.builder()), part_(part), schedule_(schedule) {}

  void emit(Value workgroup) {
    const Value wanted =
        b_.add(b_.mul(workgroup, schedule_.rows), b_.div(b_.thread(), schedule_.threads));
    const bool exact = part_.rows % schedule_.rows == 0;
    // Teams without a row repeat the last one: reductions need every thread.
    const Value row = part_.rows == 1 ? b_.index(0)
                      : exact         ? wanted
                                      : b_.min(wanted, b_.index(part_.rows - 1));
    const RowTeam team{b_.rem(b_.thread(), schedule_.threads), schedule_.threads, schedule_.width,
                       schedule_.unroll};
    for (Operation* reduction : part_.reductions) {
      check(reduction);
      if (b_.failed())
        return;
      bind_row(e_, reduction, reduce_row(e_, reduction, row, team));
    }
    auto store_all = [&] {
      if (part_.stores_one_per_row())
        return b_.if_then(b_.equal(team.number, b_.index(0)),
                          [&] { emit_stores(e_, part_.stores, row, 1); });
      for (const kernel::Store& store : part_.stores)
        store_row(store, row, team);
    };
    exact ? store_all() : b_.if_then(b_.less(wanted, part_.rows), store_all);
  }

private:
  void check(Operation* reduction) {
    const auto shape = kernel::row_shape_of(reduction);
    if (!shape || shape->rows != part_.rows)
      b_.fail(reduction, "must reduce the last axes of " + Twine(part_.rows) + " rows");
  }

  void store_row(const kernel::Store& store, Value row, const RowTeam& team) {
    const std::int64_t elements = kernel::element_count(store.value.getType());
    if (elements % part_.rows != 0)
      return b_.fail(part_.reductions.front(),
                     "an output does not consist of " + Twine(part_.rows) + " rows");
    const std::int64_t length = elements / part_.rows;
    std::int64_t width = packet_width({store}, team.width);
    while (length % width != 0)
      width /= 2;
    auto store_at = [&](Value position) {
      emit_store(e_, store, b_.add(b_.mul(row, length), position), width);
    };
    if (length == width)
      return b_.if_then(b_.equal(team.number, b_.index(0)), [&] { store_at(b_.index(0)); });
    for_packets(b_, team, length / width, [&](Value packet) { store_at(b_.mul(packet, width)); });
  }

  Elements& e_;
  KernelBuilder& b_;
  const kernel::Part part_;
  const RowSchedule schedule_;
};

RowSchedule schedule_of(KernelBuilder& b) {
  const kernel::ScheduleAttr schedule = b.def().getSchedule();
  const std::int64_t rows = std::max<std::int64_t>(schedule.get("rows", 1), 1);
  return {rows, b.workgroup_size() / rows, std::max<std::int64_t>(schedule.get("width", 1), 1),
          schedule.get("unroll", 0)};
}

}  // namespace

void emit_row(KernelBuilder& b, Stores stores) {
  const RowSchedule schedule = schedule_of(b);
  if (schedule.threads < 1 || !llvm::isPowerOf2_64(static_cast<std::uint64_t>(schedule.threads)))
    return b.fail(b.def(), "schedule: threads per row must be a power of two");
  if (!check_rows(b))
    return;
  Elements elements(b);
  SmallVector<WorkRange> ranges;
  for (const kernel::Part& part : kernel::parts_of(stores)) {
    if (part.rows == 0) {
      ranges.push_back(element_range(elements, part, schedule.width));
      continue;
    }
    auto body = [&elements, part, schedule](Value workgroup) {
      RowPart(elements, part, schedule).emit(workgroup);
    };
    ranges.push_back({(part.rows + schedule.rows - 1) / schedule.rows, body});
  }
  emit_ranges(b, ranges);
}

}  // namespace ashlar::codegen
