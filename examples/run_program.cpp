// SPDX-License-Identifier: Apache-2.0
// Runs a compiled program without a compiler. Usage: run_program FOLDER PROMPT PROGRAM_FILE
#include "models/generate/generator.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

#include <iostream>

using namespace ashlar;

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: run_program FOLDER PROMPT PROGRAM_FILE\n";
    return 2;
  }
  LanguageModel model(argv[1], load_program(argv[3]));
  Generator generator(model);
  const auto print = [](std::int64_t, std::string_view text) { std::cout << text << std::flush; };
  generator.run({model.tokenizer().encode(argv[2], true)}, {.max_tokens = 20}, print);
  std::cout << "\n";
} catch (const Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
