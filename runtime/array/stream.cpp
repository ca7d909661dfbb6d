// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/stream.h"

#include "runtime/array/context.h"
#include "runtime/array/eval.h"

namespace ashlar {

Stream::Stream(const std::string& selector) : context_(&Context::open(selector)) {}

Stream Stream::current() {
  return Stream(Context::instance());
}

const DeviceProfile& Stream::device() const {
  return context_->device().profile();
}

void Stream::synchronize() const {
  context_->synchronize();
}

StreamScope::StreamScope(const Stream& stream) : before_(Context::use(stream.context_)) {}

StreamScope::~StreamScope() {
  Context::use(before_);
}

Stream stream_of(const Array& array) {
  async_eval(array);
  return Stream(Context::of(*array.node()->value()));
}

Array to_stream(const Array& array, const Stream& stream) {
  return stream_of(array) == stream ? array
                                    : stream.context_->copy_of(array.type(), array.to_bytes());
}

}  // namespace ashlar
