// SPDX-License-Identifier: Apache-2.0
// The `kernel` dialect (levels L2, L3 and the ABI of L5).
#ifndef ASHLAR_KERNEL_OPS_TD
#define ASHLAR_KERNEL_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::ashlar::kernel";
  let summary = "Fused regions that become one kernel each";
  let description = [{
    `kernel.fused` holds the array ops of one kernel: one root (matvec, matmul, attention, row,
    elementwise, scan, sort) with its prologue and epilogue. `kernel.def` is the same region outlined
    and shared by every call that is equal to it; `kernel.call` runs it in an entry.
    `kernel.buffer` and `kernel.scalar` read the dispatch record inside kernel code.
  }];
  let useDefaultAttributePrinterParser = 1;
}

// The tuning parameters of one kernel: an emitter's name and its integers.
def Kernel_ScheduleAttr : AttrDef<Kernel_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "An emitter and its parameters";
  let description = [{
    ```mlir
    #kernel.schedule<"matvec", {lanes = 32 : i64, rows = 4 : i64}>
    ```
  }];
  let parameters = (ins StringRefParameter<"emitter name">:$emitter, "::mlir::DictionaryAttr":$parameters);
  let assemblyFormat = "`<` $emitter `,` $parameters `>`";
  let extraClassDeclaration = [{
    // The value of an integer parameter; `otherwise` when it is absent.
    int64_t get(llvm::StringRef parameter, int64_t otherwise) const;
  }];
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

// `root`: which emitter family the region belongs to. `inplace[i]`: the operand whose buffer result i
// updates, or -1. `cost`: {bytes_read, bytes_written, flops} as i64, set by the cost pass. `scalars`: of a
// strided kernel (ir/strided_kernel.h), whose body knows no shapes.
def Kernel_FusedOp : Kernel_Op<"fused", [IsolatedFromAbove, SingleBlock]> {
  let summary = "The array ops of one kernel";
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, StrAttr:$root, DenseI64ArrayAttr:$inplace,
                       OptionalAttr<Kernel_ScheduleAttr>:$schedule, OptionalAttr<DictionaryAttr>:$cost,
                       OptionalAttr<DenseI32ArrayAttr>:$scalars);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$root `(` $inputs `)` `inplace` $inplace (`schedule` $schedule^)? (`cost` $cost^)? (`scalars` $scalars^)? attr-dict `:` functional-type($inputs, $outputs) $body";
  let hasVerifier = 1;
}

// `pushed`: its dispatch records are push constants. Arguments with the numbers it lists are given as the
// address of their address, since their buffers may move between runs. `texels`: the arguments that it reads
// through texel buffers, none of which it writes where it reads.
def Kernel_DefOp : Kernel_Op<"def", [IsolatedFromAbove, SingleBlock, Symbol]> {
  let summary = "A kernel shared by its calls";
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$root, DenseI64ArrayAttr:$inplace,
                       Kernel_ScheduleAttr:$schedule, OptionalAttr<DenseI64ArrayAttr>:$pushed,
                       OptionalAttr<DenseI64ArrayAttr>:$texels);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name $root `inplace` $inplace `schedule` $schedule (`pushed` $pushed^)? (`texels` $texels^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Kernel_CallOp : Kernel_Op<"call", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$inputs,
                       OptionalAttr<DictionaryAttr>:$cost, OptionalAttr<DenseI32ArrayAttr>:$scalars);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = "$kernel `(` $inputs `)` (`cost` $cost^)? (`scalars` $scalars^)? attr-dict `:` functional-type($inputs, $outputs)";
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ParentOneOf<["FusedOp", "DefOp"]>]> {
  let summary = "The values that the kernel stores";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

// ---- Strided kernels: the body computes one element, every value but the buffers has rank 0.

def Kernel_ViewOp : Kernel_Op<"view", [Pure]> {
  let summary = "The element that a strided kernel sees of a buffer at its present point";
  let description = [{
    View `number` of the kernel; its offset and strides are scalars. Without a buffer, the position itself.
    `inner`: the stride along the innermost axis is "adjacent" (1), "repeated" (0) or "strided".

    ```mlir
    %x = kernel.view 0 "adjacent" of %a : (tensor<?xf32>) -> tensor<f32>
    ```
  }];
  let arguments = (ins I64Attr:$number, StrAttr:$inner, Optional<AnyRankedTensor>:$buffer);
  let results = (outs AnyRankedTensor:$element);
  let assemblyFormat = "$number $inner (`of` $buffer^)? attr-dict `:` functional-type(operands, results)";
}

// ---- Halves of array ops that a pass splits over more workgroups.

def Kernel_AttentionPartialOp : Kernel_Op<"attention_partial", [Pure]> {
  let summary = "Attention of each query over one of `splits` parts of its keys";
  let description = [{
    Operands and attributes as ashlar.attention. The keys a row may see are cut into `splits` parts of
    equal length. Result f32 [B, T, H, splits, E + 2]: per part the sum of exp(score - m) * value, then
    m (the part's largest score, -inf if it has no key) and the sum of exp(score - m). A sink belongs to
    the first part.
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       AnyRankedTensor:$position, AnyRankedTensor:$length, Optional<AnyRankedTensor>:$sinks,
                       F64Attr:$scale, BoolAttr:$causal, I64Attr:$window, F64Attr:$softcap, I64Attr:$ring,
                       I64Attr:$splits);
  let results = (outs AnyRankedTensor:$partials);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Kernel_AttentionCombineOp : Kernel_Op<"attention_combine", [Pure]> {
  let summary = "Joins the parts of kernel.attention_partial: [B, T, H, S, E + 2] to [B, T, H, E]";
  let description = [{
    `arrivals`, i32, all zero: one number for each tile of rows. It changes no result. With it the
    kernel that computes the parts can join them too: its workgroups count themselves in there, and
    leave zeros when they are done.
  }];
  let arguments = (ins AnyRankedTensor:$partials, Optional<AnyRankedTensor>:$arrivals);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// ---- Many rows for the matrices of ashlar.expert_matmul.

def Kernel_GroupedMatmulOp : Kernel_Op<"grouped_matmul", [Pure]> {
  let summary = "ashlar.expert_matmul with S = 1, rows of one matrix together: [M, K] to [M, N]";
  let description = [{
    lhs [M, K], rhs [E, K, N] or [E, N, K], ids [M]; `order` [M] (i32) sorts the ids. It changes no
    result: rows that stand together in it are multiplied by their matrix at once.
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, AnyRankedTensor:$ids,
                       AnyRankedTensor:$order, BoolAttr:$transpose_rhs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// ---- ABI ops: what kernel code (level L5) reads from its dispatch record. The record lies in device memory,
// or, where an op names its size as `pushed` (in words of 32 bits), in the push constants. An `indirect` buffer's
// address must be loaded then.

def Kernel_BufferOp : Kernel_Op<"buffer", [Pure]> {
  let summary = "The buffer at `index` of the dispatch record";
  let description = [{ Inputs first, then the outputs that are not in place. }];
  let arguments = (ins I64Attr:$index, OptionalAttr<I64Attr>:$pushed, UnitAttr:$indirect);
  let results = (outs AnyMemRef:$buffer);
  let assemblyFormat = "$index (`pushed` $pushed^)? (`indirect` $indirect^)? attr-dict `:` type($buffer)";
}

def Kernel_TexelOp : Kernel_Op<"texel", [Pure]> {
  let summary = "Bytes [16 * at, 16 * at + 16) of a buffer, through texel buffer `binding`";
  let arguments = (ins I64Attr:$binding, Index:$at);
  let results = (outs VectorOfLengthAndType<[4], [I32]>:$words);
  let assemblyFormat = "$binding `at` $at attr-dict `:` type($words)";
}

def Kernel_ScalarOp : Kernel_Op<"scalar", [Pure]> {
  let summary = "The 32-bit scalar at `index` of the dispatch record, after `buffers` addresses";
  let arguments = (ins I64Attr:$index, I64Attr:$buffers, OptionalAttr<I64Attr>:$pushed);
  let results = (outs I32:$value);
  let assemblyFormat = "$index `after` $buffers (`pushed` $pushed^)? attr-dict";
}

// ---- Cooperative matrices: values of !spirv.coopmatrix type, which a subgroup holds together.

// `memory` holds packets of 16 bytes; `at` and `stride` (from one row, or one column where `columns`
// is set, to the next) count packets, whatever the type of the matrix's elements.
def Kernel_MatrixLoadOp : Kernel_Op<"matrix_load"> {
  let summary = "Loads a cooperative matrix from workgroup memory, rows or columns in sequence";
  let description = [{
    ```mlir
    %a = kernel.matrix_load %tile[%at] stride 5 : memref<640xvector<4xi32>, #spirv.storage_class<Workgroup>>
        -> !spirv.coopmatrix<16x16xbf16, Subgroup, MatrixA>
    ```
    A stride of 0 gives every row (or column) the same elements.
  }];
  let arguments = (ins AnyMemRef:$memory, Index:$at, I64Attr:$stride, UnitAttr:$columns);
  let results = (outs AnyType:$matrix);
  let assemblyFormat = "$memory `[` $at `]` `stride` $stride (`columns` $columns^)? attr-dict `:` type($memory) `->` type($matrix)";
}

def Kernel_MatrixStoreOp : Kernel_Op<"matrix_store"> {
  let summary = "Stores a cooperative matrix into workgroup memory, rows in sequence";
  let arguments = (ins AnyType:$matrix, AnyMemRef:$memory, Index:$at, I64Attr:$stride);
  let assemblyFormat = "$matrix `,` $memory `[` $at `]` `stride` $stride attr-dict `:` type($matrix) `,` type($memory)";
}

#endif
