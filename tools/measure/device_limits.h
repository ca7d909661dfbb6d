// SPDX-License-Identifier: Apache-2.0
// The limits of a device as `ashlar probe` measured them: what every figure is compared with.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar {

// Operations per second of one kind of arithmetic, an addition and a multiplication counted each.
struct ArithmeticPeak {
  std::string name;  // "f32 fma", "f16 matrix"
  double per_second = 0;
};

struct DeviceLimits {
  std::string device, driver, date;
  std::uint64_t array_bytes = 0;  // that the bandwidths were measured on
  double read_bandwidth = 0;      // bytes per second
  std::string read_kernel;        // the fastest reader
  double copy_bandwidth = 0;      // bytes read and written, per second
  std::vector<ArithmeticPeak> peaks;
  double dependent_dispatch = 0;    // seconds, each behind a barrier
  double independent_dispatch = 0;  // seconds, without barriers
  double submit = 0;                // seconds, from submit to completion of almost nothing

  // The highest peak of floating-point arithmetic.
  double best_peak() const;
};

nlohmann::json to_json(const DeviceLimits& limits);
std::string to_text(const DeviceLimits& limits);

}  // namespace ashlar
