// SPDX-License-Identifier: Apache-2.0
#include "ir/kernel_region.h"

#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::kernel {

RegionView view_of(FusedOp op) {
  return {op, &op.getBody().front(), op.getRoot(), op.getInplace()};
}

RegionView view_of(DefOp op) {
  return {op, &op.getBody().front(), op.getRoot(), op.getInplace()};
}

std::string region_text(const RegionView& region) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << region.root << ' ';
  llvm::interleaveComma(region.inplace, stream);
  // Numbers values from 0 within the region, whatever surrounds it.
  llvm::DenseMap<Value, std::size_t> numbers;
  for (BlockArgument argument : region.body->getArguments()) {
    numbers[argument] = numbers.size();
    stream << '\n' << argument.getType();
  }
  for (Operation& op : *region.body) {
    stream << '\n' << op.getName() << ' ' << op.getAttrDictionary();
    for (Value operand : op.getOperands())
      stream << " %" << numbers.lookup(operand);
    for (Value result : op.getResults()) {
      numbers[result] = numbers.size();
      stream << ' ' << result.getType();
    }
  }
  return text;
}

std::int64_t element_count(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return type.hasStaticShape() ? type.getNumElements() : kDynamic;
}

std::int64_t innermost(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return type.getRank() == 0 ? 1 : type.getShape().back();
}

RankedTensorType Store::domain() const {
  return cast<RankedTensorType>(value.getType());
}

bool is_updated(const RegionView& region, BlockArgument input) {
  return llvm::is_contained(region.inplace, input.getArgNumber()) ||
         llvm::any_of(input.getUses(), [](OpOperand& use) {
           return isa<AttentionCombineOp>(use.getOwner()) && use.getOperandNumber() == 1;
         });
}

bool reads_only_old_rows(const RegionView& region, BlockArgument input) {
  if (region.root != "attention" || !input.hasOneUse())
    return false;
  auto append = dyn_cast<ir::ScatterOp>(*input.user_begin());
  return append && append->getOperand(0) == input &&
         llvm::all_of(append->getUses(), [](OpOperand& use) {
           const unsigned operand = use.getOperandNumber();
           return isa<YieldOp>(use.getOwner()) ||
                  (isa<ir::AttentionOp, AttentionPartialOp>(use.getOwner()) &&
                   (operand == 1 || operand == 2));
         });
}

// Appends the scatters between `operand` and `value`, first one first.
static bool append_scatters(Value value, Value operand, unsigned buffer,
                            SmallVectorImpl<Store>& stores) {
  SmallVector<Store> chain;
  while (value != operand) {
    Operation* scatter = value.getDefiningOp();
    if (!isa_and_nonnull<ir::ScatterOp, ir::ScatterAddOp>(scatter))
      return false;
    chain.push_back({scatter->getOperand(2), scatter, buffer});
    value = scatter->getOperand(0);
  }
  stores.append(chain.rbegin(), chain.rend());
  return true;
}

std::optional<SmallVector<Store>> stores_of(const RegionView& region) {
  SmallVector<Store> stores;
  unsigned buffer = region.body->getNumArguments();
  for (auto [value, operand] : llvm::zip_equal(region.outputs(), region.inplace)) {
    if (operand < 0) {
      stores.push_back({value, nullptr, buffer++});
      continue;
    }
    Value target = region.body->getArgument(static_cast<unsigned>(operand));
    if (!append_scatters(value, target, static_cast<unsigned>(operand), stores))
      return std::nullopt;
  }
  return stores;
}

bool is_unpacking(Operation* op) {
  const OpInfo* info = op ? ir::find_op_info(op) : nullptr;
  return info && info->op_class == OpClass::quantized;
}

bool is_reduction(Operation* op) {
  const OpInfo* info = ir::find_op_info(op);
  return info && info->op_class == OpClass::reduction;
}

static SmallVector<std::int64_t> reduced_axes(Operation* op) {
  if (auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes"))
    return SmallVector<std::int64_t>(axes.asArrayRef());
  return {op->getAttrOfType<IntegerAttr>("axis").getInt()};
}

std::optional<RowShape> row_shape_of(Operation* op) {
  if (!is_reduction(op))
    return std::nullopt;
  auto input = cast<RankedTensorType>(op->getOperand(0).getType());
  SmallVector<bool> reduced(static_cast<std::size_t>(input.getRank()), false);
  for (std::int64_t axis : reduced_axes(op))
    reduced[static_cast<std::size_t>(axis)] = true;
  RowShape shape{1, 1, 0};
  bool seen = false;
  for (auto [extent, is_reduced] : llvm::zip_equal(input.getShape(), reduced)) {
    seen |= is_reduced;
    if (seen && !is_reduced && extent != 1)
      return std::nullopt;
    (seen ? shape.length : shape.rows) *= extent;
    shape.leading_axes += seen ? 0 : 1;
  }
  return shape;
}

OpSet ops_behind(ValueRange values, llvm::function_ref<bool(Operation*)> predicate) {
  // Depth first with an explicit stack: regions come from user graphs of any depth.
  llvm::DenseSet<Operation*> reached;
  SmallVector<Operation*> stack;
  auto visit = [&](ValueRange operands) {
    for (Value v : operands)
      if (Operation* op = v.getDefiningOp(); op && reached.insert(op).second)
        stack.push_back(op);
  };
  visit(values);
  while (!stack.empty())
    visit(stack.pop_back_val()->getOperands());
  if (reached.empty())
    return {};
  OpSet found;
  for (Operation& op : *(*reached.begin())->getBlock())
    if (reached.contains(&op) && predicate(&op))
      found.insert(&op);
  return found;
}

Operation* choice_of_matrices(const RegionView& region) {
  for (auto product : region.body->getOps<ir::ExpertMatmulOp>())
    for (Operation* topk : ops_behind(product.getIds(), llvm::IsaPred<ir::TopKOp>))
      return topk;
  return nullptr;
}

SmallVector<Operation*> roots_of(const RegionView& region) {
  SmallVector<Operation*> roots;
  Operation* choice = choice_of_matrices(region);
  for (Operation& op : *region.body)
    if (&op != choice &&
        isa<ir::MatmulOp, ir::ExpertMatmulOp, GroupedMatmulOp, ir::AttentionOp, AttentionPartialOp,
            ir::CumsumOp, ir::SortOp, ir::ArgSortOp, ir::TopKOp>(op))
      roots.push_back(&op);
  return roots;
}

// Whether the slice takes all of axis `axis`.
static bool takes_all(ir::SliceOp slice, unsigned axis) {
  return slice.getStarts()[axis] == 0 && slice.getSteps()[axis] == 1 &&
         slice.getSizes()[axis] ==
             cast<RankedTensorType>(slice.getInput().getType()).getDimSize(axis);
}

ExpertOutputs expert_outputs(Operation* op) {
  auto product = cast<ir::ExpertMatmulOp>(op);
  const unsigned n = product.getTransposeRhs() ? 1 : 2, k = 3 - n;
  ExpertOutputs outputs{product.getRhs()};
  for (auto slice = outputs.matrices.getDefiningOp<ir::SliceOp>();
       slice && takes_all(slice, 0) && takes_all(slice, k);
       slice = outputs.matrices.getDefiningOp<ir::SliceOp>()) {
    outputs.start = slice.getStarts()[n] + outputs.start * slice.getSteps()[n];
    outputs.step *= slice.getSteps()[n];
    outputs.matrices = slice.getInput();
  }
  return outputs;
}

Value weights_of(Operation* product) {
  return isa<ir::ExpertMatmulOp>(product) ? expert_outputs(product).matrices
                                          : product->getOperand(1);
}

bool Part::stores_one_per_row() const {
  return rows > 0 && llvm::all_of(stores, [&](const Store& store) {
           return element_count(store.value.getType()) == rows;
         });
}

// A store without reductions rides along with rows that it can be cut into, so that both read
// their shared operands once, or of which it has one element each.
static Part* find_part(SmallVectorImpl<Part>& parts, const Store& store, std::int64_t rows) {
  const std::int64_t elements = element_count(store.value.getType());
  for (Part& part : parts) {
    if (rows > 0 ? part.rows == rows : part.rows == 0 && part.elements == elements)
      return &part;
    if (rows > 0 || part.rows == 0)
      continue;
    if (part.rows == elements)
      return &part;
    for (Operation* reduction : part.reductions)
      if (element_count(reduction->getOperand(0).getType()) == elements)
        return &part;
  }
  return nullptr;
}

static void add_store(SmallVectorImpl<Part>& parts, const Store& store, const OpSet& reductions) {
  std::int64_t rows = 0;
  if (!reductions.empty())
    if (auto shape = row_shape_of(reductions.front()))
      rows = shape->rows;
  Part* part = find_part(parts, store, rows);
  if (!part) {
    parts.emplace_back();
    part = &parts.back();
    part->rows = rows;
    part->elements = element_count(store.value.getType());
  }
  part->stores.push_back(store);
  part->reductions.insert(reductions.begin(), reductions.end());
}

SmallVector<Part> parts_of(ArrayRef<Store> stores) {
  SmallVector<Part> parts;
  // Rows first: other stores may join them.
  for (bool with_reductions : {true, false})
    for (const Store& store : stores) {
      SmallVector<Value> needed{store.value};
      if (store.scatter)
        needed.push_back(store.scatter->getOperand(1));
      OpSet reductions = ops_behind(needed, is_reduction);
      if (element_count(store.value.getType()) > 0 && reductions.empty() != with_reductions)
        add_store(parts, store, reductions);
    }
  for (Part& part : parts) {
    SmallVector<Operation*> ordered = part.reductions.takeVector();
    llvm::sort(ordered, [](Operation* a, Operation* b) { return a->isBeforeInBlock(b); });
    part.reductions.insert(ordered.begin(), ordered.end());
  }
  return parts;
}

}  // namespace ashlar::kernel
