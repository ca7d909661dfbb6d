// SPDX-License-Identifier: Apache-2.0
// Between buffers and values. A value in a kernel has its *compute type*: f32 for every float
// (always representable in the element type), i1 for bool, i64 for 64-bit integers and i32 for all
// narrower ones (sign- or zero-extended). Buffers are dense and start at multiples of 16 bytes.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "runtime/program/dtype.h"

namespace ashlar::codegen {

mlir::Type compute_type(KernelBuilder& b, DType dtype);

// Rounds f32 to what `dtype` can hold (nearest even), as f32. In integer arithmetic where drivers
// are free to choose a rounding mode.
Value round_to(KernelBuilder& b, DType dtype, Value value);

// Bits of an f32, and back.
Value bits_of(KernelBuilder& b, Value value);
Value float_of(KernelBuilder& b, Value bits);

// Buffer `buffer` (as in kernel.buffer) as memory of `element`s.
Value buffer_of(KernelBuilder& b, unsigned buffer, mlir::Type element);

// Buffer `buffer` as elements of `dtype`. `at` counts elements.
Value load_element(KernelBuilder& b, unsigned buffer, DType dtype, Value at);
void store_element(KernelBuilder& b, unsigned buffer, DType dtype, Value at, Value value);

// `width` adjacent elements in as few memory accesses as possible; `at` is a multiple of `width`,
// which is a power of two.
Values load_packet(KernelBuilder& b, unsigned buffer, DType dtype, Value at, std::int64_t width);
// The same in two steps, for loads that are to be under way long before their values are needed.
struct StoredPacket {
  Values stored;  // elements of the buffer, or words of several elements
  DType dtype;
  std::int64_t width;
};
StoredPacket load_stored(KernelBuilder& b, unsigned buffer, DType dtype, Value at,
                         std::int64_t width);
llvm::SmallVector<mlir::Type> stored_types(KernelBuilder& b, DType dtype, std::int64_t width);
Values unpack(KernelBuilder& b, const StoredPacket& packet);
// Values that `dtype` represents exactly, as if they had been loaded.
StoredPacket pack(KernelBuilder& b, DType dtype, ValueRange values);
void store_packet(KernelBuilder& b, unsigned buffer, DType dtype, Value at, ValueRange values);

// Elements of a 16-bit float type in 32-bit words, two in each. Words that were just unpacked are
// packed for free.
Values pack_words(KernelBuilder& b, DType dtype, ValueRange values);
Values unpack_words(KernelBuilder& b, DType dtype, ValueRange words);

// Workgroup memory for `count` float values of `dtype`, as narrow as `dtype` is, `width` (1 or 4)
// at a time. With `block` > 0 packets that many values apart lie in different memory banks.
class StagedValues {
public:
  StagedValues(KernelBuilder& builder, DType dtype, std::int64_t count, std::int64_t width,
               std::int64_t block = 0);

  std::int64_t width() const { return width_; }
  // Packet number `packet`: values [packet * width, (packet + 1) * width).
  void store(Value packet, ValueRange values) const;
  Values load(Value packet) const;

private:
  Value place_of(Value packet) const;

  KernelBuilder& b_;
  DType dtype_;
  std::int64_t width_;
  std::int64_t packets_per_block_;
  Value memory_;
};

}  // namespace ashlar::codegen
