// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/header.h"

#include "models/formats/gguf/cursor.h"
#include "models/formats/gguf/fields.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";
constexpr std::uint32_t kArrayType = 9;
// What the shortest key, array element of text and tensor take.
constexpr std::uint64_t kLeastKey = 8 + 1 + 4 + 1, kLeastText = 8, kLeastTensor = 8 + 1 + 4 + 4 + 8;

class HeaderReader {
public:
  explicit HeaderReader(const InputFile& file) : in_(file), file_(file) {}

  Header read() {
    read_magic();
    const auto tensors = count("the number of tensors");
    const auto keys = count("the number of keys");
    if (keys > kMaxKeys)
      fail("expected at most {} keys, got {}", kMaxKeys, keys);
    in_.require(keys, kLeastKey, "metadata");
    for (std::uint64_t i = 0; i < keys; ++i)
      read_key(i);
    in_.require(tensors, kLeastTensor, "the list of tensors");
    for (std::uint64_t i = 0; i < tensors; ++i)
      read_tensor(i);
    place_tensors();
    return std::move(header_);
  }

private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw FormatError(kUnit, "{}: {} (offset {})", in_.name(),
                      fmt::format(format, std::forward<Args>(args)...), in_.position());
  }

  void read_magic() {
    const auto magic = in_.number<std::uint32_t>("the magic number");
    if (magic != 0x46554747)  // "GGUF"
      fail("expected the magic number GGUF, got 0x{:08x}", magic);
    const auto version = in_.number<std::uint32_t>("the version");
    if (version != 0 && (version & 0xffff) == 0)
      throw Unsupported(kUnit, "{}: big-endian files are not supported", in_.name());
    if (version != 2 && version != 3)
      throw Unsupported(kUnit, "{}: version {} is not supported: expected 2 or 3", in_.name(),
                        version);
  }

  std::uint64_t count(std::string_view what) {
    const auto number = in_.number<std::int64_t>(what);
    if (number < 0)
      fail("{}: expected at least 0, got {}", what, number);
    return static_cast<std::uint64_t>(number);
  }

  void read_key(std::uint64_t index) {
    std::string key = in_.text(kMaxKeyBytes, fmt::format("metadata key {}", index));
    if (key.empty())
      fail("metadata key {} is empty", index);
    what_ = "metadata " + in_quotes(key);
    const auto type = in_.number<std::uint32_t>(what_);
    Value value = type == kArrayType ? Value(read_array()) : read_scalar<Value>(type);
    if (!header_.metadata.emplace(std::move(key), std::move(value)).second)
      fail("{} appears twice", what_);
  }

  // The alternative of the variant `V` that `type` numbers, filled by read<alternative>.
  template <typename V, std::size_t I = 0> V read_scalar(std::uint32_t type) {
    if constexpr (I == std::variant_size_v<V>) {
      fail("{}: unknown type {}", what_, type);
    } else {
      if constexpr (I != kArrayType)
        if (type == I)
          return V(std::in_place_index<I>, read_one<std::variant_alternative_t<I, V>>());
      return read_scalar<V, I + 1>(type);
    }
  }

  template <typename T> T read_one() {
    if constexpr (std::is_same_v<T, bool>)
      return to_bool(in_.number<std::uint8_t>(what_));
    else if constexpr (std::is_same_v<T, std::string>)
      return in_.text(kMaxTextBytes, what_);
    else
      return in_.number<T>(what_);
  }

  bool to_bool(std::uint8_t byte) const {
    if (byte > 1)
      fail("{}: expected a boolean 0 or 1, got {}", what_, byte);
    return byte == 1;
  }

  Array read_array() {
    const auto type = in_.number<std::uint32_t>(what_);
    if (type == kArrayType)
      throw Unsupported(kUnit, "{}: {}: arrays of arrays are not supported", in_.name(), what_);
    const auto length = in_.number<std::uint64_t>(what_);
    return read_elements<>(type, length);
  }

  template <std::size_t I = 0> Array read_elements(std::uint32_t type, std::uint64_t length) {
    if constexpr (I == std::variant_size_v<Array>) {
      fail("{}: unknown type {} of array elements", what_, type);
    } else {
      if constexpr (I != kArrayType)
        if (type == I)
          return Array(
              std::in_place_index<I>,
              read_list<typename std::variant_alternative_t<I, Array>::value_type>(length));
      return read_elements<I + 1>(type, length);
    }
  }

  template <typename T> std::vector<T> read_list(std::uint64_t length) {
    if constexpr (std::is_same_v<T, std::string>) {
      in_.require(length, kLeastText, what_);
      std::vector<std::string> texts;
      texts.reserve(length);
      for (std::uint64_t i = 0; i < length; ++i)
        texts.push_back(in_.text(kMaxTextBytes, what_));
      return texts;
    } else if constexpr (std::is_same_v<T, bool>) {
      std::vector<bool> flags;
      for (const std::uint8_t byte : in_.numbers<std::uint8_t>(length, what_))
        flags.push_back(to_bool(byte));
      return flags;
    } else {
      return in_.numbers<T>(length, what_);
    }
  }

  void read_tensor(std::uint64_t index) {
    TensorInfo tensor;
    tensor.name = in_.text(kMaxTensorNameBytes, fmt::format("the name of tensor {}", index));
    what_ = "tensor " + in_quotes(tensor.name);
    if (tensor.name.empty())
      fail("tensor {} has no name", index);
    const auto rank = in_.number<std::uint32_t>(what_);
    if (rank > kMaxRank)
      fail("{}: expected at most {} dimensions, got {}", what_, kMaxRank, rank);
    auto dims = in_.numbers<std::int64_t>(rank, what_);
    std::ranges::reverse(dims);
    tensor.shape = Shape(std::move(dims));
    const auto number = in_.number<std::uint32_t>(what_);
    const auto type = find_block_type(number);
    if (!type)
      throw Unsupported(kUnit, "{}: {}: element type {} is not known", in_.name(), what_, number);
    tensor.type = *type;
    tensor.begin = in_.number<std::uint64_t>(what_);
    header_.tensors.push_back(std::move(tensor));
  }

  std::uint64_t alignment() const {
    const auto stated =
        Fields(header_.metadata, in_.name()).integer("general.alignment", {1, kMaxAlignment});
    const auto alignment = static_cast<std::uint64_t>(stated.value_or(kDefaultAlignment));
    if (!std::has_single_bit(alignment))
      fail("general.alignment: expected a power of two, got {}", alignment);
    return alignment;
  }

  void place_tensors() {
    const std::uint64_t step = alignment();
    const auto aligned = [step](std::uint64_t at) { return (at + step - 1) / step * step; };
    header_.data_offset = aligned(in_.position());
    const std::uint64_t size = file_.size();
    const std::uint64_t data_bytes = size - std::min(size, header_.data_offset);
    std::uint64_t expected = 0;
    for (TensorInfo& tensor : header_.tensors) {
      const std::string where = "tensor " + in_quotes(tensor.name);
      const auto bytes = stored_bytes(tensor.type, tensor.shape);
      if (!bytes)
        fail("{}: {} {} has no size: blocks of {} must divide its rows, and it must stay below "
             "2^60 bytes",
             where, name_of(tensor.type), tensor.shape.to_string(), block_elements(tensor.type));
      if (tensor.begin != expected)
        fail("{}: expected data offset {}, got {}", where, expected, tensor.begin);
      if (tensor.begin > data_bytes || *bytes > data_bytes - tensor.begin)
        fail("{}: the file is cut short: expected {} bytes from data offset {}, got {}", where,
             *bytes, tensor.begin, data_bytes - std::min(data_bytes, tensor.begin));
      tensor.end = tensor.begin + *bytes;
      expected = aligned(tensor.end);
    }
  }

  Cursor in_;
  const InputFile& file_;
  Header header_;
  std::string what_;  // is being read
};

}  // namespace

Header read_header(const InputFile& file) {
  return HeaderReader(file).read();
}

}  // namespace ashlar::gguf
