// SPDX-License-Identifier: Apache-2.0
// Two tones in noise, found in the spectrum of the signal, and a plot of it.
//
//     spectrum [FILE.svg]
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "svg.h"

#include <cstdio>
#include <numbers>

using namespace ashlar;

namespace {

constexpr std::int64_t kSamples = 1000;
constexpr double kRate = 500;  // samples per second

Array tone(const Array& time, double frequency) {
  return sin(time * (2 * std::numbers::pi * frequency));
}

void plot(const std::string& path, const Array& frequencies, const Array& decibels) {
  Svg svg({0, kRate / 2}, {-70, 5});
  const std::vector<float> x = frequencies.to_vector<float>(), y = decibels.to_vector<float>();
  std::vector<std::pair<double, double>> curve;
  for (std::size_t i = 0; i < x.size(); ++i)
    curve.emplace_back(x[i], y[i]);
  svg.line(curve, "steelblue");
  if (!svg.save(path))
    throw IoError("spectrum", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

void run(const std::string& path) {
  const Array time = astype(arange(kSamples), DType::f32) / kRate;
  const Array noise = random::normal(random::key(3), {kSamples}) * 0.3;
  const Array signal = tone(time, 50) + tone(time, 120) * 0.6 + noise;
  // The taper keeps strong tones from leaking into their neighbours; 4 / n makes a tone of 1 one.
  const Array magnitude =
      abs(fft::rfft(signal * hanning(kSamples))) * (4.0 / static_cast<double>(kSamples));
  const Array frequencies = fft::rfftfreq(kSamples, 1 / kRate);
  // A peak exceeds its neighbours.
  const Array peaks =
      max_pool(reshape(magnitude, {1, -1, 1}), {.kernel = {9}, .stride = {1}, .padding = {4}});
  const Array tops = where(equal(flatten(peaks), magnitude), magnitude, 0);
  const Array strongest = sort(take(frequencies, topk_indices(tops, 2)));
  const std::vector<float> found = strongest.to_vector<float>();
  fmt::print("tones at {:.1f} Hz and {:.1f} Hz\n", found[0], found[1]);
  plot(path, frequencies, log10(magnitude + 1e-4) * 20);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "spectrum.svg");
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
