// SPDX-License-Identifier: Apache-2.0
// Parts of the pictures in a profile's page.
#pragma once

#include "tools/measure/profile_report.h"

#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// For text and attribute values.
std::string escape_html(std::string_view text);

// A logarithmic scale over whole decades, from pixel `from` to pixel `to`.
class LogScale {
public:
  // `low` and `high` are positive; widened to decades.
  LogScale(double low, double high, double from, double to);

  double at(double value) const;
  std::vector<double> decades() const;
  double low() const;
  double high() const;

private:
  int first_, last_;  // powers of ten
  double from_, to_;
};

// Class of a row in its style sheet, "c0" to "c9": the longest rows have colours of their own, the
// rest share the last.
std::string row_class(std::size_t row);

// Each a whole <svg> element. Rows are numbered from 1, as in the table.
std::string roofline_svg(const ProfileReport& report);
std::string timeline_svg(const ProfileReport& report);

}  // namespace ashlar
