// SPDX-License-Identifier: Apache-2.0
// Function transforms: derivatives and vectorisation of functions on arrays. Each maps the graph
// that a function builds to another graph, so transforms nest and what they give is compiled and
// fused like any other code. See docs/transforms.md.
//
//     Array loss(const Array& w, const Array& x) { return mean(square(matmul(x, w))); }
//     const Array gradient = grad(loss)(w, x);              // of the first argument
//     auto [value, gradients] = value_and_grad(loss, std::vector{0, 1})(w, x);
//     const Array rows = vmap(loss, {std::nullopt, 0})(w, batch);
//
// A function may be a pointer, a lambda (captures allowed: they are constants) or a closure, of
// arrays or of one `const Arrays&`. It runs once, on parameters without values: it must not read
// them on the host, nor update a State. While a transform runs, other threads must not evaluate
// lazy arrays that the function captures.
//
// Errors: InvalidArgument for arguments that do not fit, Unsupported for operations without a rule.
#pragma once

#include "runtime/array/transforms/custom_rules.h"
#include "runtime/array/transforms/packing.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ashlar {

// Named arrays: the parameters of a model.
using ArrayMap = std::map<std::string, Array>;

// Arrays and the arrays of maps in one list, to evaluate them together.
template <typename... Parts> Arrays all_of(const Parts&... parts) {
  Arrays arrays;
  const auto append = [&](const auto& part) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(part)>, Array>)
      arrays.push_back(part);
    else
      for (const auto& [name, array] : part)
        arrays.push_back(array);
  };
  (append(parts), ...);
  return arrays;
}

// x, through which no derivative flows.
Array stop_gradient(const Operand& input);

namespace detail {

std::pair<Arrays, Arrays> vjp(const ArrayFunction& function, const Arrays& primals,
                              const Arrays& cotangents);
std::pair<Arrays, Arrays> jvp(const ArrayFunction& function, const Arrays& primals,
                              const Arrays& tangents);
// Every output; the first is the loss, the others come back as they are. And the loss's gradients.
std::pair<Arrays, Arrays> outputs_and_gradients(const ArrayFunction& function,
                                                const Arrays& primals,
                                                const std::vector<int>& arguments);
std::pair<Array, Arrays> value_and_gradients(const ArrayFunction& function, const Arrays& primals,
                                             const std::vector<int>& arguments);
Arrays batched(const ArrayFunction& function, const Arrays& arguments,
               const std::vector<std::optional<int>>& in_axes, int out_axis);
ArrayFunction checkpointed(const ArrayFunction& function);
ArrayFunction with_rules(const ArrayFunction& function, const CustomRules& rules);

}  // namespace detail

// Outputs, and the cotangents of the primals for given cotangents of the outputs. Zero where an
// output does not depend on a primal, and for primals that are not floats.
template <typename F>
std::pair<Arrays, Arrays> vjp(F function, const Arrays& primals, const Arrays& cotangents) {
  return detail::vjp(PackingOf<F>::pack(std::move(function)), primals, cotangents);
}

// Outputs, and their tangents along tangents of the primals, of the primals' types.
template <typename F>
std::pair<Arrays, Arrays> jvp(F function, const Arrays& primals, const Arrays& tangents) {
  return detail::jvp(PackingOf<F>::pack(std::move(function)), primals, tangents);
}

// The loss (one float, the function's first output) and its gradients of the arguments listed.
template <typename F> auto value_and_grad(F function, std::vector<int> arguments) {
  using P = PackingOf<F>;
  return P::template wrap<std::pair<Array, Arrays>>(
      [packed = P::pack(std::move(function)), arguments](const Arrays& primals) {
        return detail::value_and_gradients(packed, primals, arguments);
      });
}

// The same for one argument, as a single array.
template <typename F> auto value_and_grad(F function, int argument = 0) {
  using P = PackingOf<F>;
  return P::template wrap<std::pair<Array, Array>>(
      [packed = P::pack(std::move(function)), argument](const Arrays& primals) {
        auto [value, gradients] = detail::value_and_gradients(packed, primals, {argument});
        return std::pair(value, gradients[0]);
      });
}

template <typename F> auto grad(F function, std::vector<int> arguments) {
  using P = PackingOf<F>;
  return P::template wrap<Arrays>(
      [packed = P::pack(std::move(function)), arguments](const Arrays& primals) {
        return detail::value_and_gradients(packed, primals, arguments).second;
      });
}

template <typename F> auto grad(F function, int argument = 0) {
  using P = PackingOf<F>;
  return P::template wrap<Array>(
      [packed = P::pack(std::move(function)), argument](const Arrays& primals) {
        return detail::value_and_gradients(packed, primals, {argument}).second[0];
      });
}

// The loss of named parameters, and its gradients by name.
std::pair<Array, ArrayMap> value_and_grad(const std::function<Array(const ArrayMap&)>& loss,
                                          const ArrayMap& parameters);

// The function over a batch: argument i has the batch as axis `in_axes[i]` (nothing: it serves
// every row), the outputs have it as `out_axis`.
template <typename F>
auto vmap(F function, std::vector<std::optional<int>> in_axes, int out_axis = 0) {
  using P = PackingOf<F>;
  return P::wrap_same([packed = P::pack(std::move(function)), in_axes, out_axis](const Arrays& x) {
    return detail::batched(packed, x, in_axes, out_axis);
  });
}

// Every argument has the batch as axis 0.
template <typename F> auto vmap(F function) {
  return vmap(std::move(function), {});
}

// The same function; its gradient computes what it needs of the inside again from the arguments,
// instead of keeping it.
template <typename F> auto checkpoint(F function) {
  using P = PackingOf<F>;
  return P::wrap_same(detail::checkpointed(P::pack(std::move(function))));
}

// The same function with rules of its own. Arrays that it captures are constants to a rule.
template <typename F> auto custom_function(F function, CustomRules rules) {
  using P = PackingOf<F>;
  return P::wrap_same(detail::with_rules(P::pack(std::move(function)), rules));
}

}  // namespace ashlar
