// SPDX-License-Identifier: Apache-2.0
// ashlar-stack-weights: matmuls that share a left side become one over stacked weights.
//
//   %q = ashlar.matmul %x, %wq                 %w = ashlar.weight ["q", "k"] {rows = [256, 128]}
//   %k = ashlar.matmul %x, %wk          =>     %y = ashlar.matmul %x, %w
//                                              %q = ashlar.slice %y ...
//                                              %k = ashlar.slice %y ...
//
// Packed weights (ashlar.dequantize of three weights, ashlar.dequantize_k and dequantize_float of
// two) are stacked part by part: the packed words, the scales and the biases.
//
// Not stacked: matmuls whose results meet in an elementwise op (gate * up): they share one kernel
// as they are, and its epilogue joins them; and those with an epilogue worth keeping, which spans
// whole results: a costly function, or the window of a convolution, which elementwise ops take from
// a state. A weight belongs to one stack at most, over all entries.
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/scope.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_STACKWEIGHTS
#include "passes/passes.h.inc"

namespace {

using Stack = SmallVector<ir::MatmulOp>;

// What unpacks a right side; null where it is not packed.
Operation* unpacking_of(ir::MatmulOp matmul) {
  Operation* op = matmul.getRhs().getDefiningOp();
  return op && isa<ir::DequantizeOp, ir::DequantizeKOp, ir::DequantizeFloatOp>(op) ? op : nullptr;
}

// The weights that make up a right side [N, K]: one, or the parts of a packed one. Empty when
// there is something else between them and the matmul.
SmallVector<ir::WeightOp> weights_of(ir::MatmulOp matmul) {
  SmallVector<Value> parts{matmul.getRhs()};
  if (Operation* unpacking = unpacking_of(matmul))
    parts = llvm::to_vector(unpacking->getOperands());
  SmallVector<ir::WeightOp> weights;
  for (Value part : parts) {
    auto weight = part.getDefiningOp<ir::WeightOp>();
    const bool fits = weight && weight.getNames().size() == 1 && matmul.getTransposeRhs() &&
                      cast<RankedTensorType>(weight.getType()).getRank() == 2;
    if (!fits)
      return {};
    weights.push_back(weight);
  }
  return weights;
}

StringAttr name_of(ir::WeightOp weight) {
  return cast<StringAttr>(weight.getNames()[0]);
}

std::int64_t rows_of(ir::WeightOp weight) {
  return cast<RankedTensorType>(weight.getType()).getDimSize(0);
}

// Equal for right sides that may lie in one stack: the types of a row, and how it is unpacked.
Attribute row_format(ir::MatmulOp matmul) {
  Builder builder(matmul.getContext());
  SmallVector<Attribute> format;
  for (ir::WeightOp weight : weights_of(matmul)) {
    auto type = cast<RankedTensorType>(weight.getType());
    format.push_back(
        TypeAttr::get(RankedTensorType::get(type.getDimSize(1), type.getElementType())));
  }
  if (Operation* unpacking = unpacking_of(matmul)) {
    format.push_back(builder.getStringAttr(unpacking->getName().getStringRef()));
    format.push_back(unpacking->getAttrDictionary());
  }
  return builder.getArrayAttr(format);
}

Type element_type(Value value) {
  return getElementTypeOrSelf(value.getType());
}

// What elementwise ops and reshapes make of a value.
llvm::SetVector<Operation*> elementwise_users(Value value) {
  llvm::SetVector<Operation*> users;
  auto add = [&](Value from) {
    for (Operation* user : from.getUsers())
      if (is_elementwise(user) || isa<ir::ReshapeOp>(user))
        users.insert(user);
  };
  add(value);
  for (std::size_t i = 0; i < users.size(); ++i)
    add(users[i]->getResult(0));
  return users;
}

bool meet(ir::MatmulOp a, ir::MatmulOp b) {
  const auto users = elementwise_users(a.getResult());
  return llvm::any_of(elementwise_users(b.getResult()),
                      [&](Operation* user) { return users.contains(user); });
}

// Whether index maps and elementwise ops lead from a state of at least `size` numbers to `value`.
bool follows_from_state(Value value, std::int64_t size) {
  llvm::SetVector<Operation*> behind;
  const auto add = [&](Value operand) {
    Operation* op = operand.getDefiningOp();
    if (op && (is_inlinable(op) || isa<ir::StateReadOp>(op)))
      behind.insert(op);
  };
  add(value);
  for (std::size_t i = 0; i < behind.size(); ++i)
    llvm::for_each(behind[i]->getOperands(), add);
  return llvm::any_of(behind, [&](Operation* op) {
    return isa<ir::StateReadOp>(op) && element_count(op->getResult(0)) >= size;
  });
}

bool has_epilogue(ir::MatmulOp matmul) {
  const std::int64_t size = element_count(matmul.getResult());
  return llvm::any_of(elementwise_users(matmul.getResult()), [&](Operation* user) {
    return is_costly(user) || llvm::any_of(user->getOperands(), [&](Value operand) {
             return follows_from_state(operand, size);
           });
  });
}

struct StackWeightsPass : impl::StackWeightsBase<StackWeightsPass> {
  using StackWeightsBase::StackWeightsBase;

  void runOnOperation() override {
    // The longest stack decides where a weight lies; shorter ones are runs of it. Of equal ones
    // that of the function that stacks most: there all layers look alike, and share kernels.
    SmallVector<SmallVector<Stack>> of_functions;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto& stacks = of_functions.emplace_back();
      for (Block& block : function.getBody())
        llvm::append_range(stacks, candidates(block));
    }
    llvm::stable_sort(of_functions,
                      [](const auto& a, const auto& b) { return matmuls_of(a) > matmuls_of(b); });
    SmallVector<Stack> stacks;
    for (auto& some : of_functions)
      llvm::append_range(stacks, std::move(some));
    llvm::stable_sort(stacks, [](const Stack& a, const Stack& b) { return a.size() > b.size(); });
    places_.clear();
    owners_.clear();
    for (Stack& stack : stacks)
      if (arrange(stack))
        rewrite(stack);
  }

private:
  struct Place {
    std::size_t stack;
    std::size_t position;
  };

  static std::size_t matmuls_of(ArrayRef<Stack> stacks) {
    return std::accumulate(stacks.begin(), stacks.end(), std::size_t{0},
                           [](std::size_t sum, const Stack& stack) { return sum + stack.size(); });
  }

  // Matmuls of one left side, result type and row format that do not meet.
  static SmallVector<Stack> candidates(Block& block) {
    llvm::MapVector<std::tuple<Value, Attribute, Type>, Stack> by_input;
    for (auto matmul : block.getOps<ir::MatmulOp>())
      if (!weights_of(matmul).empty())
        by_input[{matmul.getLhs(), row_format(matmul), element_type(matmul.getResult())}].push_back(
            matmul);
    SmallVector<Stack> result;
    for (auto& [input, all] : by_input) {
      Stack apart;
      for (ir::MatmulOp matmul : all)
        if (!has_epilogue(matmul) &&
            llvm::none_of(all, [&](ir::MatmulOp m) { return m != matmul && meet(m, matmul); }))
          apart.push_back(matmul);
      if (apart.size() > 1)
        result.push_back(std::move(apart));
    }
    return result;
  }

  // The name of the first weight stands for all parts, which are stacked alike. False for a part
  // that belongs to two of them.
  bool claim_parts(ir::MatmulOp matmul) {
    const SmallVector<ir::WeightOp> weights = weights_of(matmul);
    return llvm::all_of(weights, [&](ir::WeightOp part) {
      const StringAttr whole = name_of(weights.front());
      return owners_.try_emplace(name_of(part).getValue(), whole).first->second == whole;
    });
  }

  // Orders the members as they lie in memory. False when they cannot lie next to each other.
  bool arrange(Stack& stack) {
    llvm::StringSet<> members;
    std::size_t known = 0;
    for (ir::MatmulOp matmul : stack) {
      if (!members.insert(key_of(matmul)).second || !claim_parts(matmul))
        return false;
      known += places_.contains(key_of(matmul)) ? 1 : 0;
    }
    if (known == 0) {
      const std::size_t index = stack_count_++;
      for (auto [position, matmul] : llvm::enumerate(stack))
        places_[key_of(matmul)] = {index, position};
      return true;
    }
    if (known < stack.size())
      return false;
    auto place = [&](ir::MatmulOp matmul) { return places_.lookup(key_of(matmul)); };
    llvm::sort(stack, [&](ir::MatmulOp a, ir::MatmulOp b) {
      return place(a).position < place(b).position;
    });
    for (auto [i, matmul] : llvm::enumerate(stack))
      if (place(matmul).stack != place(stack.front()).stack ||
          place(matmul).position != place(stack.front()).position + i)
        return false;
    return true;
  }

  static StringRef key_of(ir::MatmulOp matmul) {
    return name_of(weights_of(matmul).front()).getValue();
  }

  // One weight out of part number `part` of every member.
  static Value stack_part(OpBuilder& builder, Location location, const Stack& stack,
                          std::size_t part) {
    SmallVector<Attribute> names;
    SmallVector<std::int64_t> rows;
    for (ir::MatmulOp matmul : stack) {
      names.push_back(name_of(weights_of(matmul)[part]));
      rows.push_back(rows_of(weights_of(matmul)[part]));
    }
    auto type = cast<RankedTensorType>(weights_of(stack.front())[part].getType());
    auto weight = ir::WeightOp::create(
        builder, location,
        RankedTensorType::get(
            {std::accumulate(rows.begin(), rows.end(), std::int64_t{0}), type.getDimSize(1)},
            type.getElementType()),
        builder.getArrayAttr(names));
    weight->setAttr("rows", builder.getDenseI64ArrayAttr(rows));
    return weight;
  }

  static void rewrite(const Stack& stack) {
    ir::MatmulOp first = *std::ranges::min_element(
        stack, [](ir::MatmulOp a, ir::MatmulOp b) { return a->isBeforeInBlock(b); });
    OpBuilder builder(first);
    SmallVector<Location> locations;
    for (ir::MatmulOp matmul : stack)
      locations.push_back(matmul.getLoc());
    const Location location = fuse_locations(builder.getContext(), locations);
    SmallVector<Value> parts;
    for (std::size_t part = 0; part < weights_of(first).size(); ++part)
      parts.push_back(stack_part(builder, location, stack, part));
    Value right = parts.front();
    if (Operation* unpacking = unpacking_of(first))
      right = ir::create_op(builder, location, ir::find_op_info(unpacking)->kind, parts,
                            ir::attributes_of(unpacking));
    Value product = ir::create_op(builder, location, OpKind::matmul, {first.getLhs(), right},
                                  ir::attributes_of(first));
    std::int64_t start = 0;
    for (ir::MatmulOp matmul : stack) {
      const std::int64_t size = rows_of(weights_of(matmul).front());
      slice(builder, matmul, product, start, size);
      start += size;
    }
    for (ir::MatmulOp matmul : stack)
      matmul.erase();
  }

  static void slice(OpBuilder& builder, ir::MatmulOp matmul, Value product, std::int64_t start,
                    std::int64_t size) {
    auto type = cast<RankedTensorType>(product.getType());
    std::vector<std::int64_t> starts(static_cast<std::size_t>(type.getRank()), 0);
    std::vector<std::int64_t> sizes = type.getShape().vec();
    const std::vector<std::int64_t> steps(starts.size(), 1);
    starts.back() = start;
    sizes.back() = size;
    Value part = ir::create_op(builder, matmul.getLoc(), OpKind::slice, product,
                               {{"starts", starts}, {"sizes", sizes}, {"steps", steps}});
    matmul.getResult().replaceAllUsesWith(part);
  }

  llvm::StringMap<Place> places_;
  llvm::StringMap<StringAttr> owners_;
  std::size_t stack_count_ = 0;
};

}  // namespace
}  // namespace ashlar
