#include "knowledge/index/manifest.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

constexpr std::string_view kMagic = "ATLMAN01";
constexpr std::array<std::string_view, 2> kNames = {"MANIFEST", "MANIFEST.copy"};
constexpr int64_t kMaxBytes = int64_t{1} << 30;
constexpr size_t kHeadBytes = 40;  // to the first log

void WriteDeleted(const std::vector<uint32_t>& deleted, PackedWriter& out) {
  out.Varint(deleted.size());
  uint64_t next = 0;
  for (const uint32_t record : deleted) {
    out.Varint(record - next);
    next = uint64_t{record} + 1;
  }
}

bool ReadDeleted(PackedReader& reader, uint32_t num_records, std::vector<uint32_t>& deleted) {
  const uint64_t count = reader.Varint();
  if (count > num_records) return false;
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t step = reader.Varint();
    if (!reader.ok() || step >= num_records || next + step >= num_records) return false;
    deleted.push_back(static_cast<uint32_t>(next + step));
    next += step + 1;
  }
  return true;
}

Error Corrupt(std::string_view what) { return Error::Corrupt("", std::string(what)); }

Result<void> ReadLists(PackedReader& reader, IndexManifest& manifest) {
  const uint64_t num_segments = reader.Varint();
  for (uint64_t i = 0; i < num_segments && reader.ok(); ++i) {
    ManifestSegment segment;
    segment.number = reader.Varint();
    const uint64_t num_records = reader.Varint();
    segment.size_bytes = static_cast<int64_t>(reader.Varint());
    segment.num_records = static_cast<uint32_t>(num_records);
    if (num_records > UINT32_MAX || !ReadDeleted(reader, segment.num_records, segment.deleted)) {
      return Corrupt("a segment's deleted records are none of its records");
    }
    manifest.segments.push_back(std::move(segment));
  }
  const uint64_t num_problems = reader.Varint();
  for (uint64_t i = 0; i < num_problems && reader.ok(); ++i) {
    ManifestProblem problem;
    problem.file = reader.Text();
    problem.what = reader.Text();
    const uint64_t num_records = reader.Varint();
    problem.num_records = static_cast<uint32_t>(num_records);
    if (num_records > UINT32_MAX || !ReadDeleted(reader, problem.num_records, problem.deleted)) {
      return Corrupt("a problem's deleted records are none of its records");
    }
    manifest.problems.push_back(std::move(problem));
  }
  if (!reader.ok() || !reader.at_end()) return Corrupt("its lists do not fill the body");
  return {};
}

}  // namespace

std::string ManifestBytes(const IndexManifest& manifest) {
  PackedWriter body;
  body.Fixed(manifest.version);
  body.Fixed(manifest.identity);
  body.Fixed(manifest.first_log);
  body.Fixed(manifest.next_file);
  body.Text(WriteSchema(manifest.schema).Dump());
  body.Varint(manifest.segments.size());
  for (const ManifestSegment& segment : manifest.segments) {
    body.Varint(segment.number);
    body.Varint(segment.num_records);
    body.Varint(static_cast<uint64_t>(segment.size_bytes));
    WriteDeleted(segment.deleted, body);
  }
  body.Varint(manifest.problems.size());
  for (const ManifestProblem& problem : manifest.problems) {
    body.Text(problem.file);
    body.Text(problem.what);
    body.Varint(problem.num_records);
    WriteDeleted(problem.deleted, body);
  }
  PackedWriter out;
  out.Raw(kMagic);
  out.Fixed(static_cast<uint32_t>(body.size()));
  out.Fixed(Crc32c(body.bytes()));
  out.Raw(body.bytes());
  return out.Take();
}

Result<IndexManifest> ParseIndexManifest(std::string_view bytes) {
  if (bytes.starts_with(kMagic.substr(0, 6)) && !bytes.starts_with(kMagic)) {
    return Error::Unsupported(
        "", "got format '" + std::string(bytes.substr(0, kMagic.size())) + "', want " + std::string(kMagic));
  }
  if (!bytes.starts_with(kMagic)) return Corrupt("it does not begin like a manifest");
  PackedReader head(std::as_bytes(std::span(bytes)).subspan(kMagic.size()));
  const auto size = head.Fixed<uint32_t>();
  const auto crc = head.Fixed<uint32_t>();
  const std::string_view body = AsText(head.Raw(size));
  if (!head.ok() || !head.at_end()) return Corrupt("got " + std::to_string(bytes.size()) + " bytes, which do not fit");
  if (crc != Crc32c(body)) return Corrupt("its checksum is wrong");
  PackedReader reader(std::as_bytes(std::span(body)));
  IndexManifest manifest;
  manifest.version = reader.Fixed<uint64_t>();
  manifest.identity = reader.Fixed<uint64_t>();
  manifest.first_log = reader.Fixed<uint64_t>();
  manifest.next_file = reader.Fixed<uint64_t>();
  auto json = Json::Parse(reader.Text());
  if (!json.ok()) return Corrupt("its schema is no JSON");
  auto schema = ReadSchema(*json);
  if (!schema.ok()) return Corrupt("its schema: " + schema.error().Message());
  manifest.schema = *std::move(schema);
  TRY_VOID(ReadLists(reader, manifest));
  return manifest;
}

Result<void> WriteIndexManifest(Files& files, const std::string& folder, const IndexManifest& manifest) {
  const std::string bytes = ManifestBytes(manifest);
  for (const std::string_view name : kNames) TRY_VOID(WriteAtomically(files, JoinPath(folder, name), bytes));
  return {};
}

Result<FoundManifest> FindManifest(Files& files, const std::string& folder) {
  FoundManifest found;
  for (const std::string_view name : kNames) {
    const std::string path = JoinPath(folder, name);
    auto bytes = ReadWholeFile(files, path, kMaxBytes);
    if (!bytes.ok() && bytes.error().kind == ErrorKind::kNotFound) continue;
    if (!bytes.ok()) return std::move(bytes).error();
    auto manifest = ParseIndexManifest(*bytes);
    if (!manifest.ok() && manifest.error().kind != ErrorKind::kCorrupt) return std::move(manifest).error().Under(path);
    if (!manifest.ok()) {
      found.damaged = std::move(manifest).error().Under(path).Message();
    } else if (!found.manifest || found.manifest->version < manifest->version) {
      found.manifest = *std::move(manifest);
    }
  }
  if (!found.manifest && !found.damaged.empty()) {
    return Error::Corrupt(folder, "neither copy of the manifest can be read: " + found.damaged);
  }
  return found;
}

Result<std::string> ManifestHeads(Files& files, const std::string& folder) {
  std::string heads;
  for (const std::string_view name : kNames) {
    std::array<std::byte, kHeadBytes> head{};
    const auto file = files.Open(JoinPath(folder, name), FileMode::kRead);
    if (file.ok()) {
      TRY([[maybe_unused]] const size_t size, (*file)->ReadAt(0, head));
    } else if (file.error().kind != ErrorKind::kNotFound) {
      return file.error();
    }
    heads += AsText(head);
  }
  if (heads.find_first_not_of('\0') == std::string::npos) return Error::NotFound(folder, "there is no index");
  return heads;
}

uint64_t NewIndexIdentity() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

bool HasManifest(Files& files, const std::string& folder) {
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view name) { return FileExists(files, JoinPath(folder, name)); });
}

std::string SegmentFileName(uint64_t number) {
  const std::string digits = std::to_string(number);
  return "seg-" + std::string(8 - std::min<size_t>(8, digits.size()), '0') + digits;
}

}  // namespace atelier
