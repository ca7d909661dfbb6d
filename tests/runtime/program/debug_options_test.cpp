// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/debug_options.h"

#include "runtime/program/error.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

TEST(DebugOptions, ParsesAListAndPrintsItBack) {
  const DebugOptions options = parse_debug_options(" poison,,full-barriers , hazards");
  EXPECT_TRUE(options.poison);
  EXPECT_TRUE(options.full_barriers);
  EXPECT_FALSE(options.sync_each);
  EXPECT_EQ(to_string(options), "full-barriers,poison,hazards");
}

TEST(DebugOptions, EveryNameTurnsOnOneFieldOfItsOwn) {
  for (std::string_view name : debug_option_names()) {
    const DebugOptions options = parse_debug_options(name);
    EXPECT_NE(options, DebugOptions{});
    EXPECT_EQ(to_string(options), name);
  }
  EXPECT_EQ(parse_debug_options(""), DebugOptions{});
}

TEST(DebugOptions, UnknownNamesListTheKnownOnes) {
  EXPECT_THAT([] { parse_debug_options("poison,fast"); },
              testing::ThrowsMessage<InvalidArgument>(
                  testing::AllOf(testing::HasSubstr("'fast'"), testing::HasSubstr("no-fusion, "))));
}

}  // namespace
}  // namespace ashlar
