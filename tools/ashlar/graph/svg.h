// SPDX-License-Identifier: Apache-2.0
// Writes a self-contained SVG picture: boxes, lines and text in pixels, y downwards.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::cli {

struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double middle_x() const { return x + width / 2; }
  double middle_y() const { return y + height / 2; }
};

struct BoxStyle {
  std::string_view fill = "#ffffff", stroke = "#444444";
  double radius = 4;
  bool dashed = false;
};

struct TextStyle {
  double size = 12;
  std::string_view colour = "#222222";
  bool bold = false;
  bool mono = false;                  // every character text_width wide
  std::string_view anchor = "start";  // start, middle or end
};

// Of monospaced text.
double text_width(std::string_view text, double size);

class SvgCanvas {
public:
  SvgCanvas(double width, double height) : width_(width), height_(height) {}

  void box(const Rectangle& area, const BoxStyle& style);
  // `y` is the baseline.
  void text(double x, double y, std::string_view text, const TextStyle& style);
  // A line with an arrow head; `path` in SVG's path syntax.
  void arrow(std::string_view path, std::string_view colour = "#666666");

  // The whole file.
  std::string finish() const;

private:
  double width_, height_;
  std::string body_;
};

}  // namespace ashlar::cli
