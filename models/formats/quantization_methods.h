// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/formats/quantization_config.h"

#include <string_view>

namespace ashlar {

// The layout that a `quantization_config` with `quant_method` names. What is stated about single
// modules is not read: their tensors say it. Throws FormatError for wrong values, Unsupported for
// methods and variants that are not known.
QuantizedLayout read_quantization_method(std::string_view method, const JsonFields& fields);

}  // namespace ashlar
