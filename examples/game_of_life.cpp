// SPDX-License-Identifier: Apache-2.0
// Conway's Game of Life on a torus: a state holds the cells, a compiled closure makes a generation.
//
//     game_of_life [FILE.png]
#include "png.h"
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <cstdio>

using namespace ashlar;

namespace {

constexpr std::int64_t kSize = 128;
constexpr int kGenerations = 100, kZoom = 4;

void generation(const State& cells) {
  const Array alive = cells.read();
  const Array rows = alive + roll(alive, 1, 0) + roll(alive, -1, 0);
  const Array around = rows + roll(rows, 1, 1) + roll(rows, -1, 1) - alive;
  const Array born = equal(around, 3);
  cells.update(astype(born | (equal(around, 2) & equal(alive, 1)), DType::u8));
}

// A glider moves one cell down and to the right in four generations.
void place_glider(Array& cells, std::int64_t row, std::int64_t column) {
  const Array glider =
      array(std::initializer_list<std::uint8_t>{0, 1, 0, 0, 0, 1, 1, 1, 1}, {3, 3});
  cells = slice_update(cells, {Slice(row, row + 3), Slice(column, column + 3)}, glider);
}

void run(const std::string& path) {
  const State cells("life.cells", DType::u8, {kSize, kSize});
  Array start = zeros({kSize, kSize}, DType::u8);
  for (std::int64_t at = 8; at < kSize; at += 24)
    place_glider(start, at, kSize - at);
  cells.update(start);
  const auto step = compile(generation);
  for (int i = 0; i < kGenerations; ++i)
    step(cells);
  const Array end = cells.read();
  const Array expected = roll(roll(start, kGenerations / 4, 0), kGenerations / 4, 1);
  fmt::print("{} cells, gliders {}\n", sum(astype(end, DType::i32)).item<std::int32_t>(),
             array_equal(end, expected).item<bool>() ? "arrived" : "lost");
  const Array image = repeat(repeat(end * 255, kZoom, 0), kZoom, 1);
  constexpr auto kPixels = static_cast<std::uint32_t>(kSize * kZoom);
  if (!Png(kPixels, kPixels, 1).save(path, image.to_vector<std::uint8_t>()))
    throw IoError("game_of_life", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "game_of_life.png");
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
