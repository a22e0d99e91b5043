#include "model/weights/panel_file.h"

#include <cstring>
#include <limits>

namespace atelier {

namespace {

constexpr char kMagic[8] = {'A', 'T', 'E', 'L', 'P', 'N', 'L', '\0'};
constexpr uint64_t kMaxDimension = uint64_t{1} << 31;

int64_t Aligned(int64_t bytes) { return (bytes + kPanelFileAlignment - 1) / kPanelFileAlignment * kPanelFileAlignment; }

template <class T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Error Corrupt(std::string_view field) {
  return Error::Corrupt(std::string(field), "got another value than this build, source and file size ask for");
}

uint64_t HeaderChecksum(const StoreHeader& header) {
  return Checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(StoreHeader, header_checksum)));
}

// Reads the index; every read is checked against its end.
class IndexReader {
 public:
  explicit IndexReader(std::span<const std::byte> bytes) : left_(bytes) {}
  template <class T>
  bool Read(T& value) {
    if (left_.size() < sizeof value) return false;
    std::memcpy(&value, left_.data(), sizeof value);
    left_ = left_.subspan(sizeof value);
    return true;
  }
  bool ReadText(size_t length, std::string& text) {
    if (left_.size() < length) return false;
    text.assign(reinterpret_cast<const char*>(left_.data()), length);
    left_ = left_.subspan(length);
    return true;
  }
  bool empty() const { return left_.empty(); }

 private:
  std::span<const std::byte> left_;
};

Result<std::pair<std::string, PackedMatrix>> ReadEntry(IndexReader& reader, std::span<const std::byte> file) {
  uint64_t offset;
  uint64_t n;
  uint64_t k;
  uint8_t kind;
  uint16_t name_length;
  std::string name;
  if (!reader.Read(offset) || !reader.Read(n) || !reader.Read(k) || !reader.Read(kind) || !reader.Read(name_length) ||
      !reader.ReadText(name_length, name)) {
    return Corrupt("index");
  }
  if (n == 0 || n > kMaxDimension || k == 0 || k > kMaxDimension || kind >= kNumPanelKinds) return Corrupt(name);
  PackedMatrix matrix{.layout = PanelLayoutOf(static_cast<PanelKind>(kind), static_cast<int64_t>(k)),
                      .n = static_cast<int64_t>(n),
                      .k = static_cast<int64_t>(k)};
  const int64_t panels = matrix.num_panels();
  if (matrix.layout.panel_bytes > std::numeric_limits<int64_t>::max() / panels) return Corrupt(name);
  const auto bytes = static_cast<uint64_t>(matrix.bytes());
  if (offset % kPanelFileAlignment != 0 || offset > file.size() || bytes > file.size() - offset) return Corrupt(name);
  matrix.data = file.data() + offset;
  return std::pair(std::move(name), matrix);
}

}  // namespace

uint64_t Checksum(std::span<const std::byte> bytes, uint64_t seed) {
  for (const std::byte byte : bytes) seed = (seed ^ static_cast<uint64_t>(byte)) * 0x100000001b3u;
  return seed;
}

PanelFilePlan PlanPanelFile(const PanelIndex& matrices, uint64_t source_identity) {
  PanelFilePlan plan;
  int64_t offset = kPanelFileAlignment;
  for (const auto& [name, matrix] : matrices) {
    plan.offsets.emplace(name, offset);
    Put(plan.index, static_cast<uint64_t>(offset));
    Put(plan.index, static_cast<uint64_t>(matrix.n));
    Put(plan.index, static_cast<uint64_t>(matrix.k));
    Put(plan.index, static_cast<uint8_t>(matrix.layout.kind));
    Put(plan.index, static_cast<uint16_t>(name.size()));
    plan.index += name;
    offset += Aligned(matrix.bytes());
  }
  plan.index_offset = offset;
  StoreHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.file_version = kPanelFileVersion;
  header.panel_version = kPanelVersion;
  header.source_identity = source_identity;
  header.file_bytes = static_cast<uint64_t>(offset) + plan.index.size();
  header.index_offset = static_cast<uint64_t>(offset);
  header.index_bytes = plan.index.size();
  header.num_entries = matrices.size();
  header.index_checksum = Checksum(std::as_bytes(std::span(plan.index)));
  header.header_checksum = HeaderChecksum(header);
  Put(plan.header, header);
  plan.header.resize(kPanelFileAlignment);
  return plan;
}

Result<PanelIndex> ReadPanelFile(std::span<const std::byte> bytes, uint64_t source_identity) {
  StoreHeader header;
  if (bytes.size() < static_cast<size_t>(kPanelFileAlignment)) return Corrupt("size");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return Corrupt("magic");
  if (header.header_checksum != HeaderChecksum(header)) return Corrupt("header_checksum");
  if (header.file_version != kPanelFileVersion) return Corrupt("file_version");
  if (header.panel_version != kPanelVersion) return Corrupt("panel_version");
  if (header.source_identity != source_identity) return Corrupt("source_identity");
  if (header.file_bytes != bytes.size()) return Corrupt("file_bytes");
  if (header.index_offset > bytes.size() || header.index_bytes != bytes.size() - header.index_offset) {
    return Corrupt("index_offset");
  }
  const auto index = bytes.subspan(header.index_offset);
  if (Checksum(index) != header.index_checksum) return Corrupt("index_checksum");
  PanelIndex matrices;
  IndexReader reader(index);
  for (uint64_t i = 0; i < header.num_entries; ++i) {
    TRY(auto entry, ReadEntry(reader, bytes.first(header.index_offset)));
    matrices.insert(std::move(entry));
  }
  if (!reader.empty() || matrices.size() != header.num_entries) return Corrupt("num_entries");
  return matrices;
}

}  // namespace atelier
