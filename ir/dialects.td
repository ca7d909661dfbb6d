// SPDX-License-Identifier: Apache-2.0
// Entry point of mlir-tblgen for the `ashlar` dialect.
include "ir/array_ops.td"
include "ir/structure_ops.td"
