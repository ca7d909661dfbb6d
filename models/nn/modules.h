// SPDX-License-Identifier: Apache-2.0
// Every layer with parameters of its own.
#pragma once

#include "models/nn/modules/attention.h"
#include "models/nn/modules/linear.h"
#include "models/nn/modules/norms.h"
#include "models/nn/modules/sequential.h"
