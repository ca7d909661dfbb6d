// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/dlpack.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <dlpack/dlpack.h>
#include <gmock/gmock.h>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Dlpack, GoesThereAndBack) {
  for (DType dtype : {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32}) {
    const Array x = transpose(reshape(arange(6), {2, 3})).astype(dtype);
    DLManagedTensor* tensor = to_dlpack(x);
    EXPECT_EQ(tensor->dl_tensor.ndim, 2);
    const Array back = from_dlpack(tensor);
    EXPECT_EQ(back.type(), x.type());
    EXPECT_EQ(back.to_bytes(), x.to_bytes()) << name_of(dtype);
  }
}

struct Foreign {
  std::vector<double> values{0, 1, 2, 3, 4, 5};
  std::vector<std::int64_t> shape{3, 2}, strides{1, 3};
  int deleted = 0;
  DLManagedTensor tensor{};

  Foreign() {
    tensor.dl_tensor = {.data = values.data(),
                        .device = {kDLCPU, 0},
                        .ndim = 2,
                        .dtype = {kDLFloat, 64, 1},
                        .shape = shape.data(),
                        .strides = strides.data(),
                        .byte_offset = 0};
    tensor.manager_ctx = this;
    tensor.deleter = [](DLManagedTensor* self) {
      ++static_cast<Foreign*>(self->manager_ctx)->deleted;
    };
  }
};

TEST(Dlpack, FollowsStrides) {
  Foreign columns;
  EXPECT_THAT(from_dlpack(&columns.tensor).to_vector<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(columns.deleted, 1);
  Foreign backwards;
  backwards.strides = {-2, 1};
  backwards.tensor.dl_tensor.byte_offset = 4 * sizeof(double);
  EXPECT_THAT(from_dlpack(&backwards.tensor).to_vector<float>(), ElementsAre(4, 5, 2, 3, 0, 1));
  Foreign empty;
  empty.shape = {0, 2};
  EXPECT_EQ(from_dlpack(&empty.tensor).shape(), (Shape{0, 2}));
}

TEST(Dlpack, RefusesWhatItCannotRead) {
  Foreign tensor;
  tensor.tensor.dl_tensor.device.device_type = kDLCUDA;
  EXPECT_THAT([&] { from_dlpack(&tensor.tensor); },
              ThrowsMessage<InvalidArgument>(HasSubstr("got one on device type 2")));
  tensor.tensor.dl_tensor.device.device_type = kDLCPU;
  tensor.tensor.dl_tensor.dtype = {kDLComplex, 64, 1};
  EXPECT_THAT([&] { from_dlpack(&tensor.tensor); },
              ThrowsMessage<Unsupported>(HasSubstr("code 5, 64 bits and 1 lanes")));
  EXPECT_EQ(tensor.deleted, 2);
}

}  // namespace
}  // namespace ashlar
