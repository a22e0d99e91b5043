// Mail on an IMAP server. An id is "FOLDER/VALIDITY.UID": it names one message as long as the server keeps the folder's
// UIDVALIDITY. Folders are only ever examined, and bodies peeked at, so that nothing becomes read.
#include <algorithm>
#include <charconv>
#include <optional>

#include "agent/tools/imap_client.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// "6-May-2024" of "2024-05-06".
Result<std::string> ImapDate(const std::string& day) {
  int year = 0, month = 0, number = 0;
  if (std::sscanf(day.c_str(), "%4d-%2d-%2d", &year, &month, &number) != 3 || month < 1 || month > 12 || number < 1 ||
      number > 31) {
    return Error::Invalid("since or before", "got '" + day.substr(0, 40) + "', want a day such as 2024-05-06");
  }
  return std::to_string(number) + "-" + std::string(kMonths[month - 1]) + "-" + std::to_string(year);
}

int64_t WholeOf(std::string_view text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() ? value : -1;
}

// Of "* OK [UIDVALIDITY 17] …".
int64_t ValidityOf(const std::vector<ImapResponse>& responses) {
  for (const ImapResponse& response : responses) {
    for (size_t i = 0; i + 1 < response.values.size(); ++i) {
      if (UpperCase(response.values[i].text) != "[UIDVALIDITY") continue;
      std::string number = response.values[i + 1].text;
      if (number.ends_with(']')) number.pop_back();
      return WholeOf(number);
    }
  }
  return 0;
}

class ImapStore final : public MailStore {
 public:
  explicit ImapStore(ImapOptions options) : options_(std::move(options)) {}

  Result<std::vector<MailFound>> Search(const MailQuery& query, const MailWait& wait) override {
    TRY(const auto client, ImapClient::Open(options_, wait));
    const std::string folder = query.folder.empty() ? options_.folder : query.folder;
    TRY(const int64_t validity, Examine(*client, folder));
    TRY(const std::vector<ImapPart> command, SearchCommand(query));
    TRY(const auto responses, client->Run(command));
    std::vector<int64_t> uids;
    for (const ImapResponse& response : responses) {
      if (response.values.size() < 2 || UpperCase(response.values[1].text) != "SEARCH") continue;
      for (size_t i = 2; i < response.values.size(); ++i) uids.push_back(WholeOf(response.values[i].text));
    }
    std::sort(uids.begin(), uids.end(), std::greater<>());
    if (static_cast<int64_t>(uids.size()) > query.limit) uids.resize(static_cast<size_t>(query.limit));
    return Heads(*client, folder, validity, uids);
  }

  Result<std::string> Read(const std::string& id, const MailWait& wait) override {
    const size_t slash = id.rfind('/');
    const size_t dot = id.rfind('.');
    const Error unknown = Error::NotFound("id", "got '" + id.substr(0, 100) + "', want one that a search gave");
    if (slash == std::string::npos || dot == std::string::npos || dot < slash) return unknown;
    const int64_t validity = WholeOf(id.substr(slash + 1, dot - slash - 1)), uid = WholeOf(id.substr(dot + 1));
    if (validity < 0 || uid <= 0) return unknown;
    TRY(const auto client, ImapClient::Open(options_, wait));
    TRY(const int64_t now, Examine(*client, id.substr(0, slash)));
    if (now != validity) return unknown;
    const std::string part = "(UID BODY.PEEK[]<0." + std::to_string(kMaxMailBytes) + ">)";
    TRY(const auto responses, client->Run({ImapText("UID FETCH " + std::to_string(uid)), ImapText(part)}));
    for (const ImapResponse& response : responses) {
      const ImapValue* body = response.Item("BODY[");
      if (body != nullptr && !body->is_nil) return body->text;
    }
    return unknown;
  }

  bool can_draft() const override { return true; }
  Result<std::string> Draft(const std::string& message, const std::string& message_id, const MailWait& wait) override {
    TRY(const auto client, ImapClient::Open(options_, wait));
    TRY(const std::string folder, DraftsFolder(*client));
    // It may be there from a call that was cut off.
    TRY(const int64_t validity, Examine(*client, folder));
    static_cast<void>(validity);
    TRY(const auto responses, client->Run({ImapText("UID SEARCH HEADER Message-ID"), ImapString(message_id)}));
    for (const ImapResponse& response : responses) {
      const bool is_search = response.values.size() > 2 && UpperCase(response.values[1].text) == "SEARCH";
      if (is_search) return folder;
    }
    TRY_VOID(client->Run({ImapText("APPEND"), ImapString(folder), ImapText("(\\Draft \\Seen)"), ImapString(message)}));
    return folder;
  }

 private:
  static Result<int64_t> Examine(ImapClient& client, const std::string& folder) {
    auto responses = client.Run({ImapText("EXAMINE"), ImapString(folder)});
    if (!responses && responses.error().kind == ErrorKind::kDenied) {
      return Error::NotFound("folder", "got '" + folder.substr(0, 100) + "': " + responses.error().what);
    }
    if (!responses) return std::move(responses).error();
    return ValidityOf(*responses);
  }

  static Result<std::vector<ImapPart>> SearchCommand(const MailQuery& query) {
    std::vector<ImapPart> command{ImapText("UID SEARCH CHARSET UTF-8 ALL")};
    const auto add = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      command.push_back(ImapText(key));
      command.push_back(ImapString(value));
    };
    add("TEXT", query.text);
    add("FROM", query.from);
    if (!query.to.empty()) {
      command.push_back(ImapText("OR TO"));
      command.push_back(ImapString(query.to));
      add("CC", query.to);
    }
    add("SUBJECT", query.subject);
    if (!query.since.empty()) {
      TRY(const std::string day, ImapDate(query.since));
      command.push_back(ImapText("SENTSINCE " + day));
    }
    if (!query.before.empty()) {
      TRY(const std::string day, ImapDate(query.before));
      command.push_back(ImapText("SENTBEFORE " + day));
    }
    return command;
  }

  static Result<std::vector<MailFound>> Heads(ImapClient& client, const std::string& folder, int64_t validity,
                                              const std::vector<int64_t>& uids) {
    std::vector<MailFound> found;
    if (uids.empty()) return found;
    std::string set;
    for (const int64_t uid : uids) set += (set.empty() ? "" : ",") + std::to_string(uid);
    const std::string part = "(UID BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID)])";
    TRY(const auto responses, client.Run({ImapText("UID FETCH " + set), ImapText(part)}));
    for (const int64_t uid : uids) {
      for (const ImapResponse& response : responses) {
        const ImapValue* number = response.Item("UID");
        const ImapValue* head = response.Item("BODY[");
        if (number == nullptr || head == nullptr || WholeOf(number->text) != uid) continue;
        found.push_back({folder + "/" + std::to_string(validity) + "." + std::to_string(uid), head->text});
        break;
      }
    }
    return found;
  }

  // The one that the server says is for drafts [RFC 6154], or "Drafts".
  Result<std::string> DraftsFolder(ImapClient& client) const {
    if (!options_.drafts.empty()) return options_.drafts;
    TRY(const auto responses, client.Run({ImapText("LIST \"\" \"*\"")}));
    for (const ImapResponse& response : responses) {
      if (response.values.size() < 5 || UpperCase(response.values[1].text) != "LIST") continue;
      for (const ImapValue& attribute : response.values[2].items) {
        if (UpperCase(attribute.text) == "\\DRAFTS") return response.values.back().text;
      }
    }
    return std::string("Drafts");
  }

  const ImapOptions options_;
};

}  // namespace

std::unique_ptr<MailStore> MakeImapStore(ImapOptions options) {
  return std::make_unique<ImapStore>(std::move(options));
}

}  // namespace atelier
