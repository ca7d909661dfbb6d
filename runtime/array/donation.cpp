// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/donation.h"

#include "runtime/program/error.h"

namespace ashlar {

void donate(const Array& array, std::size_t argument, std::string_view closure) {
  array.node()->donate(
      std::make_shared<const std::string>(fmt::format("argument {} of {}", argument + 1, closure)));
}

void require_kept(const Node& node) {
  if (node.donated_to())
    throw InvalidArgument(
        "donation",
        "the array made at {}:{} was donated as {}, which has its memory now: use "
        "what that returned, or do not donate",
        node.origin().where.file_name(), node.origin().where.line(), *node.donated_to());
}

}  // namespace ashlar
