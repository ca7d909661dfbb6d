// SPDX-License-Identifier: Apache-2.0
// Small plots as SVG files.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar {

// A drawing in the coordinates of its data, y upwards.
class Svg {
public:
  struct Range {
    double low, high;
  };

  Svg(Range x, Range y) : x_(x), y_(y) {}

  void dot(double x, double y, std::string_view colour, double radius = 3) {
    shapes_ += fmt::format("<circle cx='{:.2f}' cy='{:.2f}' r='{}' fill='{}' stroke='white'/>\n",
                           across(x), down(y), radius, colour);
  }

  void line(const std::vector<std::pair<double, double>>& points, std::string_view colour) {
    shapes_ += fmt::format("<polyline fill='none' stroke-width='2' stroke='{}' points='", colour);
    for (const auto& [x, y] : points)
      shapes_ += fmt::format("{:.2f},{:.2f} ", across(x), down(y));
    shapes_ += "'/>\n";
  }

  // Spans both ranges.
  void rectangle(Range x, Range y, std::string_view colour) {
    shapes_ += fmt::format(
        "<rect x='{:.2f}' y='{:.2f}' width='{:.2f}' height='{:.2f}' fill='{}'/>\n", across(x.low),
        down(y.high), across(x.high) - across(x.low), down(y.low) - down(y.high), colour);
  }

  // False when the file cannot be written.
  bool save(const std::filesystem::path& path) const {
    std::ofstream file(path);
    file << fmt::format("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {0}' width='{0}' "
                        "height='{0}'>\n<rect width='{0}' height='{0}' fill='white'/>\n{1}</svg>\n",
                        kSize, shapes_);
    return file.good();
  }

private:
  static constexpr double kSize = 480;

  double across(double x) const { return (x - x_.low) / (x_.high - x_.low) * kSize; }
  double down(double y) const { return (y_.high - y) / (y_.high - y_.low) * kSize; }

  Range x_, y_;
  std::string shapes_;
};

}  // namespace ashlar
