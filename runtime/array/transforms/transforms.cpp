// SPDX-License-Identifier: Apache-2.0
// The public derivatives, by reverse and forward mode.
#include "runtime/array/transforms.h"

#include "runtime/array/creation.h"
#include "runtime/array/transforms/derivatives.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

void check_types(std::string_view unit, std::string_view what, const Arrays& given,
                 const Arrays& expected) {
  if (given.size() != expected.size())
    throw InvalidArgument(unit, "{}: expected {}, got {}", what, expected.size(), given.size());
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i].type() != expected[i].type())
      throw InvalidArgument(unit, "{} {}: expected {}{}, got {}{}", what, i,
                            name_of(expected[i].dtype()), expected[i].shape().to_string(),
                            name_of(given[i].dtype()), given[i].shape().to_string());
}

void check_differentiable(const Arrays& primals, int argument) {
  if (argument < 0 || static_cast<std::size_t>(argument) >= primals.size())
    throw InvalidArgument("grad", "argument {} is outside the {} that were given", argument,
                          primals.size());
  const Array& primal = primals[static_cast<std::size_t>(argument)];
  if (!is_float(primal.dtype()))
    throw InvalidArgument("grad", "argument {} is {}: gradients are of floats", argument,
                          name_of(primal.dtype()));
}

void check_loss(const Arrays& results) {
  if (results.empty())
    throw InvalidArgument("grad", "the function must return one float, got nothing");
  const Array& loss = results[0];
  if (loss.size() != 1 || !is_float(loss.dtype()))
    throw InvalidArgument("grad", "the function must return one float, got {}{}",
                          name_of(loss.dtype()), loss.shape().to_string());
}

// The traced function's results, and `derivatives` of them, with the primals in place.
std::pair<Arrays, Arrays> with_primals(TracedFunction traced, const Derivatives& derivatives,
                                       const Arrays& like, const Arrays& primals) {
  const std::size_t count = traced.results.size();
  const Arrays zeros = zeros_like(like);
  for (std::size_t i = 0; i < like.size(); ++i)
    traced.results.push_back(derivatives[i].value_or(zeros[i]));
  Arrays outputs = traced(primals);
  const auto middle = outputs.begin() + static_cast<std::ptrdiff_t>(count);
  return {Arrays(outputs.begin(), middle), Arrays(middle, outputs.end())};
}

}  // namespace

std::pair<Arrays, Arrays> detail::vjp(const ArrayFunction& function, const Arrays& primals,
                                      const Arrays& cotangents) {
  TracedFunction traced = trace_function(function, primals);
  check_types("vjp", "cotangents", cotangents, traced.results);
  return with_primals(traced, pull_back(traced, cotangents), primals, primals);
}

std::pair<Arrays, Arrays> detail::jvp(const ArrayFunction& function, const Arrays& primals,
                                      const Arrays& tangents) {
  TracedFunction traced = trace_function(function, primals);
  check_types("jvp", "tangents", tangents, primals);
  Derivatives entering(primals.size());
  for (std::size_t i = 0; i < primals.size(); ++i)
    if (is_float(primals[i].dtype()))
      entering[i] = tangents[i];
  const Arrays like = traced.results;
  return with_primals(traced, push_forward(traced, entering), like, primals);
}

std::pair<Arrays, Arrays> detail::outputs_and_gradients(const ArrayFunction& function,
                                                        const Arrays& primals,
                                                        const std::vector<int>& arguments) {
  for (int argument : arguments)
    check_differentiable(primals, argument);
  TracedFunction traced = trace_function(function, primals);
  check_loss(traced.results);
  const Array& loss = traced.results[0];
  const Derivatives arrived =
      pull_back({traced.parameters, {loss}}, {ones(loss.shape(), loss.dtype())});
  auto [outputs, gradients] = with_primals(traced, arrived, primals, primals);
  Arrays wanted;
  for (int argument : arguments)
    wanted.push_back(gradients[static_cast<std::size_t>(argument)]);
  return {std::move(outputs), std::move(wanted)};
}

std::pair<Array, Arrays> detail::value_and_gradients(const ArrayFunction& function,
                                                     const Arrays& primals,
                                                     const std::vector<int>& arguments) {
  auto [outputs, gradients] = outputs_and_gradients(function, primals, arguments);
  if (outputs.size() != 1)
    throw InvalidArgument("grad", "the function must return one float, got {} arrays",
                          outputs.size());
  return {outputs[0], std::move(gradients)};
}

std::pair<Array, ArrayMap> value_and_grad(const std::function<Array(const ArrayMap&)>& loss,
                                          const ArrayMap& parameters) {
  Arrays primals;
  std::vector<int> arguments;
  for (const auto& [name, array] : parameters) {
    arguments.push_back(static_cast<int>(primals.size()));
    primals.push_back(array);
  }
  const auto named = [&](const Arrays& arrays) {
    ArrayMap map;
    std::size_t next = 0;
    for (const auto& [name, array] : parameters)
      map.emplace(name, arrays[next++]);
    return map;
  };
  const auto [value, gradients] = detail::value_and_gradients(
      [&](const Arrays& arrays) { return Arrays{loss(named(arrays))}; }, primals, arguments);
  return {value, named(gradients)};
}

}  // namespace ashlar
