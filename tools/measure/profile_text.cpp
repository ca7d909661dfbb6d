// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/profile_report.h"

#include <fmt/format.h>

namespace ashlar {
namespace {

double percent(double part, double whole) {
  return whole > 0 ? part / whole * 100 : 0;
}

std::string total_line(std::string_view name, double seconds, double whole) {
  return fmt::format("{:<24} {:>12.1f} us {:>7.1f} %\n", name, seconds * 1e6,
                     percent(seconds, whole));
}

std::string table(const ProfileReport& report) {
  const bool with_code = !report.profile.statistics.empty();
  std::string text = fmt::format("{:<16} {:<36} {:>6} {:>10} {:>7} {:>10} {:>10} {:>9} {:>9} {:>8}",
                                 "kernel", "where", "calls", "us", "share", "MB read", "MB written",
                                 "GB/s", "GFLOP/s", "% limit");
  const auto add_code = [&](const auto& cells) {
    for (std::size_t i = 0; with_code && i < cells.size(); ++i)
      text += fmt::format(" {:>9}", cells[i]);
  };
  add_code(kCodeTitles);
  text += '\n';
  for (const KernelRow& row : report.rows) {
    text += fmt::format("{:<16} {:<36} {:>6} {:>10.1f} {:>6.1f}% {:>10.3f} {:>10.3f} {:>9.1f} "
                        "{:>9.1f} {:>7.1f}{}",
                        row.kernel, row.label, row.calls, row.seconds * 1e6,
                        percent(row.seconds, report.totals.kernels), row.bytes_read / 1e6,
                        row.bytes_written / 1e6, row.bytes() / row.seconds / 1e9,
                        row.flops / row.seconds / 1e9, percent(row.bound_seconds, row.seconds),
                        row.compute_bound ? 'c' : 'm');
    add_code(code_cells(row));
    text += '\n';
  }
  return text + "% limit: least time by the probe's read bandwidth (m) or best arithmetic (c) / "
                "measured time\n";
}

}  // namespace

std::string to_text(const ProfileReport& report) {
  const EntryProfile& profile = report.profile;
  const ProfileTotals& totals = report.totals;
  std::string text = to_text(report.limits);
  text += fmt::format("\n{}, {} behind {} tokens, medians of {} replays\n\n", report.model,
                      profile.entry, profile.context, profile.replays);
  text += table(report) + "\n";
  text += total_line("kernels", totals.kernels, totals.instrumented);
  text += total_line("launch gaps", totals.gaps, totals.instrumented);
  text += total_line("submit", totals.submit, totals.instrumented);
  text += total_line("unaccounted", totals.unaccounted, totals.instrumented);
  text += total_line("instrumented run", totals.instrumented, totals.instrumented);
  text += fmt::format("{:<24} {:>12.1f} us   {:.1f} tokens/s, {} runs per submit\n",
                      "uninstrumented run", totals.plain * 1e6,
                      static_cast<double>(profile.tokens) / totals.plain, profile.runs_per_submit);
  text += fmt::format("{:<24} {:>12.1f} us   {:.1f} % of the uninstrumented run\n", "lower bound",
                      totals.bound * 1e6, percent(totals.bound, totals.plain));
  return text;
}

}  // namespace ashlar
