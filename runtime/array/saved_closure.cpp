// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/saved_closure.h"

#include "runtime/array/context.h"
#include "runtime/array/donation.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

namespace ashlar {

SavedClosure::SavedClosure(const std::filesystem::path& path)
    : context_(Context::instance()), name_(fmt::format("the saved closure '{}'", path.string())) {
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
  const auto lock = Context::lock();
  std::vector<std::size_t> donated;
  for (const Donation& donation : executor_->program().entries[0].donations)
    donated.push_back(donation.input);
  std::vector<Array> results = context_.run(*executor_, arguments, donated);
  for (std::size_t argument : donated)
    donate(arguments[argument], argument, name_);
  return results;
}

}  // namespace ashlar
