// SPDX-License-Identifier: Apache-2.0
#include "models/formats/safetensors_writer.h"

#include "models/formats/safetensors.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

namespace ashlar {
namespace {

using test::message_of;
using test::read_bytes;
using test::TemporaryFolder;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TensorToWrite bytes_tensor(std::string name, std::string_view data) {
  return {std::move(name), StoredType::u8, Shape({static_cast<std::int64_t>(data.size())}),
          bytes_of(data)};
}

std::vector<TensorToWrite> all_tensors(const SafetensorsFile& file) {
  std::vector<TensorToWrite> tensors;
  for (const TensorInfo& info : file.tensors())
    tensors.push_back({info.name, info.type, info.shape, file.data(info)});
  return tensors;
}

// The reference library wrote these; writing them again must give the same bytes.
TEST(SafetensorsWriter, ReproducesReferenceFilesByteForByte) {
  const TemporaryFolder folder;
  for (const std::string name : {ASHLAR_TEST_DATA "/goldens/families/gemma3/model.safetensors",
                                 ASHLAR_TEST_DATA "/goldens/families/gemma3/expected.safetensors",
                                 ASHLAR_CHECKPOINTS "/pebble-4m/expected_logits.safetensors"}) {
    const auto file = SafetensorsFile::open(name);
    std::vector<TensorToWrite> tensors = all_tensors(file);
    std::ranges::reverse(tensors);
    write_safetensors(folder.path() / "copy", tensors, file.metadata());
    EXPECT_TRUE(read_bytes(folder.path() / "copy") == read_bytes(name)) << name;
  }
}

TEST(SafetensorsWriter, OrdersByTypeThenNameAndPads) {
  const TemporaryFolder folder;
  const std::string data = "0123456789abcdef";
  write_safetensors(folder.path() / "a", {{"b", StoredType::u8, {2}, bytes_of(data).first(2)},
                                          {"d", StoredType::f32, {}, bytes_of(data).first(4)},
                                          {"a", StoredType::u8, {1}, bytes_of(data).first(1)},
                                          {"c", StoredType::f64, {1}, bytes_of(data).first(8)}});
  const auto file = SafetensorsFile::open(folder.path() / "a");
  std::vector<std::string> names;
  for (const TensorInfo& info : file.tensors())
    names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"c", "d", "a", "b"}));
  EXPECT_EQ(static_cast<unsigned char>(read_bytes(folder.path() / "a")[0]) % 8, 0);
}

TEST(SafetensorsWriter, EscapesNamesAndMetadata) {
  const TemporaryFolder folder;
  const std::string odd = "quote\" slash\\ tab\t nul\x01 umlaut\xc3\xa4";
  write_safetensors(folder.path() / "a", {bytes_tensor(odd, "xy")}, {{odd, odd}});
  const auto file = SafetensorsFile::open(folder.path() / "a");
  EXPECT_NE(file.find(odd), nullptr);
  EXPECT_EQ(file.metadata().at(odd), odd);
}

TEST(SafetensorsWriter, ReplacesAFileThatIsOpen) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a";
  write_safetensors(path, {bytes_tensor("t", "old")});
  const auto open = SafetensorsFile::open(path);
  write_safetensors(
      path, {{"t", StoredType::u8, {3}, open.data(*open.find("t"))}, bytes_tensor("u", "new")});
  EXPECT_EQ(open.data(open.tensors()[0])[0], std::byte{'o'});
  EXPECT_EQ(SafetensorsFile::open(path).tensors().size(), 2u);
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(SafetensorsWriter, RefusesTensorsThatBreakTheFormat) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "old");
  const auto message = [&](std::vector<TensorToWrite> tensors) {
    return message_of<InvalidArgument>([&] { write_safetensors(path, tensors); });
  };
  EXPECT_THAT(message({{"t", StoredType::f32, {2}, bytes_of("1234")}}),
              HasSubstr("expected 8 bytes for F32 [2], got 4"));
  EXPECT_THAT(message({bytes_tensor("t", "1"), bytes_tensor("u", "1"), bytes_tensor("t", "2")}),
              HasSubstr("two tensors are named \"t\""));
  EXPECT_THAT(message({bytes_tensor("__metadata__", "1")}), HasSubstr("other than __metadata__"));
  EXPECT_THAT(message({bytes_tensor("\xff", "1")}), HasSubstr("\"\\xff\" is not valid UTF-8"));
  EXPECT_THAT(message({bytes_tensor(std::string(kMaxTensorName + 1, 'n'), "1")}),
              HasSubstr("at most 4096 bytes"));
  EXPECT_THAT(message({{"t", StoredType::u8, {1, 1, 1, 1, 1, 1, 1, 1, 1}, bytes_of("1")}}),
              HasSubstr("expected at most 8 dimensions, got 9"));
  EXPECT_THAT(message({{"t", StoredType::u8, {-1}, bytes_of("1")}}),
              HasSubstr("the size of U8 [-1] is not a whole number of bytes"));
  EXPECT_THAT(message({{"t", StoredType::f4, {3}, bytes_of("12")}}),
              HasSubstr("the size of F4 [3] is not a whole number of bytes"));
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                write_safetensors(path, {}, {{"k", std::string(kMaxSafetensorsHeader, 'v')}});
              }),
              HasSubstr("header too large: expected at most 100000000 bytes"));
  EXPECT_EQ(read_bytes(path), "old");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(SafetensorsWriter, FailedWritesLeaveNothingBehind) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] {
                write_safetensors(folder.path() / "absent" / "a", {bytes_tensor("t", "1")});
              }),
              HasSubstr("No such file"));
  std::filesystem::create_directory(folder.path() / "folder");
  EXPECT_THAT(message_of<IoError>(
                  [&] { write_safetensors(folder.path() / "folder", {bytes_tensor("t", "1")}); }),
              HasSubstr("cannot replace"));
  EXPECT_THAT(message_of<IoError>([&] { write_safetensors("/dev/full/x", {}); }),
              HasSubstr("cannot create"));
  EXPECT_EQ(folder.file_count(), 1);
}

// Files of this process may not pass `bytes` while this lives, as on a full disk.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(SafetensorsWriter, AFullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "old");
  const std::string data(4096, 'x');
  std::string message;
  {
    const FileSizeLimit limit(1024);
    message = message_of<IoError>([&] { write_safetensors(path, {bytes_tensor("t", data)}); });
  }
  EXPECT_THAT(message, HasSubstr("cannot write"));
  EXPECT_EQ(read_bytes(path), "old");
  EXPECT_EQ(folder.file_count(), 1);
}

}  // namespace
}  // namespace ashlar
