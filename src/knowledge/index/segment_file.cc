#include "knowledge/index/segment_file.h"

#include <algorithm>
#include <cstring>

#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

constexpr std::string_view kMagic = "ATLSEG01";
constexpr size_t kHeaderBytes = 32;
constexpr size_t kEntryBytes = 32;
constexpr size_t kAlignment = 64;

size_t Aligned(size_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

// Header and section table (none of the sections is empty), up to where the first section begins.
std::string Head(uint32_t num_records, const std::vector<NewSection>& sections) {
  PackedWriter table;
  size_t offset = Aligned(kHeaderBytes + kEntryBytes * sections.size());
  const size_t head_bytes = offset;
  size_t end = offset;
  for (const NewSection& section : sections) {
    table.Fixed(static_cast<uint32_t>(section.kind));
    table.Fixed(Crc32c(section.bytes));
    table.Fixed<uint64_t>(offset);
    table.Fixed<uint64_t>(section.bytes.size());
    table.Fixed<uint64_t>(0);
    end = offset + section.bytes.size();
    offset = Aligned(end);
  }
  PackedWriter head;
  head.Raw(kMagic);
  head.Fixed<uint64_t>(end);
  head.Fixed(num_records);
  head.Fixed(static_cast<uint32_t>(sections.size()));
  head.Fixed(Crc32c(table.bytes()));
  head.Fixed(Crc32c(head.bytes()));
  head.Raw(table.bytes());
  std::string bytes = head.Take();
  bytes.resize(head_bytes);
  return bytes;
}

}  // namespace

std::string_view SectionName(SectionKind kind) {
  switch (kind) {
    case SectionKind::kIds: return "ids";
    case SectionKind::kStored: return "stored";
    case SectionKind::kPayloads: return "payloads";
    case SectionKind::kAttributes: return "attributes";
    case SectionKind::kText: return "text";
    case SectionKind::kVectors: return "vectors";
  }
  return "unknown";
}

Result<SegmentFile> SegmentFile::Read(std::string name, FileBytes bytes) {
  SegmentFile file;
  file.name_ = std::move(name);
  file.bytes_ = std::move(bytes);
  const std::span<const std::byte> all = file.bytes_.bytes;
  if (all.size() < kHeaderBytes) {
    return Error::Corrupt(file.name_, "got " + std::to_string(all.size()) + " bytes, want a segment's header");
  }
  const std::string_view magic = AsText(all.subspan(0, kMagic.size()));
  if (magic.substr(0, 6) == kMagic.substr(0, 6) && magic != kMagic) {
    return Error::Unsupported(file.name_, "got format '" + std::string(magic) + "', want " + std::string(kMagic));
  }
  PackedReader head(all.subspan(kMagic.size()));
  const auto size = head.Fixed<uint64_t>();
  file.num_records_ = head.Fixed<uint32_t>();
  const auto num_sections = head.Fixed<uint32_t>();
  const auto table_crc = head.Fixed<uint32_t>();
  const auto head_crc = head.Fixed<uint32_t>();
  if (magic != kMagic || head_crc != Crc32c(all.subspan(0, kHeaderBytes - 4))) {
    return Error::Corrupt(file.name_, "the header's checksum is wrong");
  }
  if (size != all.size()) {
    return Error::Corrupt(file.name_, "got " + std::to_string(all.size()) + " bytes, want " + std::to_string(size));
  }
  const auto table = head.Raw(uint64_t{num_sections} * kEntryBytes);
  if (num_sections > kMaxSections || !head.ok() || table_crc != Crc32c(table)) {
    return Error::Corrupt(file.name_, "the section table's checksum is wrong");
  }
  PackedReader rows(table);
  for (uint32_t i = 0; i < num_sections; ++i) {
    Entry entry{.kind = static_cast<SectionKind>(rows.Fixed<uint32_t>()), .crc = rows.Fixed<uint32_t>(), .bytes = {}};
    const auto offset = rows.Fixed<uint64_t>();
    const auto section_size = rows.Fixed<uint64_t>();
    rows.Fixed<uint64_t>();
    if (offset % kAlignment != 0 || offset > size || section_size > size - offset) {
      return Error::Corrupt(file.name_, std::string(SectionName(entry.kind)) + ": does not lie within the file");
    }
    entry.bytes = all.subspan(static_cast<size_t>(offset), static_cast<size_t>(section_size));
    file.entries_.push_back(entry);
  }
  return file;
}

SegmentFile SegmentFile::InMemory(uint32_t num_records, std::vector<NewSection> sections) {
  std::string bytes = Head(num_records, sections);
  size_t size = bytes.size();
  for (const NewSection& section : sections) size = Aligned(size) + section.bytes.size();
  // Sections begin at multiples of 64 of the file; their arrays need that of memory too.
  auto owner =
      std::shared_ptr<std::byte>(static_cast<std::byte*>(::operator new(size, std::align_val_t{kAlignment})),
                                 [](std::byte* data) { ::operator delete(data, std::align_val_t{kAlignment}); });
  std::memset(owner.get(), 0, size);
  std::memcpy(owner.get(), bytes.data(), bytes.size());
  size_t at = bytes.size();
  for (NewSection& section : sections) {
    at = Aligned(at);
    std::memcpy(owner.get() + at, section.bytes.data(), section.bytes.size());
    at += section.bytes.size();
    section.bytes = {};
  }
  const std::span<const std::byte> span(owner.get(), size);
  return Read("memory", FileBytes{.bytes = span, .owner = std::move(owner)}).value();
}

Result<void> SegmentFile::Write(Files& files, const std::string& path, uint32_t num_records,
                                const std::vector<NewSection>& sections) {
  TRY(const auto file, files.Open(path, FileMode::kReplace));
  const std::string head = Head(num_records, sections);
  TRY_VOID(file->WriteAt(0, std::as_bytes(std::span(head))));
  int64_t at = static_cast<int64_t>(head.size());
  for (const NewSection& section : sections) {
    at = static_cast<int64_t>(Aligned(static_cast<size_t>(at)));
    TRY_VOID(file->WriteAt(at, std::as_bytes(std::span(section.bytes))));
    at += static_cast<int64_t>(section.bytes.size());
  }
  return file->Sync();
}

std::span<const std::byte> SegmentFile::Section(SectionKind kind) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [kind](const Entry& e) { return e.kind == kind; });
  return found == entries_.end() ? std::span<const std::byte>() : found->bytes;
}

Result<void> SegmentFile::Verify(const Entry& entry) const {
  if (Crc32c(entry.bytes) == entry.crc) return {};
  return Error::Corrupt(name_, "the checksum of its " + std::string(SectionName(entry.kind)) + " is wrong");
}

Result<void> SegmentFile::Verify() const {
  for (const Entry& entry : entries_) TRY_VOID(Verify(entry));
  return {};
}

Result<void> SegmentFile::Verify(SectionKind kind) const {
  for (const Entry& entry : entries_) {
    if (entry.kind == kind) TRY_VOID(Verify(entry));
  }
  return {};
}

}  // namespace atelier
