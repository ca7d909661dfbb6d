// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/kernel_builder.h"

#include "ir/strided_kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace ashlar::codegen {

// ---- The kernel and its scopes

static gpu::GPUFuncOp make_function(OpBuilder& builder, Location loc, StringRef name) {
  auto function =
      gpu::GPUFuncOp::create(builder, loc, name, FunctionType::get(builder.getContext(), {}, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  return function;
}

KernelBuilder::KernelBuilder(kernel::DefOp def, const DeviceProfile& profile,
                             std::int64_t workgroup_size)
    : ImplicitLocOpBuilder(def.getLoc(), def.getContext()), def_(def), profile_(profile),
      workgroup_size_(workgroup_size), module_(ModuleOp::create(def.getLoc())) {
  required_subgroup_size_ = static_cast<std::uint32_t>(subgroup_size());
  setInsertionPointToStart(module_->getBody());
  auto gpu_module = gpu::GPUModuleOp::create(*this, getLoc(), def.getSymName());
  setInsertionPointToStart(gpu_module.getBody());
  auto function = make_function(*this, getLoc(), def.getSymName());
  const SmallVector<std::int32_t, 3> size = {static_cast<std::int32_t>(workgroup_size), 1, 1};
  function->setAttr(
      spirv::getEntryPointABIAttrName(),
      spirv::getEntryPointABIAttr(getContext(), size, static_cast<int>(subgroup_size())));
  entry_ = &function.getBody().front();
  setInsertionPointToStart(entry_);
  gpu::ReturnOp::create(*this, getLoc());
  setInsertionPointToStart(entry_);
  scopes_.push_back({next_scope_++, {}});
}

IntegerAttr KernelBuilder::pushed_words() {
  return def_.getPushed() ? getI64IntegerAttr(kernel::record_words(def_)) : IntegerAttr();
}

UnitAttr KernelBuilder::indirect(unsigned buffer) {
  const auto numbers = def_.getPushed();
  return numbers && llvm::is_contained(*numbers, buffer) ? getUnitAttr() : UnitAttr();
}

std::optional<std::int64_t> KernelBuilder::texel_binding(unsigned buffer) {
  const ArrayRef<std::int64_t> texels = def_.getTexels().value_or(ArrayRef<std::int64_t>());
  const auto* found = llvm::find(texels, static_cast<std::int64_t>(buffer));
  return found == texels.end() ? std::nullopt : std::optional(found - texels.begin());
}

std::int64_t KernelBuilder::subgroup_size() const {
  return std::max<std::int64_t>(profile_.subgroup_size, 1);
}

// One row of workgroups as long as the device allows; more rows where that is too few.
std::array<std::uint32_t, 3> KernelBuilder::grid() const {
  const std::int64_t most = std::max<std::int64_t>(profile_.max_workgroup_count[0], 1);
  const std::int64_t rows = (workgroups_ + most - 1) / most;
  return {static_cast<std::uint32_t>(std::min(workgroups_, most)),
          static_cast<std::uint32_t>(std::max<std::int64_t>(rows, 1)), 1};
}

void KernelBuilder::fail(Operation* op, const Twine& message) {
  // One report is enough: later ones often follow from the first.
  if (!failed_)
    op->emitOpError(message);
  failed_ = true;
}

unsigned KernelBuilder::OperationInfo::getHashValue(const Operation* op) {
  return static_cast<unsigned>(OperationEquivalence::computeHash(
      const_cast<Operation*>(op), OperationEquivalence::directHashValue,
      OperationEquivalence::ignoreHashValue, OperationEquivalence::IgnoreLocations));
}

bool KernelBuilder::OperationInfo::isEqual(const Operation* a, const Operation* b) {
  if (a == b)
    return true;
  if (a == getTombstoneKey() || a == getEmptyKey() || b == getTombstoneKey() || b == getEmptyKey())
    return false;
  return OperationEquivalence::isEquivalentTo(const_cast<Operation*>(a), const_cast<Operation*>(b),
                                              OperationEquivalence::IgnoreLocations);
}

Value KernelBuilder::unique(Value value) {
  Operation* op = value.getDefiningOp();
  // Folding may return what exists already and is in use.
  if (!op || op->getNumResults() != 1 || op->getNumRegions() != 0 || !op->use_empty() ||
      !isPure(op))
    return value;
  for (const Scope& scope : scopes_)
    if (auto found = scope.operations.find(op); found != scope.operations.end()) {
      if (*found != op)
        op->erase();
      return (*found)->getResult(0);
    }
  scopes_.back().operations.insert(op);
  return value;
}

bool KernelBuilder::is_visible(int scope) const {
  return llvm::any_of(scopes_, [&](const Scope& open) { return open.id == scope; });
}

KernelBuilder::ScopeGuard::ScopeGuard(KernelBuilder& b) : builder(b) {
  builder.scopes_.push_back({builder.next_scope_++, {}});
}

KernelBuilder::ScopeGuard::~ScopeGuard() {
  llvm::erase_if(builder.parts_, [&](const Parts& p) { return p.scope == builder.scope(); });
  builder.scopes_.pop_back();
}

// ---- Constants and index arithmetic

Value KernelBuilder::index(std::int64_t value) {
  return unique(arith::ConstantIndexOp::create(*this, value));
}

Value KernelBuilder::integer(Type type, std::int64_t value) {
  const auto width = cast<IntegerType>(type).getWidth();
  return unique(arith::ConstantOp::create(
      *this, IntegerAttr::get(type, APInt(width, static_cast<std::uint64_t>(value), true,
                                          /*implicitTrunc=*/true))));
}

Value KernelBuilder::f32(double value) {
  return unique(arith::ConstantOp::create(*this, getF32FloatAttr(static_cast<float>(value))));
}

Value KernelBuilder::boolean(bool value) {
  return unique(arith::ConstantOp::create(*this, getBoolAttr(value)));
}

Value KernelBuilder::zero_of(Type type) {
  return unique(arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type))));
}

Value KernelBuilder::less(Value a, Value b) {
  return make<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}

Value KernelBuilder::less_equal(Value a, Value b) {
  return make<arith::CmpIOp>(arith::CmpIPredicate::sle, a, b);
}

Value KernelBuilder::equal(Value a, Value b) {
  return make<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b);
}

Value KernelBuilder::select(Value condition, Value a, Value b) {
  return make<arith::SelectOp>(condition, a, b);
}

Value KernelBuilder::to_index(Value integer) {
  return make<arith::IndexCastOp>(getIndexType(), integer);
}

Value KernelBuilder::to_i32(Value index) {
  return make<arith::IndexCastOp>(getI32Type(), index);
}

std::optional<std::int64_t> KernelBuilder::constant(Value index) {
  return getConstantIntValue(index);
}

Value KernelBuilder::add(Value a, std::int64_t b) {
  if (auto sum = a.getDefiningOp<arith::AddIOp>())
    if (auto known = constant(sum.getRhs()))
      return add(sum.getLhs(), index(*known + b));
  return add(a, index(b));
}

// Of arithmetic on thread numbers and constants.
std::optional<KernelBuilder::Range> KernelBuilder::range_of(Value index) const {
  if (auto known = constant(index))
    return Range{*known, *known};
  Operation* op = index.getDefiningOp();
  if (isa_and_nonnull<gpu::ThreadIdOp>(op))
    return Range{0, workgroup_size_ - 1};
  if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp, arith::RemUIOp>(op))
    return std::nullopt;
  const auto left = range_of(op->getOperand(0)), right = range_of(op->getOperand(1));
  if (isa<arith::RemUIOp>(op) && right && right->least > 0)
    return left && left->least >= 0 && left->greatest < right->least
               ? *left
               : Range{0, right->greatest - 1};
  if (!left || !right)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return Range{left->least + right->least, left->greatest + right->greatest};
  const bool multiplies = isa<arith::MulIOp>(op) && left->least >= 0 && right->least >= 0;
  return multiplies
             ? std::optional(Range{left->least * right->least, left->greatest * right->greatest})
             : std::nullopt;
}

std::optional<bool> KernelBuilder::known_less(Value index, std::int64_t limit) const {
  const auto range = range_of(index);
  if (range && range->greatest < limit)
    return true;
  return range && range->least >= limit ? std::optional(false) : std::nullopt;
}

Values KernelBuilder::delinearize(Value linear, ArrayRef<std::int64_t> shape) {
  const Value whole = linear;
  Values indices(shape.size());
  const auto outermost = llvm::find_if(shape, [](std::int64_t d) { return d != 1; });
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 1) {
      indices[i] = index(0);
    } else if (&shape[i] == outermost) {
      indices[i] = linear;
    } else {
      indices[i] = rem(linear, shape[i]);
      linear = div(linear, shape[i]);
    }
  }
  parts_.push_back({wide_axes(indices, shape), whole, scope()});
  return indices;
}

decltype(KernelBuilder::Parts::axes) KernelBuilder::wide_axes(ValueRange index,
                                                              ArrayRef<std::int64_t> shape) {
  decltype(Parts::axes) axes;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    if (extent != 1)
      axes.emplace_back(extent, i);
  return axes;
}

Value KernelBuilder::linearize(ValueRange indices, ArrayRef<std::int64_t> shape) {
  const auto axes = wide_axes(indices, shape);
  for (const Parts& parts : llvm::reverse(parts_))
    if (parts.axes == axes)
      return parts.linear;
  Value linear = index(0);
  for (auto [i, extent] : llvm::zip_equal(indices, shape))
    linear = extent == 1 ? linear : add(mul(linear, extent), i);
  return linear;
}

// ---- Control flow

void KernelBuilder::if_then(Value condition, Body body) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(op.thenYield());
  ScopeGuard scope(*this);
  body();
}

void KernelBuilder::if_else(Value condition, Body on_true, Body on_false) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  for (bool side : {true, false}) {
    setInsertionPoint(side ? op.thenYield() : op.elseYield());
    ScopeGuard scope(*this);
    side ? on_true() : on_false();
  }
}

Values KernelBuilder::if_values(Value condition, TypeRange types, ValueBody on_true,
                                ValueBody on_false) {
  auto op = scf::IfOp::create(*this, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  for (bool side : {true, false}) {
    setInsertionPointToStart(side ? op.thenBlock() : op.elseBlock());
    ScopeGuard scope(*this);
    scf::YieldOp::create(*this, side ? on_true() : on_false());
  }
  return Values(op.getResults());
}

Values KernelBuilder::loop(Value from, Value to, Value step, ValueRange inits, LoopBody body) {
  auto op = scf::ForOp::create(*this, from, to, step, inits);
  OpBuilder::InsertionGuard guard(*this);
  if (inits.empty())  // the builder has added the terminator
    op.getBody()->getTerminator()->erase();
  setInsertionPointToStart(op.getBody());
  ScopeGuard scope(*this);
  Values results = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(*this, results);
  return Values(op.getResults());
}

Values KernelBuilder::loop(std::int64_t from, std::int64_t to, std::int64_t step, ValueRange inits,
                           LoopBody body) {
  return loop(index(from), index(to), index(step), inits, body);
}

void KernelBuilder::for_each(Value from, Value to, Value step,
                             llvm::function_ref<void(Value)> body) {
  loop(from, to, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

// ---- Threads

Value KernelBuilder::thread() {
  return make<gpu::ThreadIdOp>(gpu::Dimension::x);
}

void KernelBuilder::for_workgroups(std::int64_t count, llvm::function_ref<void()> body) {
  workgroups_ = std::max<std::int64_t>(count, 1);
  const auto [columns, rows, layers] = grid();
  if (std::int64_t{columns} * rows == workgroups_)
    return body();
  if_then(less(workgroup(), workgroups_), body);
}

Value KernelBuilder::workgroup() {
  Value x = make<gpu::BlockIdOp>(gpu::Dimension::x);
  const auto [columns, rows, layers] = grid();
  if (rows == 1)
    return x;
  return add(mul(make<gpu::BlockIdOp>(gpu::Dimension::y), columns), x);
}

void KernelBuilder::barrier() {
  gpu::BarrierOp::create(*this);
}

void KernelBuilder::subgroup_barrier() {
  using spirv::MemorySemantics;
  spirv::ControlBarrierOp::create(*this, spirv::Scope::Subgroup, spirv::Scope::Subgroup,
                                  MemorySemantics::AcquireRelease |
                                      MemorySemantics::WorkgroupMemory);
}

static std::int64_t bytes_of(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * bytes_of(vector.getElementType());
  return std::max<std::int64_t>(type.getIntOrFloatBitWidth() / 8, 1);
}

Value KernelBuilder::shared(Type type, std::int64_t count) {
  count = std::max<std::int64_t>(count, 1);
  shared_bytes_ += count * bytes_of(type);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(entry_);
  auto space = spirv::StorageClassAttr::get(getContext(), spirv::StorageClass::Workgroup);
  return memref::AllocOp::create(
      *this, MemRefType::get({count}, type, MemRefLayoutAttrInterface(), space));
}

Value KernelBuilder::own(Type type, std::int64_t count) {
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(entry_);
  auto space = spirv::StorageClassAttr::get(getContext(), spirv::StorageClass::Function);
  return memref::AllocaOp::create(*this, MemRefType::get({std::max<std::int64_t>(count, 1)}, type,
                                                         MemRefLayoutAttrInterface(), space));
}

Value KernelBuilder::load(Value memory, Value index) {
  return memref::LoadOp::create(*this, memory, index);
}

void KernelBuilder::store(Value value, Value memory, Value index) {
  memref::StoreOp::create(*this, value, memory, index);
}

Values KernelBuilder::load_vector(Value memory, Value index) {
  Value element = load(memory, index);
  auto type = dyn_cast<VectorType>(element.getType());
  if (!type)
    return {element};
  Values values;
  for (std::int64_t i = 0; i < type.getNumElements(); ++i)
    values.push_back(vector::ExtractOp::create(*this, element, i));
  return values;
}

void KernelBuilder::store_vector(ValueRange values, Value memory, Value index) {
  auto type = dyn_cast<VectorType>(cast<MemRefType>(memory.getType()).getElementType());
  store(type ? Value(vector::FromElementsOp::create(*this, type, values)) : values[0], memory,
        index);
}

// ---- Reductions

Value KernelBuilder::shuffle_xor(Value value, std::int64_t mask) {
  return gpu::ShuffleOp::create(*this, value, static_cast<std::int32_t>(mask),
                                static_cast<std::int32_t>(subgroup_size()), gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value KernelBuilder::subgroup_min(Value value) {
  return gpu::SubgroupReduceOp::create(*this, value, gpu::AllReduceOperation::MINUI,
                                       /*uniform=*/false);
}

Values KernelBuilder::reduce_lanes(ValueRange values, std::int64_t lanes, Combine combine) {
  Values reduced(values);
  for (std::int64_t mask = 1; mask < lanes; mask *= 2) {
    Values others;
    for (Value v : reduced)
      others.push_back(shuffle_xor(v, mask));
    reduced = combine(reduced, others);
  }
  return reduced;
}

Values KernelBuilder::reduce(ValueRange values, std::int64_t threads, Combine combine) {
  Values reduced = reduce_lanes(values, std::min(threads, subgroup_size()), combine);
  const std::int64_t subgroups = threads / subgroup_size();
  if (subgroups <= 1)
    return reduced;

  Values memory;
  for (Value v : reduced)
    memory.push_back(shared(v.getType(), workgroup_size() / subgroup_size()));
  if_then(equal(lane(), index(0)), [&] {
    for (auto [v, m] : llvm::zip_equal(reduced, memory))
      store(v, m, div(thread(), subgroup_size()));
  });
  barrier();
  // Everybody combines in the same order, so that all threads hold the same bits.
  const Value first = mul(div(thread(), threads), subgroups);
  auto load_all = [&](std::int64_t i) {
    Values loaded;
    for (Value m : memory)
      loaded.push_back(load(m, add(first, i)));
    return loaded;
  };
  reduced = load_all(0);
  for (std::int64_t i = 1; i < subgroups; ++i)
    reduced = combine(reduced, load_all(i));
  return reduced;
}

Value KernelBuilder::sum(Value value, std::int64_t threads) {
  return reduce(value, threads, [&](ValueRange a, ValueRange b) -> Values {
    if (isa<FloatType>(value.getType()))
      return {make<arith::AddFOp>(a[0], b[0])};
    return {make<arith::AddIOp>(a[0], b[0])};
  })[0];
}

// In each round a lane keeps one value of each pair, by a bit of its number, and hands over the
// other.
Value KernelBuilder::scatter_sum(ValueRange values) {
  Values left(values);
  for (std::int64_t mask = 1; mask < subgroup_size(); mask *= 2) {
    const Value is_upper = equal(rem(div(lane(), mask), 2), index(1));
    Values next;
    for (std::size_t i = 0; i < left.size(); i += 2) {
      const bool paired = i + 1 < left.size();
      const Value mine = paired ? select(is_upper, left[i + 1], left[i]) : left[i];
      const Value others = paired ? select(is_upper, left[i], left[i + 1]) : left[i];
      next.push_back(make<arith::AddFOp>(mine, shuffle_xor(others, mask)));
    }
    left = next;
  }
  return left.front();
}

Values KernelBuilder::scatter_sums(ValueRange values) {
  Values sums;
  const auto lanes = static_cast<std::size_t>(subgroup_size());
  for (std::size_t first = 0; first < values.size(); first += lanes)
    sums.push_back(scatter_sum(values.slice(first, std::min(lanes, values.size() - first))));
  return sums;
}

}  // namespace ashlar::codegen
