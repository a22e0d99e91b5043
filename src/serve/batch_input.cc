// Reads the input file of a batch, line by line, without holding more than one.
#include <unordered_set>

#include "serve/batch_runner.h"

namespace atelier {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kMaxLineBytes = 8 << 20;

class InputReader {
 public:
  InputReader(const StoredBatch& batch, int64_t max_lines) : batch_(batch), max_lines_(max_lines) {}

  // False: no more is read.
  bool TakeLine(std::string_view line, int64_t offset) {
    ++line_number_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
    if (static_cast<int64_t>(input.lines.size()) == max_lines_) {
      Refuse("too_many_requests", "got more than " + std::to_string(max_lines_) + " requests", "");
      return false;
    }
    const Result<Json> json = Json::Parse(line);
    if (!json.ok() || !json->is_object()) {
      Refuse("invalid_json_line",
             "This line is not parseable as valid JSON" +
                 (json.ok() ? std::string(": want an object") : ": " + json.error().Message()),
             "");
    } else {
      Check(*json);
      input.lines.push_back(
          {static_cast<int64_t>(input.lines.size()), last_id_, offset, static_cast<int64_t>(line.size())});
    }
    return input.errors.size() < kMaxBatchErrors;
  }

  void Refuse(std::string code, std::string message, std::string param) {
    input.errors.push_back({std::move(code), std::move(message), std::move(param), line_number_});
  }

  BatchInput input;

 private:
  void Check(const Json& line) {
    last_id_.clear();
    const Json& custom_id = line["custom_id"];
    if (!custom_id.is_string() || custom_id.AsString().empty()) {
      Refuse("missing_required_parameter", "want a custom_id that is a text", "custom_id");
    } else if (last_id_ = custom_id.AsString(); !ids_.insert(last_id_).second) {
      Refuse("duplicate_custom_id", "The custom_id for this request is a duplicate of another request", "custom_id");
    }
    if (line["method"] != Json("POST")) Refuse("invalid_method", "want POST", "method");
    if (line["url"] != Json(batch_.endpoint)) {
      Refuse("mismatched_url", "want " + batch_.endpoint + ", the endpoint of the batch", "url");
    }
    const Json& body = line["body"];
    if (!body.is_object()) return Refuse("missing_required_parameter", "want a body that is an object", "body");
    if (body["stream"] == Json(true)) Refuse("invalid_value", "want no stream in a batch", "body.stream");
    if (body["model"].is_string() && input.model.empty()) input.model = body["model"].AsString();
  }

  const StoredBatch& batch_;
  const int64_t max_lines_;
  int64_t line_number_ = 0;
  std::string last_id_;
  std::unordered_set<std::string> ids_;
};

}  // namespace

Result<BatchInput> ReadBatchInput(File& file, const StoredBatch& batch, int64_t max_lines) {
  InputReader reader(batch, max_lines);
  std::string pending, piece(kReadBytes, '\0');
  int64_t begin = 0;  // of pending, in the file
  bool more = true;
  while (more) {
    TRY(const size_t got,
        file.ReadAt(begin + static_cast<int64_t>(pending.size()), std::as_writable_bytes(std::span(piece))));
    pending.append(piece, 0, got);
    if (got == 0 && !pending.empty() && !pending.ends_with('\n')) pending += '\n';
    more = got > 0;
    size_t at = 0;
    for (size_t end = 0; (end = pending.find('\n', at)) != std::string::npos; at = end + 1) {
      if (!reader.TakeLine(std::string_view(pending).substr(at, end - at), begin + static_cast<int64_t>(at))) {
        return std::move(reader.input);
      }
    }
    pending.erase(0, at);
    begin += static_cast<int64_t>(at);
    if (pending.size() > kMaxLineBytes) {
      reader.Refuse("line_too_long", "got a line of over " + std::to_string(kMaxLineBytes) + " bytes", "");
      return std::move(reader.input);
    }
  }
  if (reader.input.lines.empty() && reader.input.errors.empty()) {
    reader.input.errors.push_back({"empty_file", "The input file is empty", "", 0});
  }
  return std::move(reader.input);
}

}  // namespace atelier
