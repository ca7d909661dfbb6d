// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/parts.h"

#include "codegen/emitters/stores.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {

static void emit_from(KernelBuilder& b, ArrayRef<WorkRange> ranges, Value workgroup) {
  if (ranges.size() == 1)
    return ranges.front().body(workgroup);
  const std::int64_t count = ranges.front().workgroups;
  b.if_else(
      b.less(workgroup, count), [&] { ranges.front().body(workgroup); },
      [&] { emit_from(b, ranges.drop_front(), b.sub(workgroup, b.index(count))); });
}

void emit_ranges(KernelBuilder& b, ArrayRef<WorkRange> ranges) {
  std::int64_t total = 0;
  for (const WorkRange& range : ranges)
    total += range.workgroups;
  b.for_workgroups(total, [&] {
    if (!ranges.empty())
      emit_from(b, ranges, b.workgroup());
  });
}

std::int64_t packet_width(ArrayRef<kernel::Store> stores, std::int64_t limit,
                          std::int64_t columns) {
  std::int64_t width = limit;
  while (columns % width != 0)
    width /= 2;
  for (const kernel::Store& store : stores)
    while (width > 1 && kernel::innermost(store.value.getType()) % width != 0)
      width /= 2;
  return std::max<std::int64_t>(width, 1);
}

WorkRange element_range(Elements& elements, const kernel::Part& part, std::int64_t limit) {
  const std::int64_t width = packet_width(part.stores, limit);
  const std::int64_t items = part.elements / width;
  KernelBuilder& b = elements.builder();
  const std::int64_t size = b.workgroup_size();
  auto body = [&elements, &b, part, width, items, size](Value workgroup) {
    const Value item = b.add(b.mul(workgroup, size), b.thread());
    auto store_all = [&] { emit_stores(elements, part.stores, b.mul(item, width), width); };
    if (items % size == 0)
      return store_all();
    b.if_then(b.less(item, items), store_all);
  };
  return {(items + size - 1) / size, body};
}

}  // namespace ashlar::codegen
