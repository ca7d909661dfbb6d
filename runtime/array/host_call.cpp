// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/host_call.h"

#include "runtime/array/origin.h"

namespace ashlar {

Arrays host_call(CustomRules rules, const std::vector<ArrayType>& results,
                 const Arrays& arguments) {
  // Stand-ins: what a call computes its results from, if it were a graph.
  Arrays stand_ins;
  for (const ArrayType& type : results)
    stand_ins.emplace_back(Node::input(type, current_origin()));
  return make_call(std::move(rules), stand_ins, arguments);
}

bool is_host_call(const Node& node) {
  return node.is_call() && node.call().rules->host != nullptr;
}

}  // namespace ashlar
