// SPDX-License-Identifier: Apache-2.0
// Precompiled by what reads and writes model files: JSON alone costs 2 s per file otherwise.
#pragma once

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
