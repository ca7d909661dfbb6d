// SPDX-License-Identifier: Apache-2.0
#include "tests/models/formats/config_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

std::optional<MatrixEncoding> affine(std::int64_t bits, std::int64_t group_size) {
  return AffineEncoding{bits, group_size};
}

TEST(QuantizationConfigs, Quantization) {
  EXPECT_EQ(small("llama").quantization, std::nullopt);
  EXPECT_EQ(small("llama", R"("quantization_config":null)").quantization, std::nullopt);
  const auto plain = small("llama", R"("quantization":{"group_size":32,"bits":8})").quantization;
  EXPECT_EQ(plain->encoding_of("model.layers.0.mlp.up_proj"), affine(8, 32));
  // Only the other key, and modules that differ.
  const auto listed = small("llama", R"("quantization_config":{"group_size":64,"bits":4,)"
                                     R"("mode":"affine","a.b":{"group_size":128,"bits":6},)"
                                     R"("c":false})")
                          .quantization;
  EXPECT_EQ(listed->encoding_of("a"), affine(4, 64));
  EXPECT_EQ(listed->encoding_of("a.b"), affine(6, 128));
  EXPECT_EQ(listed->encoding_of("c"), std::nullopt);
}

TEST(QuantizationConfigs, RefusesOtherQuantization) {
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":4,"mode":"nf4"})"),
              HasSubstr("quantization: quantisation mode \"nf4\" is not supported"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"group_size":64,"mode":"mxfp4"})"),
              HasSubstr("quantization: 4 bits in groups of 64: expected 4 and 32 for mode"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":7,"group_size":64})"),
              HasSubstr("quantization: 7 bits in groups of 64 are not supported"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":4,"group_size":64,)"
                                   R"("a.b":{"bits":4,"group_size":8}})"),
              HasSubstr("quantization: a.b: 4 bits in groups of 8 are not supported"));
  EXPECT_THAT(format_error("llama", R"("quantization":{"bits":"4"})"),
              HasSubstr("bits: expected an integer"));
  EXPECT_THAT(format_error("llama", R"("quantization":[4])"), HasSubstr("expected an object"));
  EXPECT_THAT(format_error("llama", R"("quantization":{"bits":4,"a.b":1})"),
              HasSubstr("a.b: expected an object"));
}

TEST(QuantizationConfigs, QuantizationModes) {
  const auto config = small("llama", R"("quantization":{"mode":"mxfp4","a":{"mode":"nvfp4"},)"
                                     R"("b":{"mode":"mxfp8","bits":8},"c":{"bits":8}})")
                          .quantization;
  const auto floats = [](std::int64_t exponent, std::int64_t mantissa, std::int64_t group) {
    return std::optional<MatrixEncoding>(FloatEncoding{exponent, mantissa, group});
  };
  EXPECT_EQ(config->encoding_of("x"), floats(2, 1, 32));
  EXPECT_EQ(config->encoding_of("a"), floats(2, 1, 16));
  EXPECT_EQ(config->encoding_of("b"), floats(4, 3, 32));
  EXPECT_EQ(config->encoding_of("c"), affine(8, 64));
}

TEST(QuantizationConfigs, QuantizationMethods) {
  const auto layout = [](const std::string& fields) {
    const auto config = small("llama", "\"quantization_config\":{" + fields + "}").quantization;
    EXPECT_EQ(config->encoding_of("x"), std::nullopt) << "the tensors say it";
    return config->layout;
  };
  EXPECT_EQ(layout(R"("quant_method":"gptq","bits":8)"), QuantizedLayout(GptqLayout{1}));
  EXPECT_EQ(layout(R"("quant_method":"gptq","bits":4,"checkpoint_format":"gptq_v2")"),
            QuantizedLayout(GptqLayout{0}));
  EXPECT_EQ(layout(R"("quant_method":"gptq","bits":4,"dynamic":{"-:.*gate.*":{},)"
                   R"("+:.*down.*":{"bits":8}})"),
            QuantizedLayout(GptqLayout{1}));
  for (const char* algorithm : {"FP8", "NVFP4"})
    EXPECT_EQ(layout(fmt::format(R"("quant_method":"modelopt","quant_algo":"{}")", algorithm)),
              QuantizedLayout(CompressedTensorsLayout{}));
  EXPECT_EQ(layout(R"("quant_method":"awq","bits":4,"version":"gemm")"),
            QuantizedLayout(AwqLayout{}));
  EXPECT_EQ(layout(R"("quant_method":"fp8","weight_block_size":[64,32])"),
            QuantizedLayout(Fp8Layout{64, 32}));
  EXPECT_EQ(layout(R"("quant_method":"fp8")"), QuantizedLayout(Fp8Layout{128, 128}));
  EXPECT_EQ(layout(R"("quant_method":"compressed-tensors","config_groups":{"group_0":{"weights":)"
                   R"({"strategy":"block","block_structure":[64,64]}}})"),
            QuantizedLayout(CompressedTensorsLayout{64, 64}));
}

TEST(QuantizationConfigs, RefusesVariantsOfQuantizationMethods) {
  const auto refusal = [](const std::string& fields) {
    return unsupported("llama", "\"quantization_config\":{" + fields + "}");
  };
  EXPECT_THAT(refusal(R"("quant_method":"gptq","checkpoint_format":"marlin")"),
              HasSubstr("checkpoint_format \"marlin\" is not supported: expected \"gptq\""));
  EXPECT_THAT(refusal(R"("quant_method":"gptq","is_marlin_format":true)"),
              HasSubstr("is_marlin_format is not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"modelopt","quant_algo":"W4A8_AWQ")"),
              HasSubstr("quant_algo \"W4A8_AWQ\" is not supported: expected \"FP8\""));
  EXPECT_THAT(refusal(R"("quant_method":"compressed-tensors","format":"marlin-24")"),
              HasSubstr("format \"marlin-24\" is not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"compressed-tensors","transform_config":)"
                      R"({"config_groups":{"u":{"type":"hadamard"}}})"),
              HasSubstr("transform_config is not supported"));
  for (const char* method : {"bitsandbytes", "hqq", "quanto", "torchao", "aqlm", "eetq",
                             "fbgemm_fp8", "auto-round", "exl2"})
    EXPECT_THAT(refusal(fmt::format(R"("quant_method":"{}")", method)),
                HasSubstr(fmt::format("quantisation method \"{}\" is not supported", method)));
  EXPECT_THAT(refusal(R"("quant_method":"gptq","bits":7)"), HasSubstr("7 bits are not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"awq","version":"gemv")"),
              HasSubstr("version \"gemv\" is not supported: expected \"gemm\""));
  EXPECT_THAT(refusal(R"("quant_method":"awq","w_bit":3)"), HasSubstr("3 bits are not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"compressed-tensors",)"
                      R"("sparsity_config":{"format":"sparse-24-bitmask"})"),
              HasSubstr("format \"sparse-24-bitmask\" is not supported"));
  EXPECT_THAT(format_error("llama", R"("quantization_config":{"quant_method":"fp8",)"
                                    R"("weight_block_size":[128,100]})"),
              HasSubstr("weight_block_size: expected rows and columns of a block"));
}

}  // namespace
}  // namespace ashlar::test
