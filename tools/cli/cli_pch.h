// SPDX-License-Identifier: Apache-2.0
// Precompiled by the command lines: CLI11 alone costs 5 s per file otherwise.
#pragma once

#include "models/formats/formats_pch.h"

#include <CLI/CLI.hpp>
