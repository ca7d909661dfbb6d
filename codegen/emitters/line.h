// SPDX-License-Identifier: Apache-2.0
// Work along one axis of a tensor, one workgroup per line: what scans and sorts share.
#pragma once

#include "codegen/emitters/element.h"

namespace ashlar::codegen {

// The lines of `tensor` along `axis`, one of which this workgroup has.
class Line {
public:
  Line(KernelBuilder& builder, Value tensor, std::int64_t axis, Value line);

  std::int64_t length() const { return length_; }
  // Index of element `position`, in a tensor that differs from this one in the axis' extent at
  // most.
  Values index(Value position) const;

  static std::int64_t count(Value tensor, std::int64_t axis);

private:
  std::int64_t axis_, length_;
  Values others_;
};

// Each thread gets the sum of `value` over all threads before it, and the sum over all threads.
// `add` combines two values; `zero` changes nothing.
struct ThreadScan {
  Value before, total;
};
ThreadScan scan_threads(KernelBuilder& builder, Value value, Value zero,
                        llvm::function_ref<Value(Value, Value)> add);

// The part of a line that one thread takes when each has adjacent elements.
struct Share {
  Value begin, end;
};
Share share_of_thread(KernelBuilder& builder, std::int64_t length);

}  // namespace ashlar::codegen
