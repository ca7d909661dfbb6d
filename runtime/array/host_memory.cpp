// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/host_memory.h"

#include "runtime/array/context.h"
#include "runtime/array/origin.h"

namespace ashlar {

Array array_over(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                 std::shared_ptr<const void> owner, Here where) {
  const WrittenAt at(where);
  check_holds({dtype, shape}, bytes.size());
  return Context::instance().array_over({dtype, shape}, {bytes, std::move(owner)});
}

bool is_in_host_memory(const Array& array) {
  const auto& value = array.node()->value();
  return value && value->is_in_host_memory();
}

}  // namespace ashlar
