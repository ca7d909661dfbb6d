// SPDX-License-Identifier: Apache-2.0
#include "models/io/array_files.h"

#include "models/formats/npy.h"
#include "models/formats/zip.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include <unistd.h>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::ThrowsMessage;

class ArrayFilesTest : public ::testing::Test {
protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path path(const std::string& name) const { return folder_ / name; }
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string read(const fs::path& file) const {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

private:
  fs::path folder_ = fs::path(::testing::TempDir()) / ("array_files_" + std::to_string(::getpid()));
};

// A version 1 file as NumPy lays it out.
std::string npy_file(std::string header, const std::string& data) {
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

template <typename T> std::string bytes_of(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

TEST_F(ArrayFilesTest, WritesWhatNumpyWrites) {
  save_npy(path("x.npy"), array({1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}, {2, 3}));
  EXPECT_EQ(read(path("x.npy")),
            npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                     bytes_of<float>({1, 2, 3, 4, 5, 6})));
  save_npy(path("v.npy"), array<bool>({true, false}));
  EXPECT_EQ(read(path("v.npy")),
            npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }",
                     std::string("\1\0", 2)));
  save_npy(path("s.npy"), full({}, 7, DType::i64));
  EXPECT_EQ(load_npy(path("s.npy")).item<std::int64_t>(), 7);
}

TEST_F(ArrayFilesTest, ReadsOrdersAndDoubles) {
  const auto columns =
      write("f.npy", npy_file("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }",
                              bytes_of<std::int32_t>({1, 4, 2, 5, 3, 6})));
  EXPECT_THAT(load_npy(columns).to_vector<std::int32_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
  const auto doubles =
      write("d.npy", npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
                              bytes_of<double>({0.1, 1e300})));
  EXPECT_THAT(load_npy(doubles).to_vector<float>(),
              ElementsAre(0.1F, std::numeric_limits<float>::infinity()));
}

TEST_F(ArrayFilesTest, RefusesBrokenNpyFiles) {
  const auto message = [&](const std::string& bytes) -> std::string {
    try {
      load_npy(write("bad.npy", bytes));
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_THAT(message("hello, world!"), HasSubstr("is not a NumPy array file"));
  EXPECT_THAT(message(npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "abc")),
              HasSubstr("f32 elements of shape [2] do not take 3 bytes"));
  EXPECT_THAT(message(npy_file("{'descr': '<c8', 'fortran_order': False, 'shape': (), }", "")),
              HasSubstr("\"<c8\" is not supported"));
  EXPECT_THAT(message(npy_file("{'descr': '<f4', 'shape': (2,), }", "")),
              HasSubstr("expected descr, fortran_order and shape"));
  EXPECT_THAT(message(npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "")),
              HasSubstr("expected an extent"));
  EXPECT_THAT(message(npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': "
                               "(4611686018427387904, 8), }",
                               "")),
              HasSubstr("do not take 0 bytes"));
  EXPECT_THAT(message(npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", "\2")),
              HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(message(std::string("\x93NUMPY\x01\x00\xff\xff{}", 12)),
              HasSubstr("does not fit the file"));
  EXPECT_THAT([&] { save_npy(path("b.npy"), zeros({1}, DType::bf16)); },
              ThrowsMessage<Unsupported>(HasSubstr("NumPy has no bf16")));
  EXPECT_FALSE(fs::exists(path("b.npy")));
}

TEST_F(ArrayFilesTest, KeepsArchivesOfArrays) {
  const ArrayMap arrays{{"a.weight", arange(1000)}, {"b", sin(zeros({2}))}};
  for (bool compress : {false, true}) {
    save_npz(path("x.npz"), arrays, compress);
    const ArrayMap back = load_npz(path("x.npz"));
    EXPECT_THAT(back, ElementsAre(Key("a.weight"), Key("b")));
    EXPECT_EQ(back.at("a.weight").to_bytes(), arrays.at("a.weight").to_bytes());
    EXPECT_EQ(back.at("b").type(), arrays.at("b").type());
    EXPECT_EQ(fs::file_size(path("x.npz")) < 4000, compress);
  }
}

TEST_F(ArrayFilesTest, RefusesBrokenArchives) {
  EXPECT_THAT([&] { load_npz(path("none.npz")); }, ::testing::Throws<IoError>());
  EXPECT_THAT([&] { load_npz(write("text.npz", "not a zip archive")); },
              ::testing::Throws<FormatError>());
  const std::string text = "hello";
  const ZipEntry entry{"readme.txt", std::as_bytes(std::span(text))};
  write_zip(path("readme.npz"), {&entry, 1}, false);
  EXPECT_THAT([&] { load_npz(path("readme.npz")); },
              ThrowsMessage<FormatError>(HasSubstr("\"readme.txt\" is not an array")));
}

TEST_F(ArrayFilesTest, KeepsSafetensors) {
  const ArrayMap arrays{{"half", full({3}, 1.5, DType::bf16)}, {"mask", array<bool>({true})}};
  save_safetensors(path("x.safetensors"), arrays, {{"made", "here"}});
  const ArrayMap back = load_safetensors(path("x.safetensors"));
  EXPECT_THAT(back, ElementsAre(Key("half"), Key("mask")));
  EXPECT_EQ(back.at("half").dtype(), DType::bf16);
  EXPECT_THAT(back.at("half").to_vector<float>(), ElementsAre(1.5, 1.5, 1.5));
}

}  // namespace
}  // namespace ashlar
