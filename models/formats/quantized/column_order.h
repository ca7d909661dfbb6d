// SPDX-License-Identifier: Apache-2.0
// Matrices whose columns were quantised by weight, not by place (act-order): columns of one group
// lie anywhere. Sorted by group they are as others, if their inputs are sorted alike.
#pragma once

#include "models/formats/quantized/quantized_matrix.h"

namespace ashlar::quantized {

// Makes columns that share a group neighbours. `groups`: the group of each column. Throws
// FormatError, naming the tensor, unless each group has `group_size` columns.
void sort_columns(const StoredMatrix& groups, StoredNumbers& numbers);

}  // namespace ashlar::quantized
