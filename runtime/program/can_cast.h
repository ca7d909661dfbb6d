// SPDX-License-Identifier: Apache-2.0
// Which conversions between element types lose nothing.
#pragma once

#include "runtime/program/dtype.h"

namespace ashlar {

// Whether every number of `from` is one of `to`.
bool can_cast(DType from, DType to);

}  // namespace ashlar
