// SPDX-License-Identifier: Apache-2.0
// Watches operator new of the whole test program.
#pragma once

#include <cstddef>

namespace ashlar::test {

// The most bytes held at once through operator new while `this` lives, above what was held before.
class AllocationPeak {
public:
  AllocationPeak();
  std::size_t bytes() const;

private:
  std::size_t start_;
};

}  // namespace ashlar::test
