// SPDX-License-Identifier: Apache-2.0
// A layer as one picture: its array operations on the left, its kernels on the right, operations in
// the colour of the kernel that they became part of.
#pragma once

#include "tools/ashlar/graph/layer_graph.h"

#include <string>

namespace ashlar::cli {

// A whole SVG file. `title` stands above it.
std::string draw_layer(const LayerGraph& graph, const std::string& title);

}  // namespace ashlar::cli
