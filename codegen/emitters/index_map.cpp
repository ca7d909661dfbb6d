// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/index_map.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// Axes [to_begin, to_end) of one shape hold the same elements as [from_begin, from_end) of another.
struct AxisGroup {
  std::size_t to_begin, to_end, from_begin, from_end;
};

// The finest grouping. Axes of extent 1 may stand anywhere.
SmallVector<AxisGroup> match_axes(ArrayRef<std::int64_t> to, ArrayRef<std::int64_t> from) {
  SmallVector<AxisGroup> groups;
  std::size_t t = 0, f = 0;
  while (t < to.size() || f < from.size()) {
    AxisGroup group{t, t, f, f};
    std::int64_t to_count = t < to.size() ? to[t++] : 1;
    std::int64_t from_count = f < from.size() ? from[f++] : 1;
    while (to_count != from_count)
      if (to_count < from_count && t < to.size())
        to_count *= to[t++];
      else if (f < from.size())
        from_count *= from[f++];
      else
        break;
    group.to_end = t;
    group.from_end = f;
    groups.push_back(group);
  }
  return groups;
}

// The last axis of [begin, end) whose extent is not 1, or the last one.
std::size_t innermost_axis(ArrayRef<std::int64_t> shape, std::size_t begin, std::size_t end) {
  for (std::size_t i = end; i-- > begin;)
    if (shape[i] != 1)
      return i;
  return end - 1;
}

// Whether packets along axis `axis` of [begin, ...), which begin at multiples of their width there,
// do so among all elements: where rows are whole packets, or there is one row.
bool keeps_packets(ArrayRef<std::int64_t> shape, std::size_t begin, std::size_t axis,
                   std::int64_t width) {
  return shape[axis] % width == 0 ||
         llvm::all_of(shape.slice(begin, axis - begin), [](auto extent) { return extent == 1; });
}

}  // namespace

std::optional<Point> reshape_point(KernelBuilder& b, const Point& point, ArrayRef<std::int64_t> to,
                                   ArrayRef<std::int64_t> from) {
  Point mapped{{}, -1, point.width};
  for (const AxisGroup& group : match_axes(to, from)) {
    ArrayRef<std::int64_t> to_shape = to.slice(group.to_begin, group.to_end - group.to_begin);
    ArrayRef<std::int64_t> from_shape =
        from.slice(group.from_begin, group.from_end - group.from_begin);
    ValueRange index = ValueRange(point.index).slice(group.to_begin, to_shape.size());
    mapped.index.append(b.delinearize(b.linearize(index, to_shape), from_shape));

    const bool is_packed = point.axis >= static_cast<int>(group.to_begin) &&
                           point.axis < static_cast<int>(group.to_end);
    if (!is_packed)
      continue;
    if (from_shape.empty())
      return std::nullopt;
    const std::size_t inner = innermost_axis(from, group.from_begin, group.from_end);
    const auto axis = static_cast<std::size_t>(point.axis);
    if (innermost_axis(to, group.to_begin, group.to_end) != axis ||
        !keeps_packets(to, group.to_begin, axis, point.width) || from[inner] % point.width != 0)
      return std::nullopt;
    mapped.axis = static_cast<int>(inner);
  }
  return mapped;
}

}  // namespace ashlar::codegen
