// SPDX-License-Identifier: Apache-2.0
// What containers of named tensors share: finding them, and their bytes.
#pragma once

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

// The places of tensors in a list, by name. `Info` has a `name`, and `begin` and `end` in bytes.
template <typename Info> class TensorIndex {
public:
  // Throws FormatError, naming `file`, when two have the same name.
  TensorIndex(const std::vector<Info>& tensors, std::string_view unit, std::string_view file)
      : order_(tensors.size()) {
    const auto name = [&](std::size_t i) -> std::string_view { return tensors[i].name; };
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::sort(order_, {}, name);
    const auto twin = std::ranges::adjacent_find(order_, {}, name);
    if (twin != order_.end())
      throw FormatError(unit, "{}: tensor {} appears twice", file, in_quotes(name(*twin)));
  }

  // Null when there is no such tensor. `tensors`: as given before.
  const Info* find(const std::vector<Info>& tensors, std::string_view wanted) const {
    const auto name = [&](std::size_t i) -> std::string_view { return tensors[i].name; };
    const auto it = std::ranges::lower_bound(order_, wanted, {}, name);
    return it != order_.end() && name(*it) == wanted ? &tensors[*it] : nullptr;
  }

private:
  std::vector<std::size_t> order_;
};

// The bytes of a tensor among a file's `data`. Throws InvalidArgument when it lies outside.
template <typename Info>
std::span<const std::byte> data_of(const Info& info, std::span<const std::byte> data,
                                   std::string_view unit, std::string_view file) {
  if (info.begin > info.end || info.end > data.size())
    throw InvalidArgument(unit, "tensor {} does not lie in {}", in_quotes(info.name), file);
  return data.subspan(info.begin, info.end - info.begin);
}

}  // namespace ashlar
