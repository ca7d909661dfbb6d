// SPDX-License-Identifier: Apache-2.0
#include "models/formats/safetensors.h"

#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/models/formats/allocation_peak.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

namespace ashlar {
namespace {

using test::message_of;
using test::safetensors_bytes;
using test::TemporaryFolder;
using testing::HasSubstr;

constexpr std::string_view kLlama = ASHLAR_TEST_DATA "/goldens/families/llama/model.safetensors";

std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = folder.write("bad.safetensors", bytes);
  return message_of<FormatError>([&] { SafetensorsFile::open(path); });
}

TEST(Safetensors, ReadsTensorsOfAReferenceFile) {
  const auto file = SafetensorsFile::open(kLlama);
  EXPECT_EQ(file.tensors().size(), 39u);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  const TensorInfo* embedding = file.find("model.embed_tokens.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_EQ(embedding->type, StoredType::bf16);
  EXPECT_EQ(embedding->shape, Shape({256, 64}));
  EXPECT_EQ(embedding->begin, 32768u);
  EXPECT_EQ(embedding->end, 65536u);
  EXPECT_EQ(file.data(*embedding).size(), 32768u);
  EXPECT_EQ(file.find("model.embed_tokens"), nullptr);
  EXPECT_EQ(file.find(""), nullptr);
  EXPECT_EQ(file.find("zzz"), nullptr);
}

TEST(Safetensors, DataIsWhatTheHeaderPointsAt) {
  const TemporaryFolder folder;
  const auto path =
      folder.write("a.safetensors",
                   safetensors_bytes(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},)"
                                     R"("a":{"data_offsets":[0,1],"shape":[],"dtype":"I8"}}   )",
                                     "xyz"));
  const auto file = SafetensorsFile::open(path);
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.data(*file.find("a"))[0], std::byte{'x'});
  EXPECT_EQ(file.data(*file.find("b"))[1], std::byte{'z'});
  EXPECT_EQ(to_integers(*file.find("b"), file.data(*file.find("b"))),
            (std::vector<std::int64_t>{'y', 'z'}));
}

TEST(Safetensors, AcceptsEmptyFilesZeroSizesAndMetadataAlone) {
  const TemporaryFolder folder;
  EXPECT_TRUE(
      SafetensorsFile::open(folder.write("a", safetensors_bytes("{}", ""))).tensors().empty());
  EXPECT_EQ(SafetensorsFile::open(
                folder.write("b", safetensors_bytes(R"({"__metadata__":{"k":"v"}})", "")))
                .metadata()
                .at("k"),
            "v");
  const auto zero = SafetensorsFile::open(folder.write(
      "c", safetensors_bytes(R"({"z":{"dtype":"F32","shape":[3,0,2],"data_offsets":[1,1]},)"
                             R"("y":{"dtype":"F4","shape":[0],"data_offsets":[0,0]},)"
                             R"("x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                             "!")));
  EXPECT_TRUE(zero.data(*zero.find("z")).empty());
  EXPECT_EQ(zero.find("z")->shape.element_count(), 0);
}

TEST(Safetensors, PacksSubByteTypes) {
  const TemporaryFolder folder;
  const auto file = SafetensorsFile::open(folder.write(
      "a", safetensors_bytes(R"({"p":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]},)"
                             R"("q":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[3,6]}})",
                             "abcdef")));
  EXPECT_EQ(file.data(*file.find("q")).size(), 3u);
}

struct Broken {
  std::string name;
  std::string bytes;
  std::string message;
};

std::string one(std::string_view entry, std::string_view data = "") {
  return safetensors_bytes(R"({"t":)" + std::string(entry) + "}", data);
}

std::vector<Broken> broken_files() {
  const std::string long_name(5000, 'n');
  const std::string deep(100000, '[');
  return {
      {"empty", "", "expected at least 8 bytes, got 0"},
      {"half a prefix", "1234567", "expected at least 8 bytes, got 7"},
      {"header beyond the file", test::little_endian(3) + "{}",
       "expected a header of 3 bytes, got 2"},
      {"huge header length", test::little_endian(~std::uint64_t{0}) + "{}",
       "header too large: expected at most 100000000 bytes, got 18446744073709551615"},
      {"header one above the limit", test::little_endian(kMaxSafetensorsHeader + 1) + "{}",
       "header too large: expected at most 100000000 bytes, got 100000001"},
      {"header at the limit", test::little_endian(kMaxSafetensorsHeader) + "{}",
       "expected a header of 100000000 bytes, got 2"},
      {"no header", test::little_endian(0), "must start with '{'"},
      {"leading space", safetensors_bytes(" {}", ""), "must start with '{', got \" \""},
      {"byte order mark", safetensors_bytes("\xef\xbb\xbf{}", ""), "must start with '{'"},
      {"array header", safetensors_bytes("[]", ""), "must start with '{'"},
      {"cut JSON", safetensors_bytes(R"({"t":)", ""), "not valid JSON near byte"},
      {"bytes after the object", safetensors_bytes("{}{}", ""), "not valid JSON near byte"},
      {"NUL padding", safetensors_bytes(std::string_view("{}\0", 3), ""), "not valid JSON"},
      {"invalid UTF-8", safetensors_bytes("{\"\xff\":{}}", ""), "not valid JSON"},
      {"deep nesting", safetensors_bytes(R"({"t":{"shape":)" + deep, ""),
       "tensor \"t\": shape: expected an unsigned integer, got an array"},
      {"deep objects", safetensors_bytes(R"({"t":{"dtype":{"a":{}}}})", ""),
       "dtype: expected a string, got an object"},
      {"entry is a number", one("1"), "\"t\": expected an object, got 1"},
      {"entry is null", one("null"), "\"t\": expected an object, got null"},
      {"entry is a list", one("[]"), "\"t\": expected an object, got an array"},
      {"no dtype", one(R"({"shape":[],"data_offsets":[0,1]})", "x"),
       "tensor \"t\": expected the keys dtype, shape and data_offsets"},
      {"no shape", one(R"({"dtype":"U8","data_offsets":[0,1]})", "x"), "expected the keys"},
      {"no offsets", one(R"({"dtype":"U8","shape":[]})", "x"), "expected the keys"},
      {"unknown key", one(R"({"dtype":"U8","shape":[],"data_offsets":[0,1],"x":1})", "x"),
       "unknown key \"x\""},
      {"unknown dtype", one(R"({"dtype":"F128","shape":[],"data_offsets":[0,16]})", ""),
       "tensor \"t\": unknown dtype \"F128\""},
      {"dtype in lower case", one(R"({"dtype":"f32","shape":[],"data_offsets":[0,4]})", "abcd"),
       "unknown dtype \"f32\""},
      {"dtype is a number", one(R"({"dtype":7,"shape":[],"data_offsets":[0,1]})", "x"),
       "dtype: expected a string, got 7"},
      {"negative dimension", one(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", "x"),
       "shape: expected an unsigned integer, got -1"},
      {"fractional dimension", one(R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", "x"),
       "shape: expected an unsigned integer, got \"1.0\""},
      {"dimension as text", one(R"({"dtype":"U8","shape":["1"],"data_offsets":[0,1]})", "x"),
       "shape: expected an unsigned integer, got \"1\""},
      {"dimension above 2^63",
       one(R"({"dtype":"U8","shape":[9223372036854775808],)"
           R"("data_offsets":[0,1]})",
           "x"),
       "dimension 9223372036854775808 passes 2^63-1"},
      {"dimension above 2^64",
       one(R"({"dtype":"U8","shape":[18446744073709551616],)"
           R"("data_offsets":[0,1]})",
           "x"),
       "shape: expected an unsigned integer, got \"18446744073709551616\""},
      {"shape is a number", one(R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})", "x"),
       "shape: expected an array of unsigned integers, got 1"},
      {"rank 9", one(R"({"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]})", "x"),
       "rank: expected at most 8 dimensions"},
      {"product wraps to zero",
       one(R"({"dtype":"U8","shape":[4294967296,4294967296],)"
           R"("data_offsets":[0,0]})"),
       "the size of U8 [4294967296, 4294967296] is not a whole number of bytes below 2^60"},
      {"bits wrap", one(R"({"dtype":"F64","shape":[288230376151711744],"data_offsets":[0,0]})"),
       "is not a whole number of bytes below 2^60"},
      {"huge beside zero",
       one(R"({"dtype":"U8","shape":[0,4294967296,4294967296],)"
           R"("data_offsets":[0,0]})"),
       "is not a whole number of bytes below 2^60"},
      {"half a byte", one(R"({"dtype":"F4","shape":[3],"data_offsets":[0,2]})", "xy"),
       "the size of F4 [3] is not a whole number of bytes"},
      {"size too small", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", "abcd"),
       "F32 [2] takes 8 bytes, but data_offsets [0, 4] hold 4"},
      {"size too large", one(R"({"dtype":"U8","shape":[2],"data_offsets":[0,4]})", "abcd"),
       "U8 [2] takes 2 bytes, but data_offsets [0, 4] hold 4"},
      {"one offset", one(R"({"dtype":"U8","shape":[],"data_offsets":[0]})", "x"),
       "data_offsets: expected 2 numbers, got 1"},
      {"three offsets", one(R"({"dtype":"U8","shape":[],"data_offsets":[0,1,2]})", "x"),
       "data_offsets: expected 2 numbers, got 3"},
      {"negative offset", one(R"({"dtype":"U8","shape":[],"data_offsets":[-1,0]})", "x"),
       "data_offsets: expected an unsigned integer, got -1"},
      {"end before begin", one(R"({"dtype":"U8","shape":[],"data_offsets":[1,0]})", "x"),
       "end 0 lies before begin 1"},
      {"offset at the end of u64",
       one(R"({"dtype":"U8","shape":[1],"data_offsets":[18446744073709551614,)"
           R"(18446744073709551615]})",
           "x"),
       "hole before its data: expected data offset 0, got 18446744073709551614"},
      {"hole at the start", one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})", "xy"),
       "hole before its data: expected data offset 0, got 1"},
      {"data missing", one(R"({"dtype":"U8","shape":[4],"data_offsets":[0,4]})", "xy"),
       "the file is cut short: expected 4 bytes of data after the header, got 2"},
      {"data left over", one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})", "xy"),
       "bytes after the last tensor: expected 1 bytes of data after the header, got 2"},
      {"data without tensors", safetensors_bytes("{}", "x"), "bytes after the last tensor"},
      {"overlap",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                         R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                         "xyz"),
       "tensor \"b\": overlaps another tensor: expected data offset 2, got 1"},
      {"the same bytes twice",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                         "x"),
       "tensor \"b\": overlaps another tensor"},
      {"hole between",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                         "xyz"),
       "tensor \"b\": hole before its data: expected data offset 1, got 2"},
      {"tensor twice",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                         "xy"),
       "tensor \"a\" appears twice"},
      {"escaped twin",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                         "xy"),
       "tensor \"a\" appears twice"},
      {"field twice", one(R"({"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]})", "x"),
       "key \"dtype\" appears twice"},
      {"shape twice", one(R"({"dtype":"U8","shape":[],"shape":[1],"data_offsets":[0,1]})", "x"),
       "key \"shape\" appears twice"},
      {"offsets twice",
       one(R"({"dtype":"U8","shape":[],"data_offsets":[0,1],"data_offsets":[0,1]})", "x"),
       "key \"data_offsets\" appears twice"},
      {"name above 4 KiB", safetensors_bytes("{\"" + long_name + "\":{}}", ""), "is too long"},
      {"metadata number", safetensors_bytes(R"({"__metadata__":{"a":1}})", ""),
       "__metadata__: \"a\": expected a string, got 1"},
      {"metadata nested", safetensors_bytes(R"({"__metadata__":{"a":{}}})", ""),
       "__metadata__: \"a\": expected a string, got an object"},
      {"metadata is text", safetensors_bytes(R"({"__metadata__":"a"})", ""),
       "\"__metadata__\": expected an object, got \"a\""},
      {"metadata key twice", safetensors_bytes(R"({"__metadata__":{"a":"1","a":"2"}})", ""),
       "key \"a\" appears twice"},
      {"metadata twice", safetensors_bytes(R"({"__metadata__":{},"__metadata__":{}})", ""),
       "key \"__metadata__\" appears twice"},
  };
}

TEST(Safetensors, RefusesBrokenFilesByName) {
  for (const Broken& file : broken_files()) {
    const std::string message = error_of(file.bytes);
    EXPECT_THAT(message, HasSubstr(file.message)) << file.name;
    EXPECT_THAT(message, HasSubstr("bad.safetensors")) << file.name;
    EXPECT_LT(message.size(), 600u) << file.name;
  }
}

TEST(Safetensors, LimitsAreInclusive) {
  const TemporaryFolder folder;
  const std::string longest(kMaxTensorName, 'n');
  const auto file = SafetensorsFile::open(folder.write(
      "a",
      safetensors_bytes("{\"" + longest +
                            R"(":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})",
                        "x")));
  EXPECT_EQ(file.find(longest)->shape.rank(), kMaxTensorRank);
}

TEST(Safetensors, LiesAboutSizesAllocateNothing) {
  const TemporaryFolder folder;
  const auto length = folder.write("a", test::little_endian(kMaxSafetensorsHeader) + "{}");
  const auto shape = folder.write(
      "b", one(R"({"dtype":"U8","shape":[1000000000000],"data_offsets":[0,1000000000000]})"));
  const test::AllocationPeak peak;
  EXPECT_NE(message_of<FormatError>([&] { SafetensorsFile::open(length); }), "no error");
  EXPECT_NE(message_of<FormatError>([&] { SafetensorsFile::open(shape); }), "no error");
  EXPECT_LT(peak.bytes(), 64u << 10);
}

TEST(Safetensors, RejectingALongHeaderStaysNearItsSize) {
  // Many small entries, the last one broken.
  std::string header = "{";
  for (int i = 0; i < 20000; ++i)
    header += "\"" + std::to_string(i) + R"(":{"dtype":"U8","shape":[],"data_offsets":[)" +
              std::to_string(i) + "," + std::to_string(i + 1) + "]},";
  header += R"("last":{}})";
  const TemporaryFolder folder;
  const auto path = folder.write("a", safetensors_bytes(header, std::string(20000, 'x')));
  const test::AllocationPeak peak;
  EXPECT_THAT(message_of<FormatError>([&] { SafetensorsFile::open(path); }), HasSubstr("\"last\""));
  EXPECT_LT(peak.bytes(), (16u << 20) + 2 * header.size());
}

TEST(Safetensors, RefusesWhatIsNotARegularFile) {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path) {
    return message_of<IoError>([&] { SafetensorsFile::open(path); });
  };
  EXPECT_THAT(message(folder.path() / "absent"), HasSubstr("No such file"));
  EXPECT_THAT(message(folder.path()), HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message(folder.path() / "pipe"), HasSubstr("not a regular file"));
}

TEST(Safetensors, FilesCanBeMoved) {
  auto file = SafetensorsFile::open(kLlama);
  const auto first = file.data(file.tensors()[0]).data();
  auto other =
      SafetensorsFile::open(ASHLAR_TEST_DATA "/goldens/families/llama/expected.safetensors");
  other = std::move(file);
  EXPECT_EQ(other.tensors().size(), 39u);
  EXPECT_EQ(other.data(other.tensors()[0]).data(), first);
}

TEST(Safetensors, DataRefusesTensorsOfOtherFiles) {
  const auto file = SafetensorsFile::open(kLlama);
  TensorInfo foreign = file.tensors()[0];
  foreign.end = std::uint64_t{1} << 40;
  EXPECT_THAT(message_of<InvalidArgument>([&] { file.data(foreign); }),
              HasSubstr("does not lie in"));
}

// Reads everything an accepted file offers, so that a sanitizer sees any byte outside it.
void touch_all(const std::filesystem::path& path) {
  const auto file = SafetensorsFile::open(path);
  unsigned sum = 0;
  for (const TensorInfo& info : file.tensors())
    for (const std::byte byte : file.data(info))
      sum += static_cast<unsigned>(byte);
  volatile unsigned sink = sum;
  static_cast<void>(sink);
}

bool opens_or_throws_typed(const TemporaryFolder& folder, const std::string& bytes) {
  const auto path = folder.write("mutant", bytes);
  try {
    touch_all(path);
    return true;
  } catch (const FormatError&) {
    return false;
  }
}

// One valid file of about half a kilobyte with every feature of the format.
std::string sample_file() {
  return safetensors_bytes(R"({"__metadata__":{"format":"pt"},)"
                           R"("a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                           R"("b":{"dtype":"BF16","shape":[2,3],"data_offsets":[16,28]},)"
                           R"("c":{"dtype":"F4","shape":[2],"data_offsets":[28,29]},)"
                           R"("d":{"dtype":"U8","shape":[0,9],"data_offsets":[29,29]},)"
                           R"("e":{"dtype":"BOOL","shape":[],"data_offsets":[29,30]}}  )",
                           std::string(30, '\1'));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TemporaryFolder folder;
  const std::string whole = sample_file();
  ASSERT_TRUE(opens_or_throws_typed(folder, whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(opens_or_throws_typed(folder, whole.substr(0, length))) << length;
}

TEST(Safetensors, EveryBitFlipOpensOrThrows) {
  const TemporaryFolder folder;
  const std::string whole = sample_file();
  const std::size_t prefix_bits = 64;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string mutant = whole;
    mutant[bit / 8] = static_cast<char>(mutant[bit / 8] ^ 1 << bit % 8);
    const bool accepted = opens_or_throws_typed(folder, mutant);
    EXPECT_FALSE(accepted && bit < prefix_bits) << "bit " << bit << " of the header length";
  }
}

TEST(Safetensors, BoundaryNumbersInEveryFieldOpenOrThrow) {
  const TemporaryFolder folder;
  const std::string whole = sample_file();
  const std::vector<std::string> numbers = {"0",
                                            "1",
                                            "2147483647",
                                            "2147483649",
                                            "4294967295",
                                            "4294967297",
                                            "9223372036854775807",
                                            "9223372036854775808",
                                            "9223372036854775809",
                                            "18446744073709551615",
                                            "18446744073709551616",
                                            "1e400",
                                            "-0",
                                            "1e2"};
  const std::string header = whole.substr(8, whole.size() - 8 - 30);
  int cases = 0;
  for (std::size_t at = header.find('['); at != std::string::npos;
       at = header.find_first_of("[,", at + 1)) {
    const std::size_t end = header.find_first_not_of("0123456789", at + 1);
    if (end == at + 1)
      continue;
    for (const std::string& number : numbers) {
      const std::string mutant = header.substr(0, at + 1) + number + header.substr(end);
      opens_or_throws_typed(folder, safetensors_bytes(mutant, std::string(30, '\1')));
      ++cases;
    }
  }
  EXPECT_EQ(cases, 16 * 14);
}

}  // namespace
}  // namespace ashlar
