// SPDX-License-Identifier: Apache-2.0
// What transformers computed for a golden checkpoint, and how far ours may be from it.
#pragma once

#include "models/formats/safetensors.h"
#include "models/formats/tensor_values.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ashlar::test {

class Reference {
public:
  explicit Reference(const std::filesystem::path& file) : file_(SafetensorsFile::open(file)) {}

  std::vector<float> floats(const std::string& name) const {
    return to_floats(info(name), file_.data(info(name)));
  }
  std::vector<std::vector<std::int32_t>> rows(const std::string& name) const {
    const std::vector<std::int64_t> values = to_integers(info(name), file_.data(info(name)));
    const std::int64_t width = info(name).shape.dim(-1);
    std::vector<std::vector<std::int32_t>> rows;
    for (auto at = values.begin(); at != values.end(); at += width)
      rows.emplace_back(at, at + width);
    return rows;
  }
  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  const TensorInfo& info(const std::string& name) const { return *file_.find(name); }

private:
  SafetensorsFile file_;
};

inline constexpr double kTolerance = 1e-7;

// Normalised mean square error of the first elements of `actual`: hidden states are stored for
// batch row 0 alone.
inline double nmse(std::span<const float> actual, const std::vector<float>& expected) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = static_cast<double>(actual[i]) - expected[i];
    error += difference * difference;
    norm += static_cast<double>(expected[i]) * expected[i];
  }
  return error / norm;
}

}  // namespace ashlar::test
