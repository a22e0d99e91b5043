#include "agent/tool_output.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr std::string_view kOutsideBegins = "<data from=\"", kOutsideEnds = "</data>";

// At most so many bytes, not within a character.
std::string_view Beginning(std::string_view text, int64_t max_bytes) {
  size_t size = std::min(text.size(), static_cast<size_t>(max_bytes));
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

class ReadResult final : public AgentTool {
 public:
  ReadResult(Journal& journal, Pool& pool, int64_t max_bytes) : journal_(journal), pool_(pool), max_bytes_(max_bytes) {
    spec_.name = kReadResult;
    spec_.description = "Reads on in a long result of an earlier call by its handle.";
    spec_.read_only = true;
    const Json text = Json::Object({{"type", "string"}});
    Json offset = Json::Object({{"type", "integer"}, {"minimum", 0}, {"description", "byte to begin at"}});
    Json find = Json::Object({{"type", "string"}, {"description", "only lines that contain this text"}});
    spec_.parameters = Json::Object(
        {{"type", "object"},
         {"properties", Json::Object({{"handle", text}, {"offset", std::move(offset)}, {"find", std::move(find)}})},
         {"required", Json::Array({"handle"})},
         {"additionalProperties", false}});
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call /*call*/, ToolCallInfo info, Json arguments) override {
    auto read = [this, run = info.run_id, handle = arguments["handle"].AsString()] {
      return journal_.Value(run, handle);
    };
    Result<std::string> value = co_await OnPool(pool_, read);
    ToolOutput output;
    if (!value.ok()) {
      output.text = value.error().Message(), output.is_error = true;
    } else if (const Json* find = arguments.Find("find")) {
      output.text = Lines(*value, find->AsString());
    } else {
      const Json* offset = arguments.Find("offset");
      output.text = From(*value, offset ? offset->AsInt64().value_or(0) : 0);
    }
    co_return output;
  }

 private:
  std::string From(std::string_view text, int64_t offset) const {
    if (offset >= static_cast<int64_t>(text.size())) return "(the result ends before)";
    size_t begin = static_cast<size_t>(offset);
    while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
    const std::string_view part = Beginning(text.substr(begin), max_bytes_ - 100);
    const size_t end = begin + part.size();
    return std::string(part) +
           (end < text.size() ? "\n(goes on at offset " + std::to_string(end) + ")" : std::string());
  }
  std::string Lines(std::string_view text, const std::string& find) const {
    std::string found;
    while (!text.empty() && static_cast<int64_t>(found.size()) < max_bytes_ - 100) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      if (line.find(find) != std::string_view::npos) found += std::string(Beginning(line, 2000)) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found.empty() ? "(no line contains it)" : std::string(Beginning(found, max_bytes_ - 100));
  }

  Journal& journal_;
  Pool& pool_;
  const int64_t max_bytes_;
  ToolSpec spec_;
};

}  // namespace

Performed WriteOutput(ToolOutput output, const std::string& handle, int64_t max_bytes) {
  Performed performed;
  std::string text = ReplaceInvalidUtf8(output.text);
  const auto whole = static_cast<int64_t>(text.size());
  if (whole > kMaxToolTextBytes) text = std::string(Beginning(text, kMaxToolTextBytes));
  const bool long_text = whole > max_bytes;
  performed.result = Json::Object({{"text", long_text ? Beginning(text, max_bytes) : std::string_view(text)}});
  if (long_text) {
    performed.result.Set("handle", handle);
    performed.result.Set("bytes", whole);
    performed.values.push_back({.handle = handle, .bytes = std::move(text)});
  }
  // What a program reads of it, as long as it is no longer than what a model does.
  if (!output.structured.is_null() && static_cast<int64_t>(output.structured.Dump().size()) <= max_bytes) {
    performed.result.Set("structured", std::move(output.structured));
  }
  if (!output.parts.empty()) {
    Json parts = Json::Array({});
    for (Json& part : output.parts) parts.Push(std::move(part));
    if (static_cast<int64_t>(parts.Dump().size()) <= kMaxToolTextBytes) performed.result.Set("parts", std::move(parts));
  }
  if (output.is_error) performed.result.Set("is_error", true);
  return performed;
}

Json ErrorOutput(std::string text) { return Json::Object({{"text", std::move(text)}, {"is_error", true}}); }
bool IsErrorOutput(const Json& output) { return output["is_error"] == Json(true); }

std::string TextForModel(const Json& output) {
  std::string text = output["text"].is_string() ? output["text"].AsString() : std::string();
  if (text.empty() && !output["structured"].is_null()) text = output["structured"].Dump();
  if (const Json* handle = output.Find("handle"); handle && handle->is_string()) {
    text += "\n(" + output["bytes"].Dump() + " bytes in all; read on with " + kReadResult + ", handle " +
            handle->AsString() + ", offset " + std::to_string(output["text"].AsString().size()) + ")";
  }
  if (const Json* parts = output.Find("parts"); parts && parts->is_array()) {
    for (const Json& part : parts->items()) {
      if (part["type"].is_string()) text += "\n(a part of type " + part["type"].AsString() + ")";
    }
  }
  return IsErrorOutput(output) ? "Error: " + text : text;
}

std::string MarkedOutside(std::string_view source, std::string_view text) {
  std::string marked = std::string(kOutsideBegins) + std::string(source) + "\">\n";
  for (size_t i = 0; i < text.size(); ++i) {
    marked += text[i];
    const bool is_mark = text[i] == '<' && (EqualsIgnoringCase(text.substr(i + 1, 4), "data") ||
                                            EqualsIgnoringCase(text.substr(i + 1, 5), "/data"));
    if (is_mark) marked += ' ';
  }
  return marked + "\n" + std::string(kOutsideEnds);
}

bool HasOutsideMarks(std::string_view text) { return text.contains(kOutsideBegins) || text.contains(kOutsideEnds); }

std::shared_ptr<AgentTool> MakeReadResult(Journal& journal, Pool& pool, int64_t max_bytes) {
  return std::make_shared<ReadResult>(journal, pool, max_bytes);
}

}  // namespace atelier
