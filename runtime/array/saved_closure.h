// SPDX-License-Identifier: Apache-2.0
// Compiled closures in files: Closure::save writes one, this runs it in another process, without
// tracing or compiling.
//
//     compile(&Net::forward, net).save("net.ashlar", x);
//     const SavedClosure forward("net.ashlar");
//     const Array y = forward({x})[0];
//
// The file is a program file (runtime/program/program_file.h) and belongs to one kind of device.
// States are those of this process by their names.
#pragma once

#include "runtime/array/array.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ashlar {

class Context;
class Executor;

// Runs on the stream that was current when it was loaded. Thread-safety: calls may come from any
// thread; they run one after the other.
class SavedClosure {
public:
  // Throws IoError, FormatError, Unsupported where the device lacks what the program needs, and
  // InvalidArgument for programs with weights or several entries.
  explicit SavedClosure(const std::filesystem::path& path);

  // Throws InvalidArgument for arrays of other types than the file was made for. Arguments that the
  // closure was compiled to donate are gone afterwards.
  std::vector<Array> operator()(const std::vector<Array>& arguments) const;

private:
  Context& context_;
  std::string name_;  // for messages
  std::shared_ptr<Executor> executor_;
};

}  // namespace ashlar
