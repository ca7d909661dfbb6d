// SPDX-License-Identifier: Apache-2.0
#include "models/convert/to_gguf.h"

#include "models/convert/encode_rows.h"
#include "models/convert/gguf_experts.h"
#include "models/convert/gguf_metadata.h"
#include "models/convert/gguf_mxfp4.h"
#include "models/convert/weight_rows.h"
#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/writer.h"
#include "runtime/program/error.h"

#include <map>
#include <memory>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "convert";

// The name without a wrapper's prefix; none for tensors of the wrapper's other parts.
std::optional<std::string> decoder_name(std::string_view name, const ModelConfig& config) {
  if (config.model_type == config.decoder_type || name.starts_with("lm_head."))
    return std::string(name);
  for (const std::string_view prefix : {"language_model.", "model.language_model."})
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      const bool whole = name.starts_with("model.") || name.starts_with("lm_head.");
      return (whole ? "" : "model.") + std::string(name);
    }
  return std::nullopt;
}

// "model.layers.3.mlp.gate.weight" as "blk.3." and "mlp.gate.weight".
struct LayerTensor {
  std::string layer;
  std::string_view name;
};

std::optional<LayerTensor> find_layer(std::string_view name) {
  constexpr std::string_view kLayers = "model.layers.";
  if (!name.starts_with(kLayers))
    return std::nullopt;
  name.remove_prefix(kLayers.size());
  const std::size_t end = std::min(name.find('.'), name.size() - 1) + 1;
  return LayerTensor{fmt::format("blk.{}", name.substr(0, end)), name.substr(end)};
}

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

// Which tensors the file gets, out of which of the model's.
class TensorPlan {
public:
  TensorPlan(const ModelSource& model, const GgufRecipe& recipe,
             const std::function<void(const WrittenTensor&)>& on_tensor)
      : model_(model), config_(model.config()), recipe_(recipe), on_tensor_(on_tensor) {}

  std::vector<gguf::TensorToWrite> make() {
    if (const auto divisors = gguf_rope_divisors(config_))
      tensors_.push_back(
          {"rope_freqs.weight", gguf::BlockType::f32, {std::ssize(*divisors)}, [divisors] {
             return bytes_of(*divisors);
           }});
    for (const std::string& full : model_.weight_names()) {
      const auto own = decoder_name(full, config_);
      if (own && !(config_.tied_embeddings && *own == "lm_head.weight"))
        add(*own, *model_.find_weight(full));
    }
    for (const auto& [name, stack] : stacks_)
      add_stack(name, stack);
    return std::move(tensors_);
  }

private:
  struct Stack {
    ExpertSlice slice;                           // of the first expert
    std::map<std::int64_t, WeightSpec> weights;  // by expert, or one for all
  };

  void add(const std::string& name, const WeightSpec& weight) {
    if (const auto layer = find_layer(name))
      if (is_mxfp4_scales(name) || add_mxfp4(*layer, weight) || add_slices(*layer, weight))
        return;
    const gguf::Architecture& architecture = gguf::architecture_of(config_.decoder_type);
    const auto stored = gguf::gguf_name(architecture, name);
    if (!stored)
      throw Unsupported(kUnit, "tensor '{}' has no place in a GGUF file of {}", weight.name,
                        config_.decoder_type);
    if (stored->ends_with(".ssm_alpha.weight") && !architecture.tiles_value_heads)
      return;  // joins the other below
    if (stored->ends_with(".ssm_beta.weight") && !architecture.tiles_value_heads)
      return add_rates(stored->substr(0, stored->rfind(".ssm_")), weight);
    WeightSpec source = weight;
    source.shape = file_shape(*stored, weight.shape);
    add_encoded(*stored, source.shape, [this, source] {
      const auto rows = std::make_shared<WeightRows>(model_, source);
      return [rows](std::int64_t row, std::span<float> out) { rows->read(row, out); };
    });
  }

  // Axes of one element are squeezed: of the gate of the shared expert, a matrix of one row here,
  // and of convolutions. Mamba 2's vectors are spread out.
  Shape file_shape(std::string_view stored, const Shape& shape) const {
    const std::int64_t count = shape.element_count();
    if (stored.ends_with(".ffn_gate_inp_shexp.weight"))
      return {count};
    if (stored.ends_with(".ssm_conv1d.weight"))
      return {shape.dim(0), shape.dim(-1)};
    if (!gguf::architecture_of(config_.decoder_type).is_mamba2)
      return shape;
    if (stored.ends_with(".ssm_a") || stored.ends_with(".ssm_d"))
      return {count, 1};
    if (stored.ends_with(".ssm_norm.weight"))
      return {config_.recurrence->groups, count / config_.recurrence->groups};
    return shape;
  }

  // Qwen3-Next's `in_proj_b` and `in_proj_a`, the rows of one after those of the other in each
  // group.
  void add_rates(const std::string& layer, const WeightSpec& rate) {
    WeightSpec decay = rate;
    decay.name.replace(decay.name.rfind("in_proj_b"), 9, "in_proj_a");
    const std::int64_t heads = rate.shape.dim(0),
                       shared = config_.recurrence->heads / config_.recurrence->groups;
    add_encoded(layer + ".ssm_ba.weight", {2 * heads, rate.shape.dim(1)},
                [this, rate, decay, shared] {
                  const auto rates = std::make_shared<WeightRows>(model_, rate),
                             decays = std::make_shared<WeightRows>(model_, decay);
                  return [rates, decays, shared](std::int64_t row, std::span<float> out) {
                    const std::int64_t group = row / (2 * shared), within = row % (2 * shared);
                    WeightRows& rows = within < shared ? *rates : *decays;
                    rows.read(group * shared + within % shared, out);
                  };
                });
  }

  // Packed blocks stay what they are, whatever the recipe says.
  bool add_mxfp4(const LayerTensor& tensor, const WeightSpec& weight) {
    const auto slices = slice_mxfp4(tensor.name, weight.shape);
    for (const Mxfp4Slice& slice : slices) {
      const WrittenTensor written{tensor.layer + slice.tensor, gguf::BlockType::mxfp4, slice.shape,
                                  0};
      tensors_.push_back(
          {written.name, written.type, written.shape, [this, weight, slice, written] {
             auto bytes = read_mxfp4(model_, weight, slice);
             if (on_tensor_)
               on_tensor_(written);
             return bytes;
           }});
    }
    return !slices.empty();
  }

  bool add_slices(const LayerTensor& tensor, const WeightSpec& weight) {
    const auto slices = slice_experts(tensor.name, weight.shape, config_);
    for (const ExpertSlice& slice : slices) {
      Stack& stack = stacks_.try_emplace(tensor.layer + slice.tensor, slice).first->second;
      if (stack.slice.shape != slice.shape)
        throw InvalidArgument(kUnit, "'{}': expected {} as of the other experts, got {}",
                              weight.name, stack.slice.shape.to_string(), slice.shape.to_string());
      stack.weights.emplace(slice.expert.value_or(0), weight);
    }
    return !slices.empty();
  }

  void add_stack(const std::string& name, const Stack& stack) {
    std::vector<WeightSpec> weights;
    for (const auto& [expert, weight] : stack.weights)
      weights.push_back(weight);
    const std::int64_t count = config_.experts->count;
    const std::int64_t found =
        stack.slice.expert ? std::ssize(weights) : weights.front().shape.dim(0);
    if (found != count || (stack.slice.expert && stack.weights.rbegin()->first != count - 1))
      throw InvalidArgument(kUnit, "'{}': expected {} experts, got {}", name, count, found);
    std::vector<std::int64_t> dims = stack.slice.shape.dims();
    dims.insert(dims.begin(), count);
    add_encoded(name, Shape(std::move(dims)), [this, weights, slice = stack.slice] {
      const auto rows = std::make_shared<ExpertRows>(model_, weights, slice);
      return [rows](std::int64_t row, std::span<float> out) { rows->read(row, out); };
    });
  }

  // `open` is called when the tensor is written, so that no other's rows are in memory.
  void add_encoded(const std::string& name, const Shape& shape, std::function<ReadRow()> open) {
    const gguf::BlockType type = recipe_.type_of(name, shape, config_);
    tensors_.push_back(
        {name, type, shape,
         [this, open = std::move(open), written = WrittenTensor{name, type, shape, 0}]() mutable {
           auto bytes = encode_rows(config_, open(), written);
           if (on_tensor_)
             on_tensor_(written);
           return bytes;
         }});
  }

  const ModelSource& model_;
  const ModelConfig& config_;
  const GgufRecipe& recipe_;
  const std::function<void(const WrittenTensor&)>& on_tensor_;
  std::vector<gguf::TensorToWrite> tensors_;
  std::map<std::string, Stack> stacks_;
};

}  // namespace

void write_gguf(const ModelSource& model, const std::filesystem::path& out,
                const GgufRecipe& recipe,
                const std::function<void(const WrittenTensor&)>& on_tensor) {
  if (model.config().quantization)
    throw InvalidArgument(kUnit, "{} is quantised already", model.name());
  gguf::Metadata metadata = gguf_metadata(model);
  metadata["general.file_type"] = recipe.file_type;
  TensorPlan plan(model, recipe, on_tensor);
  gguf::write(out, metadata, plan.make());
}

}  // namespace ashlar
