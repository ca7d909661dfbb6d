// SPDX-License-Identifier: Apache-2.0
#include "models/formats/npy.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "npy";
constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int kMaxRank = 32;

struct Spelling {
  std::string_view descr;
  DType dtype;
};

constexpr Spelling kSpellings[] = {
    {"|b1", DType::boolean}, {"|u1", DType::u8},  {"<u2", DType::u16}, {"<u4", DType::u32},
    {"<u8", DType::u64},     {"|i1", DType::i8},  {"<i2", DType::i16}, {"<i4", DType::i32},
    {"<i8", DType::i64},     {"<f2", DType::f16}, {"<f4", DType::f32},
};

// Reads the dictionary that NumPy writes: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3),
// }
class HeaderParser {
public:
  HeaderParser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  NpyContents parse() {
    NpyContents contents{};
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_type_)
        element_type(contents);
      else if (key == "fortran_order" && !has_order_)
        order(contents);
      else if (key == "shape" && !has_shape_)
        shape(contents);
      else
        fail(fmt::format("unexpected key {}", in_quotes(std::string(key))));
      if (!take(',') && next() != '}')
        fail("expected ',' or '}'");
    }
    if (!has_type_ || !has_order_ || !has_shape_ || next() != '\0')
      fail("expected descr, fortran_order and shape, and nothing else");
    return contents;
  }

private:
  [[noreturn]] void fail(std::string_view why) const {
    throw FormatError(kUnit, "{}: header: {} (at character {})", file_, why, at_);
  }

  char next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char wanted) {
    const bool found = next() == wanted;
    at_ += found ? 1 : 0;
    return found;
  }

  void expect(char wanted) {
    if (!take(wanted))
      fail(fmt::format("expected '{}'", wanted));
  }

  std::string_view quoted() {
    expect('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos)
      fail("a string does not end");
    const std::string_view result = text_.substr(at_, end - at_);
    at_ = end + 1;
    return result;
  }

  void element_type(NpyContents& contents) {
    has_type_ = true;
    if (next() != '\'')
      throw Unsupported(kUnit, "{}: records are not supported", file_);
    const std::string_view descr = quoted();
    contents.doubles = descr == "<f8";
    const auto found = std::ranges::find(kSpellings, descr, &Spelling::descr);
    if (!contents.doubles && found == std::end(kSpellings))
      throw Unsupported(kUnit, "{}: element type {} is not supported", file_,
                        in_quotes(std::string(descr)));
    contents.dtype = contents.doubles ? DType::f32 : found->dtype;
  }

  void order(NpyContents& contents) {
    has_order_ = true;
    next();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        contents.column_major = value;
        at_ += word.size();
        return;
      }
    }
    fail("expected True or False");
  }

  void shape(NpyContents& contents) {
    has_shape_ = true;
    std::vector<std::int64_t> dims;
    expect('(');
    while (!take(')')) {
      dims.push_back(number());
      if (!take(',') && next() != ')')
        fail("expected ',' or ')'");
    }
    if (dims.size() > kMaxRank)
      fail(fmt::format("more than {} axes", kMaxRank));
    contents.shape = Shape(std::move(dims));
  }

  std::int64_t number() {
    next();
    std::int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0)
      fail("expected an extent");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  std::string_view text_, file_;
  std::size_t at_ = 0;
  bool has_type_ = false, has_order_ = false, has_shape_ = false;
};

// Bytes of the elements; none when they pass 2^63-1.
std::optional<std::int64_t> data_bytes(const NpyContents& contents) {
  std::optional<std::int64_t> bytes =
      contents.doubles ? 8 : static_cast<std::int64_t>(size_of(contents.dtype));
  const auto& dims = contents.shape.dims();
  if (std::ranges::find(dims, 0) != dims.end())
    return 0;
  for (std::int64_t dim : dims)
    bytes = bytes ? checked_mul(*bytes, dim) : bytes;
  return bytes;
}

}  // namespace

NpyContents parse_npy(std::span<const std::byte> bytes, std::string_view file) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic) || text.size() < 12)
    throw FormatError(kUnit, "{} is not a NumPy array file", file);
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint64_t>(bytes[i]); };
  const std::uint64_t version = byte_at(6);
  if (version < 1 || version > 3)
    throw FormatError(kUnit, "{}: expected version 1 to 3, got {}", file, version);
  const std::size_t start = version == 1 ? 10 : 12;
  std::uint64_t length = byte_at(8) | byte_at(9) << 8;
  if (version > 1)
    length |= byte_at(10) << 16 | byte_at(11) << 24;
  if (length > text.size() - start)
    throw FormatError(kUnit, "{}: the header of {} bytes does not fit the file", file, length);
  NpyContents contents = HeaderParser(text.substr(start, length), file).parse();
  contents.data = bytes.subspan(start + length);
  const std::optional<std::int64_t> expected = data_bytes(contents);
  if (!expected || static_cast<std::uint64_t>(*expected) != contents.data.size())
    throw FormatError(kUnit, "{}: {} elements of shape {} do not take {} bytes", file,
                      contents.doubles ? "f64" : name_of(contents.dtype),
                      contents.shape.to_string(), contents.data.size());
  return contents;
}

std::string npy_header(DType dtype, const Shape& shape) {
  const auto found = std::ranges::find(kSpellings, dtype, &Spelling::dtype);
  if (found == std::end(kSpellings))
    throw Unsupported(kUnit, "NumPy has no {}: convert with astype first", name_of(dtype));
  const std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", found->descr,
                  fmt::join(shape.dims(), ", "), shape.rank() == 1 ? "," : "");
  // Magic, version, length and text take a multiple of 64 bytes and end in a line feed.
  const std::size_t total = (10 + text.size() + 1 + 63) / 64 * 64, length = total - 10;
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  header += text;
  header.resize(total - 1, ' ');
  return header + '\n';
}

}  // namespace ashlar
