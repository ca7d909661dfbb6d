// SPDX-License-Identifier: Apache-2.0
// A profile as one page without scripts or anything from elsewhere.
#include "tools/measure/profile_report.h"
#include "tools/measure/svg.h"

#include <fmt/format.h>

namespace ashlar {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5c6775; --line: #d9dee5; --paper: #fff; --panel: #f5f7fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa5b3; --line: #38414d; --paper: #15191f; --panel: #1d232b; } }
body { font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1120px; margin: 24px auto; padding: 0 20px; }
h1 { font-size: 22px; margin: 0; } h2 { font-size: 16px; margin: 28px 0 8px; }
p { color: var(--soft); margin: 4px 0 12px; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 10px; margin: 16px 0; }
.tile { background: var(--panel); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); font-size: 12px; }
.stack { display: flex; height: 26px; border-radius: 6px; overflow: hidden; }
.stack div { min-width: 1px; } .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 8px; color: var(--soft); font-size: 12px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 13px; }
th { text-align: right; color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); padding: 4px 6px; }
td { text-align: right; padding: 4px 6px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.name, td.name { text-align: left; } td.name i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
td.where { white-space: normal; text-align: left; color: var(--soft); } th.where { text-align: left; }
meter { width: 70px; height: 10px; vertical-align: middle; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; } .roof { stroke: var(--ink); stroke-width: 1.6; }
circle { fill-opacity: .78; stroke: var(--paper); stroke-width: 1; } .gap { fill: var(--panel); }
.timeline rect:not(.gap) { stroke: var(--paper); stroke-width: .4; }
.totals td { border: 0; } .totals { width: auto; }
)";

// Colours that stay apart for the colour-blind (Okabe and Ito), then a grey for the rest.
constexpr std::string_view kColours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9",
                                         "#d55e00", "#b8a000", "#7a5195", "#4d7c8a", "#9aa1ab"};

std::string colour_rules() {
  std::string css;
  for (std::size_t i = 0; i < std::size(kColours); ++i)
    css += fmt::format(".c{0} {{ fill: {1}; background: {1}; }}\n", i, kColours[i]);
  return css +
         ".gaps { background: repeating-linear-gradient(45deg, #8b93a0 0 4px, #b9c0ca 4px 8px); }\n"
         ".rest { background: #c33; }\n";
}

double percent(double part, double whole) {
  return whole > 0 ? part / whole * 100 : 0;
}

std::string tile(const std::string& value, const std::string& name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>", value, name);
}

std::string tiles(const ProfileReport& report) {
  const ProfileTotals& totals = report.totals;
  return fmt::format(
      "<div class=\"tiles\">{}{}{}{}{}</div>\n",
      tile(fmt::format("{:.1f}", static_cast<double>(report.profile.tokens) / totals.plain),
           "tokens per second"),
      tile(time_text(totals.plain), "one run, uninstrumented"),
      tile(fmt::format("{:.1f} %", percent(totals.bound, totals.plain)),
           fmt::format("of the limit, {}", time_text(totals.bound))),
      tile(std::to_string(report.profile.commands.size()), "commands"),
      tile(fmt::format("{:.2f} %", percent(totals.unaccounted, totals.instrumented)),
           "unaccounted"));
}

std::string slice(std::string_view kind, double seconds, const ProfileTotals& totals,
                  const std::string& name) {
  const double share = percent(seconds, totals.instrumented);
  return share <= 0 ? ""
                    : fmt::format("<div class=\"{}\" style=\"width:{:.3f}%\" title=\"{}: {}, "
                                  "{:.1f} %\"></div>",
                                  kind, share, escape_html(name), time_text(seconds), share);
}

std::string stack(const ProfileReport& report) {
  const ProfileTotals& totals = report.totals;
  std::string bars, legend;
  const auto add = [&](const std::string& kind, double seconds, const std::string& name) {
    bars += slice(kind, seconds, totals, name);
    legend += fmt::format("<span><i class=\"{}\"></i>{} {:.1f} %</span>", kind, escape_html(name),
                          percent(seconds, totals.instrumented));
  };
  double others = 0;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    if (i < std::size(kColours) - 1)
      add(row_class(i), report.rows[i].seconds, report.rows[i].label);
    else
      others += report.rows[i].seconds;
  if (others > 0)
    add(row_class(std::size(kColours)), others, "other kernels");
  add("gaps", totals.gaps, "launch gaps");
  add("gaps", totals.submit, "submit");
  add("rest", totals.unaccounted, "unaccounted");
  return fmt::format("<div class=\"stack\">{}</div><div class=\"legend\">{}</div>\n", bars, legend);
}

std::string table(const ProfileReport& report) {
  const bool with_code = !report.profile.statistics.empty();
  std::string html =
      "<table><thead><tr><th>#</th><th class=\"name\">kernel</th><th class=\"where\">where</th>"
      "<th>calls</th><th>µs</th><th>share</th><th>MB read</th><th>MB written</th><th>GB/s</th>"
      "<th>GFLOP/s</th><th>bound by</th><th>of the limit</th>";
  const auto add_code = [&](std::string_view tag, const auto& cells) {
    for (std::size_t i = 0; with_code && i < cells.size(); ++i)
      html += fmt::format("<{0}>{1}</{0}>", tag, cells[i]);
  };
  add_code("th", kCodeTitles);
  html += "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const KernelRow& row = report.rows[i];
    const double reached = percent(row.bound_seconds, row.seconds);
    html += fmt::format(
        "<tr><td>{}</td><td class=\"name\"><i class=\"{}\"></i>{}</td><td class=\"where\">{}</td>"
        "<td>{}</td><td>{:.1f}</td><td>{:.1f} %</td><td>{:.3f}</td><td>{:.3f}</td><td>{:.1f}</td>"
        "<td>{:.1f}</td><td>{}</td><td>{:.1f} % <meter max=\"100\" value=\"{:.1f}\"></meter></td>",
        i + 1, row_class(i), escape_html(row.kernel), escape_html(row.label), row.calls,
        row.seconds * 1e6, percent(row.seconds, report.totals.kernels), row.bytes_read / 1e6,
        row.bytes_written / 1e6, row.bytes() / row.seconds / 1e9, row.flops / row.seconds / 1e9,
        row.compute_bound ? "arithmetic" : "memory", reached, reached);
    add_code("td", code_cells(row));
    html += "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

std::string limits_table(const DeviceLimits& limits) {
  const auto line = [](const std::string& name, const std::string& value) {
    return fmt::format("<tr><td class=\"name\">{}</td><td>{}</td></tr>", escape_html(name), value);
  };
  std::string html = "<table class=\"totals\"><tbody>";
  html += line(fmt::format("read ({})", limits.read_kernel),
               fmt::format("{:.1f} GB/s", limits.read_bandwidth / 1e9));
  html += line("copy", fmt::format("{:.1f} GB/s", limits.copy_bandwidth / 1e9));
  for (const ArithmeticPeak& peak : limits.peaks)
    html += line(peak.name, fmt::format("{:.3f} TFLOP/s", peak.per_second / 1e12));
  html += line("dependent dispatch", fmt::format("{:.2f} µs", limits.dependent_dispatch * 1e6));
  html += line("independent dispatch", fmt::format("{:.2f} µs", limits.independent_dispatch * 1e6));
  html += line("submit and wait", fmt::format("{:.1f} µs", limits.submit * 1e6));
  return html + "</tbody></table>\n";
}

}  // namespace

std::string to_html(const ProfileReport& report) {
  const EntryProfile& profile = report.profile;
  const std::string title = escape_html(
      fmt::format("{}: {} behind {} tokens", report.model, profile.entry, profile.context));
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
      "<meta name=\"viewport\" content=\"width=device-width\"/><title>{0}</title>"
      "<style>{1}{2}</style></head><body>\n<h1>{0}</h1>\n<p>{3}, {4}, {5}; medians of {6} replays, "
      "{7} runs per submit</p>\n",
      title, kStyle, colour_rules(), escape_html(report.limits.device),
      escape_html(report.limits.driver), report.limits.date, profile.replays,
      profile.runs_per_submit);
  html += tiles(report);
  html += fmt::format("<h2>Where the time goes</h2>\n<p>Of one instrumented run, {}: every "
                      "command stands alone between barriers and timestamps.</p>\n",
                      time_text(report.totals.instrumented));
  html += stack(report);
  html += "<h2>Roofline</h2>\n<p>Numbers are those of the table, areas are shares of the time; "
          "kernels below 0.1 % of it are left out.</p>\n";
  html += roofline_svg(report) + "\n";
  html += "<h2>One run</h2>\n" + timeline_svg(report) + "\n";
  html += "<h2>Kernels</h2>\n" + table(report);
  html += "<h2>Limits of the device</h2>\n<p>Measured in the same run of the program.</p>\n";
  return html + limits_table(report.limits) + "</body></html>\n";
}

}  // namespace ashlar
