// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/shape.h"

#include "runtime/program/error.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape({}).element_count(), 1);
  EXPECT_EQ(Shape({3, 0, 2}).element_count(), 0);
  EXPECT_EQ(Shape({3, 5}).element_count(), 15);
  EXPECT_THROW(Shape({std::int64_t{1} << 40, std::int64_t{1} << 40}).element_count(),
               InvalidArgument);
}

TEST(Shape, NegativeAxesCountFromTheBack) {
  EXPECT_EQ(Shape({2, 3}).dim(-1), 3);
  EXPECT_THROW(Shape({2, 3}).dim(2), InvalidArgument);
}

TEST(Shape, BroadcastsLikeNumPy) {
  EXPECT_EQ(broadcast_shapes({4, 1, 3}, {5, 1}), Shape({4, 5, 3}));
  EXPECT_EQ(broadcast_shapes({}, {2, 0}), Shape({2, 0}));
  EXPECT_THROW(broadcast_shapes({2, 3}, {2, 4}), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
