// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/line.h"

using namespace mlir;

namespace ashlar::codegen {

static SmallVector<std::int64_t> other_extents(Value tensor, std::int64_t axis) {
  SmallVector<std::int64_t> shape(shape_of(tensor));
  shape.erase(shape.begin() + axis);
  return shape;
}

Line::Line(KernelBuilder& b, Value tensor, std::int64_t axis, Value line)
    : axis_(axis), length_(shape_of(tensor)[static_cast<std::size_t>(axis)]),
      others_(b.delinearize(line, other_extents(tensor, axis))) {}

Values Line::index(Value position) const {
  Values index(others_);
  index.insert(index.begin() + axis_, position);
  return index;
}

std::int64_t Line::count(Value tensor, std::int64_t axis) {
  std::int64_t count = 1;
  for (std::int64_t extent : other_extents(tensor, axis))
    count *= extent;
  return count;
}

ThreadScan scan_threads(KernelBuilder& b, Value value, Value zero,
                        llvm::function_ref<Value(Value, Value)> add) {
  const std::int64_t threads = b.workgroup_size();
  const Value memory = b.shared(value.getType(), threads);
  const Value thread = b.thread();
  b.store(value, memory, thread);
  b.barrier();
  // Hillis and Steele: after each round every entry covers twice as many threads.
  for (std::int64_t reach = 1; reach < threads; reach *= 2) {
    const Value from = b.max(b.sub(thread, b.index(reach)), b.index(0));
    const Value other = b.load(memory, from);
    const Value mine = b.load(memory, thread);
    b.barrier();
    b.store(b.select(b.less(thread, reach), mine, add(other, mine)), memory, thread);
    b.barrier();
  }
  const Value previous = b.load(memory, b.max(b.sub(thread, b.index(1)), b.index(0)));
  return {b.select(b.equal(thread, b.index(0)), zero, previous),
          b.load(memory, b.index(threads - 1))};
}

Share share_of_thread(KernelBuilder& b, std::int64_t length) {
  const std::int64_t each = (length + b.workgroup_size() - 1) / b.workgroup_size();
  const Value begin = b.min(b.mul(b.thread(), each), b.index(length));
  return {begin, b.min(b.add(begin, each), b.index(length))};
}

}  // namespace ashlar::codegen
