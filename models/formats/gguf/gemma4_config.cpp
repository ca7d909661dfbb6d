// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/gemma4_config.h"

#include "models/formats/gguf/rope.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar::gguf {
namespace {

using Json = nlohmann::json;

class Gemma4Reader {
public:
  Gemma4Reader(const FileSet& files, const Fields& fields, const std::vector<bool>& slides,
               Json& config)
      : files_(files), fields_(fields), slides_(slides), config_(config) {}

  void read() {
    read_heads();
    read_shared_keys();
    read_feed_forward();
    read_per_layer_embedding();
    read_rope();
  }

private:
  std::vector<std::int64_t> by_layer(std::string_view key) const {
    const auto values = fields_.integers(key, kAnySize, slides_.size());
    if (!values)
      fields_.fail(key, "expected numbers, got nothing");
    return *values;
  }

  // Full layers have heads of another size than the others, and may have fewer keys.
  void read_heads() {
    head_dim_ = fields_.size("attention.key_length");
    const std::int64_t sliding =
        fields_.integer("attention.key_length_swa", kAnySize).value_or(head_dim_);
    const auto kv_heads = by_layer("attention.head_count_kv");
    const auto common =
        static_cast<std::size_t>(std::ranges::find(slides_, true) - slides_.begin());
    config_["head_dim"] = sliding;
    config_["num_key_value_heads"] = kv_heads[common % kv_heads.size()];
    Json others = Json::object();
    for (std::size_t i = 0; i < slides_.size(); ++i) {
      const std::int64_t size = slides_[i] ? sliding : head_dim_;
      if (size != sliding || kv_heads[i] != config_["num_key_value_heads"])
        others[std::to_string(i)] = {{"head_dim", size}, {"num_key_value_heads", kv_heads[i]}};
    }
    config_["per_layer_config"] = others;
  }

  void read_shared_keys() {
    const auto layers = static_cast<std::int64_t>(slides_.size());
    const auto shared = fields_.integer("attention.shared_kv_layers", {0, layers - 1}).value_or(0);
    config_["num_kv_shared_layers"] = shared;
    first_shared_ = slides_.size() - static_cast<std::size_t>(shared);
    // Layers whose values are their keys have no projection of values.
    bool value_is_key = false;
    for (std::size_t i = 0; i < first_shared_; ++i)
      value_is_key =
          value_is_key || (!slides_[i] && !files_.find(fmt::format("blk.{}.attn_v.weight", i)));
    config_["attention_k_eq_v"] = value_is_key;
  }

  void read_feed_forward() {
    const auto widths = by_layer("feed_forward_length");
    const bool doubled = widths.back() != widths.front();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (widths[i] != (doubled && i >= first_shared_ ? 2 : 1) * widths.front())
        throw Unsupported("gguf", "{}: feed_forward_length of layer {} is not supported: {}",
                          fields_.where(), i, widths[i]);
    config_["intermediate_size"] = widths.front();
    config_["use_double_wide_mlp"] = doubled;
  }

  void read_per_layer_embedding() {
    const auto width = fields_.integer("embedding_length_per_layer_input", {0, kMaxWidth});
    config_["hidden_size_per_layer_input"] = width.value_or(0);
    if (width.value_or(0) == 0)
      return;
    const StoredTensor* table = files_.find("per_layer_token_embd.weight");
    if (!table || table->info->shape.rank() != 2)
      throw FormatError("gguf", "{}: expected a matrix per_layer_token_embd.weight",
                        fields_.where());
    config_["vocab_size_per_layer_input"] = table->info->shape.dim(0);
  }

  void read_rope() {
    const double theta = fields_.positive_number("rope.freq_base").value_or(1e6),
                 sliding = fields_.positive_number("rope.freq_base_swa").value_or(1e4);
    config_["rope_parameters"] = {
        {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", sliding}}},
        {"full_attention",
         {{"rope_type", "proportional"},
          {"rope_theta", theta},
          {"partial_rotary_factor", rotating_share()}}}};
  }

  // Of the frequencies of full layers, the last ones are divided by as good as infinity.
  double rotating_share() const {
    const auto divisors = rope_divisors(files_);
    if (!divisors)
      return 1;
    const auto rotating = std::ranges::find_if(*divisors, [](float x) { return x != 1; });
    if (std::cmp_not_equal(divisors->size(), head_dim_ / 2) ||
        !std::all_of(rotating, divisors->end(), [](float x) { return x >= 1e30F; }))
      throw Unsupported("gguf", "{}: rope_freqs.weight: expected {} times 1, then 1e30",
                        fields_.where(), head_dim_ / 2);
    return static_cast<double>(rotating - divisors->begin()) /
           static_cast<double>(divisors->size());
  }

  const FileSet& files_;
  const Fields& fields_;
  const std::vector<bool>& slides_;
  Json& config_;
  std::int64_t head_dim_ = 0;  // of full layers
  std::size_t first_shared_ = 0;
};

}  // namespace

void add_gemma4(const FileSet& files, const Fields& fields, const std::vector<bool>& slides,
                Json& config) {
  Gemma4Reader(files, fields, slides, config).read();
}

}  // namespace ashlar::gguf
