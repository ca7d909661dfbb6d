// SPDX-License-Identifier: Apache-2.0
// An index, a NUL, a quantization_config, a NUL, and a shard "a.safetensors": they either open, and
// then all tensors can be read as programs read them, or end in a typed error.
#include "models/formats/json_file.h"
#include "models/formats/loadable_tensors.h"
#include "runtime/program/error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

// Of this process; gone with it.
class Folder {
public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("ashlar_fuzz_{}", ::getpid())) {
    fs::create_directory(path_);
  }
  ~Folder() { fs::remove_all(path_); }

  const fs::path& path() const { return path_; }
  void write(const char* name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

private:
  fs::path path_;
};

// The input up to the next NUL, which is taken from it.
std::string_view take_part(std::string_view& input) {
  const std::size_t size = std::min(input.find('\0'), input.size());
  const std::string_view part = input.substr(0, size);
  input.remove_prefix(std::min(size + 1, input.size()));
  return part;
}

std::optional<ashlar::QuantizationConfig> parse_quantization(std::string_view text) {
  if (text.empty())
    return std::nullopt;
  const nlohmann::json config = {{"quantization_config", ashlar::parse_json(text, "input")}};
  return ashlar::read_quantization(ashlar::JsonFields(config, "input"));
}

void read(const ashlar::LoadableTensors& tensors, std::string_view name) {
  const auto tensor = tensors.find(name);
  if (!tensor)
    return;
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor->shape.element_count()) *
                               ashlar::size_of(tensor->dtype));
  tensor->read(0, bytes);
}

void read_everything(const std::shared_ptr<const ashlar::Checkpoint>& checkpoint,
                     const std::optional<ashlar::QuantizationConfig>& quantization) {
  const ashlar::LoadableTensors tensors(checkpoint, quantization);
  for (const auto& [module, matrix] : tensors.converted())
    for (const char* part : {".weight", ".scales", ".biases"})
      read(tensors, module + part);
  for (const ashlar::CheckpointTensor& tensor : checkpoint->tensors())
    read(tensors, tensor.info->name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  folder.write("model.safetensors.index.json", take_part(input));
  const std::string_view quantization = take_part(input);
  folder.write("a.safetensors", input);
  try {
    const auto checkpoint =
        std::make_shared<const ashlar::Checkpoint>(ashlar::Checkpoint::open(folder.path()));
    read_everything(checkpoint, parse_quantization(quantization));
  } catch (const ashlar::FormatError&) {
  } catch (const ashlar::IoError&) {
  } catch (const ashlar::Unsupported&) {
  }
  return 0;
}
