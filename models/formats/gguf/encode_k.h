// SPDX-License-Identifier: Apache-2.0
// Blocks of the k-quants from 256 numbers (k_blocks.h).
#pragma once

#include "models/formats/gguf/block_writer.h"

namespace ashlar::gguf {

void encode_q2_k(std::span<const float> values, BlockWriter block);
void encode_q3_k(std::span<const float> values, BlockWriter block);
void encode_q4_or_q5_k(std::span<const float> values, bool has_fifth_bits, BlockWriter block);
void encode_q6_k(std::span<const float> values, BlockWriter block);

}  // namespace ashlar::gguf
