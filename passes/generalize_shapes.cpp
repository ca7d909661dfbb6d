// SPDX-License-Identifier: Apache-2.0
// ashlar-generalize-shapes: elementwise kernels take extents and strides at run time.
//
//   %y = kernel.fused "elementwise"(%a, %b) inplace [-1] schedule <"elementwise", ...> {
//   ^bb0(%a: tensor<3x8xf32>, %b: tensor<8xf32>): broadcast %b; add; kernel.yield tensor<3x8xf32> }
//     =>
//   %y = kernel.fused "elementwise"(%a, %b) inplace [-1]
//          schedule <"strided", {rank = 2, width = 4, workgroup = 256}>
//          scalars [6, 8,  0, 8, 1,  0, 0, 1] {
//   ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
//     %x = kernel.view 0 "adjacent" of %a : (tensor<?xf32>) -> tensor<f32>
//     %z = kernel.view 1 "adjacent" of %b : (tensor<?xf32>) -> tensor<f32>
//     %s = ashlar.add %x, %z : (tensor<f32>, tensor<f32>) -> tensor<f32>
//     kernel.yield %s }
//
// Movement becomes strides, so that views of any shape share one kernel as long as they have the
// same rank after neighbouring axes are joined. Kernels with other index maps (pad, concat,
// gathers, joined axes), reductions, scatters or outputs of several shapes keep their extents.
#include "ir/strided_kernel.h"
#include "passes/device_of_pass.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/strided_access.h"

#include "mlir/IR/IRMapping.h"

#include <limits>
#include <map>
#include <vector>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_GENERALIZESHAPES
#include "passes/passes.h.inc"

namespace {

constexpr std::int64_t kWidth = 4;
constexpr std::int64_t kWorkgroup = 256;
constexpr std::int64_t kMostElements = std::numeric_limits<std::int32_t>::max();

// One kernel.view that the body needs.
struct View {
  kernel::ViewOp op;
  LinearForm form;
};

class Generalizer {
public:
  Generalizer(kernel::FusedOp fused, const DeviceProfile& profile)
      : fused_(fused), profile_(profile), builder_(fused.getContext()) {}

  // Whether the kernel was replaced.
  bool run() {
    if (!is_candidate())
      return false;
    begin_body();
    SmallVector<Value> results;
    const auto rank = static_cast<std::size_t>(domain_.getRank());
    for (Value output : fused_.getBody().front().getTerminator()->getOperands()) {
      Value element = at(output, identity_forms(rank));
      if (!element)
        return false;
      results.push_back(element);
    }
    kernel::YieldOp::create(builder_, fused_.getLoc(), results);
    return replace();
  }

private:
  bool is_candidate() {
    if (fused_.getRoot() != "elementwise" || fused_.getNumResults() == 0 ||
        llvm::any_of(fused_.getInplace(), [](std::int64_t i) { return i >= 0; }))
      return false;
    auto is_small = [](Type type) {
      auto tensor = cast<RankedTensorType>(type);
      return tensor.hasStaticShape() && tensor.getNumElements() <= kMostElements;
    };
    domain_ = cast<RankedTensorType>(fused_.getResultTypes().front());
    return llvm::all_of(fused_.getInputs().getTypes(), is_small) && is_small(domain_) &&
           domain_.getNumElements() > 0 && llvm::all_of(fused_.getResultTypes(), [&](Type type) {
             return cast<RankedTensorType>(type).getShape() == domain_.getShape();
           });
  }

  void begin_body() {
    body_ = std::make_unique<Block>();
    for (Value input : fused_.getInputs()) {
      Type element = cast<RankedTensorType>(input.getType()).getElementType();
      body_->addArgument(RankedTensorType::get({ShapedType::kDynamic}, element), input.getLoc());
    }
    builder_.setInsertionPointToEnd(body_.get());
  }

  // ---- The element of `value` at `index`, which is computed from the present point

  Value at(Value value, const IndexForms& index) {
    auto [slot, is_new] = elements_.try_emplace(key_of(value, index));
    if (is_new) {
      Value element = evaluate(value, index);
      elements_[key_of(value, index)] = element;
      return element;
    }
    return slot->second;
  }

  using Key = std::pair<const void*, std::vector<std::int64_t>>;
  static Key key_of(Value value, const IndexForms& index) {
    std::vector<std::int64_t> numbers;
    for (const LinearForm& form : index) {
      numbers.push_back(form.offset);
      numbers.insert(numbers.end(), form.steps.begin(), form.steps.end());
    }
    return {value.getAsOpaquePointer(), std::move(numbers)};
  }

  // Null where strides do not suffice.
  Value evaluate(Value value, const IndexForms& index) {
    auto type = cast<RankedTensorType>(value.getType());
    if (auto argument = dyn_cast<BlockArgument>(value))
      return view(value, body_->getArgument(argument.getArgNumber()),
                  linear_place(index, type.getShape()));
    Operation* op = value.getDefiningOp();
    if (auto iota = dyn_cast<ir::IotaOp>(op))
      return view(value, nullptr, index[static_cast<std::size_t>(iota.getAxis())]);
    if (isa<ir::FullOp>(op) || is_elementwise(op))
      return compute(op, index);
    // In memory, only the number of the element counts.
    if (isa<ir::ReshapeOp>(op) && isa<BlockArgument>(op->getOperand(0)))
      return view(value, at_argument(op->getOperand(0)), linear_place(index, type.getShape()));
    auto mapped = operand_index(op, index);
    return mapped ? at(op->getOperand(0), *mapped) : Value();
  }

  Value at_argument(Value argument) {
    return body_->getArgument(cast<BlockArgument>(argument).getArgNumber());
  }

  static RankedTensorType element_type(Value value) {
    return RankedTensorType::get({}, cast<RankedTensorType>(value.getType()).getElementType());
  }

  Value view(Value value, Value buffer, LinearForm form) {
    form.steps.resize(static_cast<std::size_t>(domain_.getRank()));
    auto op = kernel::ViewOp::create(builder_, value.getLoc(), element_type(value),
                                     static_cast<std::uint64_t>(views_.size()), "strided", buffer);
    views_.push_back({op, std::move(form)});
    return op.getElement();
  }

  Value compute(Operation* op, const IndexForms& index) {
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      Value element = at(operand, index);
      if (!element)
        return {};
      mapping.map(operand, element);
    }
    Operation* copy = builder_.clone(*op, mapping);
    copy->getResult(0).setType(element_type(op->getResult(0)));
    if (auto full = dyn_cast<ir::FullOp>(copy))
      full.setShape(ArrayRef<std::int64_t>{});
    return copy->getResult(0);
  }

  // ---- The kernel that takes its extents from scalars

  bool replace() {
    SmallVector<std::int64_t> extents(domain_.getShape());
    SmallVector<LinearForm> forms;
    for (const View& view : views_)
      forms.push_back(view.form);
    collapse_axes(extents, forms);
    const std::int64_t width = width_of(extents, forms);
    const std::int64_t packets = domain_.getNumElements() / width;
    const auto workgroup =
        std::min<std::int64_t>(kWorkgroup, std::max(profile_.max_workgroup_invocations, 1u));
    // One axis of workgroups must do; larger arrays keep a kernel of their own.
    if ((packets - 1) / workgroup >= profile_.max_workgroup_count[0])
      return false;

    for (auto [view, form] : llvm::zip_equal(views_, forms))
      view.op.setInner(form.steps.back() == 1   ? "adjacent"
                       : form.steps.back() == 0 ? "repeated"
                                                : "strided");
    OpBuilder builder(fused_);
    auto fused = kernel::FusedOp::create(
        builder, fused_.getLoc(), fused_.getResultTypes(), fused_.getInputs(), fused_.getRootAttr(),
        fused_.getInplaceAttr(), schedule(extents.size(), width, workgroup), fused_.getCostAttr(),
        builder.getDenseI32ArrayAttr(scalars(packets, extents, forms)));
    fused.getBody().push_back(body_.release());
    fused_.replaceAllUsesWith(fused.getOutputs());
    fused_.erase();
    return true;
  }

  // Packets lie in a row, aligned, in every buffer, or see a single element of it.
  static std::int64_t width_of(ArrayRef<std::int64_t> extents, ArrayRef<LinearForm> forms) {
    auto is_whole = [](std::int64_t number) { return number % kWidth == 0; };
    const bool fits = is_whole(extents.back()) && llvm::all_of(forms, [&](const LinearForm& form) {
                        return form.steps.back() == 0 ||
                               (form.steps.back() == 1 && is_whole(form.offset) &&
                                llvm::all_of(ArrayRef(form.steps).drop_back(), is_whole));
                      });
    return fits ? kWidth : 1;
  }

  kernel::ScheduleAttr schedule(std::size_t rank, std::int64_t width, std::int64_t workgroup) {
    Builder b(fused_.getContext());
    auto parameters = b.getDictionaryAttr(
        {b.getNamedAttr("rank", b.getI64IntegerAttr(static_cast<std::int64_t>(rank))),
         b.getNamedAttr("width", b.getI64IntegerAttr(width)),
         b.getNamedAttr("workgroup", b.getI64IntegerAttr(workgroup))});
    return kernel::ScheduleAttr::get(fused_.getContext(), kernel::kStridedEmitter, parameters);
  }

  // In the order of ir/strided_kernel.h. They fit: all places lie in buffers of kMostElements.
  static SmallVector<std::int32_t> scalars(std::int64_t packets, ArrayRef<std::int64_t> extents,
                                           ArrayRef<LinearForm> forms) {
    SmallVector<std::int64_t> all{packets};
    llvm::append_range(all, extents.drop_front());
    for (const LinearForm& form : forms) {
      all.push_back(form.offset);
      llvm::append_range(all, form.steps);
    }
    return llvm::map_to_vector(all, [](std::int64_t n) { return static_cast<std::int32_t>(n); });
  }

  kernel::FusedOp fused_;
  const DeviceProfile& profile_;
  OpBuilder builder_;
  RankedTensorType domain_;
  std::unique_ptr<Block> body_;
  std::vector<View> views_;
  std::map<Key, Value> elements_;
};

struct GeneralizeShapesPass : impl::GeneralizeShapesBase<GeneralizeShapesPass> {
  using GeneralizeShapesBase::GeneralizeShapesBase;
  explicit GeneralizeShapesPass(DeviceProfile device) : device_(std::move(device)) {}

  LogicalResult initialize(MLIRContext* context) override {
    return find_device(device_, profile.getValue(), context);
  }

  void runOnOperation() override {
    SmallVector<kernel::FusedOp> kernels;
    getOperation().walk([&](kernel::FusedOp fused) { kernels.push_back(fused); });
    for (kernel::FusedOp fused : kernels)
      Generalizer(fused, *device_).run();
  }

private:
  std::optional<DeviceProfile> device_;
};

}  // namespace

std::unique_ptr<Pass> create_generalize_shapes(const DeviceProfile& profile) {
  return std::make_unique<GeneralizeShapesPass>(profile);
}

}  // namespace ashlar
