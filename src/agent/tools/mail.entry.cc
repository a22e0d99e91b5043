// Mail: search, read, and put drafts beside the others. Nothing is ever sent: a person sends a draft, or does not.
#include "agent/tools/blocking_tool.h"
#include "agent/tools/mail_store.h"
#include "agent/tools/mail_text.h"
#include "agent/tools/tool_net.h"
#include "base/io/sha256.h"
#include "provider/provider_config.h"

namespace atelier {
namespace {

constexpr int64_t kMaxBodyText = 100'000;  // of a draft
constexpr int64_t kMaxHeader = 500;        // shown of a header

struct MailToolOptions {
  std::string path;
  std::string host;
  int64_t port = 0;
  std::string tls = "implicit";
  std::string user, password, ca_file;
  std::string folder = "INBOX", drafts, from;
  int64_t limit = 10, max_text = 20'000;
  static Fields Describe() {
    using O = MailToolOptions;
    static constexpr Field fields[] = {
        Key<&O::path>("path", "an mbox file or a Maildir, in place of a server"),
        Key<&O::host>("host", "of an IMAP server"),
        Key<&O::port>("port", "of it; 0: 993, or 143 without tls: implicit").Between(0, 65535),
        Key<&O::tls>("tls", "TLS from the first byte, by STARTTLS, or none").OneOf("implicit|starttls|none"),
        Key<&O::user>("user", "to log in as"),
        Key<&O::password>("password", "env:NAME or file:PATH of the user's password"),
        Key<&O::ca_file>("ca_file", "PEM authorities to trust instead of the system's"),
        Key<&O::folder>("folder", "of the server, searched where a call names none"),
        Key<&O::drafts>("drafts", "folder of the server for drafts; empty: the one that it says, or Drafts"),
        Key<&O::from>("from", "address that drafts are from"),
        Key<&O::limit>("limit", "mails found at most").Between(1, 100),
        Key<&O::max_text>("max_text", "bytes given of a mail's text at a time").Between(200, 1'000'000)};
    return fields;
  }
};

struct MailSearchArguments {
  std::string text, from, to, subject, since, before, folder;
  static Fields Describe() {
    using A = MailSearchArguments;
    static constexpr Field fields[] = {
        Key<&A::text>("text", "words that occur anywhere in it").AtMostBytes(500),
        Key<&A::from>("from", "part of the sender's name or address").AtMostBytes(200),
        Key<&A::to>("to", "part of a receiver's name or address").AtMostBytes(200),
        Key<&A::subject>("subject", "part of the subject").AtMostBytes(500),
        Key<&A::since>("since", "not older than this day, as 2024-05-06").AtMostBytes(10),
        Key<&A::before>("before", "older than this day").AtMostBytes(10),
        Key<&A::folder>("folder", "where to look; empty: the inbox").AtMostBytes(200)};
    return fields;
  }
};

struct MailReadArguments {
  std::string id;
  int64_t start = 0;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&MailReadArguments::id>("id", "of a mail, as a search gave it").Required().AtMostBytes(500),
        Key<&MailReadArguments::start>("start", "where in its text to begin: next_start of the part before")
            .AtLeast(0)};
    return fields;
  }
};

struct MailDraftArguments {
  std::vector<std::string> to, cc;
  std::string subject, body, in_reply_to;
  static Fields Describe() {
    using A = MailDraftArguments;
    static constexpr Field fields[] = {
        Key<&A::to>("to", "receivers: ada@example.org or Ada <ada@example.org>").Required().AtMostItems(50),
        Key<&A::cc>("cc", "further receivers").AtMostItems(50),
        Key<&A::subject>("subject", "of the mail").Required().AtMostBytes(500),
        Key<&A::body>("body", "its plain text").Required().AtMostBytes(kMaxBodyText),
        Key<&A::in_reply_to>("in_reply_to", "message-id of the mail that it answers").AtMostBytes(500)};
    return fields;
  }
};

MailWait WaitOf(const BlockingCall& call) { return {call.until, call.stop}; }

Json ShortHeaders(std::string_view message) {
  Json headers = MailHeaders(message);
  Json shortened = Json::Object();
  for (const JsonMember& member : headers.members()) {
    shortened.Set(member.key, Shortened(member.value.AsString(), kMaxHeader));
  }
  return shortened;
}

std::string Lines(const Json& headers) {
  std::string text;
  for (const JsonMember& member : headers.members()) text += member.key + ": " + member.value.AsString() + "\n";
  return text;
}

Result<ToolOutput> Search(MailStore& store, const MailToolOptions& options, const BlockingCall& call,
                          const Json& json) {
  const auto arguments = ReadJson<MailSearchArguments>(json);
  if (!arguments) return ToolFailure(arguments.error());
  const MailQuery query{arguments->folder,  arguments->text,  arguments->from,   arguments->to,
                        arguments->subject, arguments->since, arguments->before, options.limit};
  for (const std::string* day : {&query.since, &query.before}) {
    if (!day->empty() && (day->size() != 10 || (*day)[4] != '-' || (*day)[7] != '-')) {
      return ToolFailure("since or before: got '" + *day + "', want a day such as 2024-05-06");
    }
  }
  const auto found = store.Search(query, WaitOf(call));
  if (!found) return ToolFailure(found.error());
  Json mails = Json::Array();
  std::string text;
  for (const MailFound& mail : *found) {
    Json headers = ShortHeaders(mail.head);
    text += (text.empty() ? "" : "\n") + ("id: " + mail.id) + "\n" + Lines(headers);
    headers.Set("id", mail.id);
    mails.Push(std::move(headers));
  }
  if (mails.empty()) text = "No mail was found.";
  return ToolOutput{.text = std::move(text), .structured = Json::Object({{"mails", std::move(mails)}})};
}

Result<ToolOutput> Read(MailStore& store, const MailToolOptions& options, const BlockingCall& call, const Json& json) {
  const auto arguments = ReadJson<MailReadArguments>(json);
  if (!arguments) return ToolFailure(arguments.error());
  const auto message = store.Read(arguments->id, WaitOf(call));
  if (!message) return ToolFailure(message.error());
  Json structured = ShortHeaders(*message);
  const std::string body = MailBody(*message);
  const TextExtract part = PartOf(body, arguments->start, options.max_text);
  std::string text = Lines(structured);
  Json attachments = MailAttachments(*message);
  for (int64_t i = 0; i < std::min<int64_t>(attachments.size(), 50); ++i) {
    text += "attachment: " + Shortened(attachments[i]["name"].AsString(), 200) + " (" +
            attachments[i]["type"].AsString() + ", " + attachments[i]["bytes"].Dump() + " bytes)\n";
  }
  text += "\n" + std::string(part.text);
  structured.Set("text", part.text);
  if (attachments.size() > 0 && attachments.size() <= 50) structured.Set("attachments", std::move(attachments));
  if (part.next > 0) {
    structured.Set("next_start", part.next);
    text += "\n\n[there is more: ask again with start = " + std::to_string(part.next) + "]";
  }
  return ToolOutput{.text = std::move(text), .structured = std::move(structured)};
}

Result<ToolOutput> Draft(MailStore& store, const MailToolOptions& options, const BlockingCall& call, const Json& json) {
  const auto arguments = ReadJson<MailDraftArguments>(json);
  if (!arguments) return ToolFailure(arguments.error());
  MailDraft draft{
      arguments->to, arguments->cc, options.from, arguments->subject, arguments->body, arguments->in_reply_to, ""};
  // The same call has the same Message-ID, so that made again it finds its draft.
  draft.message_id = "<" + Sha256Hex(call.info.run_id + "\n" + call.info.idempotency_key).substr(0, 40) + "@atelier>";
  const Result<std::string> message = WriteDraft(draft);
  if (!message) return ToolFailure(message.error());
  const Result<std::string> where = store.Draft(*message, draft.message_id, WaitOf(call));
  if (!where) return ToolFailure(where.error());
  return ToolOutput{.text = "The draft lies in " + *where + ". A person has to send it.",
                    .structured = Json::Object({{"folder", *where}, {"message_id", draft.message_id}})};
}

std::shared_ptr<AgentTool> Tool(const ToolEnvironment& environment, const std::shared_ptr<MailStore>& store,
                                const MailToolOptions& options, ToolSpec spec,
                                Result<ToolOutput> (*run)(MailStore&, const MailToolOptions&, const BlockingCall&,
                                                          const Json&)) {
  spec.timeout = std::chrono::milliseconds(60'000);
  return MakeBlockingTool(
      environment, std::move(spec),
      [store, options, run](const BlockingCall& call, const Json& json) { return run(*store, options, call, json); });
}

Result<std::shared_ptr<MailStore>> StoreOf(const MailToolOptions& options) {
  if (options.path.empty() == options.host.empty()) {
    return Error::Invalid("path", "got both path and host or neither, want one of them");
  }
  if (!options.path.empty()) {
    auto files = OpenMailFiles(options.path);
    if (!files) return std::move(files).error().Under("path");
    return std::shared_ptr<MailStore>(*std::move(files));
  }
  ImapOptions imap{
      options.host,  static_cast<int>(options.port), options.tls, options.user, "", options.ca_file, options.folder,
      options.drafts};
  if (options.user.empty()) return Error::Invalid("user", "got none, want who logs in");
  TRY(imap.password, ReadSecret(options.password, "password"));
  return std::shared_ptr<MailStore>(MakeImapStore(std::move(imap)));
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const MailToolOptions options, ReadToolOptions<MailToolOptions>(config));
  TRY(const std::shared_ptr<MailStore> store, StoreOf(options));
  ToolSpec search{.name = "mail_search", .title = "Search mail"};
  search.description = "Finds mails by words, people, subject and day; gives their heads and ids, newest first.";
  search.parameters = JsonSchema<MailSearchArguments>();
  search.read_only = search.idempotent = true;
  search.source = SourceSpec{.query = "text", .by_term = true, .found = "mails", .id = "id", .title = "subject"};
  search.source->read_by = "mail_read", search.source->read_argument = "id";
  ToolSpec read{.name = "mail_read", .title = "Read a mail"};
  read.description = "Gives a mail's text and the names of its attachments. It stays unread for everybody else.";
  read.parameters = JsonSchema<MailReadArguments>();
  read.read_only = read.idempotent = true;
  AgentTools tools{Tool(environment, store, options, std::move(search), Search),
                   Tool(environment, store, options, std::move(read), Read)};
  if (!store->can_draft()) return tools;
  ToolSpec draft{.name = "mail_draft", .title = "Draft a mail"};
  draft.description = "Puts a mail among the drafts. It is not sent: a person looks at it and sends it.";
  draft.parameters = JsonSchema<MailDraftArguments>();
  draft.idempotent = draft.sensitive = true;
  draft.outside = false;
  tools.push_back(Tool(environment, store, options, std::move(draft), Draft));
  return tools;
}

}  // namespace

extern const ToolEntry tool_mail;
const ToolEntry tool_mail{"mail", "mail in an mbox, a Maildir or on an IMAP server: search, read, draft", Make};

}  // namespace atelier
