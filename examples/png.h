// SPDX-License-Identifier: Apache-2.0
// Images as PNG files, without compression.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

namespace ashlar {

// One byte per pixel and channel, rows from the top; 1 channel is grey, 3 are red, green and blue.
class Png {
public:
  Png(std::uint32_t width, std::uint32_t height, std::uint8_t channels)
      : width_(width), height_(height), channels_(channels) {}

  // False when the file cannot be written.
  bool save(const std::filesystem::path& path, std::span<const std::uint8_t> pixels) const {
    std::string header = number(width_) + number(height_);
    header += {8, static_cast<char>(channels_ == 1 ? 0 : 2), 0, 0, 0};
    std::ofstream file(path, std::ios::binary);
    file << "\x89PNG\r\n\x1a\n"
         << chunk("IHDR", header) << chunk("IDAT", stored(rows(pixels))) << chunk("IEND", "");
    return file.good();
  }

private:
  static std::string number(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
  }

  // Each row after a byte that says that it is not filtered.
  std::string rows(std::span<const std::uint8_t> pixels) const {
    const std::size_t length = std::size_t{width_} * channels_;
    std::string data;
    for (std::size_t row = 0; row < height_; ++row) {
      data += '\0';
      const auto part = pixels.subspan(row * length, length);
      data.append(part.begin(), part.end());
    }
    return data;
  }

  // A zlib stream of blocks that are stored as they are.
  static std::string stored(const std::string& data) {
    constexpr std::size_t kBlock = 65535;
    std::string stream = "\x78\x01";
    std::uint32_t a = 1, b = 0;
    for (std::size_t at = 0; at < data.size(); at += kBlock) {
      const std::string block = data.substr(at, kBlock);
      const auto size = static_cast<std::uint16_t>(block.size());
      stream += static_cast<char>(at + kBlock >= data.size());
      for (std::uint16_t part : {size, static_cast<std::uint16_t>(~size)})
        stream += {static_cast<char>(part), static_cast<char>(part >> 8)};
      stream += block;
    }
    for (char byte : data) {
      a = (a + static_cast<std::uint8_t>(byte)) % 65521;
      b = (b + a) % 65521;
    }
    return stream + number(b << 16 | a);
  }

  static std::string chunk(const std::string& name, const std::string& data) {
    std::uint32_t crc = ~0U;
    for (char byte : name + data) {
      crc ^= static_cast<std::uint8_t>(byte);
      for (int bit = 0; bit < 8; ++bit)
        crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0U);
    }
    return number(static_cast<std::uint32_t>(data.size())) + name + data + number(~crc);
  }

  std::uint32_t width_, height_;
  std::uint8_t channels_;
};

}  // namespace ashlar
