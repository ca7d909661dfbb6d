// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/array.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ostream>

namespace ashlar {
namespace {

// Arrays of at most this many elements are printed whole.
constexpr std::int64_t kWhole = 1000;
constexpr std::size_t kIndent = std::string_view("array(").size();

double float_at(const std::byte* element, DType dtype) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, element, size_of(dtype));
  if (dtype == DType::f32)
    return std::bit_cast<float>(bits);
  const auto half = static_cast<std::uint16_t>(bits);
  return dtype == DType::f16 ? f16_to_float(half) : bf16_to_float(half);
}

std::string integer_text(const std::byte* element, DType dtype) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, element, size_of(dtype));
  if (!is_signed(dtype))
    return std::to_string(bits);
  const auto unused = static_cast<int>(64 - 8 * size_of(dtype));
  return std::to_string(static_cast<std::int64_t>(bits << unused) >> unused);
}

std::string element_text(const std::byte* element, DType dtype) {
  if (dtype == DType::boolean)
    return *element == std::byte{0} ? "false" : "true";
  return is_float(dtype) ? fmt::format("{:.6g}", float_at(element, dtype))
                         : integer_text(element, dtype);
}

class Printer {
public:
  Printer(const Array& array, int edge_items)
      : dims_(array.shape().dims()), dtype_(array.dtype()), bytes_(array.to_bytes()),
        edge_(array.size() > kWhole ? edge_items : kWhole) {
    for_each(0, 0, [&](std::int64_t element) { width_ = std::max(width_, text(element).size()); });
  }

  std::string print() { return print_axis(0, 0); }

private:
  std::string text(std::int64_t element) const {
    return element_text(bytes_.data() + static_cast<std::size_t>(element) * size_of(dtype_),
                        dtype_);
  }

  // The positions of an axis that are shown; -1 stands for those left out.
  std::vector<std::int64_t> shown(std::size_t axis) const {
    std::vector<std::int64_t> positions;
    for (std::int64_t i = 0; i < dims_[axis]; ++i) {
      if (i >= edge_ && i < dims_[axis] - edge_) {
        positions.push_back(-1);
        i = dims_[axis] - edge_;
      }
      positions.push_back(i);
    }
    return positions;
  }

  template <typename Visit> void for_each(std::size_t axis, std::int64_t base, Visit visit) const {
    if (axis == dims_.size())
      return visit(base);
    for (std::int64_t i : shown(axis))
      if (i >= 0)
        for_each(axis + 1, base * dims_[axis] + i, visit);
  }

  std::string print_axis(std::size_t axis, std::int64_t base) const {
    if (axis == dims_.size())
      return fmt::format("{:>{}}", text(base), width_);
    const bool innermost = axis + 1 == dims_.size();
    const std::string separator = innermost ? ", "
                                            : "," + std::string(dims_.size() - axis - 1, '\n') +
                                                  std::string(kIndent + axis + 1, ' ');
    std::string result = "[";
    for (std::int64_t i : shown(axis)) {
      if (result.size() > 1)
        result += separator;
      result += i < 0 ? "..." : print_axis(axis + 1, base * dims_[axis] + i);
    }
    return result + "]";
  }

  std::vector<std::int64_t> dims_;
  DType dtype_;
  std::vector<std::byte> bytes_;
  std::int64_t edge_;
  std::size_t width_ = 0;
};

}  // namespace

std::string Array::to_string(int edge_items) const {
  return fmt::format("array({}, {}{})", Printer(*this, edge_items).print(), name_of(dtype()),
                     shape().to_string());
}

std::ostream& operator<<(std::ostream& stream, const Array& array) {
  return stream << array.to_string();
}

}  // namespace ashlar
