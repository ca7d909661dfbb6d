// SPDX-License-Identifier: Apache-2.0
// Hand-made files for the tests of readers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ashlar::test {

// A folder of its own for one test; gone with this object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Writes a file in the folder and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view bytes) const;
  int file_count() const;

private:
  std::filesystem::path path_;
};

std::string read_bytes(const std::filesystem::path& path);

std::string little_endian(std::uint64_t value);

// The bytes of a safetensors file with this header, as it stands, and this data.
std::string safetensors_bytes(std::string_view header, std::string_view data);

// What `action` throws as Expected; "no error" or the other error's message otherwise.
template <typename Expected, typename Action> std::string message_of(Action action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another type of error: ") + error.what();
  }
  return "no error";
}

}  // namespace ashlar::test
