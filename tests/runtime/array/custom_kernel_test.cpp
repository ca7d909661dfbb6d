// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/custom_kernel.h"

#include "runtime/array/closure.h"
#include "runtime/array/glsl.h"
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const char* const kGuarded = "uint i = gl_GlobalInvocationID.x; if (i >= result_size) return; ";

Launch threads(std::uint32_t count) {
  return {.workgroups = {(count + 63) / 64, 1, 1}};
}

// a * x + b[0], of i32 b.
CustomKernel affine(double factor) {
  return CustomKernel(
      "affine", GlslSource{.inputs = {"x", "b"},
                           .constants = {{"FACTOR", factor}, {"FIRST", std::int64_t{0}}},
                           .header = "float shifted(float y, int by) { return y + float(by); }",
                           .body = std::string(kGuarded) +
                                   "result.at[i] = shifted(x.at[i] * FACTOR, b.at[FIRST]);"});
}

TEST(CustomKernel, ReadsTypedInputs) {
  const Array x = array({1.0F, 2.0F, 3.0F});
  const Array y = affine(2.5)({x, array({10})}, x.type(), threads(3));
  EXPECT_THAT(y.to_vector<float>(), ElementsAre(12.5, 15, 17.5));
  // The same object with other constants is other code.
  EXPECT_THAT(affine(-1)({x, array({0})}, x.type(), threads(3)).to_vector<float>(),
              ElementsAre(-1, -2, -3));
}

TEST(CustomKernel, StandsBetweenOtherOperations) {
  const auto step = compile([](const Array& x) {
    const Array y = affine(2)({transpose(x) + 1, array({3})}, {DType::f32, {3, 2}}, threads(6));
    return sum(y * y, 0);
  });
  // transpose(x) + 1 = [[1, 4], [2, 5], [3, 6]]; y = 2 of that + 3.
  const Array x = reshape(arange(6).astype(DType::f32), {2, 3});
  EXPECT_THAT(step(x).to_vector<float>(),
              ElementsAre(5 * 5 + 7 * 7 + 9 * 9, 11 * 11 + 13 * 13 + 15 * 15));
  EXPECT_THAT(step(x).to_vector<float>(), ElementsAre(155, 515));
}

TEST(CustomKernel, MayTakeOneArrayTwice) {
  const CustomKernel product(
      "product", GlslSource{.inputs = {"x", "y"},
                            .body = std::string(kGuarded) +
                                    "result.at[i] = x.at[i] * y.at[x_shape[0] - 1 - i];"});
  const Array x = array({1, 2, 3});
  EXPECT_THAT(product({x, x}, x.type(), threads(3)).to_vector<std::int32_t>(),
              ElementsAre(3, 4, 3));
}

TEST(CustomKernel, SeesNarrowTypes) {
  const CustomKernel count(
      "count", GlslSource{.inputs = {"mask", "h"},
                          .body = "if (gl_GlobalInvocationID.x == 0) {"
                                  " int64_t n = 0;"
                                  " for (uint i = 0; i < mask_size; ++i)"
                                  "   n += mask.at[i] == uint8_t(0) ? 0l : int64_t(h.at[i]);"
                                  " result.at[0] = n; }"});
  const Array mask = array<bool>({true, false, true}),
              h = array({1.0F, 2.0F, 3.0F}).astype(DType::f16);
  EXPECT_EQ(count({mask, h}, {DType::i64, {}}, {}).item<std::int64_t>(), 4);
}

TEST(CustomKernel, HasTheDerivativeItIsGiven) {
  const std::string body = std::string(kGuarded) + "result.at[i] = x.at[i] * x.at[i];";
  const GlslSource source{.inputs = {"x"}, .body = body};
  const CustomKernel square("square", source,
                            [](const Arrays& primals, const Arrays& cotangents, const Arrays&) {
                              return Arrays{primals[0] * cotangents[0] * 2};
                            });
  const Array x = array({1.0F, -3.0F});
  const auto loss = [&](const CustomKernel& kernel) {
    return grad([&](const Array& at) { return sum(kernel({at}, at.type(), threads(2)) * 5); });
  };
  EXPECT_THAT(loss(square)(x).to_vector<float>(), ElementsAre(10, -30));
  const CustomKernel without("square", source);
  EXPECT_THAT([&] { loss(without)(x); },
              ThrowsMessage<Unsupported>(HasSubstr("no derivative rule for custom_kernel")));
}

TEST(CustomKernel, TakesSpirv) {
  const GlslSource source{.inputs = {"x"},
                          .body = std::string(kGuarded) + "result.at[i] = x.at[i] + 1;"};
  const Array x = array({4, 5});
  const Arrays inputs{x};
  const std::string text = glsl_text(source, inputs, x.type(), {64, 1, 1});
  const CustomKernel kernel("words", SpirvSource{compile_glsl("words", text)});
  EXPECT_THAT(kernel({x}, x.type(), threads(2)).to_vector<std::int32_t>(), ElementsAre(5, 6));
  EXPECT_THAT([] { CustomKernel("words", SpirvSource{{1, 2, 3, 4, 5, 6}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected a SPIR-V module")));
}

constexpr const char* kNegate = R"(
#device = #spirv.storage_class<PhysicalStorageBuffer>
gpu.module @negate {
  gpu.func @negate() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [2, 1, 1]>} {
    %x = kernel.buffer 0 : memref<?xf32, #device>
    %y = kernel.buffer 1 : memref<?xf32, #device>
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf32, #device>
    %n = arith.negf %v : f32
    memref.store %n, %y[%t] : memref<?xf32, #device>
    gpu.return
  }
}
)";

TEST(CustomKernel, TakesMlir) {
  const CustomKernel negate("negate", MlirSource{kNegate});
  const Array x = array({1.5F, -2.0F});
  EXPECT_THAT(negate({x}, x.type(), {.workgroup_size = {2, 1, 1}}).to_vector<float>(),
              ElementsAre(-1.5, 2));
  const CustomKernel broken("broken", MlirSource{"gpu.module {"});
  EXPECT_THAT([&] { broken({x}, x.type(), {}); },
              ThrowsMessage<Error>(HasSubstr("[custom_kernel] cannot parse 'broken'")));
}

TEST(CustomKernel, ReportsMistakes) {
  const Array x = array({1.0F});
  const CustomKernel wrong("wrong",
                           GlslSource{.inputs = {"x"}, .body = "\nresult.at[0] = y.at[0];"});
  EXPECT_THAT(
      [&] { wrong({x}, x.type(), {}); },
      ThrowsMessage<Error>(AllOf(HasSubstr("'wrong' does not compile"), HasSubstr("kernel.comp:2:"),
                                 HasSubstr("'y' : undeclared identifier"))));
  EXPECT_THAT([&] { wrong({x, x}, x.type(), {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'wrong' has 1 inputs, got 2")));
  EXPECT_THAT([&] { wrong({x}, {DType::f32, {0}}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("an array without elements")));
  EXPECT_THAT([&] { affine(1)({x, array({1})}, x.type(), {.workgroups = {0, 1, 1}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected three positive numbers")));
  for (const char* name : {"x", "result", "x_", "gl_x", "1x", ""})
    EXPECT_THAT([&] { CustomKernel("names", GlslSource{.inputs = {"x", name}, .body = ""}); },
                ThrowsMessage<InvalidArgument>(HasSubstr("expected distinct identifiers")))
        << name;
}

TEST(CustomKernel, SaysWhatIsMissing) {
  EXPECT_THAT([] { compile_glsl("k", "", "/nowhere/compiler"); },
              ThrowsMessage<Unsupported>(HasSubstr("Debian: glslang-tools")));
}

}  // namespace
}  // namespace ashlar
