#include "agent/tools/readable_text.h"

#include <algorithm>
#include <array>

#include "agent/tools/tool_net.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/html_reader.h"
#include "knowledge/load/text_document.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

constexpr std::chrono::milliseconds kParseTime{5'000};
constexpr std::array<std::string_view, 10> kTextTypes{
    "application/xml",  "application/javascript", "application/x-javascript", "application/yaml", "application/x-yaml",
    "application/toml", "application/x-ndjson",   "application/jsonl",        "application/x-sh", "application/sql"};

bool IsHtml(std::string_view type) { return type == "text/html" || type == "application/xhtml+xml"; }

bool IsText(std::string_view type) {
  return type.starts_with("text/") || IsJsonMediaType(type) || type.ends_with("+xml") || type.ends_with("+yaml") ||
         std::ranges::find(kTextTypes, type) != kTextTypes.end();
}

bool BeginsAsHtml(std::string_view body) {
  const std::string head = MediaTypeOf(body.substr(0, 512));  // trimmed, in lower case
  return head.starts_with("<!doctype html") || head.starts_with("<html");
}

}  // namespace

Result<ReadableText> ReadableTextOf(const Fetched& fetched) {
  const std::string content_type(fetched.headers.Get("Content-Type"));
  ReadableText readable{MediaTypeOf(content_type), {}, {}};
  if (const std::string_view encoding = ForeignEncoding(fetched); !encoding.empty()) {
    return Error::Unsupported("Content-Encoding", "got '" + std::string(encoding.substr(0, 40)) + "', want none");
  }
  if (readable.media_type.empty()) {
    if (!LooksLikeText(fetched.body)) return Error::Unsupported("Content-Type", "got none and bytes that are no text");
    readable.media_type = BeginsAsHtml(fetched.body) ? "text/html" : "text/plain";
  }
  const bool is_html = IsHtml(readable.media_type);
  if (!is_html && !IsText(readable.media_type)) {
    return Error::Unsupported("Content-Type",
                              "got " + Shortened(readable.media_type, 100) + ", want HTML, text, JSON or XML");
  }
  if (fetched.body.empty()) return readable;
  std::string_view charset = CharsetOf(content_type);
  if (charset.empty() && is_html) charset = DeclaredHtmlEncoding(fetched.body);
  TRY(DecodedText decoded, DecodeText(fetched.body, charset));
  if (!is_html) {
    readable.text = std::move(decoded.text);
    return readable;
  }
  DocumentBuilder builder(static_cast<int64_t>(decoded.text.size()) * 4 + 1024);
  TRY(HtmlFacts facts, ReadHtml(decoded.text, kParseTime, builder));
  Document document;
  TRY_VOID(builder.Take(document));
  readable.title = std::move(facts.title);
  readable.text = std::move(document.text);
  return readable;
}

}  // namespace atelier
