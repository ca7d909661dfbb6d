// SPDX-License-Identifier: Apache-2.0
// Transforms work on functions of a list of arrays. Packing turns a function of several arrays into
// one, and a result back into a function of the same arguments.
#pragma once

#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/error.h"

#include <concepts>
#include <functional>
#include <utility>

namespace ashlar {
namespace detail {

inline Arrays as_list(Array array) {
  return {std::move(array)};
}
inline Arrays as_list(Arrays arrays) {
  return arrays;
}

template <typename Result> Result as_result(Arrays arrays) {
  if constexpr (std::same_as<Result, Array>)
    return std::move(arrays.at(0));
  else
    return arrays;
}

template <typename Signature> struct Packing;

// Result(const Array&, const Array&, ...)
template <typename Result, typename... Arguments>
  requires(std::same_as<std::remove_cvref_t<Arguments>, Array> && ...)
struct Packing<Result(Arguments...)> {
  static ArrayFunction pack(std::function<Result(Arguments...)> function) {
    return [function = std::move(function)](const Arrays& arrays) {
      if (arrays.size() != sizeof...(Arguments))
        throw InvalidArgument("transform", "the function takes {} arrays, got {}",
                              sizeof...(Arguments), arrays.size());
      return spread(function, arrays, std::index_sequence_for<Arguments...>());
    };
  }

  template <typename Out> static auto wrap(std::function<Out(const Arrays&)> function) {
    return std::function<Out(Arguments...)>(
        [function = std::move(function)](Arguments... arguments) {
          return function(Arrays{arguments...});
        });
  }

  static auto wrap_same(ArrayFunction function) {
    return wrap<Result>([function = std::move(function)](const Arrays& arrays) {
      return as_result<Result>(function(arrays));
    });
  }

private:
  template <std::size_t... I>
  static Arrays spread(const std::function<Result(Arguments...)>& function, const Arrays& arrays,
                       std::index_sequence<I...>) {
    return as_list(function(arrays[I]...));
  }
};

// Result(const Arrays&)
template <typename Result, typename List>
  requires std::same_as<std::remove_cvref_t<List>, Arrays>
struct Packing<Result(List)> {
  static ArrayFunction pack(std::function<Result(List)> function) {
    return [function = std::move(function)](const Arrays& arrays) {
      return as_list(function(arrays));
    };
  }

  template <typename Out> static auto wrap(std::function<Out(const Arrays&)> function) {
    return function;
  }

  static auto wrap_same(ArrayFunction function) {
    return std::function<Result(const Arrays&)>(
        [function = std::move(function)](const Arrays& arrays) {
          return as_result<Result>(function(arrays));
        });
  }
};

template <typename Signature>
Packing<Signature> packing_of(const std::function<Signature>& function);

}  // namespace detail

// The packing of any callable with one signature.
template <typename F>
using PackingOf = decltype(detail::packing_of(std::function(std::declval<F>())));

}  // namespace ashlar
