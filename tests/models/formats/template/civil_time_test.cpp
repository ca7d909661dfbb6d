// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/civil_time.h"

#include "runtime/program/error.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(CivilTime, ReadsIsoTimes) {
  CivilTime time = parse_civil_time("2026-01-15T12:30:45.000123");
  EXPECT_EQ(format_time(time, "%Y-%m-%d %H:%M:%S.%f"), "2026-01-15 12:30:45.000123");
  EXPECT_EQ(format_time(parse_civil_time("2024-02-29"), "%F %T"), "2024-02-29 00:00:00");
  EXPECT_EQ(format_time(parse_civil_time("2024-02-29 23:59"), "%F %T"), "2024-02-29 23:59:00");
}

TEST(CivilTime, RefusesOtherText) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-1-15", "2026-01-15T", "2026-01-15T24:00",
        "2026-01-15T12:60", "2026-01-15T12:30:61", "2026-01-15T12:30:00Z", "2026-01-15x12:30",
        "-026-01-15", "+026-01-15", "2026-01-15T12:30:00.1", "0000-01-01"})
    EXPECT_THROW(parse_civil_time(text), InvalidArgument) << text;
}

TEST(CivilTime, FormatsAsPython) {
  CivilTime time = parse_civil_time("2026-01-15T12:30:00");
  EXPECT_EQ(format_time(time, "%A %a %B %b %j %w %p %%"), "Thursday Thu January Jan 015 4 PM %");
  EXPECT_EQ(format_time(time, "[%z][%Z]"), "[][]");
  EXPECT_EQ(format_time(time, "%-d.%-m."), "15.1.");
  EXPECT_EQ(format_time(time, "žluť %"), "žluť %");
  EXPECT_EQ(format_time(time, "%é"), "%é");
}

TEST(CivilTime, TellsThePresent) {
  CivilTime now = local_time_now();
  EXPECT_GE(now.year, 2025);
  EXPECT_EQ(format_time(parse_civil_time(format_time(now, "%Y-%m-%dT%H:%M:%S.%f")), "%s").empty(),
            false);
}

}  // namespace
}  // namespace ashlar
