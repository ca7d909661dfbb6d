// SPDX-License-Identifier: Apache-2.0
// The op table as functions, one per operation with its exact operands and attributes: no
// broadcasting, no promotion, no negative axes. The friendly functions are made of these.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar::table {

#include "ir/table_functions.h.inc"

}  // namespace ashlar::table
