// SPDX-License-Identifier: Apache-2.0
// Every function on arrays.
#pragma once

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/quantization.h"
#include "runtime/array/random.h"
#include "runtime/array/reductions.h"
#include "runtime/array/sorting.h"
