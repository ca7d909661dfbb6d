// SPDX-License-Identifier: Apache-2.0
// What a profile says, compared with the limits of its device; and its forms for people and tools.
#pragma once

#include "tools/measure/device_limits.h"
#include "tools/measure/entry_profile.h"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// All commands of one kernel at one place of the layers.
struct KernelRow {
  std::string kernel;  // "copy" for copies
  std::string label;   // the place in the model: "layers.*.mlp.down_proj"
  int calls = 0;
  double seconds = 0;
  double bytes_read = 0, bytes_written = 0, flops = 0;
  // The time that the device's limits allow: of its bytes or of its arithmetic.
  double bound_seconds = 0;
  bool compute_bound = false;
  std::vector<PipelineStatistic> statistics;  // of the kernel, as the driver gives them

  double bytes() const { return bytes_read + bytes_written; }
};

// Seconds of one run, instrumented: each command alone between barriers and timestamps.
struct ProfileTotals {
  double kernels = 0;
  double gaps = 0;          // between commands: barrier, timestamps, launch
  double submit = 0;        // what the probe found for a submit and its wait, per run
  double unaccounted = 0;   // what else the host waited for
  double instrumented = 0;  // all of these
  double plain = 0;         // without instruments
  double bound = 0;         // what all commands must take at least
};

struct ProfileReport {
  std::string model;
  DeviceLimits limits;
  EntryProfile profile;
  std::vector<KernelRow> rows;  // longest first
  ProfileTotals totals;
};

ProfileReport make_report(std::string model, EntryProfile profile, DeviceLimits limits);

// The least time in which the device can do this work.
struct Bound {
  double seconds = 0;
  bool compute = false;  // arithmetic takes longer than memory
};
Bound lower_bound(const Cost& cost, const DeviceLimits& limits);

// What people want to know of compiled code, found among the driver's statistics by name; "-" where
// it does not say. Only for profiles with statistics.
inline constexpr std::array<std::string_view, 3> kCodeTitles = {"registers", "code KB", "spilled"};
std::array<std::string, kCodeTitles.size()> code_cells(const KernelRow& row);

// A label without what differs between layers: the number of the layer ("layers.*.mlp") and the
// order of joined names.
std::string place_of(std::string_view label);

// "12.3 µs", "45.6 ms".
std::string time_text(double seconds);

std::string to_text(const ProfileReport& report);
nlohmann::json to_json(const ProfileReport& report);
// Chrome's trace event format, which Perfetto reads.
nlohmann::json to_trace(const ProfileReport& report);
// One page that needs nothing else: roofline, table, timeline.
std::string to_html(const ProfileReport& report);

}  // namespace ashlar
