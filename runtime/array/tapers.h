// SPDX-License-Identifier: Apache-2.0
// Window functions of signal processing, symmetric, with n points: f32 [n].
#pragma once

#include "runtime/array/creation.h"

namespace ashlar {

Array bartlett(std::int64_t n, Here where = Here::current());
Array blackman(std::int64_t n, Here where = Here::current());
Array hamming(std::int64_t n, Here where = Here::current());
Array hanning(std::int64_t n, Here where = Here::current());

}  // namespace ashlar
