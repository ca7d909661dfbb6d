// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/civil_time.h"

#include "runtime/program/error.h"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace ashlar {

namespace {

std::chrono::year_month_day date_of(const CivilTime& time) {
  return std::chrono::year(time.year) / std::chrono::month(static_cast<unsigned>(time.month)) /
         std::chrono::day(static_cast<unsigned>(time.day));
}

std::tm to_tm(const CivilTime& time) {
  auto days = std::chrono::sys_days(date_of(time));
  auto new_year = std::chrono::sys_days(std::chrono::year(time.year) / std::chrono::January / 1);
  std::tm result{};
  result.tm_year = time.year - 1900;
  result.tm_mon = time.month - 1;
  result.tm_mday = time.day;
  result.tm_hour = time.hour;
  result.tm_min = time.minute;
  result.tm_sec = time.second;
  result.tm_wday = static_cast<int>(std::chrono::weekday(days).c_encoding());
  result.tm_yday = static_cast<int>((days - new_year).count());
  result.tm_isdst = -1;
  return result;
}

class TimeReader {
public:
  explicit TimeReader(std::string_view text) : text_(text), rest_(text) {}

  CivilTime read() {
    CivilTime time;
    time.year = digits(4);
    expect("-");
    time.month = digits(2);
    expect("-");
    time.day = digits(2);
    if (!rest_.empty())
      read_time_of_day(time);
    bool valid = rest_.empty() && time.year >= 1 && date_of(time).ok() && time.hour < 24 &&
                 time.minute < 60 && time.second < 60;
    if (!valid)
      fail();
    return time;
  }

private:
  [[noreturn]] void fail() const {
    throw InvalidArgument("template",
                          "bad time: expected YYYY-MM-DD[THH:MM[:SS[.ffffff]]], got '{}'",
                          text_.substr(0, 64));
  }

  void read_time_of_day(CivilTime& time) {
    if (rest_[0] != 'T' && rest_[0] != ' ')
      fail();
    rest_.remove_prefix(1);
    time.hour = digits(2);
    expect(":");
    time.minute = digits(2);
    if (rest_.empty())
      return;
    expect(":");
    time.second = digits(2);
    if (rest_.empty())
      return;
    expect(".");
    time.microsecond = digits(6);
  }

  int digits(std::size_t count) {
    int value = 0;
    std::string_view part = rest_.substr(0, count);
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.size() != count || error != std::errc() || end != part.data() + count || value < 0)
      fail();
    rest_.remove_prefix(count);
    return value;
  }

  void expect(std::string_view mark) {
    if (!rest_.starts_with(mark))
      fail();
    rest_.remove_prefix(mark.size());
  }

  std::string_view text_;
  std::string_view rest_;
};

// The directive at the start of `format`: a percent sign, flags, a width, a modifier and a letter.
std::string_view directive_at(std::string_view format) {
  std::size_t end = 1;
  while (end < format.size() &&
         std::string_view("-_0^#EO:").find(format[end]) != std::string_view::npos)
    ++end;
  return format.substr(0, end + 1);
}

std::string format_directive(const CivilTime& time, const std::tm& tm, std::string_view directive) {
  char letter = directive.back();
  if (directive == "%f")
    return fmt::format("{:06}", time.microsecond);
  if (letter == 'z' || letter == 'Z')
    return "";
  if (directive.size() == 1 || static_cast<unsigned char>(letter) >= 0x80)
    return std::string(directive);
  std::array<char, 128> buffer;
  std::size_t size =
      std::strftime(buffer.data(), buffer.size(), std::string(directive).c_str(), &tm);
  return std::string(buffer.data(), size);
}

}  // namespace

CivilTime local_time_now() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  auto seconds = static_cast<std::time_t>(microseconds / 1'000'000);
  std::tm tm{};
  localtime_r(&seconds, &tm);
  return {tm.tm_year + 1900,
          tm.tm_mon + 1,
          tm.tm_mday,
          tm.tm_hour,
          tm.tm_min,
          tm.tm_sec,
          static_cast<int>(microseconds % 1'000'000)};
}

CivilTime parse_civil_time(std::string_view text) {
  return TimeReader(text).read();
}

std::string format_time(const CivilTime& time, std::string_view format) {
  std::tm tm = to_tm(time);
  std::string result;
  while (!format.empty()) {
    std::size_t percent = std::min(format.find('%'), format.size());
    result += format.substr(0, percent);
    format.remove_prefix(percent);
    if (format.empty())
      break;
    std::string_view directive = directive_at(format);
    result += format_directive(time, tm, directive);
    format.remove_prefix(directive.size());
  }
  return result;
}

}  // namespace ashlar
