// SPDX-License-Identifier: Apache-2.0
// Measured schedules of one device: what `ashlar tune` found and select-schedule takes instead of
// the schedule model's choice.
//
// As a file: JSON {"format": 1, "device", "driver", "kernels": {KEY: {"emitter", "parameters",
// "label", "us", "default_us"}}}, where KEY is kernel_key of ir/schedule_candidates.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace ashlar {

// #kernel.schedule as a plain value.
struct ScheduleChoice {
  std::string emitter;
  std::map<std::string, std::int64_t> parameters;

  bool operator==(const ScheduleChoice&) const = default;
};

std::string to_string(const ScheduleChoice& choice);  // "matvec lanes=32 rows=4"

struct TunedKernel {
  ScheduleChoice schedule;
  std::string label;                // where the kernel was seen, for people
  double microseconds = 0;          // of one call
  double default_microseconds = 0;  // with the schedule model's choice

  bool operator==(const TunedKernel&) const = default;
};

struct TuningTable {
  std::string device, driver;
  std::map<std::string, TunedKernel> kernels;  // by key

  bool operator==(const TuningTable&) const = default;
};

// `file` names the text in messages. Throws FormatError.
TuningTable parse_tuning(std::string_view text, std::string_view file);
std::string to_text(const TuningTable& table);

// The schedule for the kernel with this key in this entry, or null for the model's choice.
using ScheduleLookup =
    std::function<const ScheduleChoice*(std::string_view entry, std::string_view kernel)>;

}  // namespace ashlar
