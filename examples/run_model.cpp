// SPDX-License-Identifier: Apache-2.0
// Compiles a model folder, streams a continuation, and saves the program for run_program.
// Usage: run_model FOLDER PROMPT PROGRAM_FILE
#include "models/compile/load_model.h"
#include "models/generate/generator.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

#include <iostream>

using namespace ashlar;

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: run_model FOLDER PROMPT PROGRAM_FILE\n";
    return 2;
  }
  LanguageModel model = load_model(argv[1]);
  Generator generator(model);
  const auto print = [](std::int64_t, std::string_view text) { std::cout << text << std::flush; };
  generator.run({model.tokenizer().encode(argv[2], true)}, {.max_tokens = 20}, print);
  std::cout << "\n";
  save_program(model.runtime().executor().program(), argv[3]);
} catch (const Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
