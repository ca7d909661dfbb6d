// SPDX-License-Identifier: Apache-2.0
// Every function on arrays.
#pragma once

#include "runtime/array/contraction.h"
#include "runtime/array/convolution.h"
#include "runtime/array/creation.h"
#include "runtime/array/diagonals.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/math.h"
#include "runtime/array/movement.h"
#include "runtime/array/products.h"
#include "runtime/array/quantization.h"
#include "runtime/array/random.h"
#include "runtime/array/rearranging.h"
#include "runtime/array/reductions.h"
#include "runtime/array/searching.h"
#include "runtime/array/sorting.h"
#include "runtime/array/statistics.h"
#include "runtime/array/updates.h"
