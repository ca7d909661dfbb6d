// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/checkpoint.h"

#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/config.h"
#include "models/formats/gguf/k_blocks.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/k_encoding.h"

#include <algorithm>
#include <map>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";
constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kGates = ".ffn_gate_up_exps.weight";

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

// Of a weight in blocks.
std::string module_of(const Tensor& tensor) {
  if (tensor.shape.rank() < 2 || tensor.shape.rank() > 3 || !tensor.name.ends_with(kWeight))
    throw Unsupported(kUnit, "{}: tensor {}: {} is supported for matrices only, got {}",
                      tensor.stored.file->name(), in_quotes(tensor.stored.info->name),
                      name_of(tensor.stored.info->type), tensor.shape.to_string());
  return tensor.name.substr(0, tensor.name.size() - kWeight.size());
}

// With other axes in place of the last.
Shape with_columns(const Shape& shape, std::initializer_list<std::int64_t> columns) {
  std::vector<std::int64_t> dims = shape.dims();
  dims.pop_back();
  dims.insert(dims.end(), columns);
  return Shape(std::move(dims));
}

bool is_query_or_key(std::string_view name) {
  return name.find(".q_proj.") != name.npos || name.find(".k_proj.") != name.npos;
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& path, KScales scales) {
  return Checkpoint(FileSet::open(path), scales);
}

Checkpoint::Checkpoint(FileSet files, KScales scales) : files_(std::move(files)), scales_(scales) {
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
  if (stored.info->name.ends_with(kGates))
    return add_gates(stored, architecture);
  add({.shape = stored.info->shape, .stored = stored}, stored.info->name, architecture);
}

// Of each expert the rows of its gate, then those of its other projection.
void Checkpoint::add_gates(const StoredTensor& stored, const Architecture& architecture) {
  const TensorInfo& info = *stored.info;
  if (info.shape.rank() != 3 || info.shape.dim(1) % 2 != 0)
    throw FormatError(kUnit,
                      "{}: tensor {}: expected an even number of rows for each expert, got {}",
                      stored.file->name(), in_quotes(info.name), info.shape.to_string());
  const std::string layer = info.name.substr(0, info.name.size() - kGates.size());
  const std::int64_t rows = info.shape.dim(1) / 2;
  Tensor half{.shape = {info.shape.dim(0), rows, info.shape.dim(2)}, .stored = stored};
  add(half, layer + ".ffn_gate_exps.weight", architecture);
  half.first_row = rows;
  add(half, layer + ".ffn_up_exps.weight", architecture);
}

void Checkpoint::add(Tensor tensor, const std::string& stored_name,
                     const Architecture& architecture) {
  const StoredTensor& stored = tensor.stored;
  const BlockType type = stored.info->type;
  const auto name = checkpoint_name(architecture, stored_name);
  if (!name)
    throw Unsupported(kUnit, "{}: tensor {} is not known in architecture {}", stored.file->name(),
                      in_quotes(stored.info->name), architecture.name);
  tensor.name = *name;
  if (architecture.interleaves_rope && is_query_or_key(*name))
    tensor.head_rows = config_["head_dim"].get<std::int64_t>();
  if (tensor.head_rows != 0 && (tensor.head_rows % 2 != 0 || tensor.shape.rank() == 0 ||
                                tensor.shape.dim(0) % tensor.head_rows != 0))
    throw FormatError(kUnit, "{}: tensor {}: expected rows in heads of {}, got {}",
                      stored.file->name(), in_quotes(stored.info->name), tensor.head_rows,
                      tensor.shape.to_string());
  if (type == BlockType::mxfp4 && tensor.shape.rank() == 3)
    return add_mxfp4(std::move(tensor));
  if (affine_form(type))
    return add_affine(std::move(tensor));
  // The gate of the shared expert is a matrix of one row.
  if (name->ends_with(".shared_expert_gate.weight") && tensor.shape.rank() == 1)
    tensor.shape = {1, tensor.shape.dim(0)};
  tensor.less_one = architecture.adds_one_to_norms && stored_name.ends_with("norm.weight");
  tensor.dtype = tensor.less_one ? DType::f32 : loaded_dtype(stored);
  tensors_.push_back(std::move(tensor));
}

void Checkpoint::add_affine(Tensor tensor) {
  const std::string module = module_of(tensor);
  const AffineForm form = *affine_form(tensor.stored.info->type);
  const Shape numbers = tensor.shape;
  const std::int64_t columns = numbers.dim(-1);
  config_["quantization"][module] = {{"bits", form.encoding.bits},
                                     {"group_size", form.encoding.group_size}};
  tensor.part = Part::packed;
  tensor.dtype = DType::u32;
  tensor.shape = with_columns(numbers, {columns / 32 * form.encoding.bits});
  tensors_.push_back(tensor);
  if (scales_ == KScales::two_steps && scales_in_two_steps(tensor.stored.info->type)) {
    tensor.part = Part::k_scales;
    tensor.name = module + ".scales";
    tensor.shape = with_columns(numbers, {columns / kSuperBlock * kSuperBlockScaleWords});
    tensors_.push_back(std::move(tensor));
    return;
  }
  tensor.dtype = form.scales;
  tensor.shape = with_columns(numbers, {columns / form.encoding.group_size});
  for (const auto& [part, suffix] :
       {std::pair(Part::scales, ".scales"), {Part::biases, ".biases"}}) {
    tensor.part = part;
    tensor.name = module + suffix;
    tensors_.push_back(tensor);
  }
}

void Checkpoint::add_mxfp4(Tensor tensor) {
  const std::string module = module_of(tensor);
  const Shape numbers = tensor.shape;
  const std::int64_t blocks = numbers.dim(-1) / 32;
  tensor.dtype = DType::u8;
  tensor.part = Part::mxfp4_blocks;
  tensor.name = module + "_blocks";
  tensor.shape = with_columns(numbers, {blocks, 16});
  tensors_.push_back(tensor);
  tensor.part = Part::mxfp4_scales;
  tensor.name = module + "_scales";
  tensor.shape = with_columns(numbers, {blocks});
  tensors_.push_back(tensor);
}

const Tensor* Checkpoint::find(std::string_view name) const {
  const auto it = std::ranges::lower_bound(tensors_, name, {}, &Tensor::name);
  return it != tensors_.end() && it->name == name ? &*it : nullptr;
}

}  // namespace ashlar::gguf
