// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/percent_format.h"

#include "models/formats/template/access.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/format_spec.h"
#include "models/formats/template/numbers.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <cmath>

namespace ashlar::jinja {

namespace {

struct Directive {
  bool left = false;
  bool zero = false;
  bool plus = false;
  bool space = false;
  bool alternate = false;
  int width = 0;
  int precision = -1;
  char type = 0;
};

// Anything with `value[key]`: Python lets it stand for a mapping and does not count it as used up.
bool is_mapping_like(const Value& value) {
  return value.is(Kind::kDict) || value.is(Kind::kList) || value.is(Kind::kUndefined) ||
         (value.is(Kind::kObject) && value.as_object()->subscriptable());
}

class PercentFormatter {
public:
  PercentFormatter(const Value& format, const Value& arguments)
      : format_(format.bytes()), markup_(format.as_text().markup), arguments_(arguments) {}

  std::string run() {
    while (at_ < format_.size()) {
      std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_.append(format_.substr(at_, percent - at_));
      at_ = percent;
      if (at_ < format_.size())
        format_directive();
    }
    bool all_used = arguments_.is(Kind::kTuple) ? used_ == arguments_.items().size() : used_ != 0;
    if (!all_used && !is_mapping_like(arguments_))
      fail("not all arguments converted during string formatting");
    return out_.take();
  }

private:
  char take() {
    if (at_ == format_.size())
      fail("incomplete format");
    return format_[at_++];
  }

  void format_directive() {
    ++at_;
    std::optional<Value> named = parse_key();
    Directive directive;
    parse_flags(directive);
    directive.width = parse_size(kMaxFormatWidth, &directive);
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      directive.precision = std::max(parse_size(kMaxFormatWidth, nullptr), 0);
    }
    char c = take();
    if (c == 'h' || c == 'l' || c == 'L')
      c = take();
    directive.type = c;
    if (c == '%') {
      out_.append("%");
      return;
    }
    if (std::string_view("diouxXeEfFgGcrsa").find(c) == std::string_view::npos)
      fail("unsupported format character '{}' ({:#x}) at index {}", c,
           static_cast<unsigned char>(c), at_ - 1);
    out_.append(render(directive, named ? *named : next_argument()));
  }

  std::optional<Value> parse_key() {
    if (at_ == format_.size() || format_[at_] != '(')
      return std::nullopt;
    if (!is_mapping_like(arguments_))
      fail("format requires a mapping");
    std::size_t start = ++at_;
    for (int open = 1; open > 0;) {
      char c = take();
      open += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    Value key = Value::text(std::string(format_.substr(start, at_ - 1 - start)));
    std::optional<Value> value = subscript(arguments_, key);
    if (!value)
      fail("no argument {} to format", repr(key));
    return value;
  }

  void parse_flags(Directive& directive) {
    for (;; ++at_) {
      switch (at_ < format_.size() ? format_[at_] : 0) {
      case '-':
        directive.left = true;
        break;
      case '+':
        directive.plus = true;
        break;
      case ' ':
        directive.space = true;
        break;
      case '#':
        directive.alternate = true;
        break;
      case '0':
        directive.zero = true;
        break;
      default:
        return;
      }
    }
  }

  // Digits, or `*` for the next argument, whose sign means left alignment where `signed_for` is
  // given.
  int parse_size(int limit, Directive* signed_for) {
    std::int64_t size = 0;
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const Value& argument = next_argument();
      if (!argument.is_integral())
        fail("* wants int");
      size = argument.as_int();
      if (size < 0 && signed_for) {
        signed_for->left = true;
        size = size < -limit ? limit + 1 : -size;
      }
    } else {
      while (at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9' && size <= limit)
        size = size * 10 + (format_[at_++] - '0');
    }
    if (size > limit)
      fail("a format asks for {} characters or more: at most {} are given", size, limit);
    return static_cast<int>(std::max<std::int64_t>(size, 0));
  }

  const Value& next_argument() {
    std::size_t count = arguments_.is(Kind::kTuple) ? arguments_.items().size() : 1;
    if (used_ == count)
      fail("not enough arguments for format string");
    return arguments_.is(Kind::kTuple) ? arguments_.items()[used_++] : (++used_, arguments_);
  }

  std::string render(const Directive& directive, const Value& argument) const {
    switch (directive.type) {
    case 's':
      return pad_text(directive, markup_ ? escape(argument).bytes() : to_text(argument));
    case 'r':
      return pad_text(directive, markup_ ? escape_html(repr(argument)) : repr(argument));
    case 'a':
      return pad_text(directive, to_ascii(repr(argument)));
    case 'c':
      return pad_text(directive, character(argument));
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return real(directive, argument);
    default:
      return integer(directive, argument);
    }
  }

  static std::string character(const Value& argument) {
    if (argument.is(Kind::kText) && count_code_points(argument.bytes()) == 1)
      return argument.bytes();
    if (!argument.is_integral())
      fail("%c requires int or char");
    return format_value(argument, "c");
  }

  static std::string pad_text(const Directive& directive, std::string_view text) {
    if (directive.precision >= 0)
      text = text.substr(0, byte_offset(text, static_cast<std::size_t>(directive.precision)));
    return pad(directive, "", text, false);
  }

  static std::string real(const Directive& directive, const Value& argument) {
    if (!argument.is_number())
      fail("must be real number, not {}", type_name(argument));
    double number = argument.as_real();
    double magnitude = std::abs(number);
    int precision = directive.precision < 0 ? 6 : directive.precision;
    std::string body = format_real(magnitude, directive.type, precision, directive.alternate);
    return pad(directive, sign(directive, std::signbit(number) && !std::isnan(number)), body,
               directive.zero);
  }

  static std::string integer(const Directive& directive, const Value& argument) {
    bool decimal = std::string_view("diu").find(directive.type) != std::string_view::npos;
    if (!(decimal ? argument.is_number() : argument.is_integral()))
      fail("%{} format: {} is required, not {}", directive.type,
           decimal ? "a real number" : "an integer", type_name(argument));
    std::int64_t number =
        argument.is(Kind::kFloat) ? truncate(argument.as_real()) : argument.as_int();
    auto magnitude = static_cast<std::uint64_t>(number);
    if (number < 0)
      magnitude = 0 - magnitude;
    std::string prefix = sign(directive, number < 0);
    if (directive.alternate && !decimal)
      prefix += std::string("0") + directive.type;
    std::string digits = directive.type == 'o'   ? fmt::format("{:o}", magnitude)
                         : directive.type == 'x' ? fmt::format("{:x}", magnitude)
                         : directive.type == 'X' ? fmt::format("{:X}", magnitude)
                                                 : std::to_string(magnitude);
    auto least = static_cast<std::size_t>(std::max(directive.precision, 0));
    if (digits.size() < least)
      digits.insert(0, least - digits.size(), '0');
    return pad(directive, prefix, digits, directive.zero);
  }

  static std::string sign(const Directive& directive, bool negative) {
    return negative ? "-" : directive.plus ? "+" : directive.space ? " " : "";
  }

  static std::string pad(const Directive& directive, std::string_view prefix, std::string_view body,
                         bool zeros) {
    std::size_t size = prefix.size() + count_code_points(body);
    auto width = static_cast<std::size_t>(directive.width);
    std::size_t missing = width > size ? width - size : 0;
    TextBuilder out;
    if (directive.left)
      return out.append(prefix).append(body).append(missing, " ").take();
    if (zeros)
      return out.append(prefix).append(missing, "0").append(body).take();
    return out.append(missing, " ").append(prefix).append(body).take();
  }

  std::string_view format_;
  bool markup_;
  const Value& arguments_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  TextBuilder out_;
};

}  // namespace

Value percent_format(const Value& format, const Value& arguments) {
  return Value::text(PercentFormatter(format, arguments).run(), format.as_text().markup);
}

}  // namespace ashlar::jinja
