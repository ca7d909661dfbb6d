// SPDX-License-Identifier: Apache-2.0
// What the reports say about a made-up profile, and that their formats hold.
#include "tools/measure/profile_report.h"
#include "tools/measure/statistics.h"

#include <gmock/gmock.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

DeviceLimits made_up_limits() {
  return {.device = "Device <1>",
          .driver = "1.2",
          .date = "2026-11-26",
          .array_bytes = 1 << 20,
          .read_bandwidth = 1e9,
          .read_kernel = "sums",
          .copy_bandwidth = 8e8,
          .peaks = {{"f32 fma", 1e12}, {"f16 matrix", 4e12}, {"i8 matrix", 9e12}},
          .dependent_dispatch = 3e-6,
          .independent_dispatch = 1e-6,
          .submit = 50e-6};
}

// Two layers of a memory-bound and an arithmetic-bound kernel, 10 us apart.
EntryProfile made_up_profile() {
  EntryProfile profile{.entry = "decode", .context = 8, .tokens = 1, .runs_per_submit = 4};
  profile.replays = 3;
  const Cost memory{90'000, 10'000, 1000}, arithmetic{10, 10, 800'000'000};
  for (int layer = 0; layer < 2; ++layer) {
    const double start = layer * 620'000.0;
    profile.commands.push_back(
        {fmt::format("layers.{}.b+a", layer), "matvec_0", memory, start, 200'000});
    profile.commands.push_back(
        {fmt::format("layers.{}.a&b", layer), "matmul_0", arithmetic, start + 210'000, 400'000});
  }
  profile.outside = 60e-6;
  profile.plain = 1e-3;
  return profile;
}

ProfileReport made_up_report() {
  return make_report("model", made_up_profile(), made_up_limits());
}

TEST(Statistics, MedianOfOddEvenAndNothing) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({}), 0);
}

TEST(DeviceLimits, TheBestPeakIsOfFloats) {
  EXPECT_EQ(made_up_limits().best_peak(), 4e12);
}

TEST(ProfileReport, GroupsByKernelAndPlaceLongestFirst) {
  const ProfileReport report = made_up_report();
  ASSERT_EQ(report.rows.size(), 2u);
  EXPECT_EQ(report.rows[0].kernel, "matmul_0");
  EXPECT_EQ(report.rows[0].label, "layers.*.a&b");
  EXPECT_EQ(report.rows[1].label, "layers.*.a+b");
  EXPECT_EQ(report.rows[1].calls, 2);
  EXPECT_DOUBLE_EQ(report.rows[1].bytes_read, 180'000);
  EXPECT_DOUBLE_EQ(report.rows[1].seconds, 400e-6);
}

TEST(ProfileReport, BoundsAreMemoryOrArithmetic) {
  const ProfileReport report = made_up_report();
  EXPECT_TRUE(report.rows[0].compute_bound);
  EXPECT_DOUBLE_EQ(report.rows[0].bound_seconds, 2 * 8e8 / 4e12);
  EXPECT_FALSE(report.rows[1].compute_bound);
  EXPECT_DOUBLE_EQ(report.rows[1].bound_seconds, 2 * 1e5 / 1e9);
  EXPECT_DOUBLE_EQ(report.totals.bound, 600e-6);
}

TEST(ProfileReport, TotalsAddUp) {
  const ProfileTotals totals = made_up_report().totals;
  EXPECT_NEAR(totals.kernels, 1200e-6, 1e-12);
  EXPECT_NEAR(totals.gaps, 30e-6, 1e-12);
  EXPECT_NEAR(totals.submit, 12.5e-6, 1e-12);  // a quarter of one
  EXPECT_NEAR(totals.unaccounted, 47.5e-6, 1e-12);
  EXPECT_NEAR(totals.instrumented, 1290e-6, 1e-12);
}

TEST(ProfileReport, JsonHasItsKeys) {
  const nlohmann::json json = to_json(made_up_report());
  for (const char* key : {"model", "entry", "context", "tokens", "replays", "runs_per_submit",
                          "limits", "kernels", "totals"})
    EXPECT_TRUE(json.contains(key)) << key;
  for (const char* key : {"kernel", "label", "calls", "us", "share", "bytes_read", "bytes_written",
                          "flops", "bound_us", "bound_by", "fraction_of_limit"})
    EXPECT_TRUE(json["kernels"][0].contains(key)) << key;
  for (const char* key :
       {"kernels_us", "launch_gaps_us", "submit_us", "unaccounted_us", "instrumented_us",
        "uninstrumented_us", "bound_us", "dispatches", "tokens_per_second"})
    EXPECT_TRUE(json["totals"].contains(key)) << key;
  EXPECT_EQ(json["totals"]["tokens_per_second"], 1000);
  EXPECT_EQ(json["kernels"][0]["bound_by"], "arithmetic");
}

TEST(ProfileReport, TraceHoldsEveryCommandInOrder) {
  const nlohmann::json trace = nlohmann::json::parse(to_trace(made_up_report()).dump());
  std::vector<double> starts;
  for (const nlohmann::json& event : trace["traceEvents"])
    if (event["ph"] == "X") {
      starts.push_back(event["ts"]);
      EXPECT_GT(event["dur"], 0);
    }
  EXPECT_THAT(starts, ElementsAre(0, 210, 620, 830));
}

TEST(ProfileReport, PageNeedsNothingElseAndEscapesText) {
  const std::string html = to_html(made_up_report());
  for (const char* reference : {"http", "src=", "href=", "url(", "@import", "<script"})
    EXPECT_THAT(html, Not(HasSubstr(reference)));
  EXPECT_THAT(html, HasSubstr("Device &lt;1&gt;"));
  EXPECT_THAT(html, HasSubstr("layers.*.a&amp;b"));
  EXPECT_THAT(html, HasSubstr("class=\"roofline\""));
  EXPECT_THAT(html, HasSubstr("class=\"timeline\""));
}

// Named as by different drivers. NVIDIA's 580.159 gives every kernel this local memory.
ProfileReport report_with_statistics() {
  EntryProfile profile = made_up_profile();
  profile.statistics["matmul_0"] = {{"Register Count", 168},
                                    {"Binary Size", 12'345},
                                    {"Stack Size", 8},
                                    {"Local Memory Size", 0x1p36}};
  profile.statistics["matvec_0"] = {{"Code size", 2000}, {"Subgroups per SIMD", 16}};
  return make_report("model", profile, made_up_limits());
}

TEST(ProfileReport, ShowsTheStatisticsOfCodeThatItKnows) {
  const ProfileReport report = report_with_statistics();
  EXPECT_THAT(code_cells(report.rows[0]), ElementsAre("168", "12.3", "8"));
  EXPECT_THAT(code_cells(report.rows[1]), ElementsAre("-", "2.0", "-"));
  const std::string text = to_text(report), html = to_html(report);
  EXPECT_THAT(text, HasSubstr("% limit registers   code KB   spilled\n"));
  EXPECT_THAT(text, HasSubstr("c       168      12.3         8\n"));
  EXPECT_THAT(html, HasSubstr("<th>registers</th><th>code KB</th><th>spilled</th></tr>"));
  EXPECT_THAT(html, HasSubstr("<td>168</td><td>12.3</td><td>8</td></tr>"));
}

TEST(ProfileReport, JsonHasAllStatisticsOfCode) {
  const nlohmann::json kernels = to_json(report_with_statistics())["kernels"];
  ASSERT_EQ(kernels[0]["statistics"].size(), 4u);
  EXPECT_EQ(kernels[0]["statistics"][1],
            nlohmann::json({{"name", "Binary Size"}, {"value", 12345}}));
  EXPECT_EQ(kernels[1]["statistics"][1]["name"], "Subgroups per SIMD");
}

TEST(ProfileReport, SaysNothingOfCodeWithoutStatistics) {
  EXPECT_THAT(to_text(made_up_report()), Not(HasSubstr("registers")));
  EXPECT_THAT(to_html(made_up_report()), Not(HasSubstr("registers")));
  EXPECT_FALSE(to_json(made_up_report())["kernels"][0].contains("statistics"));
}

TEST(ProfileReport, PlacesForgetTheLayerAndTheOrderOfNames) {
  EXPECT_EQ(place_of("layers.12.mlp.up+gate"), "layers.*.mlp.gate+up");
  EXPECT_EQ(place_of("sampler.lm_head"), "sampler.lm_head");
  EXPECT_EQ(place_of("rope+layers.0"), "layers+rope.*");
}

}  // namespace
}  // namespace ashlar
