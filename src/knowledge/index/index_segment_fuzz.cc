// A segment in which bytes were changed and the header's checksums were set right again, read without looking at the
// sections' checksums: whatever is opened can be read. The input is changes of three bytes: place (two, times the size
// of the segment over 65,536) and what is put there. Text and vectors have fuzzers of their own.
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/index/index_view.h"

namespace atelier {
namespace {

std::string GoodSegment() {
  Random random(1);
  std::vector<IndexRecord> records;
  for (uint64_t i = 0; i < 40; ++i) records.push_back(RandomRecord(random, "r" + std::to_string(i), i));
  std::vector<const IndexRecord*> pointers;
  for (const IndexRecord& record : records) pointers.push_back(&record);
  NewSegment made = BuildSegment(pointers, TestSchema()).value();
  std::erase_if(made.sections, [](const NewSection& section) {
    return section.kind == SectionKind::kText || section.kind == SectionKind::kVectors;
  });
  return std::string(AsText(SegmentFile::InMemory(made.num_records, std::move(made.sections)).bytes()));
}

void MendChecksums(std::string& bytes) {
  uint32_t num_sections = 0;
  std::memcpy(&num_sections, bytes.data() + 20, 4);
  const size_t table_bytes = std::min<size_t>(size_t{num_sections} * 32, bytes.size() - 32);
  const uint32_t table = Crc32c(std::string_view(bytes).substr(32, table_bytes));
  std::memcpy(bytes.data() + 24, &table, 4);
  const uint32_t head = Crc32c(std::string_view(bytes).substr(0, 28));
  std::memcpy(bytes.data() + 28, &head, 4);
}

void ReadAll(const std::shared_ptr<const Segment>& segment) {
  const IndexView view({{.segment = segment, .live = nullptr, .num_live = segment->num_records(), .file_number = 1}},
                       TestSchema());
  Random random(2);
  for (int i = 0; i < 20; ++i) {
    const Filter filter = RandomFilter(random, 2);
    static_cast<void>(view.List(filter, RandomFilter(random, 1), "", 50).size());
    IndexQuery query;
    query.filter = filter;
    query.facets = {"k0", "k1", "k2"};
    static_cast<void>(view.Search(query).ok());
  }
  for (uint32_t record = 0; record < segment->num_records(); ++record) {
    static_cast<void>(segment->Attributes(record).ok());
    static_cast<void>(segment->Texts(record).ok());
    static_cast<void>(view.Find(segment->IdOf(record), {}).has_value());
    static_cast<void>(segment->Payload(record).size());
  }
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  static const std::string good = GoodSegment();
  std::string bytes = good;
  for (size_t i = 0; i + 3 <= size && i < 3 * 64; i += 3) {
    const size_t place = (size_t{data[i]} * 256 + data[i + 1]) * bytes.size() / 65536;
    bytes[place] = static_cast<char>(data[i + 2]);
  }
  MendChecksums(bytes);
  auto owner = std::make_shared<std::vector<uint64_t>>((bytes.size() + 7) / 8);
  std::memcpy(owner->data(), bytes.data(), bytes.size());
  const auto span = std::as_bytes(std::span(*owner)).first(bytes.size());
  auto file = SegmentFile::Read("fuzz", {.bytes = span, .owner = owner});
  if (!file.ok()) return 0;
  static_cast<void>(file->Verify().ok());
  const auto segment = Segment::Open(*std::move(file), TestSchema());
  if (segment.ok()) ReadAll(*segment);
  return 0;
}
