// SPDX-License-Identifier: Apache-2.0
// Precompiled by the tests, but for those that are made of MLIR.
#pragma once

#include "models/formats/formats_pch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
