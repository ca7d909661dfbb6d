// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/checkpoint.h"

#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/config.h"
#include "models/formats/gguf/head_order.h"
#include "models/formats/gguf/k_blocks.h"
#include "models/formats/gguf/recurrent_config.h"
#include "models/formats/split_projections.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/k_encoding.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";
constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kGates = ".ffn_gate_up_exps.weight";
constexpr std::string_view kRates = ".ssm_ba.weight";
constexpr std::string_view kLayers = "blk.";

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

[[noreturn]] void refuse_rows(const StoredTensor& stored, std::int64_t period) {
  throw FormatError(kUnit, "{}: tensor {}: expected rows and columns in multiples of {}, got {}",
                    stored.file->name(), in_quotes(stored.info->name), period,
                    stored.info->shape.to_string());
}

// Files squeeze axes of one element, and spread out Mamba 2's vectors.
Shape folder_shape(std::string_view name, const Shape& shape) {
  if (name.ends_with(".A_log") || name.ends_with(".D") || name.ends_with(".mixer.norm.weight"))
    return {shape.element_count()};
  if (name.ends_with(".shared_expert_gate.weight") && shape.rank() == 1)
    return {1, shape.dim(0)};
  if (name.ends_with(".conv1d.weight") && shape.rank() == 2)
    return {shape.dim(0), 1, shape.dim(1)};
  return shape;
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
    if (tensor != "rope_freqs.weight" &&  // config_json reads it
        !(architecture.has_delta_nets && is_draft(tensor)))
      add(stored, architecture);
  std::ranges::sort(tensors_, {}, &Tensor::name);
  if (const auto modules = config_.find("quantization"); modules != config_.end())
    *modules = quantization_of(*modules);
}

// Of layers behind the last, which guess tokens in advance.
bool Checkpoint::is_draft(std::string_view name) const {
  std::int64_t layer = 0;
  return name.starts_with(kLayers) &&
         std::from_chars(name.data() + kLayers.size(), name.data() + name.size(), layer).ec ==
             std::errc() &&
         layer >= config_["num_hidden_layers"].get<std::int64_t>();
}

void Checkpoint::add(const StoredTensor& stored, const Architecture& architecture) {
  if (stored.info->name.ends_with(kGates))
    return add_gates(stored, architecture);
  if (architecture.has_delta_nets && stored.info->name.ends_with(kRates))
    return add_rates(stored, architecture);
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
  Tensor half{.shape = {info.shape.dim(0), rows, info.shape.dim(2)},
              .stored = stored,
              .rows = RowSelection{.period = 2 * rows, .runs = {{0, rows}}}};
  add(half, layer + ".ffn_gate_exps.weight", architecture);
  half.rows->runs.front().first = rows;
  add(half, layer + ".ffn_up_exps.weight", architecture);
}

// Group by group, of Qwen3-Next.
void Checkpoint::add_rates(const StoredTensor& stored, const Architecture& architecture) {
  const TensorInfo& info = *stored.info;
  const std::string layer = info.name.substr(0, info.name.size() - kRates.size());
  const std::vector<ProjectionPart> parts = split_projections(delta_net_sizes(config_));
  for (const auto& [name, stored_name] :
       {std::pair("in_proj_a", ".ssm_alpha.weight"), {"in_proj_b", ".ssm_beta.weight"}}) {
    const RowSelection& rows =
        std::ranges::find(parts, std::string_view(name), &ProjectionPart::name)->rows;
    if (info.shape.rank() != 2 || !rows.divides(info.shape.dim(0)))
      refuse_rows(stored, rows.period);
    add({.shape = {rows.count(info.shape.dim(0)), info.shape.dim(1)},
         .stored = stored,
         .rows = rows},
        layer + stored_name, architecture);
  }
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
  if (architecture.tiles_value_heads)
    order_heads(tensor);
  if (type == BlockType::mxfp4 && tensor.shape.rank() == 3)
    return add_mxfp4(std::move(tensor));
  if (affine_form(type))
    return add_affine(std::move(tensor));
  tensor.shape = folder_shape(*name, tensor.shape);
  tensor.stored_as = stored_as(architecture, *name);
  const DType dtype = loaded_dtype(stored);
  tensor.dtype = tensor.stored_as == StoredAs::itself ? dtype : DType::f32;
  tensors_.push_back(std::move(tensor));
}

void Checkpoint::order_heads(Tensor& tensor) const {
  const RecurrenceConfig sizes = delta_net_sizes(config_);
  const std::string_view name = name_in_layer(tensor.name);
  const Shape& shape = tensor.shape;
  if (const auto rows = rows_by_head(name, sizes, HeadOrder::of_folder)) {
    if (shape.rank() < 1 || shape.rank() > 2 || !rows->divides(shape.dim(0)))
      refuse_rows(tensor.stored, rows->period);
    tensor.rows = rows;
  }
  tensor.columns = columns_by_head(name, sizes, HeadOrder::of_folder);
  if (tensor.columns && (shape.rank() != 2 || !tensor.columns->divides(shape.dim(1))))
    refuse_rows(tensor.stored, tensor.columns->period);
}

void Checkpoint::add_affine(Tensor tensor) {
  const std::string module = module_of(tensor);
  const AffineForm form = *affine_form(tensor.stored.info->type);
  const Shape numbers = tensor.shape;
  const std::int64_t columns = numbers.dim(-1);
  if (tensor.columns)
    add_input_order(module, tensor);
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

// Blocks stay what they are, so their inputs are put into their order.
void Checkpoint::add_input_order(const std::string& module, Tensor& tensor) {
  Tensor order{.name = module + ".input_order",
               .dtype = DType::i32,
               .shape = {tensor.shape.dim(-1)},
               .stored = tensor.stored,
               .part = Part::input_order};
  order.columns =
      columns_by_head(name_in_layer(tensor.name), delta_net_sizes(config_), HeadOrder::of_file);
  tensors_.push_back(std::move(order));
  tensor.columns = std::nullopt;
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
