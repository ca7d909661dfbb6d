// SPDX-License-Identifier: Apache-2.0
// Ops of the `ashlar` dialect that are not array operations: declarations and effects.
#ifndef ASHLAR_STRUCTURE_OPS_TD
#define ASHLAR_STRUCTURE_OPS_TD

include "ir/dialect_base.td"
include "mlir/IR/SymbolInterfaces.td"

def Ashlar_StateOp : Op<Ashlar_Dialect, "state", [Symbol]> {
  let summary = "Declares a device buffer that entries update in place";
  let description = [{
    A dynamic axis 0 makes the state growable: `capacity` rows at first. `residency` is "state",
    "step" or "ring" (see runtime/program/program.h).
    ```mlir
    ashlar.state @kv.0.key : tensor<?x1x2x16xbf16> {capacity = 256 : i64, residency = "state"}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<I64Attr>:$capacity, StrAttr:$residency);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Ashlar_StateWriteOp : Op<Ashlar_Dialect, "state_write", []> {
  let summary = "The value becomes the state's contents when the entry ends";
  let description = [{
    At most one write per state and entry. The value is built from the state's `state_read` by
    scatters (in place), or is any value of the same type (a copy). Readers of the old contents are
    ordered before the update, or the plan is rejected.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyRankedTensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

#endif
