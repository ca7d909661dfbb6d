// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/device_profile.h"

#include "runtime/program/error.h"
#include "runtime/program/requirements.h"
#include "tests/runtime/program/sample_program.h"

#include <gmock/gmock.h>

#include <set>

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(DeviceProfile, FixturesHaveDistinctDescriptionsInOneLine) {
  std::set<std::string> seen;
  for (const std::string& name : profile_fixture_names()) {
    const std::string text = to_string(find_profile_fixture(name).value());
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_TRUE(seen.insert(text).second) << name;
  }
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_FALSE(find_profile_fixture("abacus"));
}

TEST(DeviceProfile, TheDescriptionHoldsEveryField) {
  const DeviceProfile base = find_profile_fixture("nvidia-h200").value();
  const std::string text = to_string(base);
  const auto expect_change = [&](auto&& change) {
    DeviceProfile changed = base;
    change(changed);
    EXPECT_NE(to_string(changed), text);
  };
  expect_change([](auto& p) { p.driver += "1"; });
  expect_change([](auto& p) { p.min_subgroup_size = 1; });
  expect_change([](auto& p) { p.max_workgroup_size[2] += 1; });
  expect_change([](auto& p) { p.max_workgroup_count[1] += 1; });
  expect_change([](auto& p) { p.max_loop_iterations = 5; });
  expect_change([](auto& p) { p.compute_units = 5; });
  expect_change([](auto& p) { p.max_texels = 5; });
  expect_change([](auto& p) { p.cooperative_matrices.pop_back(); });
  for (bool DeviceProfile::* flag :
       {&DeviceProfile::is_cpu, &DeviceProfile::shader_f16, &DeviceProfile::shader_i8,
        &DeviceProfile::shader_i16, &DeviceProfile::shader_i64, &DeviceProfile::storage_8bit,
        &DeviceProfile::storage_16bit, &DeviceProfile::subgroup_arithmetic,
        &DeviceProfile::subgroup_shuffle, &DeviceProfile::subgroup_clustered,
        &DeviceProfile::subgroup_size_control, &DeviceProfile::integer_dot_product,
        &DeviceProfile::memory_budget, &DeviceProfile::bf16_cooperative_matrix})
    expect_change([&](auto& p) { p.*flag = !(p.*flag); });
  for (FloatControls DeviceProfile::* width :
       {&DeviceProfile::float_controls_f16, &DeviceProfile::float_controls_f32})
    for (bool FloatControls::* flag :
         {&FloatControls::signed_zero_inf_nan_preserve, &FloatControls::denorm_preserve,
          &FloatControls::rounding_mode_rte})
      expect_change([&](auto& p) { p.*width.*flag = !(p.*width.*flag); });
}

TEST(Requirements, ComeFromTheKernelsAndDispatches) {
  const Requirements needs = requirements_of(sample_program());
  EXPECT_THAT(needs.capabilities, testing::ElementsAre(1, 11, 4467));
  EXPECT_THAT(needs.float_modes, testing::ElementsAre(FloatMode{4462, 16}));
  EXPECT_THAT(needs.subgroup_sizes, testing::ElementsAre(8));
  EXPECT_THAT(needs.workgroup_size, testing::ElementsAre(64, 2, 1));
  EXPECT_EQ(needs.workgroup_invocations, 128u);
  EXPECT_THAT(needs.workgroup_count, testing::ElementsAre(3, 2, 1));
  EXPECT_EQ(needs.texels, 8u);  // of an input of 128 bytes
}

TEST(Requirements, NameEverythingThatADeviceLacks) {
  const DeviceProfile lavapipe = find_profile_fixture("lavapipe").value();
  Requirements needs = requirements_of(sample_program());
  EXPECT_NO_THROW(check_requirements(needs, lavapipe));
  needs.capabilities = {1, 67, 6022, 31337};
  needs.texels = 134217729;
  needs.subgroup_sizes = {8, 32};
  needs.workgroup_invocations = 2048;
  needs.workgroup_count[1] = 65536;
  try {
    check_requirements(needs, lavapipe);
    FAIL();
  } catch (const Unsupported& error) {
    for (const char* part :
         {"GroupNonUniformClustered", "CooperativeMatrixKHR", "31337", "subgroups of 32 (it has 8)",
          "2048", "65536", "a texel buffer of 134217729 (at most 134217728)"})
      EXPECT_THAT(error.what(), HasSubstr(part));
    EXPECT_THAT(error.what(), Not(HasSubstr("Shader,")));
  }
}

TEST(Requirements, FloatModesAreOfferedPerWidth) {
  DeviceProfile device = find_profile_fixture("nvidia-h200").value();
  Requirements needs;
  needs.float_modes = {{4459, 16}, {4459, 32}, {4461, 16}, {4461, 32}, {4462, 16}, {4462, 32}};
  EXPECT_NO_THROW(check_requirements(needs, device));
  device.float_controls_f16.denorm_preserve = false;
  EXPECT_THAT([&] { check_requirements(needs, device); },
              ThrowsMessage<Unsupported>(HasSubstr("lacks: DenormPreserve of 16-bit floats;")));
  device.float_controls_f32.signed_zero_inf_nan_preserve = false;
  device.float_controls_f32.rounding_mode_rte = false;
  EXPECT_THAT([&] { check_requirements(needs, device); },
              ThrowsMessage<Unsupported>(HasSubstr(
                  "DenormPreserve of 16-bit floats, SignedZeroInfNanPreserve of 32-bit floats, "
                  "RoundingModeRTE of 32-bit floats;")));
  needs.float_modes = {{4462, 64}, {31337, 32}};
  EXPECT_THAT([&] { check_requirements(needs, device); },
              ThrowsMessage<Unsupported>(
                  HasSubstr("RoundingModeRTE of 64-bit floats, SPIR-V execution mode 31337;")));
}

}  // namespace
}  // namespace ashlar
