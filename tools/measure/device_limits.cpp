// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/device_limits.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace ashlar {

double DeviceLimits::best_peak() const {
  double best = 0;
  for (const ArithmeticPeak& peak : peaks)
    if (!peak.name.starts_with('i'))
      best = std::max(best, peak.per_second);
  return best;
}

nlohmann::json to_json(const DeviceLimits& limits) {
  nlohmann::json peaks = nlohmann::json::object();
  for (const ArithmeticPeak& peak : limits.peaks)
    peaks[peak.name] = peak.per_second;
  return {{"device", limits.device},
          {"driver", limits.driver},
          {"date", limits.date},
          {"array_bytes", limits.array_bytes},
          {"read_bytes_per_second", limits.read_bandwidth},
          {"read_kernel", limits.read_kernel},
          {"copy_bytes_per_second", limits.copy_bandwidth},
          {"operations_per_second", peaks},
          {"dependent_dispatch_us", limits.dependent_dispatch * 1e6},
          {"independent_dispatch_us", limits.independent_dispatch * 1e6},
          {"submit_us", limits.submit * 1e6}};
}

std::string to_text(const DeviceLimits& limits) {
  std::string text = fmt::format("{}, {}, {}\n", limits.device, limits.driver, limits.date);
  text += fmt::format("{:<28} {:>10.1f} GB/s   {} over {} MiB\n", "read",
                      limits.read_bandwidth / 1e9, limits.read_kernel, limits.array_bytes >> 20);
  text += fmt::format("{:<28} {:>10.1f} GB/s   read and written\n", "copy",
                      limits.copy_bandwidth / 1e9);
  for (const ArithmeticPeak& peak : limits.peaks)
    text += fmt::format("{:<28} {:>10.3f} T/s\n", peak.name, peak.per_second / 1e12);
  text +=
      fmt::format("{:<28} {:>10.2f} us\n", "dependent dispatch", limits.dependent_dispatch * 1e6);
  text += fmt::format("{:<28} {:>10.2f} us\n", "independent dispatch",
                      limits.independent_dispatch * 1e6);
  text += fmt::format("{:<28} {:>10.2f} us\n", "submit and wait", limits.submit * 1e6);
  return text;
}

}  // namespace ashlar
