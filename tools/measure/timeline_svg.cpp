// SPDX-License-Identifier: Apache-2.0
// One run on a time axis that wraps like text, so that single commands stay visible.
#include "tools/measure/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

constexpr double kWidth = 1080, kLeft = 80, kRight = 1070;
constexpr double kLineHeight = 30, kBarHeight = 20;
constexpr std::size_t kCommandsPerLine = 48, kMostLines = 16;

class Timeline {
public:
  explicit Timeline(const ProfileReport& report) : report_(report) {
    const std::vector<CommandTime>& commands = report.profile.commands;
    lines_ = std::clamp<std::size_t>((commands.size() + kCommandsPerLine - 1) / kCommandsPerLine, 1,
                                     kMostLines);
    if (!commands.empty())
      total_ = std::max(commands.back().start + commands.back().nanoseconds, 1.0);
  }

  std::string draw() const {
    std::string svg = fmt::format("<svg class=\"timeline\" viewBox=\"0 0 {} {}\" role=\"img\">"
                                  "<title>Timeline of one run</title>",
                                  kWidth, static_cast<double>(lines_) * kLineHeight + 10);
    for (std::size_t line = 0; line < lines_; ++line)
      svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>"
                         "<rect class=\"gap\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                         kLeft - 8, top(line) + 15,
                         time_text(static_cast<double>(line) * line_time() * 1e-9), kLeft,
                         top(line), kRight - kLeft, kBarHeight);
    for (const CommandTime& time : report_.profile.commands)
      svg += bar(time);
    return svg + "</svg>";
  }

private:
  double line_time() const { return total_ / static_cast<double>(lines_); }
  static double top(std::size_t line) { return 6 + static_cast<double>(line) * kLineHeight; }

  std::size_t row_of(const CommandTime& time) const {
    const std::string kernel = time.kernel.empty() ? "copy" : time.kernel;
    const std::string label = place_of(time.label);
    return static_cast<std::size_t>(std::ranges::find_if(report_.rows,
                                                         [&](const KernelRow& row) {
                                                           return row.kernel == kernel &&
                                                                  row.label == label;
                                                         }) -
                                    report_.rows.begin());
  }

  // The parts of a command that lie on each line.
  std::string bar(const CommandTime& time) const {
    const double bytes = static_cast<double>(time.cost.bytes_read + time.cost.bytes_written);
    std::string svg = fmt::format(
        "<g class=\"{}\"><title>{} ({}): {} at {}, {:.1f} GB/s</title>", row_class(row_of(time)),
        escape_html(time.label), escape_html(time.kernel), time_text(time.nanoseconds * 1e-9),
        time_text(time.start * 1e-9), time.nanoseconds > 0 ? bytes / time.nanoseconds : 0);
    const double end = time.start + time.nanoseconds;
    for (std::size_t line = 0; line < lines_; ++line) {
      const double line_start = static_cast<double>(line) * line_time();
      const double from = std::max(time.start, line_start);
      const double to = std::min(end, line_start + line_time());
      if (from < to)
        svg += fmt::format("<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\"/>",
                           kLeft + (from - line_start) / line_time() * (kRight - kLeft), top(line),
                           (to - from) / line_time() * (kRight - kLeft), kBarHeight);
    }
    return svg + "</g>";
  }

  const ProfileReport& report_;
  std::size_t lines_ = 1;
  double total_ = 1;
};

}  // namespace

std::string timeline_svg(const ProfileReport& report) {
  return Timeline(report).draw();
}

}  // namespace ashlar
