// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/saved_closure.h"

#include "runtime/array/context.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

namespace ashlar {

SavedClosure::SavedClosure(const std::filesystem::path& path) : context_(Context::instance()) {
  Program program = load_program(path);
  if (program.entries.size() != 1 || !program.weight_groups.empty())
    throw InvalidArgument("compile",
                          "'{}' is not a saved closure: it has {} entries and {} groups "
                          "of weights",
                          path.string(), program.entries.size(), program.weight_groups.size());
  const auto lock = Context::lock();
  executor_ = std::make_shared<Executor>(context_.device(), std::move(program), context_.states());
}

std::vector<Array> SavedClosure::operator()(const std::vector<Array>& arguments) const {
  const std::vector<ValueSpec>& expected = executor_->program().entries[0].inputs;
  if (arguments.size() != expected.size())
    throw InvalidArgument("compile", "the saved closure takes {} arrays, got {}", expected.size(),
                          arguments.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (arguments[i].dtype() != expected[i].dtype || arguments[i].shape() != expected[i].shape)
      throw InvalidArgument("compile", "argument {}: expected {}{}, got {}{}", i + 1,
                            name_of(expected[i].dtype), expected[i].shape.to_string(),
                            name_of(arguments[i].dtype()), arguments[i].shape().to_string());
  return context_.run(*executor_, arguments);
}

}  // namespace ashlar
