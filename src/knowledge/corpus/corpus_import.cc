#include "knowledge/corpus/corpus_import.h"

#include <cmath>
#include <map>
#include <utility>

#include "base/text/describe_json.h"
#include "knowledge/corpus/chunk_extras.h"

namespace atelier {
namespace {

constexpr size_t kBatchBytes = 4 << 20;  // of lines

struct FileLine {
  int64_t bytes = 0, modified_ns = 0, hashed_ns = 0;
  std::string sha256;
  static Fields Describe();
};

Fields FileLine::Describe() {
  using L = FileLine;
  static constexpr Field fields[] = {
      Key<&L::bytes>("bytes", "of the file").AtLeast(0),
      Key<&L::modified_ns>("modified_ns", "since 1970"),
      Key<&L::hashed_ns>("hashed_ns", "since 1970"),
      Key<&L::sha256>("sha256", "in hex").AtMostBytes(64),
  };
  return fields;
}

struct DocumentLine {
  std::string kind, id, source, title, media_type, text;
  Json attributes;
  FileLine file;
  static Fields Describe();
};

Fields DocumentLine::Describe() {
  using L = DocumentLine;
  static constexpr Field fields[] = {
      Key<&L::kind>("kind", "document").Required(),
      Key<&L::id>("id", "unique").Required(),
      Key<&L::source>("source", "what it was read from").Required(),
      Key<&L::title>("title", "of the document"),
      Key<&L::media_type>("media_type", "of the file"),
      Key<&L::attributes>("attributes", "of the document"),
      Key<&L::file>("file", "as it was when it was read"),
      Key<&L::text>("text", "all of it").Required(),
  };
  return fields;
}

struct ChunkLine {
  std::string kind, document, source, context, hash, text;
  int64_t index = 0;
  std::vector<int64_t> span, shown, pages;
  std::vector<std::string> headings;
  std::vector<double> vector;
  Json attributes, extras;
  static Fields Describe();
};

Fields ChunkLine::Describe() {
  using L = ChunkLine;
  static constexpr Field fields[] = {
      Key<&L::kind>("kind", "chunk").Required(),
      Key<&L::document>("document", "its id").Required(),
      Key<&L::source>("source", "the document's"),
      Key<&L::index>("index", "among the document's chunks").Required().AtLeast(0),
      Key<&L::span>("span", "[begin, end) in the document's text").Required(),
      Key<&L::shown>("shown", "what is read where the chunk is found").Required(),
      Key<&L::pages>("pages", "first and last"),
      Key<&L::headings>("headings", "outermost first"),
      Key<&L::context>("context", "said before the text"),
      Key<&L::attributes>("attributes", "the document's"),
      Key<&L::hash>("hash", "of what was embedded"),
      Key<&L::text>("text", "of the span"),
      Key<&L::vector>("vector", "of the chunk"),
      Key<&L::extras>("extras", "what few chunks have (chunk_extras.h)"),
  };
  return fields;
}

struct Line {
  std::string_view text;
  int64_t number = 0;

  Error Wrong(const std::string& key, const std::string& what) const {
    return Error::Invalid("line " + std::to_string(number) + ": " + key, what);
  }
};

template <class T>
Result<T> ReadLine(const Line& line) {
  const Result<Json> json = Json::Parse(line.text);
  if (!json.ok()) return line.Wrong("json", json.error().Message());
  Result<T> read = ReadJson<T>(*json);
  if (!read.ok()) return line.Wrong(read.error().where, read.error().what);
  return read;
}

struct DocumentLines {
  Line document;
  std::vector<Line> chunks;
  size_t num_bytes = 0;
};

// Which lines belong together; in the order of the documents' own.
Result<std::vector<DocumentLines>> GroupLines(std::string_view lines) {
  std::map<std::string, DocumentLines> by_id;
  std::vector<std::string> order;
  int64_t number = 0;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    const Line line{lines.substr(begin, end - begin), ++number};
    begin = end + 1;
    if (line.text.find_first_not_of(" \t\r") == line.text.npos) continue;
    const Result<Json> json = Json::Parse(line.text);
    if (!json.ok()) return line.Wrong("json", json.error().Message());
    const bool is_document = (*json)["kind"] == Json("document"), is_chunk = (*json)["kind"] == Json("chunk");
    if (!is_document && !is_chunk) continue;
    const Json& id = (*json)[is_document ? "id" : "document"];
    if (!id.is_string() || id.AsString().empty()) return line.Wrong(is_document ? "id" : "document", "want a text");
    DocumentLines& group = by_id[id.AsString()];
    group.num_bytes += line.text.size();
    if (is_chunk) {
      group.chunks.push_back(line);
      continue;
    }
    if (group.document.number > 0) return line.Wrong("id", "got '" + id.AsString() + "' again");
    group.document = line;
    order.push_back(id.AsString());
  }
  for (const auto& [id, group] : by_id) {
    if (group.document.number == 0) return group.chunks[0].Wrong("document", "got '" + id + "', which no line is of");
  }
  std::vector<DocumentLines> groups;
  for (const std::string& id : order) groups.push_back(std::move(by_id[id]));
  return groups;
}

Result<TextSpan> SpanOf(const Line& line, const char* key, const std::vector<int64_t>& ends, std::string_view text) {
  const auto is_boundary = [&](int64_t at) {
    const auto place = static_cast<size_t>(at);
    return place == text.size() || (static_cast<unsigned char>(text[place]) & 0xC0U) != 0x80;
  };
  const bool is_span = ends.size() == 2 && 0 <= ends[0] && ends[0] <= ends[1] &&
                       ends[1] <= static_cast<int64_t>(text.size()) && is_boundary(ends[0]) && is_boundary(ends[1]);
  if (is_span) return TextSpan{ends[0], ends[1]};
  return line.Wrong(key, "got " + Json(ends).Dump() + ", want [begin, end] of whole characters within " +
                             std::to_string(text.size()) + " bytes");
}

Result<std::vector<float>> VectorOf(const Line& line, const std::vector<double>& numbers, int32_t dimensions) {
  std::vector<float> vector;
  if (dimensions == 0 || numbers.empty()) return vector;
  if (numbers.size() != static_cast<size_t>(dimensions)) {
    return line.Wrong("vector",
                      "got " + std::to_string(numbers.size()) + " numbers, want " + std::to_string(dimensions));
  }
  for (const double number : numbers) {
    vector.push_back(static_cast<float>(number));
    if (!std::isfinite(vector.back())) return line.Wrong("vector", "got a number that is too large");
  }
  return vector;
}

Result<IndexedDocument::Part> PartOf(const Line& line, ChunkLine read, std::string_view text, int32_t dimensions) {
  IndexedDocument::Part part;
  TRY(part.chunk.span, SpanOf(line, "span", read.span, text));
  TRY(part.chunk.shown, SpanOf(line, "shown", read.shown, text));
  const TextSpan span = part.chunk.span, shown = part.chunk.shown;
  if (span.begin < shown.begin || span.end > shown.end) return line.Wrong("shown", "want one that holds the span");
  if (!read.pages.empty()) {
    if (read.pages.size() != 2 || read.pages[0] < 0 || read.pages[0] > read.pages[1] || read.pages[1] > INT32_MAX) {
      return line.Wrong("pages", "got " + Json(read.pages).Dump() + ", want the first and the last");
    }
    part.chunk.first_page = static_cast<int32_t>(read.pages[0]);
    part.chunk.last_page = static_cast<int32_t>(read.pages[1]);
  }
  TRY_VOID(ReadExtras("line " + std::to_string(line.number), read.extras, part.chunk));
  if (!part.chunk.sums_up && read.text != TextOf(text, span)) {
    return line.Wrong(
        "text", "is not what the document says from " + std::to_string(span.begin) + " to " + std::to_string(span.end));
  }
  part.chunk.heading_path = std::move(read.headings);
  part.chunk.context = std::move(read.context);
  TRY(part.vector, VectorOf(line, read.vector, dimensions));
  part.hash = std::move(read.hash);
  return part;
}

Result<IndexedDocument> DocumentOf(const DocumentLines& lines, int32_t dimensions, ImportCounts& counts) {
  TRY(DocumentLine read, ReadLine<DocumentLine>(lines.document));
  IndexedDocument indexed;
  indexed.source_id = std::move(read.source);
  indexed.source = {.size = read.file.bytes,
                    .modified_ns = read.file.modified_ns,
                    .hashed_ns = read.file.hashed_ns,
                    .sha256 = std::move(read.file.sha256)};
  indexed.document.id = std::move(read.id);
  indexed.document.title = std::move(read.title);
  indexed.document.media_type = std::move(read.media_type);
  indexed.document.text = std::move(read.text);
  indexed.document.attributes = read.attributes.is_null() ? Json::Object() : std::move(read.attributes);
  if (!indexed.document.attributes.is_object()) return lines.document.Wrong("attributes", "want an object");
  for (const JsonMember& member : indexed.document.attributes.members()) {
    if (member.key.starts_with('@')) return lines.document.Wrong("attributes", "got '" + member.key + "', our own");
  }
  indexed.parts.resize(lines.chunks.size());
  std::vector<bool> is_there(lines.chunks.size());
  for (const Line& line : lines.chunks) {
    TRY(ChunkLine chunk, ReadLine<ChunkLine>(line));
    const auto index = static_cast<size_t>(chunk.index);
    if (index >= is_there.size() || is_there[index]) {
      return line.Wrong("index", "got " + std::to_string(index) + ", want each from 0 to " +
                                     std::to_string(is_there.size() - 1) + " once");
    }
    is_there[index] = true;
    TRY(indexed.parts[index], PartOf(line, std::move(chunk), indexed.document.text, dimensions));
    counts.num_vectors += indexed.parts[index].vector.empty() ? 0 : 1;
  }
  counts.num_chunks += static_cast<int64_t>(indexed.parts.size());
  ++counts.num_documents;
  return indexed;
}

}  // namespace

Result<ImportCounts> ImportCorpusLines(std::string_view lines, int32_t dimensions,
                                       const std::function<Result<void>(std::vector<IndexedDocument>)>& put) {
  TRY(const std::vector<DocumentLines> groups, GroupLines(lines));
  ImportCounts counts;
  std::vector<IndexedDocument> batch;
  size_t num_bytes = 0;
  for (const DocumentLines& group : groups) {
    TRY(IndexedDocument document, DocumentOf(group, dimensions, counts));
    batch.push_back(std::move(document));
    num_bytes += group.num_bytes;
    if (num_bytes < kBatchBytes) continue;
    TRY_VOID(put(std::move(batch)));
    batch.clear(), num_bytes = 0;
  }
  if (!batch.empty()) TRY_VOID(put(std::move(batch)));
  return counts;
}

}  // namespace atelier
