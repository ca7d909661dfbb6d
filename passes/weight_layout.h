// SPDX-License-Identifier: Apache-2.0
// Which weights lie next to each other. A weight that is used alone and in stacks has one place.
#pragma once

#include "ir/ashlar_dialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar {

struct WeightPlace {
  std::size_t group;
  std::int64_t offset;  // bytes from the start of the group
};

struct PlacedWeight {
  std::string name;
  mlir::RankedTensorType type;
  std::int64_t offset;
};

struct WeightGroupLayout {
  std::vector<PlacedWeight> weights;
  std::int64_t bytes = 0;
};

class WeightLayout {
public:
  // Places every ashlar.weight of the module. Fails with a diagnostic when one weight is used with
  // two types or when stacks overlap in a way that no order satisfies.
  static mlir::FailureOr<WeightLayout> of(mlir::ModuleOp module);

  const std::vector<WeightGroupLayout>& groups() const { return groups_; }
  WeightPlace place_of(ir::WeightOp weight) const;

private:
  std::vector<WeightGroupLayout> groups_;
  llvm::StringMap<WeightPlace> places_;
};

}  // namespace ashlar
