// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/config.h"

#include "models/formats/gguf/decode.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>

namespace ashlar::gguf {
namespace {

using Json = nlohmann::json;

constexpr IntegerRange kAnySize{1, std::int64_t{1} << 31};

class ConfigReader {
public:
  ConfigReader(const FileSet& files, const Architecture& architecture)
      : files_(files), architecture_(architecture), model_(files.fields()),
        fields_(model_ / architecture.name) {}

  Json read() {
    config_["model_type"] = architecture_.model_type;
    read_sizes();
    read_biases();
    read_sliding_layers();
    read_rope();
    read_tokens();
    return std::move(config_);
  }

private:
  std::int64_t required(std::string_view key) const {
    const auto value = fields_.integer(key, kAnySize);
    if (!value)
      fields_.fail(key, "expected a number above 0, got nothing");
    return *value;
  }

  // One value for all layers.
  std::int64_t common(std::string_view key, std::int64_t fallback) const {
    const auto values = fields_.integers(key, kAnySize, static_cast<std::size_t>(layers_));
    if (!values)
      return fallback;
    if (std::ranges::any_of(*values, [&](std::int64_t value) { return value != values->front(); }))
      throw Unsupported("gguf", "{}: {} differs between layers, which is not supported",
                        fields_.where(), key);
    return values->front();
  }

  bool has_tensor(std::string_view name) const { return files_.find(name) != nullptr; }

  void read_sizes() {
    layers_ = fields_.integer("block_count", {1, kMaxLayers}).value_or(0);
    if (layers_ == 0)
      fields_.fail("block_count", "expected a number above 0, got nothing");
    const std::int64_t width = required("embedding_length"),
                       heads = required("attention.head_count");
    head_dim_ = fields_.integer("attention.key_length", kAnySize).value_or(width / heads);
    if (fields_.integer("attention.value_length", kAnySize).value_or(head_dim_) != head_dim_)
      throw Unsupported("gguf", "{}: values of another length than keys are not supported",
                        fields_.where());
    const StoredTensor* embedding = files_.find("token_embd.weight");
    if (!embedding || embedding->info->shape.rank() != 2)
      throw FormatError("gguf", "{}: expected a matrix token_embd.weight", fields_.where());
    config_["num_hidden_layers"] = layers_;
    config_["hidden_size"] = width;
    config_["num_attention_heads"] = heads;
    config_["head_dim"] = head_dim_;
    config_["num_key_value_heads"] = common("attention.head_count_kv", heads);
    config_["intermediate_size"] = common("feed_forward_length", 0);
    config_["max_position_embeddings"] = required("context_length");
    config_["vocab_size"] = embedding->info->shape.dim(0);
    config_["tie_word_embeddings"] = !has_tensor("output.weight");
    config_["dtype"] = dtype_of(embedding->info->type);
    if (const auto epsilon = fields_.positive_number("attention.layer_norm_rms_epsilon"))
      config_["rms_norm_eps"] = *epsilon;
    else
      fields_.fail("attention.layer_norm_rms_epsilon", "expected a number, got nothing");
  }

  // For activations: the type of floats. Quantised weights came from bf16 more often than not.
  static std::string_view dtype_of(BlockType type) {
    return type == BlockType::f32 ? "float32" : type == BlockType::f16 ? "float16" : "bfloat16";
  }

  void read_biases() {
    const bool output = has_tensor("blk.0.attn_output.bias");
    if (architecture_.name != "qwen2" && has_tensor("blk.0.attn_q.bias") != output)
      throw Unsupported("gguf", "{}: biases of queries but not of outputs are not supported",
                        fields_.where());
    config_["attention_bias"] = output;
    config_["mlp_bias"] = has_tensor("blk.0.ffn_gate.bias");
  }

  void read_sliding_layers() {
    const auto window = fields_.integer("attention.sliding_window", {0, kMaxPositions}).value_or(0);
    if (architecture_.name == "gemma3") {
      // Every sixth layer is full, which the files do not say.
      config_["sliding_window"] = window;
      config_["sliding_window_pattern"] =
          fields_.integer("attention.sliding_window_pattern", {1, kMaxLayers}).value_or(6);
      config_["query_pre_attn_scalar"] = query_scalar();
      if (const auto cap = fields_.positive_number("final_logit_softcapping"))
        config_["final_logit_softcapping"] = *cap;
    } else if (window != 0) {
      if (architecture_.name != "llama")
        throw Unsupported("gguf", "{}: sliding_window is not supported with architecture {}",
                          fields_.where(), architecture_.name);
      config_["model_type"] = "mistral";
      config_["sliding_window"] = window;
    }
  }

  // Queries are scaled by its inverse root. Of Gemma 3, the largest model alone scales by something
  // else than its heads' size, which its files leave unsaid.
  double query_scalar() const {
    constexpr std::int64_t kLayersOf27B = 62;
    if (const auto scale = fields_.positive_number("attention.scale"))
      return 1 / (*scale * *scale);
    return static_cast<double>(layers_ == kLayersOf27B
                                   ? required("embedding_length") / required("attention.head_count")
                                   : head_dim_);
  }

  void read_rope() {
    config_["rope_theta"] = fields_.positive_number("rope.freq_base").value_or(10000);
    if (architecture_.name == "gemma3")
      config_["rope_local_base_freq"] =
          fields_.positive_number("rope.freq_base_swa").value_or(10000);
    const auto dimensions = fields_.integer("rope.dimension_count", kAnySize).value_or(head_dim_);
    if (dimensions != head_dim_)
      config_["partial_rotary_factor"] =
          static_cast<double>(dimensions) / static_cast<double>(head_dim_);
    const std::string* type = fields_.text("rope.scaling.type");
    if (const StoredTensor* factors = files_.find("rope_freqs.weight"))
      config_["rope_scaling"] = divided_rope(*factors);
    else if (type && *type != "none")
      config_["rope_scaling"] = scaled_rope(*type);
  }

  Json scaled_rope(const std::string& type) const {
    const auto factor = fields_.positive_number("rope.scaling.factor");
    if (!factor)
      fields_.fail("rope.scaling.factor", "expected a number, got nothing");
    Json rope{{"rope_type", type}, {"factor", *factor}};
    if (type == "yarn")
      add_yarn(rope, *factor);
    else if (type != "linear")
      throw Unsupported("gguf", "{}: rope scaling {} is not supported", fields_.where(), type);
    return rope;
  }

  void add_yarn(Json& rope, double factor) const {
    if (fields_.contains("rope.scaling.yarn_log_multiplier"))
      throw Unsupported("gguf", "{}: rope.scaling.yarn_log_multiplier is not supported",
                        fields_.where());
    constexpr IntegerRange kPositions{1, kMaxPositions};
    if (const auto original = fields_.integer("rope.scaling.original_context_length", kPositions))
      rope["original_max_position_embeddings"] = *original;
    for (const std::string_view end : {"beta_fast", "beta_slow"})
      if (const auto beta = fields_.positive_number(fmt::format("rope.scaling.yarn_{}", end)))
        rope[std::string(end)] = *beta;
    const double own = fields_.positive_number("rope.scaling.yarn_attn_factor").value_or(1);
    rope["attention_factor"] = own * (factor <= 1 ? 1.0 : 0.1 * std::log(factor) + 1.0);
  }

  // Llama 3's scaling is stored as what it does to each frequency.
  Json divided_rope(const StoredTensor& tensor) const {
    const TensorInfo& info = *tensor.info;
    if (info.type != BlockType::f32 || info.shape.rank() != 1 || info.shape.dim(0) > kMaxHeadDim)
      throw FormatError("gguf", "{}: rope_freqs.weight: expected F32 of one axis, got {} {}",
                        fields_.where(), name_of(info.type), info.shape.to_string());
    std::vector<float> factors(static_cast<std::size_t>(info.shape.dim(0)));
    decode(info.type, tensor.data(), factors);
    return {{"rope_type", "longrope"},
            {"short_factor", factors},
            {"long_factor", factors},
            {"attention_factor", 1.0}};
  }

  void read_tokens() {
    const Fields tokens = model_ / "tokenizer.ggml";
    const IntegerRange ids{0, kMaxTokenId};
    if (const auto bos = tokens.integer("bos_token_id", ids))
      config_["bos_token_id"] = *bos;
    Json ends = Json::array();
    for (const std::string_view key : {"eos_token_id", "eot_token_id", "eom_token_id"})
      if (const auto id = tokens.integer(key, ids))
        ends.push_back(*id);
    config_["eos_token_id"] = ends;
  }

  const FileSet& files_;
  const Architecture& architecture_;
  Fields model_, fields_;
  Json config_;
  std::int64_t layers_ = 0, head_dim_ = 0;
};

}  // namespace

Json config_json(const FileSet& files, const Architecture& architecture) {
  return ConfigReader(files, architecture).read();
}

}  // namespace ashlar::gguf
