// SPDX-License-Identifier: Apache-2.0
// The op table: every array operation is defined here, once. See docs/add_an_op.md.
#ifndef ASHLAR_ARRAY_OPS_TD
#define ASHLAR_ARRAY_OPS_TD

include "ir/dialect_base.td"

// ---------------------------------------------------------------------------------------- sources

def ConstantOp : Array_Op<"constant", SourceClass, []> {
  let summary = "Values known when the graph was built";
  let arguments = (ins ElementsAttr:$value);
  let dtypes = AnyDType;
  let assemblyFormat = "attr-dict $value `:` type($result)";
  let derivative = NoOperands;
}

def FullOp : Array_Op<"full", SourceClass> {
  let summary = "One value everywhere";
  let description = [{ `value` is rounded to the result's type. }];
  let arguments = (ins DenseI64ArrayAttr:$shape, TypeAttr:$dtype, F64Attr:$value);
  let dtypes = AnyDType;
  let inferRule = "filled";
  let derivative = NoOperands;
}

def IotaOp : Array_Op<"iota", SourceClass> {
  let summary = "The index along `axis`";
  let arguments = (ins DenseI64ArrayAttr:$shape, TypeAttr:$dtype, I64Attr:$axis);
  let inferRule = "filled";
  let derivative = NoOperands;
}

def WeightOp : Array_Op<"weight", SourceClass> {
  let summary = "A named tensor of the checkpoint, resident on the device";
  let description = [{
    Several names mean as many tensors of one type, stacked along a new axis 0, which the planner
    keeps adjacent in memory. The compiler also stacks along the tensors' own axis 0.
  }];
  let arguments = (ins StrArrayAttr:$names);
  let dtypes = AnyDType;
  let assemblyFormat = "$names attr-dict `:` type($result)";
  let derivative = NoOperands;
}

def StateReadOp : Array_Op<"state_read", SourceClass> {
  let summary = "The contents of a state when the entry starts";
  let arguments = (ins FlatSymbolRefAttr:$state);
  let dtypes = AnyDType;
  let assemblyFormat = "$state attr-dict `:` type($result)";
  let derivative = NoOperands;
}

// ------------------------------------------------------------------------------------ elementwise

def NegOp        : Unary_Op<"neg", Numbers>      { let summary = "-x; integers wrap"; }
def AbsOp        : Unary_Op<"abs", Numbers>      { let summary = "|x|; the least integer stays"; }
def SignOp       : Unary_Op<"sign", Numbers>     { let summary = "-1, 0 or 1; NaN stays NaN"; let derivative = PiecewiseConstant; }
def FloorOp      : Unary_Op<"floor", Floats>     { let summary = "Round towards minus infinity"; let derivative = PiecewiseConstant; }
def CeilOp       : Unary_Op<"ceil", Floats>      { let summary = "Round towards plus infinity"; let derivative = PiecewiseConstant; }
def RoundOp      : Unary_Op<"round", Floats>     { let summary = "Round to nearest, ties to even"; let derivative = PiecewiseConstant; }
def TruncOp      : Unary_Op<"trunc", Floats>     { let summary = "Round towards zero"; let derivative = PiecewiseConstant; }
def SqrtOp       : Unary_Op<"sqrt", Floats>      { let summary = "Square root; NaN below zero"; }
def RsqrtOp      : Unary_Op<"rsqrt", Floats>     { let summary = "1 / sqrt(x)"; }
def ReciprocalOp : Unary_Op<"reciprocal", Floats>{ let summary = "1 / x"; }
def SquareOp     : Unary_Op<"square", Numbers>   { let summary = "x * x"; }
def ExpOp        : Unary_Op<"exp", Floats>       { let summary = "e to the x"; }
def Exp2Op       : Unary_Op<"exp2", Floats>      { let summary = "2 to the x"; }
def Expm1Op      : Unary_Op<"expm1", Floats>     { let summary = "e to the x, minus 1"; }
def LogOp        : Unary_Op<"log", Floats>       { let summary = "Natural logarithm"; }
def Log2Op       : Unary_Op<"log2", Floats>      { let summary = "Logarithm to base 2"; }
def Log1pOp      : Unary_Op<"log1p", Floats>     { let summary = "log(1 + x)"; }
def SinOp        : Unary_Op<"sin", Floats>       { let summary = "Sine of radians"; }
def CosOp        : Unary_Op<"cos", Floats>       { let summary = "Cosine of radians"; }
def TanOp        : Unary_Op<"tan", Floats>       { let summary = "Tangent of radians"; }
def TanhOp       : Unary_Op<"tanh", Floats>      { let summary = "Hyperbolic tangent"; }
def ErfOp        : Unary_Op<"erf", Floats>       { let summary = "Error function"; }
def SigmoidOp    : Unary_Op<"sigmoid", Floats>   { let summary = "1 / (1 + exp(-x))"; }
def SiluOp       : Unary_Op<"silu", Floats>      { let summary = "x * sigmoid(x)"; }
def GeluOp       : Unary_Op<"gelu", Floats>      { let summary = "x/2 * (1 + erf(x / sqrt 2))"; }
def GeluTanhOp   : Unary_Op<"gelu_tanh", Floats> {
  let summary = "x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))";
}
def SoftplusOp   : Unary_Op<"softplus", Floats>  { let summary = "log(1 + exp(x))"; }
def LogicalNotOp : Unary_Op<"logical_not", Bools>{ let summary = "not x"; let derivative = NotReal; }
def BitwiseNotOp : Unary_Op<"bitwise_not", Integers> { let summary = "Every bit flipped"; let derivative = NotReal; }
def IsNanOp      : Unary_Op<"is_nan", Floats>    { let summary = "x is NaN"; let inferRule = "predicate"; let derivative = NotReal; }
def IsInfOp      : Unary_Op<"is_inf", Floats>    { let summary = "x is infinite"; let inferRule = "predicate"; let derivative = NotReal; }

def OpaqueOp : Unary_Op<"opaque", AnyDType> {
  let summary = "x, behind which no pass looks";
  let description = [{
    What is computed from `opaque(x)` is computed again, not shared with what is computed from `x`.
    Checkpointed gradients use it.
  }];
}

def AddOp : Binary_Op<"add", Numbers, [Commutative]> { let summary = "x + y; integers wrap"; }
def SubOp : Binary_Op<"sub", Numbers>                { let summary = "x - y; integers wrap"; }
def MulOp : Binary_Op<"mul", Numbers, [Commutative]> { let summary = "x * y; integers wrap"; }
def DivOp : Binary_Op<"div", Floats>                 { let summary = "x / y"; }
def FloorDivOp : Binary_Op<"floor_divide", Numbers> {
  let summary = "floor(x / y)";
  let description = [{ Integer division by zero gives 0 on every device. }];
  let derivative = PiecewiseConstant;
}
def RemainderOp : Binary_Op<"remainder", Numbers> {
  let summary = "x - y * floor(x / y): the sign of y";
  let description = [{ Integer remainder by zero gives 0 on every device. }];
}
def PowOp : Binary_Op<"power", Floats>                    { let summary = "x to the y"; }
def MaximumOp : Binary_Op<"maximum", Numbers, [Commutative]> { let summary = "The larger; NaN if either is"; }
def MinimumOp : Binary_Op<"minimum", Numbers, [Commutative]> { let summary = "The smaller; NaN if either is"; }
def Atan2Op : Binary_Op<"arctan2", Floats>                { let summary = "Angle of (y, x)"; }

def EqualOp        : Compare_Op<"equal", AnyDType>         { let summary = "x == y"; }
def NotEqualOp     : Compare_Op<"not_equal", AnyDType>     { let summary = "x != y; true for NaN"; }
def LessOp         : Compare_Op<"less", Numbers>           { let summary = "x < y"; }
def LessEqualOp    : Compare_Op<"less_equal", Numbers>     { let summary = "x <= y"; }
def GreaterOp      : Compare_Op<"greater", Numbers>        { let summary = "x > y"; }
def GreaterEqualOp : Compare_Op<"greater_equal", Numbers>  { let summary = "x >= y"; }

def LogicalAndOp : Binary_Op<"logical_and", Bools, [Commutative]> { let summary = "x and y"; let derivative = NotReal; }
def LogicalOrOp  : Binary_Op<"logical_or", Bools, [Commutative]>  { let summary = "x or y"; let derivative = NotReal; }
def BitwiseAndOp : Binary_Op<"bitwise_and", Bits, [Commutative]>  { let summary = "Bits set in both"; let derivative = NotReal; }
def BitwiseOrOp  : Binary_Op<"bitwise_or", Bits, [Commutative]>   { let summary = "Bits set in either"; let derivative = NotReal; }
def BitwiseXorOp : Binary_Op<"bitwise_xor", Bits, [Commutative]>  { let summary = "Bits set in one"; let derivative = NotReal; }
def LeftShiftOp  : Binary_Op<"left_shift", Integers> {
  let summary = "x << y";
  let description = [{ Shifts by the width or more, or by less than 0, give 0. }];
  let derivative = NotReal;
}
def RightShiftOp : Binary_Op<"right_shift", Integers> {
  let summary = "x >> y; arithmetic for signed types";
  let description = [{ Shifts by the width or more, or by less than 0, fill with the sign. }];
  let derivative = NotReal;
}

def SelectOp : Array_Op<"select", ElementwiseClass> {
  let summary = "`on_true` where the condition holds, else `on_false`";
  let arguments = (ins AnyRankedTensor:$condition, AnyRankedTensor:$on_true, AnyRankedTensor:$on_false);
  let dtypes = AnyDType;
  let inferRule = "select";
}

def CastOp : Array_Op<"cast", ElementwiseClass> {
  let summary = "Convert to another element type";
  let description = [{
    Float to float rounds to nearest even. Float to integer truncates towards zero and saturates; NaN
    gives 0. Integer to integer wraps. To bool: not equal to zero.
  }];
  let arguments = (ins AnyRankedTensor:$input, TypeAttr:$dtype);
  let dtypes = AnyDType;
  let inferRule = "cast";
  let hasFolder = 1;
}

def BitcastOp : Array_Op<"bitcast", ElementwiseClass> {
  let summary = "The same bits as an element type of the same size";
  let description = [{ Of a NaN, the sign and the payload may change. }];
  let arguments = (ins AnyRankedTensor:$input, TypeAttr:$dtype);
  let inferRule = "bitcast";
  let derivative = NotReal;
}

def PhiloxOp : Array_Op<"philox", RandomClass> {
  let summary = "One 32-bit word of Philox4x32-10";
  let description = [{
    `word` (0..3) of the block for counter (c0, c1, c2, c3) and key (k0, k1), as in Salmon et al.,
    "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011). Exact on every device.
  }];
  let arguments = (ins AnyRankedTensor:$c0, AnyRankedTensor:$c1, AnyRankedTensor:$c2,
                       AnyRankedTensor:$c3, AnyRankedTensor:$k0, AnyRankedTensor:$k1, I64Attr:$word);
  let dtypes = Words;
  let inferRule = "same_type";
  let derivative = NonDiff<"random bits">;
}

// --------------------------------------------------------------------------------------- movement

def ReshapeOp : Array_Op<"reshape", MovementClass> {
  let summary = "The same elements in row-major order under another shape";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$shape);
  let dtypes = AnyDType;
  let inferRule = "reshape";
  let hasFolder = 1;
}
def TransposeOp : Array_Op<"transpose", MovementClass> {
  let summary = "Axis i of the result is axis `permutation[i]` of the input";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$permutation);
  let dtypes = AnyDType;
  let inferRule = "transpose";
  let hasFolder = 1;
}
def BroadcastOp : Array_Op<"broadcast", MovementClass> {
  let summary = "Repeat axes of size 1 and add leading axes, as NumPy does";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$shape);
  let dtypes = AnyDType;
  let inferRule = "broadcast";
  let hasFolder = 1;
}
def SliceOp : Array_Op<"slice", MovementClass> {
  let summary = "Every `steps[i]`-th element of axis i, `sizes[i]` of them from `starts[i]`";
  let description = [{ Steps may be negative, never 0; every selected index must exist. }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
                       DenseI64ArrayAttr:$steps);
  let dtypes = AnyDType;
  let inferRule = "slice";
  let hasFolder = 1;
}
def PadOp : Array_Op<"pad", MovementClass> {
  let summary = "Surround with one value: `low[i]` before and `high[i]` after axis i";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, F64Attr:$value);
  let dtypes = AnyDType;
  let inferRule = "pad";
}
def ConcatOp : Array_Op<"concat", MovementClass> {
  let summary = "Join along `axis`";
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, I64Attr:$axis);
  let dtypes = AnyDType;
  let inferRule = "concat";
}

// -------------------------------------------------------------------------------------- reduction

def ReduceSumOp  : Reduce_Op<"reduce_sum", Numbers>  { let summary = "Sum; f32 accumulation, integers wrap; 0 of nothing"; }
def ReduceProdOp : Reduce_Op<"reduce_prod", Numbers> { let summary = "Product; 1 of nothing"; }
def ReduceMaxOp  : Reduce_Op<"reduce_max", Numbers>  { let summary = "Largest; NaN if any is; axes must not be empty"; }
def ReduceMinOp  : Reduce_Op<"reduce_min", Numbers>  { let summary = "Smallest; NaN if any is; axes must not be empty"; }
def ReduceAnyOp  : Reduce_Op<"reduce_any", Bools>    { let summary = "Whether any is true"; let derivative = NotReal; }
def ReduceAllOp  : Reduce_Op<"reduce_all", Bools>    { let summary = "Whether all are true"; let derivative = NotReal; }

class ArgReduce_Op<string mnemonic> : Array_Op<mnemonic, ReductionClass> {
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$axis, BoolAttr:$keepdims);
  let inferRule = "arg_reduction";
  let derivative = Indices;
}
def ArgMaxOp : ArgReduce_Op<"argmax"> { let summary = "Index (i32) of the largest; ties: the lowest; the first NaN wins"; }
def ArgMinOp : ArgReduce_Op<"argmin"> { let summary = "Index (i32) of the smallest; ties: the lowest; the first NaN wins"; }

// ------------------------------------------------------------------------------------ contraction

def MatmulOp : Array_Op<"matmul", ContractionClass> {
  let summary = "Matrix product, accumulated in f32 (integers in their own type)";
  let description = [{
    lhs [..., M, K] by rhs [..., K, N], or [..., N, K] with `transpose_rhs`. Leading axes agree, or rhs
    has rank 2 and serves them all. `dtype` is the result's element type.
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, BoolAttr:$transpose_rhs, TypeAttr:$dtype);
  let inferRule = "matmul";
}

def ExpertMatmulOp : Array_Op<"expert_matmul", ContractionClass> {
  let summary = "Rows times matrices that their numbers choose, summed over S; accumulated in f32";
  let description = [{
    lhs [..., S, K], rhs [E, K, N], or [E, N, K] with `transpose_rhs`, and ids [..., S], integers, to
    [..., N]: the sum over s of row s times matrix ids[..., s]. A number outside [0, E) chooses the
    nearest matrix. Matrices that no number chooses are not read. `dtype` is the result's element type.
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, AnyRankedTensor:$ids,
                       BoolAttr:$transpose_rhs, TypeAttr:$dtype);
  let dtypes = Floats;
  let inferRule = "expert_matmul";
}

def AttentionOp : Array_Op<"attention", AttentionClass> {
  let summary = "Scaled dot-product attention over a key/value cache";
  let description = [{
    query [B, T, H, D]; key [C, B, G, D] and value [C, B, G, E], cache rows first; position [B] and
    length [B] (i32). Query row t of batch row b stands at p = position[b] + t and sees the keys
    j < length[b] that satisfy, when `causal`, j <= p, and, when `window` > 0, j > p - window. Key j
    lies in cache row j, or j mod `ring` when `ring` > 0. Head h reads group h / (H / G). Scores are
    scaled by `scale`, then c * tanh(score / c) when `softcap` c > 0. With `sinks` [B, H], floats,
    head h sees one more key, of score sinks[b, h] and value 0. A row that sees no key gives 0.
    Cache rows that are not seen are never read. Softmax and sums are f32.
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       AnyRankedTensor:$position, AnyRankedTensor:$length, Optional<AnyRankedTensor>:$sinks,
                       F64Attr:$scale, BoolAttr:$causal, I64Attr:$window, F64Attr:$softcap, I64Attr:$ring);
  let dtypes = Floats;
  let inferRule = "attention";
}

// -------------------------------------------------------------------------------------- quantized

def DequantizeOp : Array_Op<"dequantize", QuantizedClass> {
  let summary = "scale * q + bias of unsigned numbers q that are packed into words";
  let description = [{
    packed [..., K * bits / 32] (u32), scales and biases [..., K / group_size] of one float type, to
    [..., K] of `dtype`. Number k of a row takes the bits [k * bits, (k + 1) * bits) of its words, the
    lowest bit of the first word first; it may straddle two words. `group_size` adjacent numbers share
    a scale and a bias. `bits` is 2, 3, 4, 5, 6 or 8, `group_size` 16, 32, 64 or 128;
    rows are multiples of 32.
  }];
  let arguments = (ins AnyRankedTensor:$packed, AnyRankedTensor:$scales, AnyRankedTensor:$biases,
                       I64Attr:$bits, I64Attr:$group_size, TypeAttr:$dtype);
  let dtypes = Words;
  let inferRule = "dequantize";
}

def DequantizeMxfp4Op : Array_Op<"dequantize_mxfp4", QuantizedClass> {
  let summary = "Floats of 4 bits times powers of two that 32 of them share (MXFP4)";
  let description = [{
    packed [..., K / 32, 16] (u8), or the same bytes as words [..., K / 8] (u32), and scales [..., K / 32]
    (u8) to [..., K] of `dtype`. Number k of a row takes the bits [4k, 4k + 4), the lowest first: a sign
    above a code for 0, 0.5, 1, 1.5, 2, 3, 4 or 6. A scale s means 2^(s - 127), 255 means NaN. See "OCP
    Microscaling Formats (MX) Specification", 2023.
  }];
  let arguments = (ins AnyRankedTensor:$packed, AnyRankedTensor:$scales, TypeAttr:$dtype);
  let dtypes = PackedFours;
  let inferRule = "dequantize_mxfp4";
  let derivative = NonDiff<"its operands are packed numbers">;
}

def DequantizeKOp : Array_Op<"dequantize_k", QuantizedClass> {
  let summary = "Packed unsigned numbers whose groups scale in two steps (GGUF's k-quants)";
  let description = [{
    packed [..., K * bits / 32] (u32), as of `dequantize`, and scales [..., K / 256 * 5] (u32) to [..., K] of
    `dtype`. Each five words of scales serve 256 numbers: the first holds d and m as f16, d in the lower
    half, the others 16 bytes. With 4 or 5 `bits`, 32 numbers q share two bytes s and t: d * s * q - m * t.
    With 2 bits, 16 numbers share a byte, s in its lower half and t in its upper. With 3, 6 or 8 bits,
    16 numbers share a signed byte s: d * s * (q - 2^(bits - 1)).
  }];
  let arguments = (ins AnyRankedTensor:$packed, AnyRankedTensor:$scales, I64Attr:$bits,
                       TypeAttr:$dtype);
  let dtypes = Words;
  let inferRule = "dequantize_k";
  let derivative = NonDiff<"its operands are packed numbers">;
}

def DequantizeFloatOp : Array_Op<"dequantize_float", QuantizedClass> {
  let summary = "Packed floats of 4 or 8 bits times scales that groups of them share";
  let description = [{
    packed [..., K * bits / 32] (u32), as of `dequantize`, and scales [..., K / group_size] of a float type to
    [..., K] of `dtype`. A number has a sign bit above `exponent_bits` and `mantissa_bits`: e2m1, e4m3 or
    e5m2, with denormals and without infinities and NaN (runtime/program/float_encoding.h). `group_size` is
    16, 32, 64 or 128; rows are multiples of 32.
  }];
  let arguments = (ins AnyRankedTensor:$packed, AnyRankedTensor:$scales, I64Attr:$exponent_bits,
                       I64Attr:$mantissa_bits, I64Attr:$group_size, TypeAttr:$dtype);
  let dtypes = Words;
  let inferRule = "dequantize_float";
  let derivative = NonDiff<"its operands are packed numbers">;
}

// --------------------------------------------------------------------------------- gather, scatter

def TakeOp : Array_Op<"take", GatherClass> {
  let summary = "Rows of `input` along `axis`, chosen by integer `indices` of any shape";
  let description = [{ Negative indices count from the end; an index outside the axis reads 0. }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$indices, I64Attr:$axis);
  let dtypes = AnyDType;
  let inferRule = "take";
}
def TakeAlongAxisOp : Array_Op<"take_along_axis", GatherClass> {
  let summary = "Elements chosen one by one along `axis`; other axes of both operands agree";
  let description = [{ Negative indices count from the end; an index outside the axis reads 0. }];
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$indices, I64Attr:$axis);
  let dtypes = AnyDType;
  let inferRule = "take_along_axis";
}
def ScatterOp : Array_Op<"scatter", GatherClass> {
  let summary = "`target` with rows replaced: result[i[p], p'] = updates[p, p'] along `axis`";
  let description = [{
    `indices` has the shape of `updates`, or size 1 on axes over which one index serves. An index
    outside [0, size) drops its update (negative indices do not wrap). When two updates meet, the one
    with the higher index along `axis` wins.
  }];
  let arguments = (ins AnyRankedTensor:$target, AnyRankedTensor:$indices, AnyRankedTensor:$updates, I64Attr:$axis);
  let dtypes = AnyDType;
  let inferRule = "scatter";
}
def ScatterAddOp : Array_Op<"scatter_add", GatherClass> {
  let summary = "`target` with updates added at indices; indices as in scatter";
  let description = [{ Updates that meet are added in the order of their index along `axis`. }];
  let arguments = (ins AnyRankedTensor:$target, AnyRankedTensor:$indices, AnyRankedTensor:$updates, I64Attr:$axis);
  let inferRule = "scatter";
}

// ------------------------------------------------------------------------------------- scan, sort

def CumsumOp : Array_Op<"cumsum", ScanClass> {
  let summary = "Running sum along `axis`";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$axis, BoolAttr:$reverse, BoolAttr:$exclusive);
  let inferRule = "same_type";
}
def SortOp : Array_Op<"sort", SortClass> {
  let summary = "Sorted along `axis`; NaN last";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$axis, BoolAttr:$descending);
  let inferRule = "same_type";
}
def ArgSortOp : Array_Op<"argsort", SortClass> {
  let summary = "Indices (i32) that sort along `axis`; stable; NaN last";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$axis, BoolAttr:$descending);
  let inferRule = "arg_sort";
  let derivative = Indices;
}
def TopKOp : Array_Op<"topk_indices", SortClass> {
  let summary = "Indices (i32) of the `k` largest along `axis`, largest first; ties: the lowest index; NaN last";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$k, I64Attr:$axis);
  let inferRule = "topk";
  let derivative = Indices;
}

// ----------------------------------------------------------------------------------- custom kernels

def CustomKernelOp : Array_Op<"custom_kernel", CustomClass> {
  let summary = "What a kernel given as SPIR-V computes";
  let description = [{
    `spirv`: the words of a module with one entry point, which keeps to the kernel ABI: its record has the
    addresses of the inputs and then of the result. `shape` and `dtype` are the result's; `workgroups` and
    `workgroup_size` have three numbers each. The kernel must write every element of the result. It has no
    reference, and no derivative but the one that the front end is given.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, DenseI64ArrayAttr:$shape, TypeAttr:$dtype,
                       DenseI64ArrayAttr:$spirv, DenseI64ArrayAttr:$workgroups, DenseI64ArrayAttr:$workgroup_size);
  let dtypes = AnyDType;
  let inferRule = "custom_kernel";
}

#endif
