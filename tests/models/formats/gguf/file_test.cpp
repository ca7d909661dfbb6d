// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/file.h"

#include "runtime/program/error.h"
#include "tests/models/formats/allocation_peak.h"
#include "tests/models/formats/gguf/gguf_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ashlar {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointee;

constexpr std::uint32_t kF32 = 0, kQ4_0 = 2, kU8Type = 0, kU32Type = 4, kBoolType = 7,
                        kTextType = 8, kArrayType = 9, kU64Type = 10;

template <typename Expected> std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = folder.write("bad.gguf", bytes);
  return message_of<Expected>([&] { gguf::File::open(path); });
}

// Two tensors and a key of every kind.
GgufParts sample() {
  const std::string texts = counted("a") + counted("") + counted("ccc");
  std::string data(64, '\0');
  data.replace(0, 8, raw(1.5f) + raw(-2.0f));
  data.replace(32, 18, "0123456789abcdefgh");
  return {
      .keys = {gguf_key("u8", 0, raw<std::uint8_t>(200)), gguf_key("i8", 1, "\xff"),
               gguf_key("u16", 2, raw<std::uint16_t>(65535)),
               gguf_key("i16", 3, raw<std::int16_t>(-3)),
               gguf_key("u32", 4, raw<std::uint32_t>(4'000'000'000)),
               gguf_key("i32", 5, raw<std::int32_t>(-5)), gguf_key("f32", 6, raw(1e-6f)),
               gguf_key("bool", 7, "\x01"), gguf_key("text", 8, counted("hello")),
               gguf_key("texts", 9, gguf_array(8, 3, texts)),
               gguf_key("flags", 9, gguf_array(7, 2, std::string("\x01\0", 2))),
               gguf_key("floats", 9, gguf_array(6, 2, raw(1.0f) + raw(2.0f))),
               gguf_key("list", 9, gguf_array(3, 2, raw<std::int16_t>(7) + raw<std::int16_t>(-8))),
               gguf_key("u64", 10, raw<std::uint64_t>(~std::uint64_t{0})),
               gguf_key("i64", 11, raw<std::int64_t>(-6)), gguf_key("f64", 12, raw(0.25))},
      .tensors = {gguf_tensor("first", {2}, kF32, 0), gguf_tensor("second", {32, 1}, kQ4_0, 32)},
      .data = data};
}

TEST(GgufFile, ReadsEveryTypeOfValue) {
  const TemporaryFolder folder;
  const auto file = gguf::File::open(folder.write("a.gguf", gguf_bytes(sample())));
  const gguf::Fields fields = file.fields();
  const IntegerRange any{-10, std::int64_t{1} << 40};
  EXPECT_EQ(fields.integer("u8", any), 200);
  EXPECT_EQ(fields.integer("i8", any), -1);
  EXPECT_EQ(fields.integer("u16", any), 65535);
  EXPECT_EQ(fields.integer("i16", any), -3);
  EXPECT_EQ(fields.integer("u32", any), 4'000'000'000);
  EXPECT_EQ(fields.integer("i32", any), -5);
  EXPECT_EQ(fields.number("f32"), 1e-6);
  EXPECT_EQ(fields.flag("bool"), true);
  EXPECT_THAT(fields.text("text"), Pointee(std::string("hello")));
  EXPECT_THAT(fields.texts("texts"), Pointee(ElementsAre("a", "", "ccc")));
  EXPECT_THAT(fields.floats("floats"), Pointee(ElementsAre(1, 2)));
  EXPECT_THAT(fields.integers("list", any, 2).value(), ElementsAre(7, -8));
  EXPECT_THAT(fields.integers("i16", any, 2).value(), ElementsAre(-3, -3));
  EXPECT_EQ(fields.integer("i64", any), -6);
  EXPECT_EQ(fields.number("f64"), 0.25);
  EXPECT_EQ(fields.integer("absent", any), std::nullopt);
  EXPECT_EQ(fields.text("absent"), nullptr);
  EXPECT_EQ(file.metadata().size(), 16u);
}

TEST(GgufFile, NamesKeysOfTheWrongType) {
  const TemporaryFolder folder;
  const auto file = gguf::File::open(folder.write("a.gguf", gguf_bytes(sample())));
  const gguf::Fields fields = file.fields();
  EXPECT_THAT(message_of<FormatError>([&] { fields.integer("u64", {}); }),
              HasSubstr("a.gguf\": metadata \"u64\": expected integers from 0 to"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.integer("bool", {}); }), HasSubstr("integers"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.integers("texts", {}, 3); }),
              HasSubstr("integers"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.integers("list", {-9, 9}, 3); }),
              HasSubstr("expected 3 entries, got 2"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.text("u8"); }), HasSubstr("expected text"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.flag("u8"); }), HasSubstr("a boolean"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.floats("list"); }), HasSubstr("32-bit floats"));
  EXPECT_THAT(message_of<FormatError>([&] { fields.positive_number("i8"); }), HasSubstr("above 0"));
}

TEST(GgufFile, PlacesTensorsRowMajor) {
  const TemporaryFolder folder;
  const auto file = gguf::File::open(folder.write("a.gguf", gguf_bytes(sample())));
  ASSERT_EQ(file.tensors().size(), 2u);
  const gguf::TensorInfo* second = file.find("second");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->type, gguf::BlockType::q4_0);
  EXPECT_EQ(second->shape, Shape({1, 32}));
  EXPECT_EQ(file.data(*second).size(), 18u);
  EXPECT_EQ(file.data(*second)[10], std::byte{'a'});
  EXPECT_EQ(file.find("third"), nullptr);
}

TEST(GgufFile, AcceptsWhatTheFormatAllows) {
  const TemporaryFolder folder;
  const auto opens = [&](const GgufParts& parts) {
    return gguf::File::open(folder.write("a.gguf", gguf_bytes(parts))).tensors().size();
  };
  EXPECT_EQ(opens({}), 0u);
  EXPECT_EQ(opens({.tensors = {gguf_tensor("empty", {0, 3}, kF32, 0)}, .version = 2}), 1u);
  EXPECT_EQ(opens({.tensors = {gguf_tensor("scalar", {}, kF32, 0)}, .data = "1234"}), 1u);
  const std::string wide = gguf_key("general.alignment", kU32Type, raw<std::uint32_t>(4096));
  EXPECT_EQ(opens({.keys = {wide},
                   .tensors = {gguf_tensor("t", {1}, kF32, 0)},
                   .data = "1234",
                   .alignment = 4096}),
            1u);
}

struct Broken {
  std::string name;
  std::string bytes;
  std::string message;
};

std::string key_alone(std::uint32_t type, std::string_view value) {
  return gguf_bytes({.keys = {gguf_key("k", type, value)}});
}

std::string tensors_alone(std::vector<std::string> tensors, std::string data = "") {
  return gguf_bytes({.keys = {}, .tensors = std::move(tensors), .data = std::move(data)});
}

std::string counts(std::int64_t tensors, std::int64_t keys) {
  return "GGUF" + raw<std::uint32_t>(3) + raw(tensors) + raw(keys);
}

std::string aligned_by(std::uint32_t alignment) {
  return gguf_bytes({.keys = {gguf_key("general.alignment", kU32Type, raw(alignment))}});
}

// The defects that readers of this format were published to have, and their neighbours.
std::vector<Broken> broken_files() {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t big = std::int64_t{1} << 32;
  const auto dims = [](std::vector<std::int64_t> d, std::uint32_t type = kF32) {
    return tensors_alone({gguf_tensor("t", std::move(d), type, 0)}, std::string(64, 'x'));
  };
  return {
      {"empty", "", "the magic number: expected 4 times"},
      {"magic alone", "GGUF", "the version"},
      {"other magic", "GGML" + raw<std::uint32_t>(3) + std::string(16, '\0'),
       "expected the magic number GGUF, got 0x4c4d4747"},
      {"cut counts", "GGUF" + raw<std::uint32_t>(3) + raw<std::int64_t>(1), "the number of keys"},
      {"negative tensors", counts(-1, 0), "the number of tensors: expected at least 0, got -1"},
      {"negative keys", counts(0, -1), "the number of keys: expected at least 0, got -1"},
      {"more keys than the limit", counts(0, gguf::kMaxKeys + 1), "at most 1000000 keys"},
      {"keys beyond the file", counts(0, gguf::kMaxKeys), "metadata: expected 1000000 times"},
      {"tensors beyond the file", counts(kMost, 0), "the list of tensors: expected 9223"},
      {"tensor count that wraps", counts((std::int64_t{1} << 61) + 1, 0), "the list of tensors"},
      {"key length wraps", counts(0, 1) + raw(~std::uint64_t{0}) + std::string(32, 'x'),
       "at most 65535 bytes of text, got 18446744073709551615"},
      {"key above the limit", counts(0, 1) + raw<std::uint64_t>(65536) + std::string(65560, 'x'),
       "at most 65535 bytes"},
      {"key beyond the file", counts(0, 1) + raw<std::uint64_t>(65535) + std::string(32, 'x'),
       "metadata key 0: expected 65535 times 1 bytes"},
      {"empty key", counts(0, 1) + counted("") + raw(kU8Type) + "xyz", "metadata key 0 is empty"},
      {"key twice",
       gguf_bytes({.keys = {gguf_key("k", kU8Type, "x"), gguf_key("k", kU8Type, "x")}}),
       "metadata \"k\" appears twice"},
      {"unknown value type", key_alone(13, "xxxxxxxx"), "metadata \"k\": unknown type 13"},
      {"value type -1", key_alone(~0u, "xxxxxxxx"), "unknown type 4294967295"},
      {"boolean of 2", key_alone(kBoolType, "\x02"), "expected a boolean 0 or 1, got 2"},
      {"text beyond the file", key_alone(kTextType, raw<std::uint64_t>(1 << 20)),
       "metadata \"k\": expected 1048576 times 1 bytes"},
      {"text above the limit", key_alone(kTextType, raw(gguf::kMaxTextBytes + 1)),
       "at most 67108864 bytes of text"},
      {"unknown element type", key_alone(kArrayType, gguf_array(13, 1, "x")),
       "unknown type 13 of array elements"},
      {"array beyond the file", key_alone(kArrayType, gguf_array(kU64Type, 1 << 20, "x")),
       "metadata \"k\": expected 1048576 times 8 bytes"},
      {"array size wraps", key_alone(kArrayType, gguf_array(kU64Type, std::uint64_t{1} << 61, "x")),
       "expected 2305843009213693952 times 8 bytes"},
      {"texts beyond the file", key_alone(kArrayType, gguf_array(kTextType, 1 << 20, "x")),
       "expected 1048576 times 8 bytes"},
      {"booleans of 9", key_alone(kArrayType, gguf_array(kBoolType, 1, "\x09")), "got 9"},
      {"alignment 0", aligned_by(0), "general.alignment"},
      {"alignment 3", aligned_by(3), "expected a power of two, got 3"},
      {"alignment above the limit", aligned_by(1 << 21), "integers from 1 to 1048576"},
      {"alignment that wraps", aligned_by(1u << 31), "integers from 1 to 1048576"},
      {"alignment as text",
       gguf_bytes({.keys = {gguf_key("general.alignment", kTextType, counted("32"))}}),
       "metadata \"general.alignment\""},
      {"no name", tensors_alone({gguf_tensor("", {1}, kF32, 0)}, "1234"), "tensor 0 has no name"},
      {"long name", tensors_alone({gguf_tensor(std::string(65, 'n'), {1}, kF32, 0)}, "1234"),
       "at most 64 bytes of text, got 65"},
      {"rank 5", dims({1, 1, 1, 1, 1}), "tensor \"t\": expected at most 4 dimensions, got 5"},
      {"rank -1", counts(1, 0) + counted("t") + raw(~0u) + std::string(64, 'x'),
       "at most 4 dimensions, got 4294967295"},
      {"negative dimension", dims({-1}), "has no size"},
      {"size wraps", dims({big, big}), "has no size"},
      {"size wraps with blocks", dims({32, big, big / 16, 16}, kQ4_0), "has no size"},
      {"empty, but the rest wraps", dims({0, big, big}), "has no size"},
      {"size above 2^60", dims({std::int64_t{1} << 59}), "has no size"},
      {"blocks do not divide rows", dims({33}, kQ4_0), "blocks of 32 must divide its rows"},
      {"data beyond the file", dims({17}), "the file is cut short: expected 68 bytes"},
      {"data far beyond the file", dims({std::int64_t{1} << 57}), "the file is cut short"},
      {"no data at all", tensors_alone({gguf_tensor("t", {1}, kF32, 0)}), "cut short"},
      {"offset beyond the file",
       tensors_alone({gguf_tensor("t", {1}, kF32, std::uint64_t{1} << 40)}, "1234"),
       "tensor \"t\": expected data offset 0, got 1099511627776"},
      {"offset wraps", tensors_alone({gguf_tensor("t", {1}, kF32, ~std::uint64_t{31})}, "1234"),
       "expected data offset 0, got 18446744073709551584"},
      {"overlap",
       tensors_alone({gguf_tensor("a", {8}, kF32, 0), gguf_tensor("b", {8}, kF32, 0)},
                     std::string(64, 'x')),
       "tensor \"b\": expected data offset 32, got 0"},
      {"hole",
       tensors_alone({gguf_tensor("a", {8}, kF32, 0), gguf_tensor("b", {8}, kF32, 64)},
                     std::string(96, 'x')),
       "tensor \"b\": expected data offset 32, got 64"},
      {"name twice",
       tensors_alone({gguf_tensor("t", {8}, kF32, 0), gguf_tensor("t", {8}, kF32, 32)},
                     std::string(64, 'x')),
       "tensor \"t\" appears twice"},
  };
}

TEST(GgufFile, RefusesBrokenFiles) {
  for (const Broken& broken : broken_files())
    EXPECT_THAT(error_of<FormatError>(broken.bytes), HasSubstr(broken.message)) << broken.name;
}

TEST(GgufFile, RefusesWhatItDoesNotKnow) {
  const GgufParts none;
  EXPECT_THAT(error_of<Unsupported>(gguf_bytes({.keys = {}, .tensors = {}, .version = 1})),
              HasSubstr("version 1 is not supported: expected 2 or 3"));
  EXPECT_THAT(error_of<Unsupported>(gguf_bytes({.keys = {}, .tensors = {}, .version = 4})),
              HasSubstr("version 4"));
  EXPECT_THAT(error_of<Unsupported>(gguf_bytes({.keys = {}, .tensors = {}, .version = 3u << 24})),
              HasSubstr("big-endian"));
  EXPECT_THAT(error_of<Unsupported>(key_alone(kArrayType, gguf_array(kArrayType, 1, "x"))),
              HasSubstr("arrays of arrays"));
  for (const std::uint32_t removed : {4u, 5u, 31u, 36u, 43u, ~0u})
    EXPECT_THAT(error_of<Unsupported>(tensors_alone({gguf_tensor("t", {32}, removed, 0)}, "x")),
                HasSubstr(fmt::format("tensor \"t\": element type {} is not known", removed)));
}

TEST(GgufFile, RefusalsAllocateLittle) {
  for (const Broken& broken : broken_files()) {
    const TemporaryFolder folder;
    const auto path = folder.write("bad.gguf", broken.bytes);
    const AllocationPeak peak;
    message_of<FormatError>([&] { gguf::File::open(path); });
    EXPECT_LT(peak.bytes(), 8 * broken.bytes.size() + (1 << 17)) << broken.name;
  }
}

// Every cut, every flipped bit, every 64-bit field at its edges: opened or refused, and what is
// open can be read.
TEST(GgufFile, SurvivesEverySmallChange) {
  const TemporaryFolder folder;
  const std::string good = gguf_bytes(sample());
  int opened = 0, refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    const auto path = folder.write("a.gguf", bytes);
    try {
      const auto file = gguf::File::open(path);
      for (const gguf::TensorInfo& tensor : file.tensors())
        EXPECT_EQ(file.data(tensor).size(), tensor.end - tensor.begin);
      ++opened;
    } catch (const FormatError&) {
      ++refused;
    } catch (const Unsupported&) {
      ++refused;
    }
  };
  for (std::size_t size = 0; size < good.size(); ++size)
    attempt(good.substr(0, size));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    attempt(bytes);
  }
  for (std::size_t at = 0; at + 8 <= good.size(); at += 4)
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 31) - 1, std::uint64_t{1} << 31,
          (std::uint64_t{1} << 32) + 1, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
      std::string bytes = good;
      attempt(bytes.replace(at, 8, raw(value)));
    }
  EXPECT_GT(opened, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace ashlar
