// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/program_file.h"

#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"
#include "runtime/program/requirements.h"

#include <xxhash.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

namespace ashlar {
namespace {

static_assert(std::endian::native == std::endian::little, "the file format is little-endian");

constexpr std::string_view kUnit = "program file";
constexpr std::array<char, 8> kMagic = {'\x89', 'A', 'S', 'H', 'L', 'A', 'R', '\n'};
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 32;

struct Header {
  std::array<char, 8> magic;
  std::uint32_t format_version;
  std::uint32_t abi_version;
  std::uint64_t payload_bytes;
  std::uint64_t payload_hash;
};
static_assert(sizeof(Header) == 32);

// The fields of every stored type, once for both directions.
template <typename T, typename U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

void fields(auto& archive, Is<FloatMode> auto& v) {
  archive(v.mode, v.bits);
}
void fields(auto& archive, Is<Requirements> auto& v) {
  archive(v.capabilities, v.float_modes, v.subgroup_sizes, v.workgroup_size,
          v.workgroup_invocations, v.workgroup_count, v.texels);
}
void fields(auto& archive, Is<Kernel> auto& v) {
  archive(v.name, v.spirv, v.workgroup_size, v.subgroup_size, v.argument_count, v.scalar_count,
          v.pushed, v.indirect, v.texels);
}
void fields(auto& archive, Is<WeightSpec> auto& v) {
  archive(v.name, v.dtype, v.shape, v.offset);
}
void fields(auto& archive, Is<WeightGroup> auto& v) {
  archive(v.weights, v.bytes);
}
void fields(auto& archive, Is<StateSpec> auto& v) {
  archive(v.name, v.dtype, v.shape, v.growable, v.residency);
}
void fields(auto& archive, Is<ValueSpec> auto& v) {
  archive(v.name, v.dtype, v.shape);
}
void fields(auto& archive, Is<BufferRange> auto& v) {
  archive(v.space, v.index, v.offset, v.bytes);
}
void fields(auto& archive, Is<Argument> auto& v) {
  archive(v.range, v.access);
}
void fields(auto& archive, Is<Cost> auto& v) {
  archive(v.bytes_read, v.bytes_written, v.flops);
}
void fields(auto& archive, Is<Dispatch> auto& v) {
  archive(v.kernel, v.arguments, v.scalars, v.workgroups, v.label, v.cost);
}
void fields(auto& archive, Is<Copy> auto& v) {
  archive(v.source, v.target, v.label);
}
void fields(auto&, Is<Barrier> auto&) {}
void fields(auto& archive, Is<Donation> auto& v) {
  archive(v.input, v.output);
}
void fields(auto& archive, Is<Entry> auto& v) {
  archive(v.name, v.inputs, v.outputs, v.arena_bytes, v.commands, v.donations);
}
void fields(auto& archive, Is<CacheManifest> auto& v) {
  archive(v.state, v.ring);
}
void fields(auto& archive, Is<DecoderManifest> auto& v) {
  archive(v.config_hash, v.batch, v.max_positions, v.window, v.ring_rows, v.prefill_sizes,
          v.sampler_vocabulary, v.stop_tokens, v.caches, v.recurrent_states);
}
void fields(auto& archive, Is<Program> auto& v) {
  archive(v.kernels, v.weight_groups, v.constants, v.states, v.entries, v.decoder);
}

template <typename T>
concept Scalar = std::integral<T> && !std::same_as<T, bool>;

// The last value of each stored enumeration.
template <typename T> constexpr T kLast;
template <> constexpr DType kLast<DType> = DType::complex64;
template <> constexpr Residency kLast<Residency> = Residency::staging;
template <> constexpr Space kLast<Space> = Space::output;
template <> constexpr Access kLast<Access> = Access::read_write;

class Writer {
public:
  std::vector<std::byte> take() { return std::move(bytes_); }
  void operator()(const auto&... values) { (write(values), ...); }

private:
  void append(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  void write_count(std::size_t count) {
    if (count > std::numeric_limits<std::uint32_t>::max())
      throw FormatError(kUnit, "a list of {} elements is too long to store", count);
    write(static_cast<std::uint32_t>(count));
  }

  void write(Scalar auto value) { append(&value, sizeof(value)); }
  void write(bool value) { write(static_cast<std::uint8_t>(value)); }
  template <typename T>
    requires std::is_enum_v<T>
  void write(T value) {
    write(static_cast<std::uint8_t>(value));
  }
  void write(const std::string& text) {
    write_count(text.size());
    append(text.data(), text.size());
  }
  void write(const std::array<std::uint32_t, 3>& values) { append(values.data(), sizeof(values)); }
  void write(const Shape& shape) { write(shape.dims()); }
  template <typename T> void write(const std::vector<T>& items) {
    write_count(items.size());
    if constexpr (Scalar<T>)
      append(items.data(), items.size() * sizeof(T));
    else
      for (const T& item : items)
        write(item);
  }
  template <typename T> void write(const std::optional<T>& value) {
    write(value.has_value());
    if (value)
      write(*value);
  }
  void write(const Command& command) {
    write(static_cast<std::uint8_t>(command.index()));
    std::visit([&](const auto& value) { write(value); }, command);
  }
  template <typename T>
    requires std::is_class_v<T>
  void write(const T& value) {
    fields(*this, value);
  }

  std::vector<std::byte> bytes_;
};

class Reader {
public:
  Reader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  void operator()(auto&... values) { (read(values), ...); }

  void expect_end() const {
    if (at_ != bytes_.size())
      fail(fmt::format("{} bytes follow the program", bytes_.size() - at_));
  }

private:
  [[noreturn]] void fail(std::string_view what) const {
    throw FormatError(kUnit, "{} ({}, offset {})", what, in_quotes(name_), sizeof(Header) + at_);
  }

  void take(void* target, std::size_t size) {
    if (size > bytes_.size() - at_)
      fail(fmt::format("ends inside a value: expected {} more bytes, got {}", size,
                       bytes_.size() - at_));
    if (size != 0)
      std::memcpy(target, bytes_.data() + at_, size);
    at_ += size;
  }
  // A count of elements that take at least `bytes_each`.
  std::size_t read_count(std::size_t bytes_each) {
    std::uint32_t count = 0;
    read(count);
    if (count > (bytes_.size() - at_) / bytes_each)
      fail(fmt::format("a list of {} elements is longer than the file", count));
    return count;
  }

  void read(Scalar auto& value) { take(&value, sizeof(value)); }
  void read(bool& value) {
    std::uint8_t byte = 0;
    read(byte);
    if (byte > 1)
      fail(fmt::format("expected 0 or 1, got {}", byte));
    value = byte != 0;
  }
  template <typename T>
    requires std::is_enum_v<T>
  void read(T& value) {
    std::uint8_t byte = 0;
    read(byte);
    if (byte > static_cast<std::uint8_t>(kLast<T>))
      fail(fmt::format("unknown enumeration value {}", byte));
    value = static_cast<T>(byte);
  }
  void read(std::string& text) {
    text.resize(read_count(1));
    take(text.data(), text.size());
  }
  void read(std::array<std::uint32_t, 3>& values) { take(values.data(), sizeof(values)); }
  void read(Shape& shape) {
    std::vector<std::int64_t> dims;
    read(dims);
    shape = Shape(std::move(dims));
  }
  template <typename T> void read(std::vector<T>& items) {
    if constexpr (Scalar<T>) {
      items.resize(read_count(sizeof(T)));
      take(items.data(), items.size() * sizeof(T));
    } else {
      const std::size_t count = read_count(1);
      for (std::size_t i = 0; i < count; ++i)
        read(items.emplace_back());
    }
  }
  template <typename T> void read(std::optional<T>& value) {
    bool present = false;
    read(present);
    if (present)
      read(value.emplace());
  }
  void read(Command& command) {
    std::uint8_t index = 0;
    read(index);
    switch (index) {
    case 0:
      return read(command.emplace<Dispatch>());
    case 1:
      return read(command.emplace<Copy>());
    case 2:
      command.emplace<Barrier>();
      return;
    }
    fail(fmt::format("unknown command {}", index));
  }
  template <typename T>
    requires std::is_class_v<T>
  void read(T& value) {
    fields(*this, value);
  }

  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::size_t at_ = 0;
};

// Throws unless magic, versions, length and hash are right.
void check_header(std::span<const std::byte> bytes, std::string_view name) {
  Header header;
  if (bytes.size() < sizeof(header))
    throw FormatError(kUnit, "{} is too short: expected at least {} bytes, got {}", in_quotes(name),
                      sizeof(header), bytes.size());
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic)
    throw FormatError(kUnit, "{} is not a compiled program", in_quotes(name));
  if (header.format_version != kProgramFormatVersion || header.abi_version != kKernelAbiVersion)
    throw FormatError(kUnit, "{} has format {} and ABI {}: expected {} and {}; compile it again",
                      in_quotes(name), header.format_version, header.abi_version,
                      kProgramFormatVersion, kKernelAbiVersion);
  const std::span<const std::byte> payload = bytes.subspan(sizeof(header));
  if (header.payload_bytes != payload.size())
    throw FormatError(kUnit, "{} was cut or extended: expected {} bytes after the header, got {}",
                      in_quotes(name), header.payload_bytes, payload.size());
  const std::uint64_t hash = XXH3_64bits(payload.data(), payload.size());
  if (header.payload_hash != hash)
    throw FormatError(kUnit, "{} is damaged: expected hash {:016x}, got {:016x}", in_quotes(name),
                      header.payload_hash, hash);
}

}  // namespace

std::vector<std::byte> serialize_program(const Program& program) {
  verify(program);
  Writer writer;
  writer(requirements_of(program), program);
  const std::vector<std::byte> payload = writer.take();
  const Header header = {kMagic, kProgramFormatVersion, kKernelAbiVersion, payload.size(),
                         XXH3_64bits(payload.data(), payload.size())};
  std::vector<std::byte> file(sizeof(header) + payload.size());
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + sizeof(header), payload.data(), payload.size());
  return file;
}

Program parse_program(std::span<const std::byte> bytes, std::string_view name) {
  check_header(bytes, name);
  Reader reader(bytes.subspan(sizeof(Header)), name);
  Requirements requirements;
  Program program;
  reader(requirements, program);
  reader.expect_end();
  verify(program);
  if (requirements != requirements_of(program))
    throw FormatError(kUnit, "{} states other requirements than its kernels have", in_quotes(name));
  return program;
}

void save_program(const Program& program, const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = serialize_program(program);
  AtomicFile file(path, kUnit);
  file.write(bytes);
  file.commit();
}

Program load_program(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, kMaxFileBytes, kUnit);
  return parse_program(std::as_bytes(std::span(bytes)), path.native());
}

}  // namespace ashlar
