// SPDX-License-Identifier: Apache-2.0
#include "codegen/shader_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace ashlar::codegen {
namespace {

namespace fs = std::filesystem;
using testing::Optional;

std::vector<std::byte> bytes(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, std::string_view contents) {
  std::ofstream(path, std::ios::binary).write(contents.data(), std::ssize(contents));
}

class ShaderCacheTest : public testing::Test {
protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("ashlar-cache-test-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path only_file() const {
    auto file = fs::directory_iterator(folder_);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
    return file->path();
  }

  fs::path folder_;
};

TEST_F(ShaderCacheTest, FindsWhatWasStored) {
  ShaderCache cache(folder_);
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.store("key", bytes("value"));
  EXPECT_THAT(cache.find("key"), Optional(bytes("value")));
  EXPECT_EQ(cache.find("another key"), std::nullopt);
  EXPECT_THAT(ShaderCache(folder_).find("key"), Optional(bytes("value")));
  cache.store("key", bytes(""));
  EXPECT_THAT(cache.find("key"), Optional(bytes("")));
}

TEST_F(ShaderCacheTest, TruncatedFilesAreMissesAndReplaced) {
  ShaderCache cache(folder_);
  cache.store("key", bytes("value"));
  const std::string whole = read(only_file());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(only_file(), whole.substr(0, size));
    EXPECT_EQ(cache.find("key"), std::nullopt) << size << " bytes";
  }
  cache.store("key", bytes("value"));
  EXPECT_EQ(read(only_file()), whole);
}

TEST_F(ShaderCacheTest, AnyFlippedBitIsAMiss) {
  ShaderCache cache(folder_);
  cache.store("key", bytes("value"));
  const std::string whole = read(only_file());
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    write(only_file(), damaged);
    EXPECT_EQ(cache.find("key"), std::nullopt) << "bit " << bit;
  }
  cache.store("key", bytes("value"));
  EXPECT_THAT(cache.find("key"), Optional(bytes("value")));
}

TEST_F(ShaderCacheTest, LongerAndForeignFilesAreMisses) {
  ShaderCache cache(folder_);
  cache.store("key", bytes("value"));
  const std::string whole = read(only_file());
  write(only_file(), whole + "!");
  EXPECT_EQ(cache.find("key"), std::nullopt);
  write(only_file(), "#!/bin/sh\necho this is something else altogether, and quite long\n");
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.store("key", bytes("value"));
  EXPECT_THAT(cache.find("key"), Optional(bytes("value")));
}

TEST_F(ShaderCacheTest, OutdatedVersionIsAMiss) {
  ShaderCache cache(folder_);
  cache.store("key", bytes("value"));
  std::string old = read(only_file());
  old[7] = '0';
  write(only_file(), old);
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

// As if two keys had one hash: the file has the right name and is intact, but holds another key.
TEST_F(ShaderCacheTest, ComparesTheWholeKey) {
  ShaderCache cache(folder_);
  cache.store("key 1", bytes("value"));
  const fs::path first = only_file();
  const std::string contents = read(first);
  fs::remove(first);
  cache.store("key 2", bytes("value"));
  const fs::path second = only_file();
  write(second, contents);
  EXPECT_EQ(cache.find("key 2"), std::nullopt);
}

TEST_F(ShaderCacheTest, FolderThatCannotExistIsAnEmptyCache) {
  fs::create_directories(folder_);
  write(folder_ / "file", "");
  ShaderCache cache(folder_ / "file" / "below");
  cache.store("key", bytes("value"));
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST_F(ShaderCacheTest, LeastRecentlyUsedEntriesMakeRoom) {
  const std::string value(1000, 'v');
  ShaderCache cache(folder_, 5000);
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 4; ++i) {
    cache.store("key " + std::to_string(i), bytes(value));
    // Files written within one tick of the clock would have no order.
    for (const auto& file : fs::directory_iterator(folder_))
      fs::last_write_time(file, fs::last_write_time(file) - std::chrono::seconds(10));
  }
  ASSERT_TRUE(cache.find("key 0"));  // now the most recently used
  cache.store("key 4", bytes(value));
  EXPECT_FALSE(cache.find("key 1"));
  EXPECT_TRUE(cache.find("key 0"));
  EXPECT_TRUE(cache.find("key 4"));
  std::uintmax_t total = 0;
  for (const auto& file : fs::directory_iterator(folder_))
    total += file.file_size();
  EXPECT_LE(total, 5000u);
  cache.store("too large", bytes(std::string(6000, 'v')));
  EXPECT_FALSE(cache.find("too large"));
  EXPECT_TRUE(cache.find("key 0"));
}

TEST_F(ShaderCacheTest, LeavesNoTemporaryFiles) {
  ShaderCache cache(folder_);
  for (int i = 0; i < 3; ++i)
    cache.store("key", bytes(std::to_string(i)));
  EXPECT_THAT(cache.find("key"), Optional(bytes("2")));
  only_file();
}

TEST_F(ShaderCacheTest, EnvironmentNamesTheFolder) {
  const auto set = [](const char* name, const char* value) {
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  };
  std::vector<std::pair<const char*, std::optional<std::string>>> saved;
  for (const char* name : {"ASHLAR_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}) {
    const char* value = std::getenv(name);
    saved.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
  }
  set("ASHLAR_CACHE_DIR", "/a");
  set("XDG_CACHE_HOME", "/b");
  set("HOME", "/c");
  EXPECT_EQ(ShaderCache::from_environment()->folder(), "/a");
  set("ASHLAR_CACHE_DIR", "");
  EXPECT_EQ(ShaderCache::from_environment(), nullptr);
  set("ASHLAR_CACHE_DIR", nullptr);
  EXPECT_EQ(ShaderCache::from_environment()->folder(), "/b/ashlar");
  set("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(ShaderCache::from_environment()->folder(), "/c/.cache/ashlar");
  set("HOME", nullptr);
  EXPECT_EQ(ShaderCache::from_environment(), nullptr);
  for (const auto& [name, value] : saved)
    set(name, value ? value->c_str() : nullptr);
}

}  // namespace
}  // namespace ashlar::codegen
