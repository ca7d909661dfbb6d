// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/program_file.h"

#include "runtime/program/error.h"
#include "tests/runtime/program/sample_program.h"

#include <xxhash.h>

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kHashOffset = 24;

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "ashlar-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

// Repairs length and hash, so that a change reaches the parser.
void seal(std::vector<std::byte>& bytes) {
  const std::uint64_t payload = bytes.size() - kHeaderBytes;
  std::memcpy(bytes.data() + 16, &payload, sizeof(payload));
  const std::uint64_t hash = XXH3_64bits(bytes.data() + kHeaderBytes, bytes.size() - kHeaderBytes);
  std::memcpy(bytes.data() + kHashOffset, &hash, sizeof(hash));
}

TEST(ProgramFile, RoundTrips) {
  const Program program = sample_program();
  EXPECT_EQ(parse_program(serialize_program(program), "x"), program);
  EXPECT_EQ(parse_program(serialize_program(sample_decoder()), "x"), sample_decoder());
  EXPECT_EQ(parse_program(serialize_program(Program{}), "x"), Program{});
}

TEST(ProgramFile, SavesAndLoads) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.ashlar";
  save_program(Program{}, path);
  save_program(sample_program(), path);
  EXPECT_EQ(load_program(path), sample_program());
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
    ++files;
  EXPECT_EQ(files, 1u);
}

TEST(ProgramFile, MissingAndUnwritableFilesAreIoErrors) {
  const TemporaryFolder folder;
  EXPECT_THROW(load_program(folder.path() / "none"), IoError);
  EXPECT_THROW(save_program(sample_program(), folder.path() / "none" / "x"), IoError);
}

TEST(ProgramFile, RefusesToStoreAnInconsistentProgram) {
  Program program = sample_program();
  program.kernels.clear();
  EXPECT_THROW(serialize_program(program), FormatError);
}

class ProgramFileDamage : public testing::TestWithParam<Program (*)()> {};

TEST_P(ProgramFileDamage, EveryTruncationIsAFormatError) {
  const std::vector<std::byte> bytes = serialize_program(GetParam()());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(parse_program(std::span(bytes).first(size), "x"), FormatError) << size;
}

TEST_P(ProgramFileDamage, EveryFlippedBitIsAFormatError) {
  std::vector<std::byte> bytes = serialize_program(GetParam()());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1u << bit % 8);
    bytes[bit / 8] ^= mask;
    EXPECT_THROW(parse_program(bytes, "x"), FormatError) << bit;
    bytes[bit / 8] ^= mask;
  }
}

// With a matching hash, a change is either refused or yields a program that passes verify().
TEST_P(ProgramFileDamage, SealedDamageIsRefusedOrConsistent) {
  const std::vector<std::byte> original = serialize_program(GetParam()());
  std::size_t refused = 0;
  for (std::size_t i = kHeaderBytes; i < original.size(); ++i)
    for (unsigned value : {0x00u, 0x01u, 0x7Fu, 0x80u, 0xFFu}) {
      std::vector<std::byte> bytes = original;
      bytes[i] = static_cast<std::byte>(value);
      seal(bytes);
      try {
        const Program program = parse_program(bytes, "x");
        EXPECT_NO_THROW(verify(program));
      } catch (const FormatError&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, original.size());
}

TEST_P(ProgramFileDamage, SealedTruncationIsAFormatError) {
  const std::vector<std::byte> original = serialize_program(GetParam()());
  for (std::size_t size = kHeaderBytes; size < original.size(); ++size) {
    std::vector<std::byte> bytes(original.begin(), original.begin() + static_cast<long>(size));
    seal(bytes);
    EXPECT_THROW(parse_program(bytes, "x"), FormatError) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, ProgramFileDamage,
                         testing::Values(sample_program, sample_decoder));

// A change of the format needs new seeds: ASHLAR_WRITE_CORPUS=1 writes them.
TEST(ProgramFile, SeedsOfTheFuzzTargetAreCurrent) {
  const std::filesystem::path corpus =
      std::filesystem::path(ASHLAR_TEST_DATA) / "../fuzz/corpus/program_file_fuzz";
  const std::pair<const char*, Program> seeds[] = {
      {"empty", {}}, {"sample", sample_program()}, {"decoder", sample_decoder()}};
  for (const auto& [name, program] : seeds) {
    if (std::getenv("ASHLAR_WRITE_CORPUS"))
      save_program(program, corpus / name);
    EXPECT_EQ(load_program(corpus / name), program) << name;
  }
}

TEST(ProgramFile, MessagesSayWhatIsWrong) {
  const std::vector<std::byte> original = serialize_program(sample_program());
  const auto parse_with = [&](std::size_t offset, std::uint8_t value) {
    std::vector<std::byte> bytes = original;
    bytes[offset] = static_cast<std::byte>(value);
    return [bytes] { parse_program(bytes, "model.ashlar"); };
  };
  EXPECT_THAT(parse_with(1, 'B'), ThrowsMessage<FormatError>(HasSubstr("not a compiled program")));
  EXPECT_THAT(parse_with(8, 9),
              ThrowsMessage<FormatError>(HasSubstr("has format 9 and ABI 2: expected 7 and 2")));
  EXPECT_THAT(parse_with(12, 9), ThrowsMessage<FormatError>(HasSubstr("and ABI 9")));
  EXPECT_THAT(parse_with(kHashOffset, 0), ThrowsMessage<FormatError>(HasSubstr("is damaged")));
  EXPECT_THAT(parse_with(kHeaderBytes, 0), ThrowsMessage<FormatError>(HasSubstr("model.ashlar")));

  std::vector<std::byte> longer = original;
  longer.push_back(std::byte{0});
  EXPECT_THAT([&] { parse_program(longer, "x"); },
              ThrowsMessage<FormatError>(HasSubstr("was cut or extended")));
  seal(longer);
  EXPECT_THAT([&] { parse_program(longer, "x"); },
              ThrowsMessage<FormatError>(HasSubstr("1 bytes follow the program")));

  std::vector<std::byte> other_needs = original;
  other_needs[kHeaderBytes + 4] = std::byte{2};  // the first capability
  seal(other_needs);
  EXPECT_THAT([&] { parse_program(other_needs, "x"); },
              ThrowsMessage<FormatError>(HasSubstr("other requirements")));

  std::vector<std::byte> long_list = original;
  std::memset(long_list.data() + kHeaderBytes, 0xFF, 4);
  seal(long_list);
  EXPECT_THAT([&] { parse_program(long_list, "x"); },
              ThrowsMessage<FormatError>(
                  HasSubstr("a list of 4294967295 elements is longer than the file")));
}

}  // namespace
}  // namespace ashlar
