// SPDX-License-Identifier: Apache-2.0
#include "models/formats/checkpoint.h"

#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ashlar {
namespace {

using test::message_of;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kIndex = "model.safetensors.index.json";

std::filesystem::path family(const std::string& name) {
  return std::filesystem::path(ASHLAR_TEST_DATA "/goldens/families") / name;
}

// A shard with one-byte tensors of these names; each holds the first letter of its name.
void write_shard(const TemporaryFolder& folder, const std::string& file,
                 const std::vector<std::string>& names) {
  std::vector<TensorToWrite> tensors;
  for (const std::string& name : names)
    tensors.push_back({name, StoredType::u8, {1}, std::as_bytes(std::span(name)).first(1)});
  write_safetensors(folder.path() / file, tensors);
}

void write_index(const TemporaryFolder& folder, const std::map<std::string, std::string>& map) {
  std::string entries;
  for (const auto& [tensor, file] : map)
    entries += (entries.empty() ? "\"" : ",\"") + tensor + "\":\"" + file + "\"";
  folder.write(kIndex, R"({"metadata":{"total_size":1},"weight_map":{)" + entries + "}}");
}

std::string format_error(const TemporaryFolder& folder) {
  return message_of<FormatError>([&] { Checkpoint::open(folder.path()); });
}

TEST(Checkpoint, OpensASingleFile) {
  const auto checkpoint = Checkpoint::open(family("llama"));
  EXPECT_EQ(checkpoint.tensors().size(), 39u);
  EXPECT_EQ(checkpoint.total_bytes(), 361600u);
  EXPECT_EQ(checkpoint.at("model.norm.weight").info->shape, Shape({64}));
  EXPECT_EQ(
      to_floats(*checkpoint.at("model.norm.weight").info, checkpoint.at("model.norm.weight").data())
          .size(),
      64u);
  EXPECT_EQ(checkpoint.find("model.norm"), nullptr);
  EXPECT_THAT(message_of<FormatError>([&] { checkpoint.at("model.norm"); }),
              AllOf(HasSubstr("tensor \"model.norm\" is missing"), HasSubstr("families/llama")));
}

TEST(Checkpoint, OpensShards) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a", "c"});
  write_shard(folder, "two.safetensors", {"b"});
  write_index(folder,
              {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"c", "one.safetensors"}});
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_EQ(checkpoint.tensors().size(), 3u);
  EXPECT_EQ(checkpoint.total_bytes(), 3u);
  for (const std::string name : {"a", "b", "c"})
    EXPECT_EQ(checkpoint.at(name).data()[0], static_cast<std::byte>(name[0]));
  EXPECT_EQ(checkpoint.tensors()[1].info->name, "b");
}

TEST(Checkpoint, StaysUsableAfterAMove) {
  auto first = Checkpoint::open(family("llama"));
  const Checkpoint second = std::move(first);
  EXPECT_EQ(second.at("model.norm.weight").data().size(), 128u);
}

TEST(Checkpoint, PrefersTheSingleFile) {
  const TemporaryFolder folder;
  write_shard(folder, "model.safetensors", {"a"});
  folder.write(kIndex, "broken");
  EXPECT_EQ(Checkpoint::open(folder.path()).tensors().size(), 1u);
}

TEST(Checkpoint, RefusesAFolderWithoutTensors) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { Checkpoint::open(folder.path()); }),
              HasSubstr("expected model.safetensors or model.safetensors.index.json"));
  EXPECT_THAT(message_of<IoError>([&] { Checkpoint::open(folder.path() / "absent"); }),
              HasSubstr("found neither"));
}

TEST(Checkpoint, RefusesADanglingLink) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("gone", folder.path() / "model.safetensors");
  EXPECT_THAT(message_of<IoError>([&] { Checkpoint::open(folder.path()); }),
              HasSubstr("No such file"));
}

TEST(Checkpoint, RefusesAnAbsentShard) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a"});
  write_index(folder, {{"a", "one.safetensors"}, {"b", "two.safetensors"}});
  EXPECT_THAT(message_of<IoError>([&] { Checkpoint::open(folder.path()); }),
              HasSubstr("two.safetensors\": No such file"));
}

TEST(Checkpoint, RefusesATensorThatItsShardLacks) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a"});
  write_index(folder, {{"a", "one.safetensors"}, {"b", "one.safetensors"}});
  EXPECT_THAT(format_error(folder), HasSubstr("lacks tensor \"b\", which the index places there"));
}

TEST(Checkpoint, RefusesATensorInAnotherShard) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a", "b"});
  write_shard(folder, "two.safetensors", {"c"});
  write_index(folder,
              {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"c", "two.safetensors"}});
  EXPECT_THAT(format_error(folder),
              HasSubstr("holds tensor \"b\", which the index places in \"two.safetensors\""));
}

TEST(Checkpoint, RefusesATensorInTwoShards) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a"});
  write_shard(folder, "two.safetensors", {"a", "b"});
  write_index(folder, {{"a", "one.safetensors"}, {"b", "two.safetensors"}});
  EXPECT_THAT(format_error(folder), AllOf(HasSubstr("two.safetensors\" holds tensor \"a\""),
                                          HasSubstr("places in \"one.safetensors\"")));
}

TEST(Checkpoint, RefusesAnUnlistedTensor) {
  const TemporaryFolder folder;
  write_shard(folder, "one.safetensors", {"a", "b"});
  write_index(folder, {{"a", "one.safetensors"}});
  EXPECT_THAT(format_error(folder), HasSubstr("holds tensor \"b\", which the index does not list"));
}

TEST(Checkpoint, RefusesNamesThatLeaveTheFolder) {
  const TemporaryFolder folder;
  write_shard(folder, "x.safetensors", {"a"});
  std::filesystem::create_directory(folder.path() / "sub");
  for (const std::string name :
       {"../x.safetensors", "/x.safetensors", "sub/../x.safetensors", "./x.safetensors", "..", "",
        ".", "sub\\\\x.safetensors", "x.safetensors\\u0000.safetensors", "x.bin", "config.json"}) {
    write_index(folder, {{"a", name}});
    EXPECT_THAT(format_error(folder),
                HasSubstr("tensor \"a\": expected the plain name of a .safetensors file"))
        << name;
  }
}

TEST(Checkpoint, RefusesBrokenIndices) {
  const TemporaryFolder folder;
  const auto message = [&](std::string_view index) {
    folder.write(kIndex, index);
    return format_error(folder);
  };
  EXPECT_THAT(message("[]"), HasSubstr("expected an object weight_map"));
  EXPECT_THAT(message("{}"), HasSubstr("expected an object weight_map"));
  EXPECT_THAT(message(R"({"weight_map":[]})"), HasSubstr("expected an object weight_map"));
  EXPECT_THAT(message(R"({"weight_map":{}})"), HasSubstr("weight_map is empty"));
  EXPECT_THAT(message(R"({"weight_map":{"a":1}})"), HasSubstr("got \"number\""));
  EXPECT_THAT(message(R"({"weight_map":{"a":"x.safetensors","a":"y.safetensors"}})"),
              HasSubstr("key \"a\" appears twice"));
  EXPECT_THAT(message("{"), HasSubstr("is not valid JSON"));
}

TEST(Checkpoint, ReportsABrokenShard) {
  const TemporaryFolder folder;
  folder.write("one.safetensors", "short");
  write_index(folder, {{"a", "one.safetensors"}});
  EXPECT_THAT(format_error(folder), HasSubstr("one.safetensors\" is cut short"));
}

}  // namespace
}  // namespace ashlar
