// SPDX-License-Identifier: Apache-2.0
#include "models/formats/rope_config.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";

constexpr std::pair<std::string_view, RopeType> kTypes[] = {
    {"default", RopeType::plain},
    {"linear", RopeType::linear},
    {"llama3", RopeType::llama3},
    {"yarn", RopeType::yarn},
    {"proportional", RopeType::proportional},
};

constexpr std::string_view kQueryScaling = "llama_4_scaling_beta";
// `finetuned` is a remark of old files; `max_position_embeddings` repeats the model's own. The
// `mrope` keys share the pairs out among an image's axes; for text all of them are the position.
constexpr std::string_view kKnownKeys[] = {
    "rope_type",
    "type",
    "rope_theta",
    "partial_rotary_factor",
    "factor",
    "original_max_position_embeddings",
    "max_position_embeddings",
    "low_freq_factor",
    "high_freq_factor",
    "beta_fast",
    "beta_slow",
    "truncate",
    "attention_factor",
    "mscale",
    "mscale_all_dim",
    "finetuned",
    "mrope_section",
    "mrope_interleaved",
};

RopeType parse_type(const JsonFields& fields) {
  const auto name = fields.text("rope_type") ? fields.text("rope_type") : fields.text("type");
  if (!name)
    return RopeType::plain;
  for (const auto& [known, type] : kTypes)
    if (known == *name)
      return type;
  throw Unsupported(kUnit, "{}: rope type {} is not supported", fields.where(),
                    in_quotes(*name, 40));
}

void refuse_unknown_keys(const JsonFields& fields, const RopeContext& context) {
  for (const std::string& key : fields.keys())
    if (std::ranges::find(kKnownKeys, key) == std::end(kKnownKeys) &&
        !(context.query_scaling && key == kQueryScaling))
      throw Unsupported(kUnit, "{}: {} is not supported", fields.where(), in_quotes(key));
}

double required(const JsonFields& fields, std::string_view key) {
  const auto value = fields.positive_number(key);
  if (!value)
    fields.fail(key, "a number above 0");
  return *value;
}

double parse_factor(const JsonFields& fields, RopeType type) {
  if (type == RopeType::plain)
    return 1;
  const double factor = type == RopeType::proportional
                            ? fields.positive_number("factor").value_or(1)
                            : required(fields, "factor");
  if (factor < 1)
    fields.fail("factor", "a number of at least 1");
  return factor;
}

double yarn_magnitude(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

double yarn_attention_factor(const JsonFields& fields, double factor) {
  if (const auto given = fields.positive_number("attention_factor"))
    return *given;
  const double mscale = fields.number("mscale").value_or(0);
  const double mscale_all_dim = fields.number("mscale_all_dim").value_or(0);
  if (mscale < 0 || mscale_all_dim < 0)
    fields.fail(mscale < 0 ? "mscale" : "mscale_all_dim", "a number of at least 0");
  if (mscale == 0 || mscale_all_dim == 0)
    return yarn_magnitude(factor, 1);
  return yarn_magnitude(factor, mscale) / yarn_magnitude(factor, mscale_all_dim);
}

double original_positions(const JsonFields& fields, const RopeContext& context) {
  constexpr std::string_view kKey = "original_max_position_embeddings";
  const auto own = fields.integer(kKey, {.min = 1});
  return static_cast<double>(
      context.original_max_positions.value_or(own.value_or(context.max_positions)));
}

void parse_llama3(const JsonFields& fields, RopeParameters& rope) {
  rope.low_freq_factor = required(fields, "low_freq_factor");
  rope.high_freq_factor = required(fields, "high_freq_factor");
  if (rope.high_freq_factor <= rope.low_freq_factor)
    fields.fail("high_freq_factor",
                fmt::format("more than low_freq_factor {}", rope.low_freq_factor));
}

void parse_yarn(const JsonFields& fields, RopeParameters& rope) {
  rope.beta_fast = fields.positive_number("beta_fast").value_or(rope.beta_fast);
  rope.beta_slow = fields.positive_number("beta_slow").value_or(rope.beta_slow);
  if (rope.beta_fast < rope.beta_slow)
    fields.fail("beta_fast", fmt::format("at least beta_slow {}", rope.beta_slow));
  rope.truncate = fields.flag("truncate").value_or(true);
  rope.attention_factor = yarn_attention_factor(fields, rope.factor);
}

// Dimensions of a head over which the exponents spread.
std::int64_t spectrum_dims(const RopeParameters& rope, std::int64_t head_dim) {
  if (rope.type == RopeType::proportional)
    return head_dim;
  return static_cast<std::int64_t>(static_cast<double>(head_dim) * rope.partial_rotary_factor);
}

bool makes_pairs(std::int64_t dims) {
  return dims >= 2 && dims % 2 == 0;
}

std::vector<double> plain_frequencies(double theta, std::int64_t dims) {
  std::vector<double> frequencies(static_cast<std::size_t>(dims / 2));
  for (std::size_t i = 0; i < frequencies.size(); ++i)
    frequencies[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(dims));
  return frequencies;
}

double llama3_frequency(const RopeParameters& rope, double plain) {
  const double turns = rope.original_max_positions * plain / (2 * std::numbers::pi);
  if (turns > rope.high_freq_factor)
    return plain;
  if (turns < rope.low_freq_factor)
    return plain / rope.factor;
  const double keep =
      (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return std::lerp(plain / rope.factor, plain, keep);
}

// The pair that turns `turns` times within the original context.
double yarn_pair(const RopeParameters& rope, double dims, double turns) {
  return dims * std::log(rope.original_max_positions / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

// Fast pairs stay, slow ones are interpolated, those between get a share of both.
void stretch_yarn(const RopeParameters& rope, std::vector<double>& frequencies) {
  const double dims = 2.0 * static_cast<double>(frequencies.size());
  double low = yarn_pair(rope, dims, rope.beta_fast);
  double high = yarn_pair(rope, dims, rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dims - 1);
  if (low == high)
    high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = std::lerp(frequencies[i], frequencies[i] / rope.factor, ramp);
  }
}

void stop_trailing_pairs(const RopeParameters& rope, std::vector<double>& frequencies) {
  const double rotating =
      std::floor(rope.partial_rotary_factor * static_cast<double>(frequencies.size()));
  std::fill(frequencies.begin() + static_cast<std::ptrdiff_t>(rotating), frequencies.end(), 0.0);
}

}  // namespace

std::vector<double> rope_inverse_frequencies(const RopeParameters& rope, std::int64_t head_dim) {
  const std::int64_t dims = spectrum_dims(rope, head_dim);
  if (!makes_pairs(dims))
    throw InvalidArgument("rope", "expected an even number of rotating dimensions, got {} of {}",
                          dims, head_dim);
  std::vector<double> frequencies = plain_frequencies(rope.theta, dims);
  switch (rope.type) {
  case RopeType::plain:
    break;
  case RopeType::llama3:
    for (double& frequency : frequencies)
      frequency = llama3_frequency(rope, frequency);
    break;
  case RopeType::yarn:
    stretch_yarn(rope, frequencies);
    break;
  case RopeType::proportional:
    stop_trailing_pairs(rope, frequencies);
    [[fallthrough]];
  case RopeType::linear:
    for (double& frequency : frequencies)
      frequency /= rope.factor;
    break;
  }
  return frequencies;
}

RopeParameters parse_rope_parameters(const JsonFields& fields, const RopeContext& context) {
  refuse_unknown_keys(fields, context);
  RopeParameters rope;
  rope.type = parse_type(fields);
  rope.theta = fields.positive_number("rope_theta").value_or(context.theta);
  if (rope.theta <= 1)
    throw FormatError(kUnit, "{}: rope_theta: expected a number above 1, got {}", fields.where(),
                      rope.theta);
  rope.partial_rotary_factor =
      fields.positive_number("partial_rotary_factor").value_or(context.partial_rotary_factor);
  if (rope.partial_rotary_factor > 1)
    throw FormatError(kUnit, "{}: partial_rotary_factor: expected a number in (0, 1], got {}",
                      fields.where(), rope.partial_rotary_factor);
  const std::int64_t dims = spectrum_dims(rope, context.head_dim);
  if (!makes_pairs(dims))
    throw FormatError(kUnit, "{}: expected an even number of rotating dimensions, got {} of {}",
                      fields.where(), dims, context.head_dim);
  rope.factor = parse_factor(fields, rope.type);
  rope.query_scaling_beta = fields.positive_number(kQueryScaling).value_or(0);
  if (rope.type == RopeType::llama3 || rope.type == RopeType::yarn || rope.query_scaling_beta != 0)
    rope.original_max_positions = original_positions(fields, context);
  if (rope.type == RopeType::llama3)
    parse_llama3(fields, rope);
  if (rope.type == RopeType::yarn)
    parse_yarn(fields, rope);
  return rope;
}

}  // namespace ashlar
