// SPDX-License-Identifier: Apache-2.0
// Blocks against numbers that the gguf package decoded (tests/data/make_gguf_blocks.py).
#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/decode.h"

#include "models/formats/safetensors.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ashlar::gguf {
namespace {

using testing::HasSubstr;

constexpr BlockType kQuantized[] = {
    BlockType::q4_0,  BlockType::q4_1,   BlockType::q5_0,  BlockType::q5_1, BlockType::q8_0,
    BlockType::q2_k,  BlockType::q3_k,   BlockType::q4_k,  BlockType::q5_k, BlockType::q6_k,
    BlockType::mxfp4, BlockType::iq4_nl, BlockType::iq4_xs};

class Blocks : public testing::TestWithParam<BlockType> {
protected:
  std::string name() const { return std::string(name_of(GetParam())); }
  std::span<const std::byte> blocks() const { return file_.data(*file_.find(name() + ".blocks")); }
  std::vector<float> values() const {
    const ashlar::TensorInfo* info = file_.find(name() + ".values");
    return to_floats(*info, file_.data(*info));
  }

  SafetensorsFile file_ = SafetensorsFile::open(ASHLAR_TEST_DATA "/gguf/blocks.safetensors");
};

TEST_P(Blocks, DecodeAsTheReference) {
  const std::vector<float> expected = values();
  std::vector<float> actual(expected.size());
  decode(GetParam(), blocks(), actual);
  EXPECT_EQ(actual, expected);
}

TEST_P(Blocks, FormIsExact) {
  const AffineForm form = *affine_form(GetParam());
  EXPECT_TRUE(form.scales == DType::f32 || form.encoding.group_size == 32);
  const auto bytes = static_cast<std::size_t>(block_bytes(GetParam()));
  const auto rounded = [&](float x) {
    return form.scales == DType::f16    ? f16_to_float(float_to_f16(x))
           : form.scales == DType::bf16 ? bf16_to_float(float_to_bf16(x))
                                        : x;
  };
  AffineBlock block;
  for (std::size_t at = 0; at < blocks().size(); at += bytes) {
    unpack(GetParam(), blocks().subspan(at, bytes), block);
    for (std::int64_t i = 0; i < block_elements(GetParam()); ++i) {
      const auto group = static_cast<std::size_t>(i / form.encoding.group_size);
      EXPECT_LT(block.numbers[static_cast<std::size_t>(i)], 1 << form.encoding.bits);
      EXPECT_EQ(rounded(block.scales[group]), block.scales[group]);
      EXPECT_EQ(rounded(block.biases[group]), block.biases[group]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Blocks, testing::ValuesIn(kQuantized),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(BlockType, HasThePublishedSizes) {
  const auto bytes = [](BlockType type) { return block_bytes(type); };
  EXPECT_EQ(bytes(BlockType::q2_k), 84);
  EXPECT_EQ(bytes(BlockType::q3_k), 110);
  EXPECT_EQ(bytes(BlockType::q4_k), 144);
  EXPECT_EQ(bytes(BlockType::q5_k), 176);
  EXPECT_EQ(bytes(BlockType::q6_k), 210);
  EXPECT_EQ(bytes(BlockType::q8_k), 292);
  EXPECT_EQ(find_block_type(12), BlockType::q4_k);
  EXPECT_EQ(find_block_type(4), std::nullopt);
}

TEST(Decode, ReadsFloats) {
  const auto decoded = [](BlockType type, std::string_view bytes, std::size_t count) {
    std::vector<float> out(count);
    decode(type, std::as_bytes(std::span(bytes)), out);
    return out;
  };
  EXPECT_EQ(decoded(BlockType::f16, {"\x00\x3c\x00\xc0", 4}, 2), (std::vector<float>{1, -2}));
  EXPECT_EQ(decoded(BlockType::bf16, {"\x80\x3f\x00\xc0", 4}, 2), (std::vector<float>{1, -2}));
  EXPECT_EQ(decoded(BlockType::f32, {"\x00\x00\x80\x3f", 4}, 1), std::vector<float>{1});
  EXPECT_EQ(decoded(BlockType::f64, {"\0\0\0\0\0\0\xf0\x3f", 8}, 1), std::vector<float>{1});
  EXPECT_THAT(test::message_of<InvalidArgument>([&] { decoded(BlockType::f16, "abc", 1); }),
              HasSubstr("3 bytes of F16 are not 1 elements"));
  EXPECT_THAT(test::message_of<Unsupported>([&] { decoded(BlockType::iq1_s, "", 0); }),
              HasSubstr("IQ1_S cannot be decoded"));
}

}  // namespace
}  // namespace ashlar::gguf
