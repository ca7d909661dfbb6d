// SPDX-License-Identifier: Apache-2.0
// A date and time of day without a time zone: what `strftime_now` formats.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

// The wall clock of this machine in its time zone.
CivilTime local_time_now();

// Reads YYYY-MM-DD, optionally followed by "T" or a space and HH:MM, HH:MM:SS or HH:MM:SS.ffffff.
// Throws InvalidArgument for anything else.
CivilTime parse_civil_time(std::string_view text);

// Python's datetime.strftime for a datetime without time zone. The text must be valid UTF-8.
std::string format_time(const CivilTime& time, std::string_view format);

}  // namespace ashlar
