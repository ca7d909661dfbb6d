// SPDX-License-Identifier: Apache-2.0
// Builds the body of one gpu.func: index arithmetic, structured loops, thread ids, lane and
// workgroup reductions. Equal pure operations are built once per scope, so that values can be
// compared by identity and emitters may ask for the same thing twice.
#pragma once

#include "ir/kernel_dialect.h"
#include "runtime/program/device_profile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ashlar::codegen {

using mlir::Value;
using mlir::ValueRange;
using Values = llvm::SmallVector<Value, 4>;

class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  // Builds into a new module that holds one gpu.module with one kernel, both named after `def`.
  KernelBuilder(kernel::DefOp def, const DeviceProfile& profile, std::int64_t workgroup_size);

  kernel::DefOp def() const { return def_; }
  // What the ABI ops of the kernel say: the words of its record where it is pushed, and whether it
  // is given a buffer's address by reference.
  mlir::IntegerAttr pushed_words();
  mlir::UnitAttr indirect(unsigned buffer);
  // The binding of the texel buffer through which the kernel reads a buffer, if it does.
  std::optional<std::int64_t> texel_binding(unsigned buffer);
  const DeviceProfile& profile() const { return profile_; }
  std::int64_t workgroup_size() const { return workgroup_size_; }
  std::int64_t subgroup_size() const;
  // For kernels that use no subgroup operation. A required size would also limit the workgroup: on
  // lavapipe to 256 threads of 1024.
  void accept_any_subgroup_size() { required_subgroup_size_ = 0; }
  std::uint32_t required_subgroup_size() const { return required_subgroup_size_; }

  // Emits the work of `count` workgroups, at least one. A grid is a rectangle: workgroups beyond
  // `count` do nothing.
  void for_workgroups(std::int64_t count, llvm::function_ref<void()> body);
  std::array<std::uint32_t, 3> grid() const;
  mlir::OwningOpRef<mlir::ModuleOp> take_module() { return std::move(module_); }

  // Reports an unsupported op; emission goes on with a placeholder and its result is thrown away.
  void fail(mlir::Operation* op, const llvm::Twine& message);
  bool failed() const { return failed_; }

  // ---- Pure operations: folded, and shared with an equal one in an enclosing scope.
  template <typename Op, typename... Args> Value make(Args&&... args) {
    return unique(mlir::ImplicitLocOpBuilder::createOrFold<Op>(std::forward<Args>(args)...));
  }

  Value index(std::int64_t value);
  Value integer(mlir::Type type, std::int64_t value);
  Value i32(std::int64_t value) { return integer(getI32Type(), value); }
  Value f32(double value);
  Value boolean(bool value);
  Value zero_of(mlir::Type type);

  // ---- Index arithmetic. Indices are never negative and stay below 2^31.
  Value add(Value a, Value b) { return make<mlir::arith::AddIOp>(a, b); }
  // Constants are summed up, so that equal places are equal values.
  Value add(Value a, std::int64_t b);
  Value sub(Value a, Value b) { return make<mlir::arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) { return make<mlir::arith::MulIOp>(a, b); }
  Value mul(Value a, std::int64_t b) { return mul(a, index(b)); }
  Value div(Value a, std::int64_t b) { return make<mlir::arith::DivUIOp>(a, index(b)); }
  Value div_ceil(Value a, std::int64_t b) { return div(add(a, b - 1), b); }
  Value rem(Value a, std::int64_t b) { return make<mlir::arith::RemUIOp>(a, index(b)); }
  Value less(Value a, Value b);
  Value less(Value a, std::int64_t b) { return less(a, index(b)); }
  Value less_equal(Value a, Value b);
  Value equal(Value a, Value b);
  Value min(Value a, Value b) { return make<mlir::arith::MinSIOp>(a, b); }
  Value max(Value a, Value b) { return make<mlir::arith::MaxSIOp>(a, b); }
  Value both(Value a, Value b) { return make<mlir::arith::AndIOp>(a, b); }
  Value either(Value a, Value b) { return make<mlir::arith::OrIOp>(a, b); }
  Value select(Value condition, Value a, Value b);
  Value to_index(Value integer);
  Value to_i32(Value index);
  // The value of a constant index, if it is one.
  static std::optional<std::int64_t> constant(Value index);
  // Whether an index is below `limit`, where that is so or not so of every thread.
  std::optional<bool> known_less(Value index, std::int64_t limit) const;

  // Inverse to each other; what was taken apart is put together for free.
  Values delinearize(Value linear, llvm::ArrayRef<std::int64_t> shape);
  Value linearize(ValueRange index, llvm::ArrayRef<std::int64_t> shape);

  // ---- Control flow. Bodies run in a scope of their own.
  using Body = llvm::function_ref<void()>;
  using ValueBody = llvm::function_ref<Values()>;
  void if_then(Value condition, Body body);
  void if_else(Value condition, Body on_true, Body on_false);
  Values if_values(Value condition, mlir::TypeRange types, ValueBody on_true, ValueBody on_false);
  using LoopBody = llvm::function_ref<Values(Value iv, ValueRange carried)>;
  Values loop(Value from, Value to, Value step, ValueRange inits, LoopBody body);
  Values loop(std::int64_t from, std::int64_t to, std::int64_t step, ValueRange inits,
              LoopBody body);
  void for_each(Value from, Value to, Value step, llvm::function_ref<void(Value)> body);

  // Scopes tell which earlier values may be used here.
  int scope() const { return scopes_.back().id; }
  bool is_visible(int scope) const;

  // ---- Threads
  Value thread();
  Value workgroup();  // its number in all, see grid()
  Value lane() { return rem(thread(), subgroup_size()); }
  void barrier();
  // Orders the workgroup memory accesses of a subgroup's lanes, all of which must get here.
  void subgroup_barrier();
  // Workgroup memory for `count` elements of `type`, uninitialised.
  Value shared(mlir::Type type, std::int64_t count);
  // The same for this thread alone.
  Value own(mlir::Type type, std::int64_t count);
  // Bytes of workgroup memory so far.
  std::int64_t shared_bytes() const { return shared_bytes_; }
  Value load(Value memory, Value index);
  void store(Value value, Value memory, Value index);
  // Elements of vector type, taken apart; plain elements as one value.
  Values load_vector(Value memory, Value index);
  void store_vector(ValueRange values, Value memory, Value index);

  // ---- Reductions. `threads` consecutive threads (a power of two, aligned) reduce together; all
  // of them must get here, and all get the result.
  using Combine = llvm::function_ref<Values(ValueRange, ValueRange)>;
  Values reduce(ValueRange values, std::int64_t threads, Combine combine);
  Value sum(Value value, std::int64_t threads);
  // The sums of several floats over a subgroup, dealt out among its lanes: lane i has those of
  // number i, i + subgroup size, and so on. Half as many shuffles in each round as there are sums
  // left.
  Values scatter_sums(ValueRange values);
  Value shuffle_xor(Value value, std::int64_t mask);
  // The least of the subgroup's values, unsigned integers. Devices may have an instruction for it.
  Value subgroup_min(Value value);

private:
  struct Range {
    std::int64_t least, greatest;
  };
  std::optional<Range> range_of(Value index) const;
  Value unique(Value value);
  Value scatter_sum(ValueRange values);
  Values reduce_lanes(ValueRange values, std::int64_t lanes, Combine combine);

  // Operations of one scope by what they compute.
  struct OperationInfo : llvm::DenseMapInfo<mlir::Operation*> {
    static unsigned getHashValue(const mlir::Operation* op);
    static bool isEqual(const mlir::Operation* a, const mlir::Operation* b);
  };
  struct Scope {
    int id;
    llvm::DenseSet<mlir::Operation*, OperationInfo> operations;
  };
  // Opens a scope for its lifetime.
  struct ScopeGuard {
    explicit ScopeGuard(KernelBuilder& builder);
    ~ScopeGuard();
    KernelBuilder& builder;
  };

  // Index parts by axes of extent > 1, and the number they came from.
  struct Parts {
    std::vector<std::pair<std::int64_t, Value>> axes;
    Value linear;
    int scope;
  };
  static decltype(Parts::axes) wide_axes(ValueRange index, llvm::ArrayRef<std::int64_t> shape);

  kernel::DefOp def_;
  const DeviceProfile& profile_;
  std::int64_t workgroup_size_;
  std::int64_t workgroups_ = 1;
  std::uint32_t required_subgroup_size_;  // 0: any
  std::int64_t shared_bytes_ = 0;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mlir::Block* entry_ = nullptr;
  llvm::SmallVector<Scope> scopes_;
  std::vector<Parts> parts_;
  int next_scope_ = 0;
  bool failed_ = false;
};

}  // namespace ashlar::codegen
