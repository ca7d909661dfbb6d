// SPDX-License-Identifier: Apache-2.0
// compile(fn): a C++ function traced once per signature and run as one program.
//
//     auto step = compile(+[](const Array& x, std::int64_t n) { return x * n; });
//     Array y = step(x, 3);
//
// Arrays, states and host integers enter as arguments, or as members of a Module. C++ cannot see
// what a lambda captures, so lambdas that capture are refused. Arrays count in the signature by
// their type, integers by their value, states by what they are. Arrays that a module says it holds
// are inputs of every trace, so their contents are never part of a program; those that a method
// replaces get what the program computed, in the same memory where nobody else has the array and
// no later reader needs the old one. Other members of a module must not change what a traced
// method computes; ASHLAR_DEBUG=check-trace traces every call again and reports any difference,
// ASHLAR_DEBUG=explain-traces says on stderr why a function is traced again.
//
// Thread-safety: calls may come from any thread; they run one after the other.
#pragma once

#include "runtime/array/sizes/sized_programs.h"
#include "runtime/array/state.h"

#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <vector>

namespace ashlar {

class Context;
class Executor;

// A base for classes whose methods are compiled: it has an identity, so it is not copied.
class Module {
public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // The arrays that the module holds, always the same number in the same order.
  virtual std::vector<Array*> held_arrays() { return {}; }

protected:
  ~Module() = default;
};

struct ClosureOptions {
  // For arguments whose sizes change from call to call. A new size is traced and planned, but the
  // elementwise kernels of one size serve all others of their rank, a little slower.
  bool sizes_vary = false;
  // Names for sizes of arguments: {{"batch", "length"}, {}, {"batch"}} names two axes of the first
  // argument and one of the third; "" is no name. Equal names are equal sizes. One program serves
  // all sizes of a range, such as 4 < batch <= 8, with the work of the largest; a size that is new
  // in it is traced and compared, but not compiled. Where sizes decide more than extents and
  // numbers, each gets a program of its own, and its report says why.
  SizeNames sizes = {};
  // Numbers of array arguments, from 0, that a call takes for good: results of their types may use
  // their memory. The arrays have no value afterwards, and using one throws InvalidArgument.
  std::vector<std::size_t> donate = {};
};

// A trace of a closure.
struct TraceReport {
  std::string signature;  // "f32[2, 3], 4"
  std::string reason;     // "first call", or what differs from the most similar trace before
  // What named sizes must satisfy for the program that serves this signature: "4 < batch <= 8".
  std::vector<std::string> guards = {};
  bool compiled = true;  // false: a program of these guards was there
};

// The traces of one function, by signature.
class TraceCache {
public:
  using Function = std::function<std::vector<Array>(std::span<const Array> inputs)>;

  // `where` the function was compiled, for messages.
  explicit TraceCache(const ClosureOptions& options,
                      std::source_location where = std::source_location::current())
      : options_(options), where_(where) {}

  // A call: what its arguments are, the arrays among them, and the arrays that its module holds.
  struct Call {
    std::vector<std::string> signature;
    std::vector<Array> arrays;
    std::vector<std::size_t> places;  // of the arrays among the arguments
    std::vector<Array*> held;
    Function function;
  };

  // Runs the function on the arrays; traces it if the signature is new. Inside another trace or a
  // transform it is simply part of that, and donates nothing. Throws what trace_entries, the
  // compiler and the executor throw, and InvalidArgument where one name means two sizes or an
  // argument that is no array is to be donated.
  std::vector<Array> run(const Call& call);
  // Compiles the function for the call's signature, with what the module holds as constants, into a
  // program file (runtime/array/saved_closure.h). Throws InvalidArgument for functions that replace
  // what the module holds, and IoError.
  void save(const Call& call, const std::filesystem::path& path) const;
  std::vector<TraceReport> reports() const;

private:
  struct Traced {
    std::vector<std::string> signature;
    std::string reason;
    Graph graph;
    std::vector<std::size_t> replaced;  // of the held arrays; they are the last outputs
    std::shared_ptr<Executor> executor = nullptr;
    std::vector<Array> numbers = {};  // the last inputs of a program for named sizes
    std::vector<std::string> guards = {};
    bool compiled = true;
    const Context* context = nullptr;  // where it runs: each stream has programs of its own
  };

  // Their numbers among the call's arrays.
  std::vector<std::size_t> donated_arrays(const Call& call) const;
  Traced& find_or_trace(const Call& call);
  std::string reason_for(const std::vector<std::string>& signature) const;
  std::vector<SizedArray> sized_arrays(const Call& call) const;
  void find_program(const Call& call, Traced& traced);
  void find_sized_program(const Call& call, const Sizes& ends, Traced& traced);

  ClosureOptions options_;
  std::source_location where_;
  std::map<const Context*, SizedPrograms> programs_;
  std::list<Traced> traces_;  // in the order of their making
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
  // `module`: what the function is a method of, if it is one; it must outlive the closure.
  explicit Closure(std::function<Result(Arguments...)> function, Module* module = nullptr,
                   const ClosureOptions& options = {},
                   std::source_location where = std::source_location::current())
      : function_(std::move(function)), module_(module),
        traces_(std::make_shared<TraceCache>(options, where)) {}

  Result operator()(std::remove_cvref_t<Arguments>... arguments) const {
    std::vector<Array> results = traces_->run(call_of(arguments...));
    if constexpr (std::same_as<Result, Array>)
      return results[0];
    else if constexpr (!std::is_void_v<Result>)
      return results;
  }

  // As TraceCache::save, for arguments of these types and numbers.
  void save(const std::filesystem::path& path, std::remove_cvref_t<Arguments>... arguments) const {
    traces_->save(call_of(arguments...), path);
  }

  // The traces so far and why each was made.
  std::vector<TraceReport> traces() const { return traces_->reports(); }

private:
  TraceCache::Call call_of(const std::remove_cvref_t<Arguments>&... arguments) const {
    TraceCache::Call call;
    (collect(arguments, call), ...);
    if (module_)
      call.held = module_->held_arrays();
    call.function = [=, function = function_](std::span<const Array> inputs) -> std::vector<Array> {
      std::size_t next = 0;
      // Braces fix the order of evaluation, on which `next` depends.
      std::tuple<Arguments...> replaced{detail::replace(arguments, inputs, next)...};
      if constexpr (std::is_void_v<Result>) {
        std::apply(function, replaced);
        return {};
      } else {
        return detail::to_arrays(std::apply(function, replaced));
      }
    };
    return call;
  }

  template <typename T> static void collect(const T& argument, TraceCache::Call& call) {
    if constexpr (detail::kIsArray<T>) {
      call.places.push_back(call.signature.size());
      call.arrays.push_back(argument);
    }
    call.signature.push_back(detail::signature_of(argument));
  }

  std::function<Result(Arguments...)> function_;
  Module* module_;
  std::shared_ptr<TraceCache> traces_;
};

template <typename Result, typename... Arguments>
Closure<Result(Arguments...)>
compile(Result (*function)(Arguments...), const ClosureOptions& options = {},
        std::source_location where = std::source_location::current()) {
  return Closure<Result(Arguments...)>(function, nullptr, options, where);
}

// A lambda, as long as it captures nothing.
template <typename Lambda>
  requires std::is_class_v<Lambda>
auto compile(Lambda lambda, const ClosureOptions& options = {},
             std::source_location where = std::source_location::current()) {
  static_assert(
      requires { +lambda; },
      "compile: what a lambda captures would be frozen into the program unseen; pass "
      "arrays, states and integers as arguments, or make them members of a Module");
  return compile(+lambda, options, where);
}

// A method; the module must outlive the closure.
template <std::derived_from<Module> M, typename Result, typename... Arguments>
Closure<Result(Arguments...)>
compile(Result (M::*method)(Arguments...), M& module, const ClosureOptions& options = {},
        std::source_location where = std::source_location::current()) {
  return Closure<Result(Arguments...)>(
      [method, &module](Arguments... arguments) { return (module.*method)(arguments...); }, &module,
      options, where);
}

}  // namespace ashlar
