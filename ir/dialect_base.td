// SPDX-License-Identifier: Apache-2.0
// The `ashlar` dialect (level L0) and the base of its op table.
#ifndef ASHLAR_DIALECT_BASE_TD
#define ASHLAR_DIALECT_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Ashlar_Dialect : Dialect {
  let name = "ashlar";
  let cppNamespace = "::ashlar::ir";
  let summary = "Array operations on tensors";
  let description = [{
    Level L0: what lazy array graphs become. Ops have value semantics on ranked tensors whose shapes
    are static, except axis 0 of a growable state. Elementwise ops take operands of one shape;
    broadcasts and casts are explicit. Element types: i1 is bool, `ui8`..`ui64` are unsigned, the
    signless `i8`..`i64` are signed, plus f16, bf16 and f32.

    Rounding: an op computes in f32 (integers in their own type) and rounds once, to its result type.
  }];
}

// ---- How an op is classified. Each class has one row generator in the test matrix.
class OpClass<string n> { string name = n; }
def SourceClass      : OpClass<"source">;
def ElementwiseClass : OpClass<"elementwise">;
def MovementClass    : OpClass<"movement">;
def ReductionClass   : OpClass<"reduction">;
def ContractionClass : OpClass<"contraction">;
def GatherClass      : OpClass<"gather">;
def ScanClass        : OpClass<"scan">;
def SortClass        : OpClass<"sort">;
def RandomClass      : OpClass<"random">;
def AttentionClass   : OpClass<"attention">;
def QuantizedClass   : OpClass<"quantized">;

// ---- Which element types an op takes.
class DTypeSet<list<string> n> { list<string> names = n; }
def Floats   : DTypeSet<["f32", "f16", "bf16"]>;
def Integers : DTypeSet<["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]>;
def Numbers  : DTypeSet<Floats.names # Integers.names>;
def Bools    : DTypeSet<["bool"]>;
def Bits     : DTypeSet<Integers.names # Bools.names>;
def AnyDType : DTypeSet<Numbers.names # Bools.names>;
def Words    : DTypeSet<["u32"]>;
def PackedFours : DTypeSet<["u32", "u8"]>;

// ---- Derivative rules, by name: `vjp_<name>` in runtime/array/rules. No derivative flows through an op
// that is `NonDiff`; it gives the reason.
class Derivative<string r> { string rule = r; string reason = ""; }
class NonDiff<string why> : Derivative<""> { let reason = why; }
def NoOperands        : NonDiff<"it has no operands">;
def PiecewiseConstant : NonDiff<"it is constant between its steps">;
def NotReal           : NonDiff<"its results are truth values or bits">;
def Indices           : NonDiff<"its results are indices">;

// One array operation. From it come the dialect op, the front-end function, the cache key, the
// documentation and the rows of the test matrix.
class Array_Op<string mnemonic, OpClass cls, list<Trait> traits = []>
    : Op<Ashlar_Dialect, mnemonic, traits # [Pure]> {
  OpClass opClass = cls;
  DTypeSet dtypes = Numbers;
  // C++ function in ir/infer.cpp that derives the result's type from operands and attributes; the
  // front end builds types with it and the verifier compares against it.
  string inferRule = "";
  Derivative derivative = Derivative<cls.name>;
  let results = (outs AnyRankedTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

class Unary_Op<string mnemonic, DTypeSet set> : Array_Op<mnemonic, ElementwiseClass, []> {
  let arguments = (ins AnyRankedTensor:$input);
  let dtypes = set;
  let inferRule = "same_type";
}

class Binary_Op<string mnemonic, DTypeSet set, list<Trait> traits = []>
    : Array_Op<mnemonic, ElementwiseClass, traits> {
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let dtypes = set;
  let inferRule = "same_type";
}

class Compare_Op<string mnemonic, DTypeSet set> : Binary_Op<mnemonic, set> {
  let inferRule = "comparison";
  let derivative = NotReal;
}

class Reduce_Op<string mnemonic, DTypeSet set> : Array_Op<mnemonic, ReductionClass> {
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$axes, BoolAttr:$keepdims);
  let dtypes = set;
  let inferRule = "reduction";
}

#endif
