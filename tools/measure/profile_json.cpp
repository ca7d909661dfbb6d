// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/profile_report.h"

#include <nlohmann/json.hpp>

namespace ashlar {

using nlohmann::json;

namespace {

json to_json(const std::vector<PipelineStatistic>& statistics) {
  json list = json::array();
  for (const PipelineStatistic& statistic : statistics)
    list.push_back({{"name", statistic.name}, {"value", statistic.value}});
  return list;
}

}  // namespace

json to_json(const ProfileReport& report) {
  const EntryProfile& profile = report.profile;
  const ProfileTotals& totals = report.totals;
  json kernels = json::array();
  for (const KernelRow& row : report.rows) {
    kernels.push_back({{"kernel", row.kernel},
                       {"label", row.label},
                       {"calls", row.calls},
                       {"us", row.seconds * 1e6},
                       {"share", row.seconds / totals.kernels},
                       {"bytes_read", row.bytes_read},
                       {"bytes_written", row.bytes_written},
                       {"flops", row.flops},
                       {"bound_us", row.bound_seconds * 1e6},
                       {"bound_by", row.compute_bound ? "arithmetic" : "memory"},
                       {"fraction_of_limit", row.bound_seconds / row.seconds}});
    if (!row.statistics.empty())
      kernels.back()["statistics"] = to_json(row.statistics);
  }
  return {{"model", report.model},
          {"entry", profile.entry},
          {"context", profile.context},
          {"tokens", profile.tokens},
          {"replays", profile.replays},
          {"runs_per_submit", profile.runs_per_submit},
          {"limits", to_json(report.limits)},
          {"kernels", kernels},
          {"totals",
           {{"kernels_us", totals.kernels * 1e6},
            {"launch_gaps_us", totals.gaps * 1e6},
            {"submit_us", totals.submit * 1e6},
            {"unaccounted_us", totals.unaccounted * 1e6},
            {"instrumented_us", totals.instrumented * 1e6},
            {"uninstrumented_us", totals.plain * 1e6},
            {"bound_us", totals.bound * 1e6},
            {"dispatches", profile.commands.size()},
            {"tokens_per_second", static_cast<double>(profile.tokens) / totals.plain}}}};
}

json to_trace(const ProfileReport& report) {
  const auto name_event = [](const char* what, const std::string& name) {
    return json{{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", {{"name", name}}}};
  };
  json events = json::array();
  events.push_back(name_event("process_name", report.limits.device));
  events.push_back(name_event("thread_name", report.model + ", " + report.profile.entry));
  for (const CommandTime& time : report.profile.commands)
    events.push_back({{"name", time.label},
                      {"cat", time.kernel.empty() ? "copy" : time.kernel},
                      {"ph", "X"},
                      {"pid", 1},
                      {"tid", 1},
                      {"ts", time.start * 1e-3},
                      {"dur", time.nanoseconds * 1e-3},
                      {"args",
                       {{"kernel", time.kernel},
                        {"bytes_read", time.cost.bytes_read},
                        {"bytes_written", time.cost.bytes_written},
                        {"flops", time.cost.flops},
                        {"bound_us", lower_bound(time.cost, report.limits).seconds * 1e6}}}});
  return {{"displayTimeUnit", "ns"}, {"traceEvents", events}};
}

}  // namespace ashlar
