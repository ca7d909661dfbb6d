// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantization_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace ashlar {

nlohmann::json to_json(const QuantizationConfig& quantization) {
  const auto json_of = [](const std::optional<MatrixEncoding>& encoding) -> nlohmann::json {
    const auto* affine = encoding ? std::get_if<AffineEncoding>(&*encoding) : nullptr;
    if (!affine)
      return false;
    return {{"bits", affine->bits}, {"group_size", affine->group_size}};
  };
  std::map<nlohmann::json, int> counts;
  for (const auto& [module, encoding] : quantization.modules)
    ++counts[json_of(encoding)];
  counts.erase(false);
  nlohmann::json common = json_of(quantization.encoding);
  if (common == false && !counts.empty())
    common = std::ranges::max_element(counts, {}, [](const auto& x) { return x.second; })->first;
  if (common == false)
    return nullptr;
  nlohmann::json json = common;
  for (const auto& [module, encoding] : quantization.modules)
    if (const nlohmann::json own = json_of(encoding); own != common)
      json[module] = own;
  return json;
}

}  // namespace ashlar
