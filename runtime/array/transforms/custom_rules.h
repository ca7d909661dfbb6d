// SPDX-License-Identifier: Apache-2.0
// How transforms treat a call (ir/graph.h), and how calls are made.
#pragma once

#include "runtime/array/transforms/traced_function.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace ashlar {

// Rules that are absent follow from the others, or from what the function computes.
struct CustomRules {
  // Cotangents of the first arguments, from those of all outputs.
  using Vjp =
      std::function<Arrays(const Arrays& primals, const Arrays& cotangents, const Arrays& outputs)>;
  // Tangents of the outputs.
  using Jvp = std::function<Arrays(const Arrays& primals, const Arrays& tangents)>;
  // Outputs with axis 0 for the batch, from arguments of which those `batched` have it as axis 0.
  using Vmap = std::function<Arrays(const Arrays& arguments, const std::vector<bool>& batched)>;

  // Row-major contents of the results from those of the arguments.
  using Bytes = std::vector<std::byte>;
  using Host = std::function<std::vector<Bytes>(const std::vector<Bytes>& arguments)>;

  Vjp vjp;
  Jvp jvp;
  Vmap vmap;
  bool stops_gradients = false;
  // Given where the host computes the results when something needs them
  // (runtime/array/host_call.h).
  Host host;
};

// The view of one call that rules need.
struct CallView {
  explicit CallView(const Node& node);

  const CustomRules& rules;
  Arrays results;  // as computed from the arguments
  Arrays arguments;
  Arrays outputs;  // the results as this call, so that what rules make of them follows the rules
};

// Results of a call of `function` on `arguments`; what it captures that could carry a derivative
// becomes an argument too, after the others. `rules` makes the rules from the function with all of
// its arguments.
Arrays call_with_rules(const ArrayFunction& function, const Arrays& arguments,
                       const std::function<CustomRules(const TracedFunction&)>& rules);

// The results of a call whose parts are known.
Arrays make_call(CustomRules rules, const Arrays& results, const Arrays& arguments);

}  // namespace ashlar
