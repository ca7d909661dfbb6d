// SPDX-License-Identifier: Apache-2.0
// Progress of long work, for one line on a terminal: what is being done now, in a few words.
#pragma once

#include "runtime/executor/weights.h"
#include "runtime/program/program.h"

#include <functional>
#include <string_view>

namespace ashlar {

// May be empty. Called on the thread that works.
using Progress = std::function<void(std::string_view stage)>;

// The same source, which reports "loading weights, 40 %" as it is read. `program` must outlive it.
WeightSource with_progress(WeightSource source, const Program& program, Progress progress);

}  // namespace ashlar
