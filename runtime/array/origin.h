// SPDX-License-Identifier: Apache-2.0
// Where operations come from: the named part of the model and the line of the user's code. Both are
// per thread and travel with every node down to dispatch labels and error messages.
#pragma once

#include "ir/graph.h"

#include <source_location>
#include <string_view>

namespace ashlar {

// Names the operations built during its lifetime; nested scopes join with dots:
//     Scope layer("layers.3");  { Scope attention("self_attn"); ... }   // "layers.3.self_attn"
class Scope {
public:
  explicit Scope(std::string_view name);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // "" outside any scope.
  static std::string_view current();

private:
  std::shared_ptr<const std::string> outer_;
};

// Held by every front-end function: the outermost one of a thread names the line, so that an
// operation made of others (softmax) is reported where the user wrote it.
class WrittenAt {
public:
  explicit WrittenAt(std::source_location where);
  ~WrittenAt();
  WrittenAt(const WrittenAt&) = delete;
  WrittenAt& operator=(const WrittenAt&) = delete;

private:
  bool outermost_;
};

// What is built during its lifetime comes from where another operation came from: transforms give
// what they derive from an operation its scope and line.
class BuiltFor {
public:
  explicit BuiltFor(const Origin& origin);
  ~BuiltFor();
  BuiltFor(const BuiltFor&) = delete;
  BuiltFor& operator=(const BuiltFor&) = delete;

private:
  Origin outer_;
  bool had_line_;
};

// The scope and line of an operation that is being built now.
Origin current_origin();

}  // namespace ashlar
