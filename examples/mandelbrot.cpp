// SPDX-License-Identifier: Apache-2.0
// The Mandelbrot set: a compiled closure iterates z = z^2 + c for every pixel in place.
//
//     mandelbrot [FILE.png]
#include "png.h"
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <cstdio>

using namespace ashlar;

namespace {

constexpr std::int64_t kWidth = 480, kHeight = 320;
constexpr int kSubmits = 20, kSteps = 8;  // iterations of one submit

class Mandelbrot : public Module {
public:
  void step() {
    const ComplexArray c(linspace(-2.2, 0.8, kWidth),
                         reshape(linspace(-1.0, 1.0, kHeight), {kHeight, 1}));
    ComplexArray z(real.read(), imag.read());
    Array steps = count.read();
    for (int i = 0; i < kSteps; ++i) {
      const Array inside = abs_squared(z) <= 4;
      const ComplexArray next = z * z + c;
      z = ComplexArray(where(inside, next.real(), z.real()), where(inside, next.imag(), z.imag()));
      steps = steps + inside;
    }
    real.update(z.real());
    imag.update(z.imag());
    count.update(steps);
  }

  State real{"mandelbrot.real", DType::f32, {kHeight, kWidth}};
  State imag{"mandelbrot.imag", DType::f32, {kHeight, kWidth}};
  State count{"mandelbrot.count", DType::i32, {kHeight, kWidth}};
};

// Black inside, brighter the longer a point took to leave.
Array coloured(const Array& count) {
  const Array share = log(count + 1) / log(full({}, kSubmits * kSteps + 1.0));
  const Array shade = where(equal(count, kSubmits * kSteps), 0, share);
  const Array channels = stack({power(shade, 2.0), shade, sqrt(shade)}, -1);
  return astype(round(channels * 255), DType::u8);
}

void run(const std::string& path) {
  Mandelbrot set;
  const auto step = compile(&Mandelbrot::step, set);
  for (int i = 0; i < kSubmits; ++i)
    step();
  const Array count = set.count.read();
  const Array inside = equal(count, kSubmits * kSteps);
  // The area of the set is about 1.507; a pixel covers 6 / (width height).
  fmt::print("area {:.3f}\n", mean(inside).item<float>() * 6);
  if (!Png(kWidth, kHeight, 3).save(path, coloured(count).to_vector<std::uint8_t>()))
    throw IoError("mandelbrot", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "mandelbrot.png");
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
