// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/table_functions.h"

namespace ashlar::table {

#include "ir/table_functions.cpp.inc"

}  // namespace ashlar::table
