// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/graph/svg.h"

#include <fmt/format.h>

namespace ashlar::cli {
namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

constexpr std::string_view kSans = "'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif";
constexpr std::string_view kMono = "'DejaVu Sans Mono',Menlo,Consolas,monospace";

}  // namespace

double text_width(std::string_view text, double size) {
  return static_cast<double>(text.size()) * size * 0.602;
}

void SvgCanvas::box(const Rectangle& area, const BoxStyle& style) {
  body_ += fmt::format(
      R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{}" fill="{}" stroke="{}"{}/>)"
      "\n",
      area.x, area.y, area.width, area.height, style.radius, style.fill, style.stroke,
      style.dashed ? R"( stroke-dasharray="3 2")" : "");
}

void SvgCanvas::text(double x, double y, std::string_view text, const TextStyle& style) {
  body_ += fmt::format(
      R"(<text x="{:.1f}" y="{:.1f}" font-family="{}" font-size="{}" fill="{}" text-anchor="{}"{}>{}</text>)"
      "\n",
      x, y, style.mono ? kMono : kSans, style.size, style.colour, style.anchor,
      style.bold ? R"( font-weight="bold")" : "", escaped(text));
}

void SvgCanvas::arrow(std::string_view path, std::string_view colour) {
  body_ += fmt::format(
      R"-(<path d="{}" fill="none" stroke="{}" stroke-width="1.3" marker-end="url(#head)"/>)-"
      "\n",
      path, colour);
}

std::string SvgCanvas::finish() const {
  return fmt::format(
             R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}">)"
             "\n"
             R"(<defs><marker id="head" markerWidth="7" markerHeight="7" refX="6" refY="3" orient="auto">)"
             R"(<path d="M0,0 L6,3 L0,6 z" fill="#666666"/></marker></defs>)"
             "\n"
             R"(<rect width="{0}" height="{1}" fill="#ffffff"/>)"
             "\n",
             width_, height_) +
         body_ + "</svg>\n";
}

}  // namespace ashlar::cli
