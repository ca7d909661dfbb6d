// SPDX-License-Identifier: Apache-2.0
// Arrays without elements end in the front end: no kernel ever sees one.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar {

// The result of an operation that has, or whose operands have, no elements; nothing otherwise.
std::optional<Array> without_elements(OpKind kind, const ArrayType& result,
                                      std::span<const Array> operands,
                                      const Attributes& attributes);

}  // namespace ashlar
