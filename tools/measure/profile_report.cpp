// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/profile_report.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <regex>
#include <sstream>

namespace ashlar {
namespace {

std::vector<KernelRow> rows_of(const EntryProfile& profile, const DeviceLimits& limits) {
  std::map<std::pair<std::string, std::string>, KernelRow> rows;
  for (const CommandTime& time : profile.commands) {
    const std::string kernel = time.kernel.empty() ? "copy" : time.kernel;
    const std::string label = place_of(time.label);
    KernelRow& row = rows[{kernel, label}];
    const Bound bound = lower_bound(time.cost, limits);
    row.kernel = kernel;
    row.label = label;
    ++row.calls;
    row.seconds += time.nanoseconds * 1e-9;
    row.bytes_read += static_cast<double>(time.cost.bytes_read);
    row.bytes_written += static_cast<double>(time.cost.bytes_written);
    row.flops += static_cast<double>(time.cost.flops);
    row.bound_seconds += bound.seconds;
    row.compute_bound = bound.compute;
    if (const auto found = profile.statistics.find(kernel); found != profile.statistics.end())
      row.statistics = found->second;
  }
  std::vector<KernelRow> sorted;
  for (auto& [key, row] : rows)
    sorted.push_back(std::move(row));
  std::ranges::sort(sorted, std::greater(), &KernelRow::seconds);
  return sorted;
}

ProfileTotals totals_of(const EntryProfile& profile, const std::vector<KernelRow>& rows,
                        const DeviceLimits& limits) {
  ProfileTotals totals{.plain = profile.plain};
  for (const KernelRow& row : rows) {
    totals.kernels += row.seconds;
    totals.bound += row.bound_seconds;
  }
  if (!profile.commands.empty()) {
    const CommandTime& last = profile.commands.back();
    totals.gaps = (last.start + last.nanoseconds) * 1e-9 - totals.kernels;
  }
  totals.submit = limits.submit / static_cast<double>(profile.runs_per_submit);
  totals.unaccounted = profile.outside - totals.submit;
  totals.instrumented = totals.kernels + totals.gaps + profile.outside;
  return totals;
}

bool contains_in_any_case(std::string_view text, std::string_view word) {
  const auto same = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  return !std::ranges::search(text, word, same).empty();
}

// Of the first statistic that the earliest of these words names, divided by `unit`.
std::string statistic_text(const KernelRow& row, std::initializer_list<std::string_view> words,
                           double unit, int decimals) {
  for (std::string_view word : words)
    for (const PipelineStatistic& statistic : row.statistics)
      if (contains_in_any_case(statistic.name, word))
        return fmt::format("{:.{}f}", statistic.value / unit, decimals);
  return "-";
}

}  // namespace

std::string place_of(std::string_view label) {
  static const std::regex kLayer("layers\\.[0-9]+"), kJoined("[^.+]+(\\+[^.+]+)+");
  std::string place = std::regex_replace(std::string(label), kLayer, "layers.*");
  std::smatch joined;
  if (std::regex_search(place, joined, kJoined)) {
    std::vector<std::string> names;
    std::istringstream stream(joined.str());
    for (std::string name; std::getline(stream, name, '+');)
      names.push_back(name);
    std::ranges::sort(names);
    place.replace(static_cast<std::size_t>(joined.position()),
                  static_cast<std::size_t>(joined.length()),
                  fmt::format("{}", fmt::join(names, "+")));
  }
  return place;
}

std::string time_text(double seconds) {
  return std::abs(seconds) < 0.01 ? fmt::format("{:.1f} µs", seconds * 1e6)
                                  : fmt::format("{:.1f} ms", seconds * 1e3);
}

Bound lower_bound(const Cost& cost, const DeviceLimits& limits) {
  const double peak = limits.best_peak();
  const double memory =
      static_cast<double>(cost.bytes_read + cost.bytes_written) / limits.read_bandwidth;
  const double compute = peak > 0 ? static_cast<double>(cost.flops) / peak : 0;
  return {std::max(memory, compute), compute > memory};
}

std::array<std::string, kCodeTitles.size()> code_cells(const KernelRow& row) {
  return {statistic_text(row, {"register"}, 1, 0),
          statistic_text(row, {"binary size", "code size"}, 1e3, 1),
          statistic_text(row, {"spill", "stack"}, 1, 0)};
}

ProfileReport make_report(std::string model, EntryProfile profile, DeviceLimits limits) {
  ProfileReport report{.model = std::move(model), .limits = limits, .profile = profile};
  report.rows = rows_of(profile, limits);
  report.totals = totals_of(profile, report.rows, limits);
  return report;
}

}  // namespace ashlar
