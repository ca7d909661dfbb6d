// SPDX-License-Identifier: Apache-2.0
// "strided": elementwise ops over views whose extents and strides are scalars of the dispatch
// record (see ir/strided_kernel.h). One thread per packet.
#include "codegen/emitters/element.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/strided_kernel.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class Strided {
public:
  Strided(KernelBuilder& b, Stores stores)
      : b_(b), e_(b), stores_(stores), rank_(b.def().getSchedule().get("rank", 1)),
        width_(b.def().getSchedule().get("width", 1)), scalars_{rank_},
        buffers_(b.def().getBody().getNumArguments() + static_cast<std::int64_t>(stores.size())) {}

  void emit() {
    const Value packet = b_.add(b_.mul(b_.workgroup(), b_.workgroup_size()), b_.thread());
    b_.if_then(b_.less(packet, scalar(kernel::StridedScalars::packets())), [&] {
      const Value linear = b_.mul(packet, width_);
      const Values point = point_of(linear);
      for (auto view : b_.def().getBody().getOps<kernel::ViewOp>())
        e_.bind(view.getElement(), [this, view, point](const Point&) { return read(view, point); });
      for (const kernel::Store& store : stores_)
        store_packet(b_, store.buffer, dtype_of(store.value), linear,
                     e_.at(store.value, Point{{}, -1, width_}));
    });
  }

private:
  Value scalar(std::int64_t number) {
    return b_.to_index(b_.make<kernel::ScalarOp>(b_.getI32Type(), b_.getI64IntegerAttr(number),
                                                 b_.getI64IntegerAttr(buffers_),
                                                 b_.pushed_words()));
  }

  Values point_of(Value linear) {
    Values point(static_cast<std::size_t>(rank_));
    for (std::int64_t axis = rank_ - 1; axis > 0; --axis) {
      const Value extent = scalar(scalars_.extent(axis));
      point[static_cast<std::size_t>(axis)] = b_.make<arith::RemUIOp>(linear, extent);
      linear = b_.make<arith::DivUIOp>(linear, extent);
    }
    point[0] = linear;
    return point;
  }

  // What `view` sees at the point and the width - 1 behind it along the innermost axis.
  Values read(kernel::ViewOp view, ValueRange point) {
    const auto number = static_cast<std::int64_t>(view.getNumber());
    Value at = scalar(scalars_.offset(number));
    for (std::int64_t axis = 0; axis < rank_; ++axis) {
      const bool is_inner = axis + 1 == rank_;
      const Value i = point[static_cast<std::size_t>(axis)];
      if (is_inner && view.getInner() == "adjacent")
        at = b_.add(at, i);
      else if (!is_inner || view.getInner() == "strided")
        at = b_.add(at, b_.mul(i, scalar(scalars_.stride(number, axis))));
    }
    const bool repeats = view.getInner() == "repeated";
    return view.getBuffer() ? load(view, at, repeats) : numbers(view, at, repeats);
  }

  Values load(kernel::ViewOp view, Value at, bool repeats) {
    const unsigned buffer = cast<BlockArgument>(view.getBuffer()).getArgNumber();
    const DType dtype = dtype_of(view.getElement());
    if (!repeats)
      return load_packet(b_, buffer, dtype, at, width_);
    return Values(static_cast<std::size_t>(width_), load_element(b_, buffer, dtype, at));
  }

  // A view of no buffer sees the positions themselves.
  Values numbers(kernel::ViewOp view, Value at, bool repeats) {
    Values values;
    for (std::int64_t lane = 0; lane < width_; ++lane)
      values.push_back(scalar_cast(b_, b_.to_i32(repeats ? at : b_.add(at, lane)), DType::i32,
                                   dtype_of(view.getElement())));
    return values;
  }

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  std::int64_t rank_, width_;
  kernel::StridedScalars scalars_;
  std::int64_t buffers_;
};

}  // namespace

void emit_strided(KernelBuilder& builder, Stores stores) {
  Strided(builder, stores).emit();
}

}  // namespace ashlar::codegen
