// SPDX-License-Identifier: Apache-2.0
#include "ir/tuning_table.h"

#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

namespace ashlar {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;

TunedKernel parse_kernel(const json& object) {
  TunedKernel kernel;
  kernel.schedule.emitter = object.at("emitter").get<std::string>();
  kernel.schedule.parameters = object.at("parameters").get<std::map<std::string, std::int64_t>>();
  kernel.label = object.at("label").get<std::string>();
  kernel.microseconds = object.at("us").get<double>();
  kernel.default_microseconds = object.at("default_us").get<double>();
  return kernel;
}

}  // namespace

std::string to_string(const ScheduleChoice& choice) {
  std::string text = choice.emitter;
  for (const auto& [name, value] : choice.parameters)
    text += fmt::format(" {}={}", name, value);
  return text;
}

TuningTable parse_tuning(std::string_view text, std::string_view file) {
  try {
    const json object = json::parse(text);
    if (object.at("format") != kFormat)
      throw FormatError("tuning", "'{}': format: expected {}, got {}", file, kFormat,
                        object.at("format").dump());
    TuningTable table{
        object.at("device").get<std::string>(), object.at("driver").get<std::string>(), {}};
    for (const auto& [key, kernel] : object.at("kernels").items())
      table.kernels.emplace(key, parse_kernel(kernel));
    return table;
  } catch (const json::exception& error) {
    throw FormatError("tuning", "'{}' is no tuning file: {}", file, error.what());
  }
}

std::string to_text(const TuningTable& table) {
  json kernels = json::object();
  for (const auto& [key, kernel] : table.kernels)
    kernels[key] = {{"emitter", kernel.schedule.emitter},
                    {"parameters", kernel.schedule.parameters},
                    {"label", kernel.label},
                    {"us", kernel.microseconds},
                    {"default_us", kernel.default_microseconds}};
  return json{{"format", kFormat},
              {"device", table.device},
              {"driver", table.driver},
              {"kernels", kernels}}
             .dump(1) +
         "\n";
}

}  // namespace ashlar
