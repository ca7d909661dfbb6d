// SPDX-License-Identifier: Apache-2.0
// The list of a decoder's tensors against the checkpoints of every family.
#include "models/families/decoder_tensors.h"
#include "models/generate/model_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using Shapes = std::map<std::string, std::vector<std::int64_t>>;

TEST(DecoderTensors, AreThoseOfEveryFamilysCheckpoint) {
  int families = 0;
  for (const auto& folder :
       fs::directory_iterator(fs::path(ASHLAR_TEST_DATA) / "goldens/families")) {
    SCOPED_TRACE(folder.path().filename().string());
    Shapes stored, listed;
    const ModelFiles model = ModelFiles::open(folder.path());
    for (const std::string& name : model.weight_names())
      stored[name] = model.find_weight(name)->shape.dims();
    for (const DecoderTensor& tensor : decoder_tensors(read_model_config(folder.path())))
      listed[tensor.name] = tensor.shape.dims();
    EXPECT_EQ(listed, stored);
    ++families;
  }
  EXPECT_GE(families, 20);
}

}  // namespace
}  // namespace ashlar
