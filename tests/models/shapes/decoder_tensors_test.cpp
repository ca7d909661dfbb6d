// SPDX-License-Identifier: Apache-2.0
// The list of a decoder's tensors against the checkpoints of every family.
#include "models/families/decoder_tensors.h"
#include "models/formats/checkpoint.h"

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
    const Checkpoint checkpoint = Checkpoint::open(folder.path());
    for (const CheckpointTensor& tensor : checkpoint.tensors())
      stored[tensor.info->name] = tensor.info->shape.dims();
    for (const DecoderTensor& tensor : decoder_tensors(read_model_config(folder.path())))
      listed[tensor.name] = tensor.shape.dims();
    EXPECT_EQ(listed, stored);
    ++families;
  }
  EXPECT_GE(families, 20);
}

}  // namespace
}  // namespace ashlar
