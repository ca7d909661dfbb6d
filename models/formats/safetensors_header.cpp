// SPDX-License-Identifier: Apache-2.0
// The JSON header: a state machine over parser events, so that no tree is built and nesting never
// passes the three levels that the format has.
#include "models/formats/json_events.h"
#include "models/formats/safetensors.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "safetensors";

class HeaderParser : public JsonEvents {
public:
  explicit HeaderParser(std::string_view file)
      : JsonEvents(kUnit, fmt::format("{}: the header", file)), file_(file) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() { unexpected("null"); }
  bool boolean(bool) { unexpected("a boolean"); }
  bool number_integer(std::int64_t value) { unexpected(fmt::format("{}", value)); }
  bool number_float(double, const std::string& text) { unexpected(in_quotes(text, 40)); }
  bool binary(std::vector<std::uint8_t>&) { unexpected("binary data"); }

  bool number_unsigned(std::uint64_t value) {
    if (place_ == Place::shape)
      add_dimension(value);
    else if (place_ == Place::offsets)
      add_offset(value);
    else
      unexpected(fmt::format("{}", value));
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::metadata)
      header_.metadata[key_] = std::move(value);
    else if (place_ == Place::tensor && key_ == "dtype")
      set_type(value);
    else
      unexpected(in_quotes(value, 40));
    return true;
  }

  bool start_object(std::size_t) {
    if (place_ == Place::outside)
      place_ = Place::root;
    else if (place_ == Place::root)
      place_ = key_ == "__metadata__" ? Place::metadata : begin_tensor();
    else
      unexpected("an object");
    return true;
  }

  bool key(std::string& key) {
    key_ = std::move(key);
    if (place_ == Place::root)
      check_name();
    else if (place_ == Place::metadata)
      check_new(header_.metadata.contains(key_));
    else
      check_field();
    return true;
  }

  bool end_object() {
    if (place_ == Place::tensor)
      end_tensor();
    place_ = Place::root;
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ == Place::tensor && key_ == "shape")
      place_ = Place::shape;
    else if (place_ == Place::tensor && key_ == "data_offsets")
      place_ = Place::offsets;
    else
      unexpected("an array");
    return true;
  }

  bool end_array() {
    if (place_ == Place::offsets && offset_count_ != 2)
      fail(fmt::format("data_offsets: expected 2 numbers, got {}", offset_count_));
    place_ = Place::tensor;
    return true;
  }

private:
  enum class Place { outside, root, metadata, tensor, shape, offsets };

  // The state of one entry while it is read.
  struct Fields {
    bool type = false;
    bool shape = false;
    bool offsets = false;
  };

  [[noreturn]] void fail(std::string_view message) const {
    const bool in_tensor =
        place_ == Place::tensor || place_ == Place::shape || place_ == Place::offsets;
    throw FormatError(kUnit, "{}: {}{}", file_,
                      in_tensor ? fmt::format("tensor {}: ", in_quotes(tensor_.name)) : "",
                      message);
  }

  [[noreturn]] void unexpected(std::string_view got) const {
    fail(fmt::format("{}, got {}", expectation(), got));
  }

  std::string expectation() const {
    switch (place_) {
    case Place::outside:
      return "header: expected an object";
    case Place::root:
      return fmt::format("{}: expected an object", in_quotes(key_));
    case Place::metadata:
      return fmt::format("__metadata__: {}: expected a string", in_quotes(key_));
    case Place::tensor:
      return key_ == "dtype" ? "dtype: expected a string"
                             : key_ + ": expected an array of unsigned integers";
    case Place::shape:
    case Place::offsets:
      break;
    }
    return key_ + ": expected an unsigned integer";
  }

  void check_new(bool seen) const {
    if (seen)
      fail(fmt::format("key {} appears twice", in_quotes(key_)));
  }

  // Repeated tensor names are found later, by sorting.
  void check_name() {
    if (key_ == "__metadata__")
      check_new(std::exchange(has_metadata_, true));
    if (key_.size() > kMaxTensorName)
      fail(fmt::format("tensor name {} is too long: expected at most {} bytes", in_quotes(key_, 40),
                       kMaxTensorName));
  }

  void check_field() {
    if (key_ == "dtype")
      check_new(std::exchange(seen_.type, true));
    else if (key_ == "shape")
      check_new(std::exchange(seen_.shape, true));
    else if (key_ == "data_offsets")
      check_new(std::exchange(seen_.offsets, true));
    else
      fail(fmt::format("unknown key {}: expected dtype, shape or data_offsets", in_quotes(key_)));
  }

  Place begin_tensor() {
    tensor_ = {};
    tensor_.name = key_;
    dims_.clear();
    seen_ = {};
    offset_count_ = 0;
    return Place::tensor;
  }

  void set_type(const std::string& name) {
    const auto type = parse_stored_type(name);
    if (!type)
      fail(fmt::format("unknown dtype {}", in_quotes(name, 40)));
    tensor_.type = *type;
  }

  void add_dimension(std::uint64_t value) {
    if (dims_.size() == kMaxTensorRank)
      fail(fmt::format("rank: expected at most {} dimensions", kMaxTensorRank));
    if (!std::in_range<std::int64_t>(value))
      fail(fmt::format("shape: dimension {} passes 2^63-1", value));
    dims_.push_back(static_cast<std::int64_t>(value));
  }

  void add_offset(std::uint64_t value) {
    if (offset_count_ < 2)
      (offset_count_ == 0 ? tensor_.begin : tensor_.end) = value;
    ++offset_count_;
  }

  void end_tensor() {
    if (!seen_.type || !seen_.shape || !seen_.offsets)
      fail("expected the keys dtype, shape and data_offsets");
    if (tensor_.end < tensor_.begin)
      fail(fmt::format("data_offsets: end {} lies before begin {}", tensor_.end, tensor_.begin));
    tensor_.shape = Shape(dims_);
    const auto bytes = stored_bytes(tensor_.type, tensor_.shape);
    const std::string sort = fmt::format("{} {}", name_of(tensor_.type), tensor_.shape.to_string());
    if (!bytes)
      fail(fmt::format("the size of {} is not a whole number of bytes below 2^60", sort));
    if (tensor_.end - tensor_.begin != *bytes)
      fail(fmt::format("{} takes {} bytes, but data_offsets [{}, {}] hold {}", sort, *bytes,
                       tensor_.begin, tensor_.end, tensor_.end - tensor_.begin));
    header_.tensors.push_back(std::move(tensor_));
  }

  std::string_view file_;
  SafetensorsHeader header_;
  Place place_ = Place::outside;
  bool has_metadata_ = false;
  std::string key_;
  TensorInfo tensor_;
  std::vector<std::int64_t> dims_;
  Fields seen_;
  std::size_t offset_count_ = 0;
};

void check_coverage(const std::vector<TensorInfo>& tensors, std::uint64_t data_bytes,
                    std::string_view file) {
  std::uint64_t covered = 0;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.begin != covered)
      throw FormatError(kUnit, "{}: tensor {}: {}: expected data offset {}, got {}", file,
                        in_quotes(tensor.name),
                        tensor.begin > covered ? "hole before its data" : "overlaps another tensor",
                        covered, tensor.begin);
    covered = tensor.end;
  }
  if (covered != data_bytes)
    throw FormatError(kUnit, "{}: {}: expected {} bytes of data after the header, got {}", file,
                      covered > data_bytes ? "the file is cut short"
                                           : "bytes after the last tensor",
                      covered, data_bytes);
}

}  // namespace

std::optional<std::uint64_t> stored_bytes(StoredType type, const Shape& shape) {
  // Zero-size tensors may still carry huge dimensions, which would overflow later in stride
  // products.
  std::int64_t bits = bits_of(type);
  bool empty = false;
  for (const std::int64_t dim : shape.dims()) {
    empty = empty || dim == 0;
    const auto product = checked_mul(bits, dim == 0 ? 1 : dim);
    if (dim < 0 || !product)
      return std::nullopt;
    bits = *product;
  }
  if (empty)
    return 0;
  if (bits % 8 != 0)
    return std::nullopt;
  return static_cast<std::uint64_t>(bits / 8);
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           std::string_view file) {
  // The parser would skip a byte order mark or white space; the format does not.
  if (!text.starts_with('{'))
    throw FormatError(kUnit, "{}: the header must start with '{{', got {}", file,
                      in_quotes(text.substr(0, 1)));
  HeaderParser parser(file);
  parse_json_events(text, parser);
  SafetensorsHeader header = parser.take();
  std::ranges::sort(header.tensors, [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_coverage(header.tensors, data_bytes, file);
  return header;
}

}  // namespace ashlar
