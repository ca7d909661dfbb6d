// SPDX-License-Identifier: Apache-2.0
#include "models/formats/zip.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <zip.h>

#include <memory>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "zip";
constexpr std::uint64_t kMaxRatio = 1032;  // of deflate

// Closing may fail, so archives that are written are closed by hand.
struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open(const std::filesystem::path& path, int flags) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), flags, &code));
  if (archive)
    return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  const std::string name = in_quotes(path.string());
  if (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS)
    throw FormatError(kUnit, "{}: {}", name, why);
  throw IoError(kUnit, "{}: {}", name, why);
}

[[noreturn]] void fail(zip_t* archive, const std::filesystem::path& path) {
  throw IoError(kUnit, "{}: {}", in_quotes(path.string()), zip_strerror(archive));
}

std::vector<std::byte> read_entry(zip_t* archive, const zip_stat_t& stat, const std::string& name) {
  if (stat.size > (stat.comp_size + 1) * kMaxRatio)
    throw FormatError(kUnit, "{}: {} bytes cannot hold the {} it claims", name, stat.comp_size,
                      stat.size);
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen_index(archive, stat.index, 0));
  std::vector<std::byte> data(stat.size);
  if (!file ||
      zip_fread(file.get(), data.data(), data.size()) != static_cast<zip_int64_t>(data.size()))
    throw FormatError(kUnit, "{}: cannot be unpacked: {}", name, zip_strerror(archive));
  return data;
}

}  // namespace

std::map<std::string, std::vector<std::byte>> read_zip(const std::filesystem::path& path) {
  const Archive archive = open(path, ZIP_RDONLY | ZIP_CHECKCONS);
  std::map<std::string, std::vector<std::byte>> files;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &stat) != 0 ||
        (stat.valid & kNeeded) != kNeeded)
      throw FormatError(kUnit, "{}: entry {} has no name or size", in_quotes(path.string()), i);
    const std::string name =
        fmt::format("{} in {}", in_quotes(stat.name), in_quotes(path.string()));
    if (!files.emplace(stat.name, read_entry(archive.get(), stat, name)).second)
      throw FormatError(kUnit, "{}: is there twice", name);
  }
  return files;
}

void write_zip(const std::filesystem::path& path, std::span<const ZipEntry> entries,
               bool compress) {
  Archive archive = open(path, ZIP_CREATE | ZIP_TRUNCATE);
  for (const ZipEntry& entry : entries) {
    zip_source_t* source =
        zip_source_buffer(archive.get(), entry.data.data(), entry.data.size(), 0);
    const zip_int64_t index =
        source ? zip_file_add(archive.get(), entry.name.c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0)
      zip_source_free(source);
    const zip_int32_t method = compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE;
    if (index < 0 ||
        zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), method, 0) != 0)
      fail(archive.get(), path);
  }
  if (zip_close(archive.get()) != 0)
    fail(archive.get(), path);
  archive.release();
}

}  // namespace ashlar
