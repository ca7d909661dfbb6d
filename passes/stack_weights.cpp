// SPDX-License-Identifier: Apache-2.0
// ashlar-stack-weights: matmuls that share a left side become one over stacked weights.
//
//   %q = ashlar.matmul %x, %wq                 %w = ashlar.weight ["q", "k"] {rows = [256, 128]}
//   %k = ashlar.matmul %x, %wk          =>     %y = ashlar.matmul %x, %w
//                                              %q = ashlar.slice %y ...
//                                              %k = ashlar.slice %y ...
//
// Not stacked: matmuls whose results meet in an elementwise op (gate * up): they share one kernel
// as they are, and its epilogue joins them. A weight belongs to one stack at most, over all
// entries.
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/scope.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_STACKWEIGHTS
#include "passes/passes.h.inc"

namespace {

using Stack = SmallVector<ir::MatmulOp>;

ir::WeightOp single_weight(ir::MatmulOp matmul) {
  auto weight = matmul.getRhs().getDefiningOp<ir::WeightOp>();
  const bool fits = weight && weight.getNames().size() == 1 && matmul.getTransposeRhs() &&
                    cast<RankedTensorType>(weight.getType()).getRank() == 2;
  return fits ? weight : ir::WeightOp();
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

struct StackWeightsPass : impl::StackWeightsBase<StackWeightsPass> {
  using StackWeightsBase::StackWeightsBase;

  void runOnOperation() override {
    SmallVector<Stack> stacks;
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block& block : function.getBody())
        llvm::append_range(stacks, candidates(block));
    // The longest stack decides where a weight lies; shorter ones are runs of it.
    llvm::stable_sort(stacks, [](const Stack& a, const Stack& b) { return a.size() > b.size(); });
    places_.clear();
    for (Stack& stack : stacks)
      if (arrange(stack))
        rewrite(stack);
  }

private:
  struct Place {
    std::size_t stack;
    std::size_t position;
  };

  // Matmuls of one left side, result type and weight type that do not meet.
  static SmallVector<Stack> candidates(Block& block) {
    llvm::MapVector<std::tuple<Value, Type, Type>, Stack> by_input;
    for (auto matmul : block.getOps<ir::MatmulOp>())
      if (single_weight(matmul))
        by_input[{matmul.getLhs(), element_type(matmul.getRhs()), element_type(matmul.getResult())}]
            .push_back(matmul);
    SmallVector<Stack> result;
    for (auto& [input, all] : by_input) {
      Stack apart;
      for (ir::MatmulOp matmul : all)
        if (llvm::none_of(all, [&](ir::MatmulOp m) { return m != matmul && meet(m, matmul); }))
          apart.push_back(matmul);
      if (apart.size() > 1)
        result.push_back(std::move(apart));
    }
    return result;
  }

  // Orders the members as they lie in memory. False when they cannot lie next to each other.
  bool arrange(Stack& stack) {
    llvm::StringSet<> members;
    std::size_t known = 0;
    for (ir::MatmulOp matmul : stack) {
      if (!members.insert(name_of(matmul)).second)
        return false;
      known += places_.contains(name_of(matmul)) ? 1 : 0;
    }
    if (known == 0) {
      const std::size_t index = stack_count_++;
      for (auto [position, matmul] : llvm::enumerate(stack))
        places_[name_of(matmul)] = {index, position};
      return true;
    }
    if (known < stack.size())
      return false;
    auto place = [&](ir::MatmulOp matmul) { return places_.lookup(name_of(matmul)); };
    llvm::sort(stack, [&](ir::MatmulOp a, ir::MatmulOp b) {
      return place(a).position < place(b).position;
    });
    for (auto [i, matmul] : llvm::enumerate(stack))
      if (place(matmul).stack != place(stack.front()).stack ||
          place(matmul).position != place(stack.front()).position + i)
        return false;
    return true;
  }

  static StringRef name_of(ir::MatmulOp matmul) {
    return cast<StringAttr>(single_weight(matmul).getNames()[0]).getValue();
  }

  static void rewrite(const Stack& stack) {
    ir::MatmulOp first = *std::ranges::min_element(
        stack, [](ir::MatmulOp a, ir::MatmulOp b) { return a->isBeforeInBlock(b); });
    OpBuilder builder(first);
    SmallVector<Attribute> names;
    SmallVector<std::int64_t> rows;
    SmallVector<Location> locations;
    std::int64_t total = 0;
    for (ir::MatmulOp matmul : stack) {
      auto weight = single_weight(matmul);
      names.push_back(weight.getNames()[0]);
      rows.push_back(cast<RankedTensorType>(weight.getType()).getDimSize(0));
      locations.push_back(matmul.getLoc());
      total += rows.back();
    }
    auto type = cast<RankedTensorType>(first.getRhs().getType());
    auto weight = ir::WeightOp::create(
        builder, fuse_locations(builder.getContext(), locations),
        RankedTensorType::get({total, type.getDimSize(1)}, type.getElementType()),
        builder.getArrayAttr(names));
    weight->setAttr("rows", builder.getDenseI64ArrayAttr(rows));
    Attributes attributes = ir::attributes_of(first);
    Value product = ir::create_op(builder, weight.getLoc(), OpKind::matmul,
                                  {first.getLhs(), weight.getResult()}, attributes);
    std::int64_t start = 0;
    for (auto [matmul, size] : llvm::zip_equal(stack, rows)) {
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
  std::size_t stack_count_ = 0;
};

}  // namespace
}  // namespace ashlar
