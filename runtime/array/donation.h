// SPDX-License-Identifier: Apache-2.0
// Arrays that were donated: a closure took their memory (ClosureOptions::donate), so they have no
// value any more. Copies of an Array are the same array; no two others share memory.
#pragma once

#include "runtime/array/array.h"

#include <string_view>

namespace ashlar {

// Takes the array's value away. It was argument number `argument`, from 0, of `closure`.
void donate(const Array& array, std::size_t argument, std::string_view closure);

// Throws InvalidArgument for a donated array.
void require_kept(const Node& node);

}  // namespace ashlar
