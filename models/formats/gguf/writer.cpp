// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/writer.h"

#include "models/formats/gguf/header.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <span>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";

class HeaderBytes {
public:
  template <typename T> void number(T value) {
    static_assert(std::endian::native == std::endian::little);
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
  }

  void text(std::string_view text) {
    number<std::uint64_t>(text.size());
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  void value(const Value& value) {
    number(static_cast<std::uint32_t>(value.index()));
    std::visit([this](const auto& v) { add(v); }, value);
  }

  void align() { bytes_.resize(aligned(bytes_.size())); }

  static std::uint64_t aligned(std::uint64_t at) {
    return (at + kDefaultAlignment - 1) / kDefaultAlignment * kDefaultAlignment;
  }

  std::span<const std::byte> bytes() const { return bytes_; }

private:
  void add(const std::string& value) { text(value); }
  void add(bool value) { number<std::uint8_t>(value ? 1 : 0); }
  template <typename T>
    requires std::is_arithmetic_v<T>
  void add(T value) {
    number(value);
  }

  void add(const Array& array) {
    number(static_cast<std::uint32_t>(array.index()));
    std::visit(
        [this]<typename List>(const List& list) {
          if constexpr (!std::is_same_v<List, std::monostate>) {
            number<std::uint64_t>(list.size());
            for (const auto& element : list)
              add(typename List::value_type(element));
          }
        },
        array);
  }

  std::vector<std::byte> bytes_;
};

void check(const std::vector<TensorToWrite>& tensors) {
  std::set<std::string_view> names;
  for (const TensorToWrite& tensor : tensors) {
    const std::string where = fmt::format("tensor {}", in_quotes(tensor.name));
    if (tensor.name.empty() || tensor.name.size() > kMaxTensorNameBytes)
      throw InvalidArgument(kUnit, "{}: expected a name of at most {} bytes", where,
                            kMaxTensorNameBytes);
    if (!names.insert(tensor.name).second)
      throw InvalidArgument(kUnit, "{} appears twice", where);
    if (std::cmp_greater(tensor.shape.rank(), kMaxRank) || !stored_bytes(tensor.type, tensor.shape))
      throw InvalidArgument(kUnit, "{}: {} cannot be stored as {}", where, tensor.shape.to_string(),
                            name_of(tensor.type));
  }
}

void add_tensor(HeaderBytes& header, const TensorToWrite& tensor, std::uint64_t offset) {
  header.text(tensor.name);
  header.number(static_cast<std::uint32_t>(tensor.shape.rank()));
  auto dims = tensor.shape.dims();
  std::ranges::reverse(dims);
  for (const std::int64_t dim : dims)
    header.number(dim);
  header.number(static_cast<std::uint32_t>(tensor.type));
  header.number(offset);
}

}  // namespace

void write(const std::filesystem::path& path, const Metadata& metadata,
           const std::vector<TensorToWrite>& tensors) {
  check(tensors);
  HeaderBytes header;
  for (const char letter : {'G', 'G', 'U', 'F'})
    header.number(letter);
  header.number<std::uint32_t>(3);
  header.number<std::int64_t>(std::ssize(tensors));
  header.number<std::int64_t>(std::ssize(metadata));
  for (const auto& [key, value] : metadata) {
    header.text(key);
    header.value(value);
  }
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    add_tensor(header, tensor, offset);
    offset = HeaderBytes::aligned(offset + *stored_bytes(tensor.type, tensor.shape));
  }
  header.align();

  AtomicFile file(path, kUnit);
  file.write(header.bytes());
  for (const TensorToWrite& tensor : tensors) {
    std::vector<std::byte> data = tensor.data();
    if (data.size() != stored_bytes(tensor.type, tensor.shape))
      throw InvalidArgument(kUnit, "tensor {}: expected {} bytes, got {}", in_quotes(tensor.name),
                            *stored_bytes(tensor.type, tensor.shape), data.size());
    data.resize(HeaderBytes::aligned(data.size()));
    file.write(data);
  }
  file.commit();
}

}  // namespace ashlar::gguf
