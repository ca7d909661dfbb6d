// SPDX-License-Identifier: Apache-2.0
// Names for sizes of a closure's arguments. One program serves the sizes of a range: those above
// half its upper end, a power of two from 4 on. 1 and 0 are ranges of their own.
#pragma once

#include "runtime/array/array.h"

#include <map>
#include <string>
#include <vector>

namespace ashlar {

// For each argument the names of its first axes; "" is none.
using SizeNames = std::vector<std::vector<std::string>>;
using Sizes = std::map<std::string, std::int64_t>;

// An argument with its names.
struct SizedArray {
  const Array& array;
  const std::vector<std::string>& names;
  std::size_t argument;  // from 0
};

// The sizes by name. Throws InvalidArgument where a name means two sizes or an axis is missing.
Sizes named_sizes(const std::vector<SizedArray>& arrays);
// The type with its names in place of the sizes: "f32[batch, 4]".
std::string symbolic_type(const SizedArray& array);
// The type for other sizes.
ArrayType resized_type(const SizedArray& array, const Sizes& sizes);

// The upper ends of the ranges that the sizes are in.
Sizes upper_ends(Sizes sizes);
// The least sizes of ranges.
Sizes least_sizes(Sizes ends);
// "4 < batch <= 8" or "batch == 1" for each name.
std::vector<std::string> range_guards(const Sizes& ends);
std::vector<std::string> exact_guards(const Sizes& sizes);

}  // namespace ashlar
