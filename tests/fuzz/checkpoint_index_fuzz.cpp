// SPDX-License-Identifier: Apache-2.0
// Any index of shards either leads to tensors that lie where it says, or ends in a typed error.
#include "models/formats/checkpoint.h"
#include "models/formats/safetensors_writer.h"
#include "runtime/program/error.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace {

namespace fs = std::filesystem;

// A folder with the shards a.safetensors (tensors "x" and "y") and b.safetensors ("z").
class Folder {
public:
  Folder() {
    std::string name = fs::temp_directory_path() / "ashlar-fuzz-XXXXXX";
    if (!::mkdtemp(name.data()))
      std::abort();
    path_ = name;
    const auto tensor = [](const char* tensor_name) {
      static constexpr std::byte kData[4] = {};
      return ashlar::TensorToWrite{tensor_name, ashlar::StoredType::f32, {}, kData};
    };
    ashlar::write_safetensors(path_ / "a.safetensors", {tensor("x"), tensor("y")});
    ashlar::write_safetensors(path_ / "b.safetensors", {tensor("z")});
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const fs::path index = folder.path() / "model.safetensors.index.json";
  fs::remove(index);
  std::ofstream(index, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const auto checkpoint = ashlar::Checkpoint::open(folder.path());
    for (const ashlar::CheckpointTensor& tensor : checkpoint.tensors())
      if (checkpoint.find(tensor.info->name) != &tensor || tensor.data().size() != 4)
        std::abort();
  } catch (const ashlar::FormatError&) {
  } catch (const ashlar::IoError&) {
  }
  return 0;
}
