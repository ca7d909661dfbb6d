// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/matrix_unit.h"

#include "codegen/emitters/storage.h"
#include "ir/matrix_schedules.h"

namespace ashlar::codegen {

Values MatrixUnit::load_sums(KernelBuilder& b, Value memory, Value row, Value column,
                             std::int64_t width) {
  const Values all = b.load_vector(memory, b.add(row, b.div(column, kSumPacket)));
  const Value offset = b.rem(column, kSumPacket);
  Values sums;
  for (std::int64_t i = 0; i < width; ++i) {
    Value bits = all[static_cast<std::size_t>(i)];
    for (std::int64_t first = width; first < kSumPacket; first += width)
      bits =
          b.select(b.equal(offset, b.index(first)), all[static_cast<std::size_t>(first + i)], bits);
    sums.push_back(float_of(b, bits));
  }
  return sums;
}

std::unique_ptr<MatrixUnit> MatrixUnit::create(KernelBuilder& b, DType dtype, std::int64_t sums) {
  if (kernel::has_cooperative_matrices(b.profile(), dtype))
    return make_cooperative_matrices(b, dtype);
  return kSize % b.subgroup_size() == 0 ? make_lane_matrices(b, dtype, sums) : nullptr;
}

}  // namespace ashlar::codegen
