// SPDX-License-Identifier: Apache-2.0
// A compiled program of untrusted bytes is refused with a FormatError, or passes verify() and is
// stored again byte for byte; whether it can generate is then answered without a crash.
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kHeaderBytes = 32;

// Mutations would never find the right length and hash.
void seal(std::vector<std::byte>& bytes) {
  const std::uint64_t payload = bytes.size() - kHeaderBytes;
  const std::uint64_t hash = XXH3_64bits(bytes.data() + kHeaderBytes, payload);
  std::memcpy(bytes.data() + 16, &payload, sizeof(payload));
  std::memcpy(bytes.data() + 24, &hash, sizeof(hash));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(begin, begin + size);
  if (size >= kHeaderBytes)
    seal(bytes);
  try {
    const ashlar::Program program = ashlar::parse_program(bytes, "input");
    if (ashlar::serialize_program(program) != bytes)
      std::abort();
    ashlar::require_generation(program);
  } catch (const ashlar::FormatError&) {
  }
  return 0;
}
