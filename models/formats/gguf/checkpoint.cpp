// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/checkpoint.h"

#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/config.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <map>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";
constexpr std::string_view kWeight = ".weight";

DType loaded_dtype(const StoredTensor& stored) {
  switch (stored.info->type) {
  case BlockType::f32:
  case BlockType::f64:
    return DType::f32;
  case BlockType::f16:
    return DType::f16;
  case BlockType::bf16:
    return DType::bf16;
  default:
    throw Unsupported(kUnit, "{}: tensor {} is stored as {}, which cannot be loaded",
                      stored.file->name(), in_quotes(stored.info->name),
                      name_of(stored.info->type));
  }
}

// The encodings of all modules, with what most of them have in front and the others listed.
nlohmann::json quantization_of(const nlohmann::json& modules) {
  std::map<nlohmann::json, int> counts;
  for (const nlohmann::json& encoding : modules)
    ++counts[encoding];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& x) { return x.second; });
  nlohmann::json quantization = most->first;
  for (const auto& [module, encoding] : modules.items())
    if (encoding != most->first)
      quantization[module] = encoding;
  return quantization;
}

bool is_query_or_key(std::string_view name) {
  return name.find(".q_proj.") != name.npos || name.find(".k_proj.") != name.npos;
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& path) {
  return Checkpoint(FileSet::open(path));
}

Checkpoint::Checkpoint(FileSet files) : files_(std::move(files)) {
  const Fields fields = files_.fields();
  const std::string* name = fields.text("general.architecture");
  if (!name)
    fields.fail("general.architecture", "expected text, got nothing");
  const Architecture& architecture = find_architecture(*name, fields.where());
  config_ = config_json(files_, architecture);
  for (const auto& [tensor, stored] : files_.tensors())
    if (tensor != "rope_freqs.weight")  // config_json reads it
      add(stored, architecture);
  std::ranges::sort(tensors_, {}, &Tensor::name);
  if (const auto modules = config_.find("quantization"); modules != config_.end())
    *modules = quantization_of(*modules);
}

void Checkpoint::add(const StoredTensor& stored, const Architecture& architecture) {
  const TensorInfo& info = *stored.info;
  const auto name = checkpoint_name(architecture, info.name);
  if (!name)
    throw Unsupported(kUnit, "{}: tensor {} is not known in architecture {}", stored.file->name(),
                      in_quotes(info.name), architecture.name);
  Tensor tensor{.name = *name, .shape = info.shape, .stored = stored};
  if (architecture.interleaves_rope && is_query_or_key(*name))
    tensor.head_rows = config_["head_dim"].get<std::int64_t>();
  if (tensor.head_rows != 0 && (tensor.head_rows % 2 != 0 || info.shape.rank() == 0 ||
                                info.shape.dim(0) % tensor.head_rows != 0))
    throw FormatError(kUnit, "{}: tensor {}: expected rows in heads of {}, got {}",
                      stored.file->name(), in_quotes(info.name), tensor.head_rows,
                      info.shape.to_string());
  if (affine_form(info.type))
    return add_matrix(std::move(tensor));
  tensor.less_one = architecture.adds_one_to_norms && info.name.ends_with("norm.weight");
  tensor.dtype = tensor.less_one ? DType::f32 : loaded_dtype(stored);
  tensors_.push_back(std::move(tensor));
}

void Checkpoint::add_matrix(Tensor tensor) {
  if (tensor.shape.rank() != 2 || !tensor.name.ends_with(kWeight))
    throw Unsupported(kUnit, "{}: tensor {}: {} is supported for matrices only, got {}",
                      tensor.stored.file->name(), in_quotes(tensor.stored.info->name),
                      name_of(tensor.stored.info->type), tensor.shape.to_string());
  const AffineForm form = *affine_form(tensor.stored.info->type);
  const std::string module = tensor.name.substr(0, tensor.name.size() - kWeight.size());
  const std::int64_t rows = tensor.shape.dim(0), columns = tensor.shape.dim(1);
  config_["quantization"][module] = {{"bits", form.encoding.bits},
                                     {"group_size", form.encoding.group_size}};
  tensor.part = Part::packed;
  tensor.dtype = DType::u32;
  tensor.shape = {rows, columns / 32 * form.encoding.bits};
  tensors_.push_back(tensor);
  tensor.dtype = form.scales;
  tensor.shape = {rows, columns / form.encoding.group_size};
  for (const auto& [part, suffix] :
       {std::pair(Part::scales, ".scales"), {Part::biases, ".biases"}}) {
    tensor.part = part;
    tensor.name = module + suffix;
    tensors_.push_back(tensor);
  }
}

const Tensor* Checkpoint::find(std::string_view name) const {
  const auto it = std::ranges::lower_bound(tensors_, name, {}, &Tensor::name);
  return it != tensors_.end() && it->name == name ? &*it : nullptr;
}

}  // namespace ashlar::gguf
