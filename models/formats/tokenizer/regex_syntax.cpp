// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex_syntax.h"

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/regex_class.h"
#include "models/formats/tokenizer/regex_cursor.h"
#include "models/formats/tokenizer/regex_property.h"

#include <fmt/format.h>

#include <optional>

namespace ashlar::tokenizer {
namespace {

// Options of the innermost group that this translation must know about; the others are passed on.
struct Options {
  bool extended = false;
};

class Translator {
public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string run() {
    std::string result = alternatives({});
    if (!in_.at_end())
      in_.malformed("unmatched )");
    return result;
  }

private:
  // Everything up to the end of the group.
  std::string alternatives(Options options) {
    const RegexCursor::Nesting nesting(in_);
    std::string result;
    int open_option_groups = 0;
    while (!in_.at_end() && in_.peek() != ')') {
      if (in_.accept("|")) {
        result += '|';
      } else if (skip_ignored(options)) {
        continue;
      } else if (const auto flags = option_switch(options)) {
        // An option in the middle covers the rest of the group, further alternatives included.
        result += fmt::format("(?{}:", *flags);
        ++open_option_groups;
      } else {
        result += quantified(atom(options), options);
      }
    }
    result.append(static_cast<std::size_t>(open_option_groups), ')');
    return result;
  }

  // Comments, and with the option `x` blanks.
  bool skip_ignored(const Options& options) {
    if (in_.accept("(?#")) {
      in_.take_until(')');
      return true;
    }
    if (!options.extended)
      return false;
    if (in_.accept("#")) {
      while (!in_.at_end() && in_.take() != '\n') {
      }
      return true;
    }
    return in_.accept(" ") || in_.accept("\t") || in_.accept("\n") || in_.accept("\r");
  }

  // `(?imx-imx)` without a colon: returns PCRE2's flags.
  std::optional<std::string> option_switch(Options& options) {
    const auto begin = in_.position();
    if (in_.accept("(?"))
      if (const auto flags = option_flags(options); flags && in_.accept(")"))
        return flags;
    in_.rewind(begin);
    return std::nullopt;
  }

  // The letters of an option group; `m` is what PCRE2 calls `s`, and `x` is handled here. Leaves
  // `options` alone if the text is something else.
  std::optional<std::string> option_flags(Options& options) {
    Options changed = options;
    std::string flags;
    bool turns_on = true;
    for (; !in_.at_end() && in_.peek() != ')' && in_.peek() != ':'; in_.take()) {
      switch (in_.peek()) {
      case '-':
        turns_on = false;
        flags += '-';
        break;
      case 'i':
        flags += 'i';
        break;
      case 'm':
        flags += 's';
        break;
      case 'x':
        changed.extended = turns_on;
        break;
      default:
        return std::nullopt;
      }
    }
    options = changed;
    return flags;
  }

  std::string atom(const Options& options) {
    if (in_.accept("("))
      return group(options);
    if (in_.accept("["))
      return translate_class(in_);
    if (in_.accept("\\"))
      return escape();
    const std::string_view character = in_.take_character();
    if (character == "*" || character == "+" || character == "?")
      in_.malformed("nothing to repeat");
    return character == "{" ? "\\{" : std::string(character);
  }

  std::string group(Options options) {
    std::string opening = "(";
    if (in_.accept("?"))
      opening = group_opening(options);
    std::string body = alternatives(options);
    if (!in_.accept(")"))
      in_.malformed("unmatched (");
    return opening + body + ")";
  }

  std::string group_opening(Options& options) {
    for (const std::string_view plain : {":", "=", "!", ">", "<=", "<!"})
      if (in_.accept(plain))
        return fmt::format("(?{}", plain);
    if (in_.accept("<"))
      return fmt::format("(?<{}>", in_.take_until('>'));
    if (in_.accept("'"))
      return fmt::format("(?<{}>", in_.take_until('\''));
    if (in_.accept("~") || in_.accept("("))
      in_.unsupported("absent operators and conditionals are");
    const auto flags = option_flags(options);
    if (!flags || !in_.accept(":"))
      in_.malformed("undefined group option");
    return fmt::format("(?{}:", *flags);
  }

  std::string escape() {
    if (in_.at_end())
      in_.malformed("ends with a backslash");
    const char letter = in_.peek();
    const bool is_bare_word = letter == 'w' || letter == 'W';
    if (const auto items = is_bare_word ? std::nullopt : take_class_escape(in_))
      return items->standalone();
    if (letter >= '1' && letter <= '9')
      return fmt::format("\\g{{{}}}", in_.take_number());
    in_.take();
    switch (letter) {
    case 'w':
    case 'W':
      return fmt::format("[{}{}]", letter == 'W' ? "^" : "", kBareWordItems);
    case 'b':
    case 'B':
      return word_boundary(letter == 'B');
    case 'A':
    case 'G':
    case 'K':
    case 'R':
    case 'X':
    case 'Z':
    case 'z':
      return {'\\', letter};
    case 'N':
      return R"([^\n])";
    case 'O':
      return "(?s:.)";
    case 'k':
      return back_reference();
    case 'g':
      in_.unsupported("subexpression calls are");
    default:
      in_.rewind(in_.position() - 1);
      return format_code_point(take_escaped_code_point(in_));
    }
  }

  std::string back_reference() {
    if (!in_.accept("<"))
      return "k";
    const std::string_view name = in_.take_until('>');
    const bool is_number = name.find_first_not_of("0123456789") == std::string_view::npos;
    return fmt::format(is_number ? fmt::runtime("\\g{{{}}}") : fmt::runtime("\\k<{}>"), name);
  }

  static std::string word_boundary(bool negated) {
    return fmt::format(negated ? fmt::runtime("(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))")
                               : fmt::runtime("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))"),
                       kBareWordItems);
  }

  // Applies the quantifiers that follow. Each further one repeats the whole before it.
  std::string quantified(std::string atom, const Options& options) {
    for (bool is_first = true;; is_first = false) {
      while (skip_ignored(options)) {
      }
      const auto quantifier = take_quantifier();
      if (!quantifier)
        return atom;
      if (!is_first)
        atom = "(?:" + atom + ")";
      atom += *quantifier;
      if (quantifier->back() == '}' && is_exact(*quantifier) && in_.accept("?"))
        // Ruby: a lazy exact count is an optional one.
        atom = "(?:" + atom + ")?";
    }
  }

  std::optional<std::string> take_quantifier() {
    for (const std::string_view sign : {"*", "+", "?"}) {
      if (!in_.accept(sign))
        continue;
      for (const std::string_view suffix : {"?", "+"})
        if (in_.accept(suffix))
          return std::string(sign) + std::string(suffix);
      return std::string(sign);
    }
    auto interval = take_interval();
    // A `+` behind an interval is a quantifier of its own, not a possessive suffix.
    if (interval && !is_exact(*interval) && in_.accept("?"))
      *interval += '?';
    return interval;
  }

  static bool is_exact(std::string_view interval) {
    return interval.find(',') == std::string_view::npos;
  }

  // `{n}`, `{n,}`, `{,m}` or `{n,m}`; other braces are ordinary characters.
  std::optional<std::string> take_interval() {
    const auto begin = in_.position();
    if (in_.accept("{")) {
      const std::string low(in_.take_number());
      const bool has_comma = in_.accept(",");
      const std::string high(has_comma ? in_.take_number() : "");
      if (in_.accept("}") && !(low.empty() && high.empty()))
        return fmt::format("{{{}{}{}}}", low.empty() ? "0" : low, has_comma ? "," : "", high);
    }
    in_.rewind(begin);
    return std::nullopt;
  }

  RegexCursor in_;
};

}  // namespace

std::string translate_regex(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace ashlar::tokenizer
