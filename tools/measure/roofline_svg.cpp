// SPDX-License-Identifier: Apache-2.0
// The roofline of a profile (Williams, Waterman and Patterson 2009): arithmetic per byte against
// arithmetic per second; a kernel touches the roof where it reaches a limit of the device.
#include "tools/measure/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

constexpr double kWidth = 1080, kHeight = 420;
constexpr double kSmallestShare = 0.001;  // of the time, to be drawn
constexpr double kLabelHeight = 12;
constexpr double kLeft = 70, kRight = 1060, kTop = 16, kBottom = 370;

// 1e9 to "1 G", 1e-1 to "0.1".
std::string short_number(double value) {
  constexpr std::string_view kUnits[] = {"", " k", " M", " G", " T", " P"};
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g}{}", value, kUnits[unit]);
}

struct Point {
  std::size_t row;
  double intensity, rate;
};

class Roofline {
public:
  explicit Roofline(const ProfileReport& report)
      : report_(report), points_(points_of(report)), x_(intensities()), y_(rates()) {}

  std::string draw() const {
    return fmt::format("<svg class=\"roofline\" viewBox=\"0 0 {} {}\" role=\"img\">"
                       "<title>Roofline</title>{}{}{}</svg>",
                       kWidth, kHeight, grid(), roofs(), dots());
  }

private:
  static std::vector<Point> points_of(const ProfileReport& report) {
    std::vector<Point> points;
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      const KernelRow& row = report.rows[i];
      if (row.flops > 0 && row.bytes() > 0 && row.seconds > kSmallestShare * report.totals.kernels)
        points.push_back({i, row.flops / row.bytes(), row.flops / row.seconds});
    }
    return points;
  }

  double ridge() const { return report_.limits.best_peak() / report_.limits.read_bandwidth; }

  LogScale intensities() const {
    double low = 1, high = std::max(ridge() * 2, 10.0);
    for (const Point& point : points_) {
      low = std::min(low, point.intensity);
      high = std::max(high, point.intensity);
    }
    return {low, high, kLeft, kRight};
  }

  LogScale rates() const {
    const double best = report_.limits.best_peak();
    double low = best / 100, high = best;
    for (const Point& point : points_) {
      low = std::min(low, point.rate);
      high = std::max(high, point.rate);
    }
    return {low, high, kBottom, kTop};
  }

  static std::string line(std::string_view kind, double x1, double y1, double x2, double y2) {
    return fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kind, x1,
        y1, x2, y2);
  }

  static std::string text(std::string_view anchor, double x, double y, const std::string& content) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor,
                       escape_html(content));
  }

  std::string grid() const {
    std::string svg;
    for (double value : x_.decades())
      svg += line("grid", x_.at(value), kTop, x_.at(value), kBottom) +
             text("middle", x_.at(value), kBottom + 18, short_number(value));
    for (double value : y_.decades())
      svg += line("grid", kLeft, y_.at(value), kRight, y_.at(value)) +
             text("end", kLeft - 8, y_.at(value) + 4, short_number(value));
    svg += text("middle", (kLeft + kRight) / 2, kBottom + 40, "FLOP per byte");
    return svg + fmt::format("<text transform=\"translate(16 {}) rotate(-90)\" "
                             "text-anchor=\"middle\">FLOP/s</text>",
                             (kTop + kBottom) / 2);
  }

  std::string roofs() const {
    const double bandwidth = report_.limits.read_bandwidth, best = report_.limits.best_peak();
    // The slope, from where it enters the picture to the highest peak.
    const double enter = std::max(x_.low(), y_.low() / bandwidth);
    std::string svg =
        line("roof", x_.at(enter), y_.at(enter * bandwidth), x_.at(ridge()), y_.at(best));
    const double middle = std::sqrt(enter * ridge());
    svg += text("end", x_.at(middle) - 8, y_.at(middle * bandwidth) - 6,
                fmt::format("read {:.0f} GB/s", bandwidth / 1e9));
    for (const ArithmeticPeak& peak : report_.limits.peaks)
      svg += line("roof", x_.at(std::max(peak.per_second / bandwidth, x_.low())),
                  y_.at(peak.per_second), kRight, y_.at(peak.per_second)) +
             text("end", kRight - 4, y_.at(peak.per_second) - 6,
                  fmt::format("{} {}FLOP/s", peak.name, short_number(peak.per_second)));
    return svg;
  }

  double radius(const Point& point) const {
    return 4 + 16 * std::sqrt(report_.rows[point.row].seconds / report_.totals.kernels);
  }

  std::string dots() const {
    std::string svg;
    for (const Point& point : points_) {
      const KernelRow& row = report_.rows[point.row];
      svg +=
          fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{}. {} "
                      "{}: {}FLOP/s, {:.3g} FLOP per byte</title></circle>",
                      row_class(point.row), x_.at(point.intensity), y_.at(point.rate),
                      radius(point), point.row + 1, escape_html(row.kernel), escape_html(row.label),
                      short_number(point.rate), point.intensity);
    }
    return svg + numbers();
  }

  // From the top down; where dots crowd, numbers queue below each other.
  std::string numbers() const {
    std::vector<Point> downwards = points_;
    std::ranges::sort(downwards, std::greater(), &Point::rate);
    std::vector<std::pair<double, double>> taken;
    std::string svg;
    for (const Point& point : downwards) {
      const double x = x_.at(point.intensity) + radius(point) + 14, dot = y_.at(point.rate);
      double y = dot;
      for (const auto& [other_x, other_y] : taken)
        if (std::abs(other_x - x) < 30)
          y = std::max(y, other_y + kLabelHeight);
      taken.emplace_back(x, y);
      svg += line("grid", x - 14, dot, x - 2, y) +
             text("start", x, y + 4, std::to_string(point.row + 1));
    }
    return svg;
  }

  const ProfileReport& report_;
  std::vector<Point> points_;
  LogScale x_, y_;
};

}  // namespace

std::string roofline_svg(const ProfileReport& report) {
  return Roofline(report).draw();
}

}  // namespace ashlar
