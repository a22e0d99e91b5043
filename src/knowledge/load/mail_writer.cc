#include "knowledge/load/mail_writer.h"

#include <algorithm>
#include <iterator>

#include "base/io/files.h"
#include "base/text/unicode.h"
#include "knowledge/load/html_reader.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

class MailWriter {
 public:
  MailWriter(const std::string& id, LoadContext& context, DocumentBuilder& out, std::vector<Document>& documents)
      : id_(id), context_(context), out_(out), documents_(documents) {}

  Result<void> Write(const MimePart& mail) {
    Head(mail);
    return Part(mail);
  }

 private:
  void Head(const MimePart& mail) {
    if (const std::string subject = mail.Header("subject"); !subject.empty()) {
      out_.Begin(Kind::kHeading, 1);
      out_.Inline(subject);
      out_.End();
    }
    out_.Begin(Kind::kParagraph);
    for (const std::string name : {"From", "To", "Cc", "Date"}) {
      const std::string value = mail.Header(LowerCase(name));
      if (value.empty()) continue;
      out_.Break(1);
      out_.Inline(name + ": " + value);
    }
    out_.End();
  }

  Result<void> Part(const MimePart& part) {
    if (part.type == "multipart/alternative") {
      const MimePart* best = Best(part);
      return best == nullptr ? Result<void>() : Part(*best);
    }
    if (!part.parts.empty()) {
      for (const MimePart& inner : part.parts) TRY_VOID(Part(inner));
      return {};
    }
    if (part.type.starts_with("multipart/")) return {};
    const bool is_text = part.type == "text/plain" || part.type == "text/html";
    return is_text && !part.attachment ? Text(part) : Attachment(part);
  }

  // Plain text that is not empty, or HTML, or the last: alternatives stand in the order of their worth.
  static const MimePart* Best(const MimePart& alternatives) {
    const MimePart* best = nullptr;
    for (const MimePart& part : alternatives.parts) {
      if (part.type == "text/plain" && !Trim(part.encoded).empty()) return &part;
      best = &part;
    }
    return best;
  }

  Result<void> Text(const MimePart& part) {
    const std::string body = part.Body();
    TRY_VOID(context_.SpendExpanded(static_cast<int64_t>(body.size())));
    const auto decoded = DecodeText(body, part.charset);
    if (!decoded.ok()) {
      context_.Skip(Error(decoded.error()).Under(id_));
      return {};
    }
    if (part.type == "text/html") {
      const auto facts = ReadHtml(decoded->text, context_.limits().parse_time, out_);
      if (!facts.ok()) context_.Skip(Error(facts.error()).Under(id_));
    } else {
      Plain(decoded->text);
    }
    out_.Break(2);
    return {};
  }

  // Paragraphs by empty lines; lines that begin with '>' are quoted.
  void Plain(std::string_view text) {
    bool open = false, quoted = false;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = TrimRight(text.substr(at, end - at));
      at = end + 1;
      const bool quote = line.starts_with('>');
      if (open && (line.empty() || quote != quoted)) {
        out_.End();
        open = false;
      }
      if (line.empty()) continue;
      if (!open) out_.Begin(quote ? Kind::kQuote : Kind::kParagraph);
      open = true;
      quoted = quote;
      out_.Break(1);
      out_.Raw(line);
    }
    if (open) out_.End();
  }

  Result<void> Attachment(const MimePart& part) {
    TRY_VOID(context_.SpendMember());
    ++num_attachments_;
    std::string name(NameOf(part.file_name));
    if (name.empty()) name = "part-" + std::to_string(num_attachments_) + (part.type == "message/rfc822" ? ".eml" : "");
    std::string body = part.Body();
    TRY_VOID(context_.SpendExpanded(static_cast<int64_t>(body.size())));
    TRY(auto inner, context_.LoadMember({.id = id_ + "!/" + name, .bytes = std::move(body), .media_type = part.type}));
    std::move(inner.begin(), inner.end(), std::back_inserter(documents_));
    return {};
  }

  const std::string& id_;
  LoadContext& context_;
  DocumentBuilder& out_;
  std::vector<Document>& documents_;
  int num_attachments_ = 0;
};

}  // namespace

Result<void> WriteMail(const MimePart& mail, const std::string& id, LoadContext& context, DocumentBuilder& builder,
                       std::vector<Document>& documents) {
  return MailWriter(id, context, builder, documents).Write(mail);
}

}  // namespace atelier
