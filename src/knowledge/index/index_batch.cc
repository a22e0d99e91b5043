#include "knowledge/index/index_batch.h"

#include <utility>

#include "knowledge/index/byte_codec.h"
#include "knowledge/index/segment.h"

namespace atelier {
namespace {

void EncodeRecord(const IndexRecord& record, const IndexSchema& schema, PackedWriter& out) {
  out.Text(record.id);
  out.Text(record.attributes.Dump());
  out.Text(record.payload);
  out.Varint(record.texts.size());
  for (const FieldText& text : record.texts) {
    out.Varint(static_cast<uint64_t>(FieldIndex(schema, text.field)));
    out.Text(text.text);
  }
  out.Varint(record.vector.size());
  for (const float number : record.vector) out.Fixed(number);
}

Error Corrupt() { return Error::Corrupt("log", "a batch cannot be read"); }

Result<IndexRecord> DecodeRecord(PackedReader& reader, const IndexSchema& schema) {
  IndexRecord record;
  record.id = reader.Text();
  auto attributes = Json::Parse(reader.Text());
  if (!attributes.ok()) return Corrupt();
  record.attributes = *std::move(attributes);
  record.payload = reader.Text();
  const uint64_t num_texts = reader.Varint();
  for (uint64_t i = 0; i < num_texts && reader.ok(); ++i) {
    const uint64_t field = reader.Varint();
    const std::string_view text = reader.Text();
    if (!reader.ok() || field >= schema.fields.size()) return Corrupt();
    record.texts.push_back({schema.fields[static_cast<size_t>(field)].name, std::string(text)});
  }
  const uint64_t num_numbers = reader.Varint();
  if (num_numbers > static_cast<uint64_t>(schema.dimensions)) return Corrupt();
  for (uint64_t i = 0; i < num_numbers; ++i) record.vector.push_back(reader.Fixed<float>());
  if (!reader.ok() || !CheckRecord(record, schema).ok()) return Corrupt();
  return record;
}

}  // namespace

std::string EncodeBatch(const IndexBatch& batch, const IndexSchema& schema) {
  PackedWriter out;
  out.Varint(batch.removed.size());
  for (const std::string& id : batch.removed) out.Text(id);
  out.Varint(batch.put.size());
  for (const IndexRecord& record : batch.put) EncodeRecord(record, schema, out);
  return out.Take();
}

std::string EncodeCommit(std::span<const std::string_view> batches) {
  PackedWriter out;
  out.Varint(batches.size());
  for (const std::string_view batch : batches) out.Text(batch);
  return out.Take();
}

Result<std::vector<IndexBatch>> DecodeCommit(std::string_view bytes, const IndexSchema& schema) {
  std::vector<IndexBatch> batches;
  PackedReader commit(std::as_bytes(std::span(bytes)));
  const uint64_t num_batches = commit.Varint();
  for (uint64_t i = 0; i < num_batches && commit.ok(); ++i) {
    PackedReader reader(std::as_bytes(std::span(commit.Text())));
    IndexBatch& batch = batches.emplace_back();
    const uint64_t num_removed = reader.Varint();
    for (uint64_t k = 0; k < num_removed && reader.ok(); ++k) batch.removed.emplace_back(reader.Text());
    const uint64_t num_put = reader.Varint();
    for (uint64_t k = 0; k < num_put && reader.ok(); ++k) {
      TRY(IndexRecord record, DecodeRecord(reader, schema));
      batch.put.push_back(std::move(record));
    }
    if (!reader.ok() || !reader.at_end()) return Corrupt();
  }
  if (!commit.ok() || !commit.at_end()) return Corrupt();
  return batches;
}

}  // namespace atelier
