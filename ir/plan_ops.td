// SPDX-License-Identifier: Apache-2.0
// The `plan` dialect (level L4): buffers with residency, dispatches, barriers.
#ifndef ASHLAR_PLAN_OPS_TD
#define ASHLAR_PLAN_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::ashlar::plan";
  let summary = "Who runs when, on which bytes";
  let description = [{
    One `plan.entry` per entry: commands in order. Every buffer is a `#plan.range` of a space: a weight
    group, the constants, a state, the arena, an input or an output. A command never depends on
    values that change from run to run. The output of a `#plan.donation` and its input may be one buffer or two.
  }];
  let useDefaultAttributePrinterParser = 1;
}

// `space`: weight, constant, state, arena, input or output, as ashlar::Space. `access`: r, w or rw.
def Plan_RangeAttr : AttrDef<Plan_Dialect, "Range"> {
  let mnemonic = "range";
  let summary = "Bytes of one buffer, and what a command does with them";
  let parameters = (ins StringRefParameter<"space">:$space, "int64_t":$index, "int64_t":$offset,
                        "int64_t":$bytes, StringRefParameter<"access">:$access);
  let assemblyFormat = "`<` $space `[` $index `]` `+` $offset `,` $bytes `,` $access `>`";
}

def Plan_RangeArrayAttr : TypedArrayAttrBase<Plan_RangeAttr, "array of #plan.range">;

def Plan_DonationAttr : AttrDef<Plan_Dialect, "Donation"> {
  let mnemonic = "donation";
  let summary = "An input whose memory the caller gives away, and the output, if any, that may lie there";
  let parameters = (ins "int64_t":$input, DefaultValuedParameter<"int64_t", "-1">:$output);
  let assemblyFormat = "`<` $input (`to` $output^)? `>`";
  let extraClassDeclaration = "bool has_output() const { return getOutput() >= 0; }";
}

def Plan_DonationArrayAttr : TypedArrayAttrBase<Plan_DonationAttr, "array of #plan.donation">;

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_WeightGroupOp : Plan_Op<"weight_group"> {
  let summary = "Weights that lie adjacent in memory";
  let arguments = (ins I64Attr:$index, StrArrayAttr:$names, TypeArrayAttr:$types, DenseI64ArrayAttr:$offsets, I64Attr:$bytes);
  let assemblyFormat = "$index $names `at` $offsets `bytes` $bytes `types` $types attr-dict";
}

def Plan_ConstantsOp : Plan_Op<"constants"> {
  let summary = "Contents of the constant buffer";
  let arguments = (ins DenseI8ArrayAttr:$data);
  let assemblyFormat = "$data attr-dict";
}

def Plan_EntryOp : Plan_Op<"entry", [Symbol, SingleBlock, NoTerminator, IsolatedFromAbove]> {
  let summary = "The commands of one entry";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeArrayAttr:$inputs, TypeArrayAttr:$outputs, I64Attr:$arena_bytes,
                       OptionalAttr<StrArrayAttr>:$input_names, OptionalAttr<StrArrayAttr>:$output_names,
                       OptionalAttr<Plan_DonationArrayAttr>:$donations);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `inputs` $inputs `outputs` $outputs `arena` $arena_bytes attr-dict-with-keyword $body";
}

def Plan_DispatchOp : Plan_Op<"dispatch"> {
  let summary = "Runs a kernel once";
  let description = [{ Arguments in the order of kernel.buffer: inputs, then outputs that are not in place. }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Plan_RangeArrayAttr:$ranges, StrAttr:$label,
                       OptionalAttr<DictionaryAttr>:$cost, OptionalAttr<DenseI32ArrayAttr>:$scalars);
  let assemblyFormat = "$kernel $ranges `label` $label (`cost` $cost^)? (`scalars` $scalars^)? attr-dict";
}

def Plan_CopyOp : Plan_Op<"copy"> {
  let summary = "Copies bytes between buffers";
  let arguments = (ins Plan_RangeAttr:$source, Plan_RangeAttr:$target, StrAttr:$label);
  let assemblyFormat = "$source `to` $target `label` $label attr-dict";
}

def Plan_BarrierOp : Plan_Op<"barrier"> {
  let summary = "Everything before is visible to everything after";
  let assemblyFormat = "attr-dict";
}

#endif
