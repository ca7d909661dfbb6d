// SPDX-License-Identifier: Apache-2.0
// The matrix unit on VK_KHR_cooperative_matrix.
#include "codegen/emitters/matrix_unit.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;
using spirv::CooperativeMatrixUseKHR;

namespace ashlar::codegen {
namespace {

class CooperativeMatrices final : public MatrixUnit {
public:
  CooperativeMatrices(KernelBuilder& b, DType dtype)
      : b_(b), element_(dtype == DType::f16 ? Type(b.getF16Type()) : b.getBF16Type()) {}

  Value zeros() override {
    return spirv::CompositeConstructOp::create(
        b_, type(b_.getF32Type(), CooperativeMatrixUseKHR::MatrixAcc), b_.f32(0));
  }

  Operand load_left(const Place& place) override {
    return {load(place, CooperativeMatrixUseKHR::MatrixA, false), place, false};
  }

  Operand load_right(const Place& place, bool columns) override {
    return {load(place, CooperativeMatrixUseKHR::MatrixB, columns), place, columns};
  }

  Value multiply_add(const Operand& left, const Operand& right, Value sums) override {
    return spirv::KHRCooperativeMatrixMulAddOp::create(b_, left.matrix, right.matrix, sums);
  }

  // Columns that all start at the same place hold the same numbers.
  Value scale_rows(Value sums, Value memory, Value at) override {
    Value factors = load({memory, at, 0}, CooperativeMatrixUseKHR::MatrixAcc, true);
    return spirv::FMulOp::create(b_, sums, factors);
  }

  bool keeps_operands() const override { return true; }

  void store(Value sums, const Place& place) override {
    kernel::MatrixStoreOp::create(b_, sums, place.memory, place.at,
                                  static_cast<std::uint64_t>(place.stride));
  }

private:
  Type type(Type element, CooperativeMatrixUseKHR use) const {
    return spirv::CooperativeMatrixType::get(element, kSize, kSize, spirv::Scope::Subgroup, use);
  }

  Value load(const Place& place, CooperativeMatrixUseKHR use, bool columns) {
    const bool sums = use == CooperativeMatrixUseKHR::MatrixAcc;
    return kernel::MatrixLoadOp::create(b_, type(sums ? b_.getF32Type() : element_, use),
                                        place.memory, place.at,
                                        static_cast<std::uint64_t>(place.stride), columns);
  }

  KernelBuilder& b_;
  Type element_;
};

}  // namespace

std::unique_ptr<MatrixUnit> make_cooperative_matrices(KernelBuilder& b, DType dtype) {
  return std::make_unique<CooperativeMatrices>(b, dtype);
}

}  // namespace ashlar::codegen
