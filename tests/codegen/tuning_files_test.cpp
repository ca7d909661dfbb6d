// SPDX-License-Identifier: Apache-2.0
// Files of measured schedules: format, where they are looked for, and what is refused.
#include "codegen/tuning_files.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace ashlar::codegen {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TuningFilesTest : public testing::Test {
protected:
  TuningFilesTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-tuning-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    setenv("ASHLAR_CACHE_DIR", folder_.c_str(), 1);
    unsetenv("ASHLAR_TUNING");
  }
  ~TuningFilesTest() override {
    unsetenv("ASHLAR_CACHE_DIR");
    unsetenv("ASHLAR_TUNING");
    fs::remove_all(folder_);
  }

  static TuningTable table() {
    TuningTable table{profile().name, profile().driver, {}};
    table.kernels["0123456789abcdef"] = {
        {"matvec", {{"rows", 4}, {"lanes", 32}}}, "layers.*.mlp", 3.5, 7.25};
    return table;
  }
  static DeviceProfile profile() { return *find_profile_fixture("lavapipe"); }
  static DeviceProfile other_profile() { return *find_profile_fixture("nvidia-h200"); }
  static void write(const fs::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  fs::path folder_;
};

TEST_F(TuningFilesTest, TablesSurviveTheirFile) {
  const fs::path file = folder_ / "new" / "table.json";
  write_tuning(file, table());
  EXPECT_EQ(read_tuning(file, profile()), table());
  EXPECT_EQ(to_string(table().kernels.begin()->second.schedule), "matvec lanes=32 rows=4");
}

TEST_F(TuningFilesTest, TheDevicesFileIsFoundInTheCacheFolder) {
  EXPECT_TRUE(tuning_from_environment(profile()).kernels.empty());
  write_tuning(default_tuning_file(profile()), table());
  EXPECT_EQ(tuning_from_environment(profile()), table());
  EXPECT_TRUE(tuning_from_environment(other_profile()).kernels.empty());
  EXPECT_NE(default_tuning_file(profile()), default_tuning_file(other_profile()));
}

TEST_F(TuningFilesTest, TheEnvironmentNamesAnotherFileOrNone) {
  const fs::path file = folder_ / "other.json";
  write_tuning(file, table());
  setenv("ASHLAR_TUNING", file.c_str(), 1);
  EXPECT_EQ(tuning_from_environment(profile()), table());
  write_tuning(default_tuning_file(profile()), table());
  setenv("ASHLAR_TUNING", "", 1);
  EXPECT_TRUE(tuning_from_environment(profile()).kernels.empty());
}

TEST_F(TuningFilesTest, ADamagedFileOfTheCacheIsIgnored) {
  write(default_tuning_file(profile()), "{\"format\": 1, \"dev");
  EXPECT_TRUE(tuning_from_environment(profile()).kernels.empty());
}

TEST_F(TuningFilesTest, ANamedFileMustBeUsable) {
  const fs::path file = folder_ / "table.json";
  setenv("ASHLAR_TUNING", file.c_str(), 1);
  EXPECT_THROW(tuning_from_environment(profile()), IoError);
  for (const char* text : {"", "[]", "{}", R"({"format": 2})", R"({"format": 1, "device": 3})",
                           R"({"format": 1, "device": "a", "driver": "b", "kernels": [1]})"}) {
    write(file, text);
    EXPECT_THROW(tuning_from_environment(profile()), FormatError) << text;
  }
  write_tuning(file, table());
  EXPECT_THAT([] { tuning_from_environment(other_profile()); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected a table for")));
}

}  // namespace
}  // namespace ashlar::codegen
