// SPDX-License-Identifier: Apache-2.0
// The named tensors of a model, as seen by the code that traces it.
//
// Names are those of the checkpoint. A `Weights` value stands for a prefix, so that blocks name
// their tensors locally: `weights / "self_attn"`, then `["q_proj.weight"]`.
#pragma once

#include "models/formats/quantization_config.h"
#include "runtime/array/transforms.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::nn {

// The stored type of a tensor, or nothing when the model has no such tensor.
using TensorTypes = std::function<std::optional<ArrayType>(std::string_view name)>;

// Cheap to copy. Building arrays is safe from any thread when `types` is.
class Weights {
public:
  // `quantization`: how quantised matrices are encoded, if any are.
  explicit Weights(TensorTypes types, std::optional<QuantizationConfig> quantization = {});
  // Arrays in the places of the checkpoint's tensors: parameters that are trained.
  explicit Weights(ArrayMap tensors);

  // The tensors below `name` and a dot.
  Weights operator/(std::string_view name) const;
  Weights operator/(std::int64_t index) const;

  bool has(std::string_view name) const;
  // None when there is no such tensor.
  std::optional<Shape> find_shape(std::string_view name) const;
  // The tensor in its own element type. Throws InvalidArgument when it is missing, holds no
  // floats or its shape is another one: geometry is checked against the file, never assumed.
  Array get(std::string_view name, const Shape& shape) const;

  // The tensor `NAME_blocks` [..., in / 32, 16] of MXFP4 numbers with their `NAME_scales`, both u8,
  // as floats [..., in]. Throws as `get` does.
  Array mxfp4(std::string_view name, const Shape& shape) const;

  // The tensor `weight` [out, in] of a linear or embedding module, or a stack of them [E, out, in]:
  // floats in their stored type, or dequantised to f32 where the module has `scales` (see
  // QuantizationConfig): of small floats, or of integers, whose scales without `biases` are in two
  // steps (dequantize_k). Throws
  // InvalidArgument also when the parts of a quantised matrix do not fit each other or the config.
  // Throws Unsupported where the matrix has its inputs in an order of their own.
  Array matrix(const Shape& shape) const;

  struct OrderedMatrix {
    Array matrix;
    std::optional<Array> input_order;  // i32 [in]: column k is for input input_order[k]
  };
  // As `matrix`, in whatever order.
  OrderedMatrix ordered_matrix(const Shape& shape) const;

  // The last part of the prefix: "q_proj" of "model.layers.3.self_attn.q_proj".
  std::string_view name() const;

private:
  friend OrderedMatrix stacked_matrices(const std::vector<Weights>& modules, const Shape& shape);

  using Tensors = std::function<std::optional<Array>(const std::string& name)>;
  // Equal tensors, one after another along a new axis 0.
  using Stack = std::function<Array(const std::vector<std::string>& names)>;
  // One of the parts that make up a matrix, by name and shape.
  using Parts = std::function<Array(std::string_view name, const Shape& shape)>;

  std::string full_name(std::string_view name) const;
  // As `get`, of any element type.
  Array tensor(std::string_view name, const Shape& shape) const;
  void require_inputs_in_order() const;
  Array matrix(const Shape& shape, const Parts& parts) const;
  Array dequantized(const Shape& shape, const Parts& parts) const;
  Array small_floats(const Shape& shape, const Parts& parts, const FloatEncoding& encoding) const;
  Array two_step_matrix(const Array& packed, const Array& scales, std::int64_t bits) const;

  struct Source {
    Tensors tensors;
    Stack stack;
    std::optional<QuantizationConfig> quantization;
  };
  std::shared_ptr<const Source> source_;
  std::string prefix_;
};

// The matrices [out, in] of modules that are stored one by one, as [E, out, in], with the orders of
// their inputs [E, in]. Throws InvalidArgument as Weights::matrix does, and when they differ in
// type or encoding, or some alone have their inputs in an order of their own.
Weights::OrderedMatrix stacked_matrices(const std::vector<Weights>& modules, const Shape& shape);

}  // namespace ashlar::nn
