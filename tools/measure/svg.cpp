// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ashlar {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    default:
      escaped += c;
    }
  }
  return escaped;
}

LogScale::LogScale(double low, double high, double from, double to)
    : first_(static_cast<int>(std::floor(std::log10(low)))),
      last_(std::max(static_cast<int>(std::ceil(std::log10(high))), first_ + 1)), from_(from),
      to_(to) {}

double LogScale::at(double value) const {
  return from_ + (std::log10(value) - first_) / (last_ - first_) * (to_ - from_);
}

std::vector<double> LogScale::decades() const {
  std::vector<double> values;
  for (int power = first_; power <= last_; ++power)
    values.push_back(std::pow(10.0, power));
  return values;
}

double LogScale::low() const {
  return std::pow(10.0, first_);
}

double LogScale::high() const {
  return std::pow(10.0, last_);
}

std::string row_class(std::size_t row) {
  return fmt::format("c{}", std::min<std::size_t>(row, 9));
}

}  // namespace ashlar
