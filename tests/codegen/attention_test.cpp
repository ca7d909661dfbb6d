// SPDX-License-Identifier: Apache-2.0
// Kernels with root "attention": masks, shared heads, rings, splits and their combination. Cache
// rows that no query sees hold NaN.
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

namespace ashlar {
namespace {

struct Case {
  std::int64_t batch = 1, steps = 1, heads = 4, groups = 2, head = 16, value = 16, rows = 40;
  DType dtype = DType::f32;
  bool causal = true;
  std::int64_t window = 0, ring = 0, splits = 0;
  double softcap = 0;
  bool sinks = false;
  std::vector<double> position = {20}, length = {21};
  std::string schedule = "";
};

class AttentionTest : public KernelTest {
protected:
  static std::string tensor(std::vector<std::int64_t> dims, DType dtype) {
    return fmt::format("tensor<{}x{}>", fmt::join(dims, "x"), mlir_name(dtype));
  }

  static std::string query_type(const Case& c) {
    return tensor({c.batch, c.steps, c.heads, c.head}, c.dtype);
  }
  static std::string cache_type(const Case& c, std::int64_t size) {
    return fmt::format("tensor<?x{}x{}x{}x{}>", c.batch, c.groups, size, mlir_name(c.dtype));
  }
  static std::string result_type(const Case& c) {
    return c.splits ? tensor({c.batch, c.steps, c.heads, c.splits, c.value + 2}, DType::f32)
                    : tensor({c.batch, c.steps, c.heads, c.value}, c.dtype);
  }

  static std::string attend(RegionText& region, const Case& c) {
    const std::string scalar = tensor({c.batch}, DType::i32);
    std::vector<std::string> types{query_type(c), cache_type(c, c.head), cache_type(c, c.value),
                                   scalar, scalar};
    if (c.sinks)
      types.push_back(tensor({c.batch, c.heads}, DType::bf16));
    std::vector<std::string> operands;
    for (const std::string& type : types)
      operands.push_back(region.input(type));
    return region.op(fmt::format(
        "{} {} {{scale = 0.25 : f64, causal = {}, window = {} : i64, softcap = {:e} : f64, ring = "
        "{} : i64{}}} : ({}) -> {}",
        c.splits ? "kernel.attention_partial" : "ashlar.attention", fmt::join(operands, ", "),
        c.causal, c.window, c.softcap, c.ring,
        c.splits ? fmt::format(", splits = {} : i64", c.splits) : "", fmt::join(types, ", "),
        result_type(c)));
  }

  static std::string region(const Case& c) {
    RegionText text("attention", c.schedule);
    text.output(attend(text, c), result_type(c));
    return text.text();
  }

  // Squared queries; the result flattened and negated.
  static void check_prologue_and_epilogue(const Case& c, Tolerance tolerance) {
    RegionText text("attention", c.schedule);
    const std::string q = query_type(c), scalar = tensor({1}, DType::i32);
    for (const std::string& type : {q, cache_type(c, 16), cache_type(c, 16), scalar, scalar})
      text.input(type);
    const std::string squared = text.op(fmt::format("ashlar.square %x0 : ({}) -> {}", q, q));
    const std::string result = text.op(fmt::format(
        "ashlar.attention {}, %x1, %x2, %x3, %x4 {{scale = 0.25 : f64, causal = true, window = 0 : "
        "i64, softcap = 0.0 : f64, ring = 0 : i64}} : ({}, {}, {}, {}, {}) -> {}",
        squared, q, cache_type(c, 16), cache_type(c, 16), scalar, scalar, q));
    const std::string flat = tensor({c.steps, 64}, c.dtype);
    const std::string rows = text.op(fmt::format(
        "ashlar.reshape {} {{shape = array<i64: {}, 64>}} : ({}) -> {}", result, c.steps, q, flat));
    text.output(text.op(fmt::format("ashlar.neg {} : ({}) -> {}", rows, flat, flat)), flat);
    compare(text.text(), inputs(c), tolerance);
  }

  static Tensors inputs(const Case& c) {
    Tensors all = {random(c.dtype, {c.batch, c.steps, c.heads, c.head}),
                   random(c.dtype, {c.rows, c.batch, c.groups, c.head}, -2, 2, 2),
                   random(c.dtype, {c.rows, c.batch, c.groups, c.value}, -2, 2, 3),
                   values(DType::i32, {c.batch}, c.position),
                   values(DType::i32, {c.batch}, c.length)};
    if (c.sinks)
      all.push_back(random(DType::bf16, {c.batch, c.heads}, -3, 6, 4));
    for (int cache : {1, 2})
      poison_unseen(all[static_cast<std::size_t>(cache)], c);
    return all;
  }

  static void poison_unseen(Tensor& cache, const Case& c) {
    const std::int64_t row_size = cache.size() / c.rows / c.batch;
    for (std::int64_t b = 0; b < c.batch; ++b) {
      std::vector<bool> seen(static_cast<std::size_t>(c.rows), false);
      const auto position = static_cast<std::int64_t>(c.position[static_cast<std::size_t>(b)]);
      for (std::int64_t t = 0; t < c.steps; ++t)
        for (std::int64_t j = 0;
             j < static_cast<std::int64_t>(c.length[static_cast<std::size_t>(b)]); ++j)
          if ((!c.causal || j <= position + t) && (c.window == 0 || j > position + t - c.window))
            seen[static_cast<std::size_t>(c.ring ? j % c.ring : j)] = true;
      for (std::int64_t row = 0; row < c.rows; ++row)
        for (std::int64_t i = 0; i < row_size && !seen[static_cast<std::size_t>(row)]; ++i)
          cache.reals[static_cast<std::size_t>((row * c.batch + b) * row_size + i)] =
              std::numeric_limits<double>::quiet_NaN();
    }
  }

  static void check(const Case& c) { compare(region(c), inputs(c), {2e-5, 1e-5}); }

  // The parts of a split attention, joined in its own kernel.
  static std::string join(RegionText& region, const Case& c, const std::string& parts,
                          std::int64_t tiles) {
    Case whole = c;
    whole.splits = 0;
    const std::string arrivals = region.input(tensor({tiles}, DType::i32));
    return region.op(fmt::format("kernel.attention_combine {}, {} : ({}, {}) -> {}", parts,
                                 arrivals, result_type(c), tensor({tiles}, DType::i32),
                                 result_type(whole)));
  }

  // Parts, an output, are cut otherwise than the reference cuts them.
  static void compare_without_parts(const std::string& text, const Tensors& inputs, int parts) {
    Tensors actual = run(text, inputs), wanted = expected(text, inputs);
    if (parts >= 0) {
      actual.erase(actual.begin() + parts);
      wanted.erase(wanted.begin() + parts);
    }
    expect_near(actual, wanted, {2e-5, 1e-5});
  }

  // Schedules whose workgroups take `dealt` of `rows` rows each with up to 100 keys.
  static std::string dealing(std::int64_t rows, std::int64_t dealt) {
    return fmt::format(
        "<\"attention\", {{workgroup = {}, lanes = 4, rows = {}, keys = 2, split_keys = "
        "50, dealt_rows = {}, dealt_keys = 3}}>",
        4 * device().profile().subgroup_size, rows, dealt);
  }

  // On cooperative matrices, or on lanes where the device has none. Weights have 16 bits.
  static Case on_matrices(Case c, int keys = 16) {
    const auto subgroup = device().profile().subgroup_size;
    const std::int64_t rows = c.steps * c.heads / c.groups;
    c.schedule = fmt::format("<\"attention_coop\", {{workgroup = {}, keys = {}}}>",
                             subgroup * std::min<std::int64_t>((rows + 15) / 16, 2), keys);
    return c;
  }
  static void check_on_matrices(Case c, int keys = 16) {
    if (c.dtype == DType::f32)
      c.dtype = DType::f16;
    compare(region(on_matrices(c, keys)), inputs(c), {1e-3, c.dtype == DType::f16 ? 2e-3 : 1.2e-2});
  }
};

TEST_F(AttentionTest, OneStep) {
  for (DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    SCOPED_TRACE(name_of(dtype));
    check({.dtype = dtype});
  }
}

TEST_F(AttentionTest, ManyKeysPassThroughSeveralBlocks) {
  check({.rows = 300, .dtype = DType::bf16, .position = {280}, .length = {281}});
}

TEST_F(AttentionTest, SeveralSteps) {
  check({.steps = 5, .rows = 140, .position = {100}, .length = {105}});
}

TEST_F(AttentionTest, HeadSizesAndSharing) {
  check({.heads = 3, .groups = 3, .head = 7, .value = 5});
  check({.heads = 9, .groups = 1, .head = 8, .value = 12});
  check({.heads = 20, .groups = 2, .head = 64, .value = 64, .dtype = DType::bf16});
  check({.heads = 1, .groups = 1, .head = 12, .value = 300});
}

TEST_F(AttentionTest, WindowSoftcapAndBatch) {
  check({.window = 6});
  check({.steps = 3, .window = 6, .position = {20}, .length = {23}});
  check({.softcap = 2.5});
  check({.batch = 2, .position = {20, 5}, .length = {21, 6}});
}

TEST_F(AttentionTest, Sinks) {
  check({.sinks = true});
  check({.steps = 3, .window = 6, .sinks = true, .position = {20}, .length = {23}});
  check({.heads = 20, .groups = 2, .head = 64, .value = 64, .dtype = DType::bf16, .sinks = true});
  check({.rows = 100, .splits = 3, .sinks = true, .position = {70}, .length = {71}});
  check({.sinks = true, .position = {0}, .length = {0}});
  check_on_matrices({.steps = 9, .sinks = true, .position = {20}, .length = {29}});
}

TEST_F(AttentionTest, RingHoldsTheWindow) {
  check({.rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {31}});
  check({.steps = 2, .rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {32}});
}

TEST_F(AttentionTest, WithoutCausalMask) {
  check({.steps = 2, .causal = false, .position = {0}, .length = {33}});
}

TEST_F(AttentionTest, ARowThatSeesNothingIsZero) {
  check({.position = {0}, .length = {0}});
  check({.steps = 4, .window = 2, .position = {10}, .length = {9}});
}

TEST_F(AttentionTest, EveryWorkgroupSize) {
  for (int size : {8, 16, 128}) {
    SCOPED_TRACE(size);
    check({.rows = 200,
           .position = {150},
           .length = {151},
           .schedule = fmt::format("<\"attention\", {{workgroup = {}, lanes = 2}}>", size)});
  }
}

// Threads that share a key, keys of a team at once: also of keys that no team has, and of rows that
// do not divide among threads.
TEST_F(AttentionTest, Teams) {
  for (int lanes : {1, 2, 8})
    for (int keys : {1, 3}) {
      SCOPED_TRACE(fmt::format("{} lanes, {} keys", lanes, keys));
      const std::string schedule =
          fmt::format("<\"attention\", {{workgroup = 64, lanes = {}, keys = {}}}>", lanes, keys);
      check({.head = 48,
             .value = 80,
             .rows = 100,
             .dtype = DType::f16,
             .position = {70},
             .length = {71},
             .schedule = schedule});
      check({.steps = 3,
             .head = 7,
             .value = 5,
             .window = 6,
             .position = {20},
             .length = {23},
             .schedule = schedule});
    }
}

// Their results are merged some rows at a time.
TEST_F(AttentionTest, MoreRowsThanWorkgroupMemoryHolds) {
  check({.heads = 8, .groups = 1, .head = 64, .value = 512, .dtype = DType::bf16});
}

// The splits of one step cut its keys evenly, so that parts can be compared one by one.
TEST_F(AttentionTest, Splits) {
  check({.rows = 100, .splits = 3, .position = {70}, .length = {71}});
  check({.dtype = DType::bf16, .splits = 8, .position = {3}, .length = {4}});
}

TEST_F(AttentionTest, PartsOfSeveralStepsCombine) {
  const Case c{.steps = 3, .rows = 100, .splits = 4, .position = {70}, .length = {73}};
  RegionText text("elementwise");
  const std::string parts = text.input(result_type(c)), result = tensor({1, 3, 4, 16}, DType::f32);
  text.output(text.op(fmt::format("kernel.attention_combine {} : ({}) -> {}", parts, result_type(c),
                                  result)),
              result);
  const Tensors split = run(region(c), inputs(c));
  Case whole = c;
  whole.splits = 0;
  expect_near(run(text.text(), split), expected(region(whole), inputs(whole)), {2e-5, 1e-5});
}

// The caches get one new row for each batch row from the kernel that reads them.
struct AppendCase {
  Case attention;
  std::vector<double> row;  // where the new key lies, per batch row
  std::int64_t blocks = 1;  // of the heads that share a key
};

class AttentionAppendTest : public AttentionTest {
protected:
  static void check_append(const AppendCase& append) {
    const Case& c = append.attention;
    RegionText text("attention", c.schedule);
    const std::string scalar = tensor({c.batch}, DType::i32),
                      index = tensor({1, c.batch, 1, 1}, DType::i32),
                      key = tensor({1, c.batch, c.groups, c.head}, c.dtype),
                      value = tensor({1, c.batch, c.groups, c.value}, c.dtype),
                      keys = cache_type(c, c.head), values = cache_type(c, c.value);
    for (const std::string& type : {query_type(c), keys, values, scalar, scalar, index, key, value})
      text.input(type);
    const std::string new_keys = text.op(scatter("%x1", "%x6", keys, index, key)),
                      new_values = text.op(scatter("%x2", "%x7", values, index, value));
    std::string result = text.op(fmt::format(
        "{} %x0, {}, {}, %x3, %x4 {{scale = 0.25 : f64, causal = {}, window = {} : i64, softcap = "
        "0.0 : f64, ring = {} : i64{}}} : ({}, {}, {}, {}, {}) -> {}",
        c.splits ? "kernel.attention_partial" : "ashlar.attention", new_keys, new_values, c.causal,
        c.window, c.ring, c.splits ? fmt::format(", splits = {} : i64", c.splits) : "",
        query_type(c), keys, values, scalar, scalar, result_type(c)));
    Tensors all = inputs(c);
    all.push_back(AttentionTest::values(DType::i32, {1, c.batch, 1, 1}, append.row));
    all.push_back(random(c.dtype, {1, c.batch, c.groups, c.head}, -2, 2, 6));
    all.push_back(random(c.dtype, {1, c.batch, c.groups, c.value}, -2, 2, 7));
    const std::string parts = result;
    if (c.splits) {
      const std::int64_t tiles = c.batch * c.groups * append.blocks;
      all.push_back(AttentionTest::values(DType::i32, {tiles}, {}));
      result = join(text, c, parts, tiles);
    }
    Case whole = c;
    whole.splits = 0;
    text.output(result, result_type(whole));
    text.output(new_keys, keys, 1);
    text.output(new_values, values, 2);
    if (c.splits)
      text.output(parts, result_type(c));
    compare_without_parts(text.text(), all, c.splits ? 3 : -1);
  }

  static std::string scatter(std::string_view cache, std::string_view rows, std::string_view type,
                             std::string_view index_type, std::string_view row_type) {
    return fmt::format("ashlar.scatter {}, %x5, {} {{axis = 0 : i64}} : ({}, {}, {}) -> {}", cache,
                       rows, type, index_type, row_type, type);
  }
};

TEST_F(AttentionAppendTest, OwnRowIsSeen) {
  for (DType dtype : {DType::f32, DType::bf16})
    check_append({{.dtype = dtype}, {20}});
  check_append({{.batch = 2, .position = {20, 5}, .length = {21, 6}}, {20, 5}});
  check_append({{.heads = 3, .groups = 3, .head = 7, .value = 5}, {20}});
}

TEST_F(AttentionAppendTest, RingRow) {
  check_append(
      {{.rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {31}}, {30 % 12}});
}

// Rows that this step does not see are stored all the same, and dropped ones are not.
TEST_F(AttentionAppendTest, UnseenAndDroppedRows) {
  check_append({{}, {33}});
  check_append({{}, {-1}});
  check_append({{.position = {0}, .length = {0}}, {0}});
}

// Among the keys, with and without a ring; and the first key of all.
TEST_F(AttentionAppendTest, AnyKeyMayBeNew) {
  check_append({{}, {10}});
  check_append({{.rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {31}}, {3}});
  check_append({{.rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {31}}, {-1}});
  check_append({{.position = {0}, .length = {1}}, {0}});
}

TEST_F(AttentionAppendTest, EveryWorkgroupSize) {
  for (int size : {8, 16, 128})
    check_append({{.rows = 200,
                   .position = {150},
                   .length = {151},
                   .schedule = fmt::format(
                       "<\"attention\", {{workgroup = {}, lanes = 4, keys = 3}}>", size)},
                  {150}});
}

TEST_F(AttentionAppendTest, SeveralThreadsPerKey) {
  for (int lanes : {2, 4, 8})
    for (int head : {32, 48, 64})
      check_append(
          {{.head = head,
            .rows = 200,
            .position = {150},
            .length = {151},
            .schedule = fmt::format("<\"attention\", {{workgroup = 256, lanes = {}}}>", lanes)},
           {150}});
}

// Where splits are joined, the first one has the new key and, with few keys, all the others.
TEST_F(AttentionAppendTest, JoinedSplits) {
  for (int length : {1, 40, 551}) {
    SCOPED_TRACE(length);
    const double last = length - 1;
    check_append({{.rows = 600,
                   .splits = 5,
                   .position = {last},
                   .length = {last + 1},
                   .schedule = "<\"attention\", {workgroup = 64, lanes = 4, split_keys = 100}>"},
                  {last}});
  }
}

// Workgroups that share a key head all have the new key; the first one stores it.
TEST_F(AttentionAppendTest, SeveralBlocksOfHeads) {
  for (std::int64_t rows : {1, 2, 3}) {
    SCOPED_TRACE(rows);
    const std::string schedule =
        fmt::format("<\"attention\", {{workgroup = 64, lanes = 4, rows = {}}}>", rows);
    const std::int64_t blocks = (4 + rows - 1) / rows;
    check_append({{.heads = 8, .groups = 2, .schedule = schedule}, {20}});
    check_append({{.heads = 8, .groups = 2, .splits = 3, .schedule = schedule}, {20}, blocks});
  }
  check_append(
      {{.heads = 20, .groups = 2, .schedule = "<\"attention\", {workgroup = 64, lanes = 4}>"},
       {20}});
}

// Up to the last key that one split has, and beyond; with too few splits rows are not dealt.
TEST_F(AttentionAppendTest, DealtRows) {
  struct Rows {
    std::int64_t heads, rows, dealt, blocks;
  };
  for (auto [heads, rows, dealt, blocks] :
       {Rows{12, 4, 1, 2}, Rows{12, 4, 2, 2}, Rows{6, 3, 1, 1}, Rows{10, 3, 1, 2}})
    for (int splits : {2, 5})
      for (int length : {1, 101, 102, 551}) {
        SCOPED_TRACE(fmt::format("{} of {} rows, {} heads, {} splits, {} keys", dealt, rows, heads,
                                 splits, length));
        const double last = length - 1;
        check_append({{.heads = heads,
                       .groups = 2,
                       .head = 32,
                       .rows = 600,
                       .dtype = DType::bf16,
                       .splits = splits,
                       .position = {last},
                       .length = {last + 1},
                       .schedule = dealing(rows, dealt)},
                      {last},
                      blocks});
      }
}

// New rows that are not seen or not stored, windows and rings; batch rows with few and many keys.
TEST_F(AttentionAppendTest, DealtRowsOfAnyKeys) {
  const Case c{.heads = 6, .splits = 4, .schedule = dealing(3, 1)};
  for (double row : {33.0, -1.0, 10.0}) {
    SCOPED_TRACE(row);
    check_append({c, {row}});
  }
  for (std::int64_t window : {60, 101, 102}) {
    SCOPED_TRACE(window);
    Case windowed = c;
    windowed.rows = 300;
    windowed.window = window;
    windowed.position = {250};
    windowed.length = {251};
    check_append({windowed, {250}});
    windowed.rows = windowed.ring = window + 10;
    check_append({windowed, {static_cast<double>(250 % windowed.ring)}});
  }
  Case none = c;
  none.position = none.length = {0};
  check_append({none, {0}});
  Case rows = c;
  rows.batch = 2;
  rows.rows = 300;
  rows.position = {20, 290};
  rows.length = {21, 291};
  check_append({rows, {20, 290}});
}

class AttentionJoinTest : public AttentionTest {
protected:
  static std::string joined_text(const Case& c, std::int64_t tiles) {
    Case whole = c;
    whole.splits = 0;
    RegionText text("attention", c.schedule);
    const std::string parts = attend(text, c), joined = join(text, c, parts, tiles),
                      result = result_type(whole);
    text.output(text.op(fmt::format("ashlar.neg {} : ({}) -> {}", joined, result, result)), result);
    text.output(parts, result_type(c));
    return text.text();
  }
  static Tensors joined_inputs(const Case& c, std::int64_t tiles) {
    Tensors all = inputs(c);
    all.push_back(values(DType::i32, {tiles}, {}));
    return all;
  }
  static void check_joined(const Case& c, std::int64_t tiles) {
    compare_without_parts(joined_text(c, tiles), joined_inputs(c, tiles), 1);
  }
};

// The last workgroup of a tile joins its splits; arrivals are zero again behind it.
TEST_F(AttentionJoinTest, LastSplitJoinsAll) {
  for (const Case& c :
       {Case{.rows = 600, .splits = 5, .position = {550}, .length = {551}},
        Case{.rows = 100, .splits = 8, .position = {70}, .length = {71}},
        Case{.batch = 2, .rows = 300, .splits = 3, .position = {20, 290}, .length = {21, 291}},
        Case{.steps = 5,
             .heads = 6,
             .value = 24,
             .rows = 300,
             .splits = 4,
             .position = {250},
             .length = {255}},
        Case{.splits = 4, .position = {0}, .length = {0}}}) {
    SCOPED_TRACE(fmt::format("{} splits of {}", c.splits, c.length[0]));
    check_joined(c, c.batch * c.groups * ((c.steps + 1) / 2));
  }
}

// Whichever split comes last.
TEST_F(AttentionJoinTest, GivesTheSameBitsEachTime) {
  const Case c{.rows = 600, .splits = 5, .position = {550}, .length = {551}};
  const std::string text = joined_text(c, c.groups);
  const Tensors all = joined_inputs(c, c.groups);
  const std::vector<double> first = run(text, all)[0].reals;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(run(text, all)[0].reals, first);
}

TEST_F(AttentionJoinTest, DealtRows) {
  for (const double length : {1, 71, 100, 101, 280}) {
    SCOPED_TRACE(length);
    Case c{.heads = 12,
           .rows = 300,
           .splits = 4,
           .sinks = true,
           .position = {length - 1},
           .length = {length},
           .schedule = dealing(3, 1)};
    check_joined(c, 4);
    c.sinks = false;
    c.softcap = 2.5;
    check_joined(c, 4);
    c.steps = 2;  // several steps are not dealt
    c.length = {length + 1};
    check_joined(c, 8);
  }
}

TEST_F(AttentionTest, QueryWithNormOfItsHeads) {
  const Case c{.heads = 6, .dtype = DType::f32};
  RegionText text("attention");
  const std::string q = query_type(c), one = tensor({1, 1, 6, 1}, c.dtype);
  for (const std::string& type : {q, cache_type(c, 16), cache_type(c, 16),
                                  std::string("tensor<1xi32>"), std::string("tensor<1xi32>")})
    text.input(type);
  const std::string square = text.op(fmt::format("ashlar.square %x0 : ({}) -> {}", q, q));
  const std::string sum = text.op(
      fmt::format("ashlar.reduce_sum {} {{axes = array<i64: 3>, keepdims = true}} : ({}) -> {}",
                  square, q, one));
  const std::string scale = text.op(fmt::format("ashlar.rsqrt {} : ({}) -> {}", sum, one, one));
  const std::string wide = text.op(fmt::format(
      "ashlar.broadcast {} {{shape = array<i64: 1, 1, 6, 16>}} : ({}) -> {}", scale, one, q));
  const std::string normed =
      text.op(fmt::format("ashlar.mul %x0, {} : ({}, {}) -> {}", wide, q, q, q));
  text.output(
      text.op(fmt::format(
          "ashlar.attention {}, %x1, %x2, %x3, %x4 {{scale = 0.25 : f64, causal = true, window = 0 "
          ": i64, softcap = 0.0 : f64, ring = 0 : i64}} : ({}, {}, {}, tensor<1xi32>, "
          "tensor<1xi32>) -> {}",
          normed, q, cache_type(c, 16), cache_type(c, 16), q)),
      q);
  compare(text.text(), inputs(c), {2e-5, 1e-5});
}

TEST_F(AttentionTest, PrologueAndEpilogue) {
  check_prologue_and_epilogue({.dtype = DType::bf16}, {2e-5, 1e-5});
}

TEST_F(AttentionTest, MatricesOfOneAndOfSeveralTiles) {
  check_on_matrices({.steps = 5, .rows = 40});
  check_on_matrices(
      {.steps = 5, .rows = 80, .dtype = DType::bf16, .position = {60}, .length = {65}}, 32);
  check_on_matrices({.steps = 11, .heads = 6, .rows = 80, .position = {60}, .length = {71}});
  check_on_matrices({.steps = 36, .heads = 2, .rows = 40, .position = {0}, .length = {36}});
}

TEST_F(AttentionTest, MatricesOfEveryHeadSize) {
  check_on_matrices({.steps = 4, .head = 48, .value = 32, .position = {17}});
  check_on_matrices({.steps = 2, .heads = 9, .groups = 1, .value = 48, .position = {18}});
}

TEST_F(AttentionTest, MatricesWithWindowSoftcapBatchAndRing) {
  check_on_matrices({.steps = 20, .rows = 80, .window = 6, .position = {50}, .length = {70}});
  check_on_matrices({.steps = 5, .softcap = 2.5, .position = {16}});
  check_on_matrices({.batch = 2, .steps = 3, .position = {20, 5}, .length = {23, 8}});
  check_on_matrices(
      {.steps = 2, .rows = 12, .window = 9, .ring = 12, .position = {30}, .length = {32}});
  check_on_matrices({.steps = 2, .causal = false, .position = {0}, .length = {33}});
}

TEST_F(AttentionTest, MatricesOfRowsThatSeeNothing) {
  check_on_matrices({.steps = 2, .position = {0}, .length = {0}});
  check_on_matrices({.steps = 4, .window = 2, .position = {10}, .length = {9}});
}

TEST_F(AttentionTest, MatricesWithPrologueAndEpilogue) {
  check_prologue_and_epilogue(on_matrices({.steps = 6, .dtype = DType::f16}), {1e-3, 2e-3});
}

}  // namespace
}  // namespace ashlar
