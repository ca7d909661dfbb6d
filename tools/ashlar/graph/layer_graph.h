// SPDX-License-Identifier: Apache-2.0
// One layer of an entry, before and after the passes: array operations, and the kernels that they
// became.
#pragma once

#include "ir/graph.h"
#include "runtime/program/device_profile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar::cli {

struct ArrayOperation {
  std::string name;                   // "matmul"
  std::optional<std::size_t> kernel;  // the first that contains it; absent where passes removed it
};

// Operations of one scope that were traced one after the other.
struct OperationBlock {
  std::string scope;  // within the layer: "self_attn.q_proj"
  std::vector<ArrayOperation> operations;
};

struct LayerKernel {
  std::string scope;    // of its operations, within the layer
  std::string emitter;  // "matvec"
  std::vector<std::string> operations;
  std::size_t group = 0;  // from 0
  std::int64_t bytes_read = 0, bytes_written = 0;
  std::int64_t weight_bytes = 0;  // of bytes_read
};

// From one block or kernel to a later one. Without `from`: from before the layer.
struct LayerEdge {
  std::optional<std::size_t> from;
  std::size_t to;
  std::int64_t bytes;

  bool operator==(const LayerEdge&) const = default;
};

struct LayerGraph {
  std::vector<OperationBlock> blocks;  // weights and constants left out
  std::vector<LayerEdge> block_edges;
  std::vector<LayerKernel> kernels;  // in the order of their dispatches
  std::vector<LayerEdge> kernel_edges;

  std::size_t operation_count() const;
  std::size_t group_count() const;
};

// Runs the passes on the graph and takes out the layer. `context`: tokens in the caches, for byte
// counts; 0: the first capacity. Throws InvalidArgument where the entry or the layer does not
// exist.
LayerGraph layer_graph(const Graph& graph, const std::string& entry, std::int64_t layer,
                       const DeviceProfile& profile, std::int64_t context);

}  // namespace ashlar::cli
