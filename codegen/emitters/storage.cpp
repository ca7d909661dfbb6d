// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/storage.h"

#include "codegen/emitters/texels.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kVectorBytes = 16;

// bf16 has no arithmetic anywhere, so its buffers hold 16-bit integers.
Type storage_type(KernelBuilder& b, DType dtype) {
  if (dtype == DType::f32)
    return b.getF32Type();
  if (dtype == DType::f16)
    return b.getF16Type();
  return b.getIntegerType(static_cast<unsigned>(size_of(dtype) * 8));
}

Value widen_bits(KernelBuilder& b, DType dtype, Value stored) {
  return is_signed(dtype) ? b.make<arith::ExtSIOp>(b.getI32Type(), stored)
                          : b.make<arith::ExtUIOp>(b.getI32Type(), stored);
}

Value from_storage(KernelBuilder& b, DType dtype, Value stored) {
  switch (dtype) {
  case DType::f16:
    return b.make<arith::ExtFOp>(b.getF32Type(), stored);
  case DType::bf16: {
    Value wide = b.make<arith::ExtUIOp>(b.getI32Type(), stored);
    return float_of(b, b.make<arith::ShLIOp>(wide, b.i32(16)));
  }
  case DType::boolean: {
    Value wide = b.make<arith::ExtUIOp>(b.getI32Type(), stored);
    return b.make<arith::CmpIOp>(arith::CmpIPredicate::ne, wide, b.i32(0));
  }
  default:
    return size_of(dtype) < 4 ? widen_bits(b, dtype, stored) : stored;
  }
}

// The low bits of an i32 that a narrow element stores.
Value narrow_bits(KernelBuilder& b, DType dtype, Value value) {
  switch (dtype) {
  case DType::bf16:
    return b.make<arith::ShRUIOp>(bits_of(b, value), b.i32(16));
  case DType::boolean:
    return b.make<arith::ExtUIOp>(b.getI32Type(), value);
  default:
    return value;
  }
}

Value to_storage(KernelBuilder& b, DType dtype, Value value) {
  if (dtype == DType::f16)
    return b.make<arith::TruncFOp>(b.getF16Type(), value);
  if (size_of(dtype) >= 4)
    return value;
  return b.make<arith::TruncIOp>(storage_type(b, dtype), narrow_bits(b, dtype, value));
}

// Packets of narrow integers (and bf16 and bool) travel as 32-bit words.
bool is_packed(DType dtype, std::int64_t width) {
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  return bytes < 4 && dtype != DType::f16 && width * bytes >= 4;
}

// lavapipe loads through a pointer lane after lane and component after component, whatever their
// width: as pairs of 32-bit words.
bool loads_wide(KernelBuilder& b, DType dtype, std::int64_t width) {
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  return b.profile().is_cpu && b.profile().shader_i64 && bytes <= 4 && width * bytes >= 8;
}

// Vectors have four elements at most, which for halves is only half an access.
bool loads_words(KernelBuilder& b, DType dtype, std::int64_t width) {
  return is_packed(dtype, width) ||
         (dtype == DType::f16 && (2 * width >= kVectorBytes || loads_wide(b, dtype, width)));
}

Values load_vectors(KernelBuilder& b, Value memory, Value at, std::int64_t count,
                    std::int64_t bytes) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  const std::int64_t chunk = std::min(count, kVectorBytes / bytes > 4 ? 4 : kVectorBytes / bytes);
  Values loaded;
  for (std::int64_t first = 0; first < count; first += chunk) {
    Value address = b.add(at, first);
    if (chunk == 1) {
      loaded.push_back(b.load(memory, address));
      continue;
    }
    Value vector =
        vector::LoadOp::create(b, VectorType::get({chunk}, element), memory, address, false,
                               llvm::Align(static_cast<std::uint64_t>(chunk * bytes)));
    for (std::int64_t i = 0; i < chunk; ++i)
      loaded.push_back(vector::ExtractOp::create(b, vector, i));
  }
  return loaded;
}

void store_vectors(KernelBuilder& b, ValueRange values, Value memory, Value at,
                   std::int64_t bytes) {
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t chunk = std::min(count, kVectorBytes / bytes > 4 ? 4 : kVectorBytes / bytes);
  for (std::int64_t first = 0; first < count; first += chunk) {
    Value address = b.add(at, first);
    if (chunk == 1) {
      b.store(values[static_cast<std::size_t>(first)], memory, address);
      continue;
    }
    auto lanes = values.slice(static_cast<std::size_t>(first), static_cast<std::size_t>(chunk));
    Value vector =
        vector::FromElementsOp::create(b, VectorType::get({chunk}, lanes.front().getType()), lanes);
    vector::StoreOp::create(b, vector, memory, address, false,
                            llvm::Align(static_cast<std::uint64_t>(chunk * bytes)));
  }
}

Values unpack_word(KernelBuilder& b, DType dtype, Value word) {
  const auto bits = static_cast<std::int64_t>(size_of(dtype) * 8);
  Values values;
  for (std::int64_t shift = 0; shift < 32; shift += bits) {
    const std::int64_t above = 32 - bits - shift;
    if (dtype == DType::bf16) {
      values.push_back(float_of(b, shift == 0 ? b.make<arith::ShLIOp>(word, b.i32(16))
                                              : b.make<arith::AndIOp>(word, b.i32(0xffff0000))));
      continue;
    }
    Value top = b.make<arith::ShLIOp>(word, b.i32(above));
    Value value = is_signed(dtype) ? b.make<arith::ShRSIOp>(top, b.i32(32 - bits))
                                   : b.make<arith::ShRUIOp>(top, b.i32(32 - bits));
    values.push_back(dtype == DType::boolean
                         ? b.make<arith::CmpIOp>(arith::CmpIPredicate::ne, value, b.i32(0))
                         : value);
  }
  return values;
}

Value pack_word(KernelBuilder& b, DType dtype, ValueRange values) {
  const auto bits = static_cast<std::int64_t>(size_of(dtype) * 8);
  Value word;
  for (auto [i, value] : llvm::enumerate(values)) {
    Value low = b.make<arith::AndIOp>(narrow_bits(b, dtype, value), b.i32((1LL << bits) - 1));
    Value placed = b.make<arith::ShLIOp>(low, b.i32(static_cast<std::int64_t>(i) * bits));
    word = word ? b.make<arith::OrIOp>(word, placed) : placed;
  }
  return word;
}

// Two halves and the word that they fill.
Values halves_of(KernelBuilder& b, Value word) {
  Value single = vector::FromElementsOp::create(b, VectorType::get(1, b.getI32Type()), word);
  Value halves = vector::BitCastOp::create(b, VectorType::get(2, b.getF16Type()), single);
  return {vector::ExtractOp::create(b, halves, 0), vector::ExtractOp::create(b, halves, 1)};
}

Values unpack_halves(KernelBuilder& b, Value word) {
  Values values;
  for (Value half : halves_of(b, word))
    values.push_back(b.make<arith::ExtFOp>(b.getF32Type(), half));
  return values;
}

Value pack_halves(KernelBuilder& b, Value first, Value second) {
  const Values halves{to_storage(b, DType::f16, first), to_storage(b, DType::f16, second)};
  Value pair = vector::FromElementsOp::create(b, VectorType::get(2, b.getF16Type()), halves);
  Value single = vector::BitCastOp::create(b, VectorType::get(1, b.getI32Type()), pair);
  return vector::ExtractOp::create(b, single, std::int64_t{0});
}

// The word whose two elements the values are, as unpack_word and unpack_halves take it apart.
Value whole_word(DType dtype, Value first, Value second) {
  Value low, high;
  if (dtype == DType::bf16) {
    APInt shift, mask;
    const bool both = matchPattern(first, m_Op<arith::BitcastOp>(m_Op<arith::ShLIOp>(
                                              matchers::m_Any(&low), m_ConstantInt(&shift)))) &&
                      matchPattern(second, m_Op<arith::BitcastOp>(m_Op<arith::AndIOp>(
                                               matchers::m_Any(&high), m_ConstantInt(&mask))));
    return both && low == high && shift == 16 && mask == 0xffff0000 ? low : Value();
  }
  auto source = [](Value value, std::int64_t lane) -> Value {
    auto extend = value.getDefiningOp<arith::ExtFOp>();
    auto extract = extend ? extend.getIn().getDefiningOp<vector::ExtractOp>() : vector::ExtractOp();
    auto cast = extract && extract.getStaticPosition() == ArrayRef(lane)
                    ? extract.getSource().getDefiningOp<vector::BitCastOp>()
                    : vector::BitCastOp();
    auto single =
        cast ? cast.getSource().getDefiningOp<vector::FromElementsOp>() : vector::FromElementsOp();
    return single && single.getElements().size() == 1 ? single.getElements()[0] : Value();
  };
  low = source(first, 0);
  return low && low == source(second, 1) ? low : Value();
}

// Nearest multiple of 2^13 in the last place for normal halves; below 2^-14 halves are spaced
// 2^-24, which is what adding and taking away 0.5 rounds to.
Value round_to_f16(KernelBuilder& b, Value value) {
  Value bits = bits_of(b, value);
  Value magnitude = b.make<arith::AndIOp>(bits, b.i32(0x7fffffff));
  Value sign = b.make<arith::AndIOp>(bits, b.i32(0x80000000));
  Value odd = b.make<arith::AndIOp>(b.make<arith::ShRUIOp>(magnitude, b.i32(13)), b.i32(1));
  Value rounded = b.make<arith::AddIOp>(magnitude, b.make<arith::AddIOp>(odd, b.i32(0xfff)));
  rounded = b.make<arith::AndIOp>(rounded, b.i32(~0x1fff));
  Value overflows = b.make<arith::CmpIOp>(arith::CmpIPredicate::ugt, rounded, b.i32(0x477fe000));
  rounded = b.select(overflows, b.i32(0x7f800000), rounded);
  Value half = b.f32(0.5);
  Value small = b.make<arith::SubFOp>(b.make<arith::AddFOp>(float_of(b, magnitude), half), half);
  Value is_small = b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, magnitude, b.i32(0x38800000));
  rounded = b.select(is_small, bits_of(b, small), rounded);
  Value is_nan = b.make<arith::CmpIOp>(arith::CmpIPredicate::ugt, magnitude, b.i32(0x7f800000));
  rounded = b.select(is_nan, b.i32(0x7fc00000), rounded);
  return float_of(b, b.make<arith::OrIOp>(rounded, sign));
}

Value round_to_bf16(KernelBuilder& b, Value value) {
  Value bits = bits_of(b, value);
  Value odd = b.make<arith::AndIOp>(b.make<arith::ShRUIOp>(bits, b.i32(16)), b.i32(1));
  Value rounded = b.make<arith::AddIOp>(bits, b.make<arith::AddIOp>(odd, b.i32(0x7fff)));
  Value magnitude = b.make<arith::AndIOp>(bits, b.i32(0x7fffffff));
  Value is_nan = b.make<arith::CmpIOp>(arith::CmpIPredicate::ugt, magnitude, b.i32(0x7f800000));
  // A NaN keeps its sign and high bits, and becomes quiet.
  rounded = b.select(is_nan, b.make<arith::OrIOp>(bits, b.i32(0x00400000)), rounded);
  return float_of(b, b.make<arith::AndIOp>(rounded, b.i32(0xffff0000)));
}

// ---- Buffers that are read as texels

// An element of 64 bits.
Value wide_element(KernelBuilder& b, ValueRange words) {
  Value pair = vector::FromElementsOp::create(b, VectorType::get(2, b.getI32Type()), words);
  Value single = vector::BitCastOp::create(b, VectorType::get(1, b.getI64Type()), pair);
  return vector::ExtractOp::create(b, single, std::int64_t{0});
}

// An element of less than a word.
Value narrow_element(KernelBuilder& b, DType dtype, Value word, Value at) {
  const auto bits = static_cast<std::int64_t>(size_of(dtype) * 8);
  const Value shift = b.to_i32(b.mul(b.rem(at, 32 / bits), bits));
  const Type integer = b.getIntegerType(static_cast<unsigned>(bits));
  const Value low = b.make<arith::TruncIOp>(integer, b.make<arith::ShRUIOp>(word, shift));
  return dtype == DType::f16 ? b.make<arith::BitcastOp>(b.getF16Type(), low) : low;
}

// As load_stored: in the same form.
StoredPacket load_texels(KernelBuilder& b, unsigned buffer, DType dtype, Value at,
                         std::int64_t width) {
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  if (width * bytes < 4) {
    Values stored;
    for (std::int64_t i = 0; i < width; ++i) {
      const Value element = b.add(at, i);
      const Value word = load_texel_words(b, buffer, b.div(element, 4 / bytes), 4)[0];
      stored.push_back(narrow_element(b, dtype, word, element));
    }
    return {stored, dtype, width};
  }
  const Values words = load_texel_words(b, buffer, b.div(at, width), width * bytes);
  if (loads_words(b, dtype, width) || dtype == DType::i32 || dtype == DType::u32)
    return {words, dtype, width};
  Values stored;
  if (bytes == 8)
    for (std::size_t i = 0; i < words.size(); i += 2)
      stored.push_back(wide_element(b, ValueRange(words).slice(i, 2)));
  else
    for (Value word : words)
      stored.append(dtype == DType::f16 ? halves_of(b, word) : Values{float_of(b, word)});
  return {stored, dtype, width};
}

}  // namespace

Value buffer_of(KernelBuilder& b, unsigned buffer, Type element) {
  auto space =
      spirv::StorageClassAttr::get(b.getContext(), spirv::StorageClass::PhysicalStorageBuffer);
  auto type = MemRefType::get({ShapedType::kDynamic}, element, MemRefLayoutAttrInterface(), space);
  return b.make<kernel::BufferOp>(type, b.getI64IntegerAttr(buffer), b.pushed_words(),
                                  b.indirect(buffer));
}

Type compute_type(KernelBuilder& b, DType dtype) {
  if (is_float(dtype))
    return b.getF32Type();
  if (dtype == DType::boolean)
    return b.getI1Type();
  return size_of(dtype) == 8 ? b.getI64Type() : b.getI32Type();
}

Value bits_of(KernelBuilder& b, Value value) {
  return b.make<arith::BitcastOp>(b.getI32Type(), value);
}

Value float_of(KernelBuilder& b, Value bits) {
  return b.make<arith::BitcastOp>(b.getF32Type(), bits);
}

Value round_to(KernelBuilder& b, DType dtype, Value value) {
  if (dtype == DType::bf16)
    return round_to_bf16(b, value);
  return dtype == DType::f16 ? round_to_f16(b, value) : value;
}

Value load_element(KernelBuilder& b, unsigned buffer, DType dtype, Value at) {
  return load_packet(b, buffer, dtype, at, 1)[0];
}

void store_element(KernelBuilder& b, unsigned buffer, DType dtype, Value at, Value value) {
  b.store(to_storage(b, dtype, value), buffer_of(b, buffer, storage_type(b, dtype)), at);
}

// Pairs of 32-bit words as numbers of 64 bits, taken apart.
static Values load_wide(KernelBuilder& b, unsigned buffer, Value at, std::int64_t count) {
  Value memory = buffer_of(b, buffer, b.getI64Type());
  Values words;
  for (std::int64_t i = 0; i < count; ++i) {
    Value both = b.load(memory, b.add(at, i));
    words.push_back(b.make<arith::TruncIOp>(b.getI32Type(), both));
    Value high = b.make<arith::ShRUIOp>(both, b.integer(b.getI64Type(), 32));
    words.push_back(b.make<arith::TruncIOp>(b.getI32Type(), high));
  }
  return words;
}

StoredPacket load_stored(KernelBuilder& b, unsigned buffer, DType dtype, Value at,
                         std::int64_t width) {
  if (b.texel_binding(buffer))
    return load_texels(b, buffer, dtype, at, width);
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  if (loads_wide(b, dtype, width)) {
    Values words = load_wide(b, buffer, b.div(at, 8 / bytes), width * bytes / 8);
    if (dtype == DType::f32)
      for (Value& word : words)
        word = float_of(b, word);
    return {words, dtype, width};
  }
  if (loads_words(b, dtype, width)) {
    Value words = buffer_of(b, buffer, b.getI32Type());
    return {load_vectors(b, words, b.div(at, 4 / bytes), width * bytes / 4, 4), dtype, width};
  }
  Value memory = buffer_of(b, buffer, storage_type(b, dtype));
  return {load_vectors(b, memory, at, width, bytes), dtype, width};
}

SmallVector<Type> stored_types(KernelBuilder& b, DType dtype, std::int64_t width) {
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  const bool words = loads_words(b, dtype, width);
  return SmallVector<Type>(static_cast<std::size_t>(words ? width * bytes / 4 : width),
                           words ? Type(b.getI32Type()) : storage_type(b, dtype));
}

Values unpack(KernelBuilder& b, const StoredPacket& packet) {
  if (loads_words(b, packet.dtype, packet.width))
    return unpack_words(b, packet.dtype, packet.stored);
  Values values;
  for (Value stored : packet.stored)
    values.push_back(from_storage(b, packet.dtype, stored));
  return values;
}

StoredPacket pack(KernelBuilder& b, DType dtype, ValueRange values) {
  const auto width = static_cast<std::int64_t>(values.size());
  if (loads_words(b, dtype, width))
    return {pack_words(b, dtype, values), dtype, width};
  Values stored;
  for (Value value : values)
    stored.push_back(to_storage(b, dtype, value));
  return {stored, dtype, width};
}

Values load_packet(KernelBuilder& b, unsigned buffer, DType dtype, Value at, std::int64_t width) {
  return unpack(b, load_stored(b, buffer, dtype, at, width));
}

void store_packet(KernelBuilder& b, unsigned buffer, DType dtype, Value at, ValueRange values) {
  const auto width = static_cast<std::int64_t>(values.size());
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  if (width == 1)
    return store_element(b, buffer, dtype, at, values[0]);
  Values stored;
  if (is_packed(dtype, width)) {
    const auto per_word = static_cast<std::size_t>(4 / bytes);
    for (std::size_t i = 0; i < values.size(); i += per_word)
      stored.push_back(pack_word(b, dtype, values.slice(i, per_word)));
    return store_vectors(b, stored, buffer_of(b, buffer, b.getI32Type()), b.div(at, 4 / bytes), 4);
  }
  for (Value value : values)
    stored.push_back(to_storage(b, dtype, value));
  store_vectors(b, stored, buffer_of(b, buffer, storage_type(b, dtype)), at, bytes);
}

Values pack_words(KernelBuilder& b, DType dtype, ValueRange values) {
  Values words;
  for (std::size_t i = 0; i < values.size(); i += 2) {
    Value word = whole_word(dtype, values[i], values[i + 1]);
    if (!word)
      word = dtype == DType::f16 ? pack_halves(b, values[i], values[i + 1])
                                 : pack_word(b, dtype, values.slice(i, 2));
    words.push_back(word);
  }
  return words;
}

Values unpack_words(KernelBuilder& b, DType dtype, ValueRange words) {
  Values values;
  for (Value word : words)
    values.append(dtype == DType::f16 ? unpack_halves(b, word) : unpack_word(b, dtype, word));
  return values;
}

// bf16 in pairs of 32-bit words; a single value takes a whole one.
static Type staged_type(KernelBuilder& b, DType dtype, std::int64_t width) {
  if (dtype == DType::bf16 && width > 1)
    return VectorType::get({width / 2}, b.getI32Type());
  Type element = dtype == DType::f16 ? Type(b.getF16Type()) : b.getF32Type();
  return width > 1 ? VectorType::get({width}, element) : element;
}

StagedValues::StagedValues(KernelBuilder& builder, DType dtype, std::int64_t count,
                           std::int64_t width, std::int64_t block)
    : b_(builder), dtype_(dtype), width_(width), packets_per_block_(block / width) {
  const std::int64_t packets = count / width;
  const std::int64_t unused = packets_per_block_ > 0 ? packets / packets_per_block_ : 0;
  memory_ = builder.shared(staged_type(builder, dtype, width), packets + unused);
}

// One unused packet behind each block shifts the next one to other banks.
Value StagedValues::place_of(Value packet) const {
  return packets_per_block_ > 0 ? b_.add(packet, b_.div(packet, packets_per_block_)) : packet;
}

void StagedValues::store(Value packet, ValueRange values) const {
  Values stored(values);
  if (dtype_ == DType::bf16 && width_ > 1) {
    stored.clear();
    for (std::size_t i = 0; i < values.size(); i += 2)
      stored.push_back(pack_word(b_, dtype_, values.slice(i, 2)));
  } else if (dtype_ == DType::f16) {
    for (Value& value : stored)
      value = to_storage(b_, dtype_, value);
  }
  b_.store_vector(stored, memory_, place_of(packet));
}

Values StagedValues::load(Value packet) const {
  const Values stored = b_.load_vector(memory_, place_of(packet));
  Values values;
  for (Value value : stored) {
    if (dtype_ == DType::bf16 && width_ > 1)
      values.append(unpack_word(b_, dtype_, value));
    else
      values.push_back(dtype_ == DType::f16 ? from_storage(b_, dtype_, value) : value);
  }
  return values;
}

}  // namespace ashlar::codegen
