// SPDX-License-Identifier: Apache-2.0
// compile(fn): a C++ function traced once per signature and run as one program.
//
//     auto step = compile(+[](const Array& x, std::int64_t n) { return x * n; });
//     Array y = step(x, 3);
//
// Arrays, states and host integers enter as arguments, or as members of a Module. C++ cannot see
// what a lambda captures, so lambdas that capture are refused. Arrays count in the signature by
// their type, integers by their value, states by what they are. Members of a Module must not change
// what a traced method computes; ASHLAR_DEBUG=check-trace traces every call again and reports any
// difference.
//
// Thread-safety: calls may come from any thread; they run one after the other.
#pragma once

#include "runtime/array/state.h"

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace ashlar {

// A base for classes whose methods are compiled: it has an identity, so it is not copied.
class Module {
public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

protected:
  ~Module() = default;
};

// The traces of one function, by signature.
class TraceCache {
public:
  using Function = std::function<std::vector<Array>(std::span<const Array> inputs)>;

  // Runs `function` on the arrays; traces it if the signature is new. Inside another trace or a
  // transform it is simply part of that. Throws what trace_entries, the compiler and the executor
  // throw.
  std::vector<Array> call(const std::string& signature, std::span<const Array> arrays,
                          const Function& function);
  // The signatures traced so far, with all host integers: "f32[2, 3], 4".
  std::vector<std::string> signatures() const;

private:
  std::map<std::string, Graph> graphs_;
};

namespace detail {

std::string signature_of(const Array& array);
std::string signature_of(const State& state);
inline std::string signature_of(std::int64_t number) {
  return std::to_string(number);
}

inline std::vector<Array> to_arrays(Array array) {
  return {std::move(array)};
}
inline std::vector<Array> to_arrays(std::vector<Array> arrays) {
  return arrays;
}

template <typename T> inline constexpr bool kIsArray = std::same_as<std::remove_cvref_t<T>, Array>;

// The n-th input where the function takes an array, else the argument itself.
template <typename T>
decltype(auto) replace(const T& argument, std::span<const Array> inputs, std::size_t& next) {
  if constexpr (kIsArray<T>)
    return static_cast<const Array&>(inputs[next++]);
  else
    return (argument);
}

}  // namespace detail

template <typename Signature> class Closure;

template <typename Result, typename... Arguments> class Closure<Result(Arguments...)> {
public:
  explicit Closure(std::function<Result(Arguments...)> function)
      : function_(std::move(function)), traces_(std::make_shared<TraceCache>()) {}

  Result operator()(std::remove_cvref_t<Arguments>... arguments) const {
    std::string signature;
    std::vector<Array> arrays;
    (collect(arguments, signature, arrays), ...);
    const auto trace = [&](std::span<const Array> inputs) -> std::vector<Array> {
      std::size_t next = 0;
      // Braces fix the order of evaluation, on which `next` depends.
      std::tuple<Arguments...> replaced{detail::replace(arguments, inputs, next)...};
      if constexpr (std::is_void_v<Result>) {
        std::apply(function_, replaced);
        return {};
      } else {
        return detail::to_arrays(std::apply(function_, replaced));
      }
    };
    std::vector<Array> results = traces_->call(signature, arrays, trace);
    if constexpr (std::same_as<Result, Array>)
      return results[0];
    else if constexpr (!std::is_void_v<Result>)
      return results;
  }

  std::vector<std::string> signatures() const { return traces_->signatures(); }

private:
  template <typename T>
  static void collect(const T& argument, std::string& signature, std::vector<Array>& arrays) {
    signature += (signature.empty() ? "" : ", ") + detail::signature_of(argument);
    if constexpr (detail::kIsArray<T>)
      arrays.push_back(argument);
  }

  std::function<Result(Arguments...)> function_;
  std::shared_ptr<TraceCache> traces_;
};

template <typename Result, typename... Arguments>
Closure<Result(Arguments...)> compile(Result (*function)(Arguments...)) {
  return Closure<Result(Arguments...)>(function);
}

// A lambda, as long as it captures nothing.
template <typename Lambda>
  requires std::is_class_v<Lambda>
auto compile(Lambda lambda) {
  static_assert(
      requires { +lambda; },
      "compile: what a lambda captures would be frozen into the program unseen; pass "
      "arrays, states and integers as arguments, or make them members of a Module");
  return compile(+lambda);
}

// A method; the module must outlive the closure.
template <std::derived_from<Module> M, typename Result, typename... Arguments>
Closure<Result(Arguments...)> compile(Result (M::*method)(Arguments...), M& module) {
  return Closure<Result(Arguments...)>(
      [method, &module](Arguments... arguments) { return (module.*method)(arguments...); });
}

}  // namespace ashlar
