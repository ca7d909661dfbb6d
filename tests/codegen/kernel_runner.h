// SPDX-License-Identifier: Apache-2.0
// Runs one fused region twice, by the reference evaluator and as a kernel on the device, and
// compares. Regions are MLIR text: a function @main whose body is one kernel.fused; where it has no
// schedule, it gets the default one.
#pragma once

#include "ir/reference/tensor.h"
#include "runtime/program/device_profile.h"
#include "runtime/vulkan/device.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ashlar {

struct Tolerance {
  double relative = 4e-6;
  double absolute = 1e-6;
};

class KernelTest : public testing::Test {
protected:
  using Tensor = reference::Tensor;
  using Tensors = std::vector<Tensor>;

  // What the device computes: the outputs, then inputs that the
  // kernel must leave as they were although it writes to them.
  static Tensors run(const std::string& text, const Tensors& inputs);
  // What the reference computes.
  static Tensors expected(const std::string& text, const Tensors& inputs);

  // Both, compared: integers exactly, narrow floats also within one unit in the last place.
  static void compare(const std::string& text, const Tensors& inputs, Tolerance tolerance = {});
  static void expect_near(const Tensors& actual, const Tensors& expected, Tolerance tolerance);

  // Reals uniform in [low, high); integers likewise.
  static Tensor random(DType dtype, Shape shape, double low = -2, double high = 2,
                       std::uint32_t seed = 1);
  static Tensor values(DType dtype, Shape shape, const std::vector<double>& values);

  static Device& device();
  // Threads of the device that are as many subgroups as `threads` are of 8, the subgroups of
  // lavapipe.
  static int in_subgroups(int threads);
};

// Writes a region: inputs are %x0, %x1, ... and results of ops %r0, %r1, ...
class RegionText {
public:
  explicit RegionText(std::string root, std::string schedule = "")
      : root_(std::move(root)), schedule_(std::move(schedule)) {}

  // Return the name of the new value.
  std::string input(const std::string& type);
  std::string op(const std::string& text);
  // `inplace`: number of the input whose buffer the output shares.
  void output(const std::string& value, const std::string& type, int inplace = -1);
  std::string text() const;

private:
  std::string root_, schedule_;
  std::vector<std::string> inputs_, outputs_, output_types_;
  std::vector<int> inplace_;
  std::string body_;
  int count_ = 0;
};

// "f32" -> "f32", "u8" -> "ui8", "bool" -> "i1".
std::string mlir_name(DType dtype);

}  // namespace ashlar
