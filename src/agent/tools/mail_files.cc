// Mail in files: mbox [RFC 4155] and Maildir [cr.yp.to/proto/maildir.html].
//
// An id is the mail's number in the mbox, or the unique part of its name in the Maildir, which flags do not change. A
// folder of a Maildir is ".Name" within it (Maildir++). A draft goes to ".Drafts/cur", under a name made of its
// Message-ID, so that writing it again changes nothing.
#include <algorithm>

#include "agent/tools/mail_store.h"
#include "agent/tools/mail_text.h"
#include "base/io/files.h"
#include "base/io/sha256.h"
#include "base/text/unicode.h"
#include "knowledge/load/mbox_reader.h"

namespace atelier {
namespace {

constexpr size_t kMaxMaildirFiles = 200'000;

// The query with its words in lower case, asked of one mail after the other.
class Filter {
 public:
  explicit Filter(const MailQuery& query)
      : text_(LowerCase(query.text)),
        from_(LowerCase(query.from)),
        to_(LowerCase(query.to)),
        subject_(LowerCase(query.subject)),
        since_(query.since),
        before_(query.before) {}

  bool Takes(std::string_view message) const {
    const Json headers = MailHeaders(message);
    const auto header = [&](const char* name) {
      return headers[name].is_string() ? headers[name].AsString() : std::string();
    };
    if (!OccursIn(header("from"), from_) || !OccursIn(header("subject"), subject_)) return false;
    if (!OccursIn(header("to") + "\n" + header("cc"), to_)) return false;
    if (!since_.empty() || !before_.empty()) {
      const std::string day = MailDay(header("date"));
      if (day.empty() || day < since_ || (!before_.empty() && day >= before_)) return false;
    }
    if (text_.empty()) return true;
    return OccursIn(header("subject") + "\n" + header("from") + "\n" + header("to"), text_) ||
           OccursIn(MailBody(message), text_);
  }

 private:
  const std::string text_, from_, to_, subject_, since_, before_;
};

std::string HeadOf(std::string_view message) {
  const size_t end = std::min({message.find("\n\n"), message.find("\n\r\n"), message.size()});
  return std::string(message.substr(0, std::min<size_t>(end, 64 << 10))) + "\n\n";
}

class MboxStore final : public MailStore {
 public:
  explicit MboxStore(std::string path) : path_(std::move(path)) {}

  Result<std::vector<MailFound>> Search(const MailQuery& query, const MailWait& wait) override {
    if (!query.folder.empty()) return Error::NotFound("folder", "an mbox has none");
    TRY(const std::string bytes, ReadWholeFile(Files::Real(), path_, kMaxMailboxBytes));
    const Filter filter(query);
    std::vector<MailFound> found;
    MboxReader reader(bytes);
    for (int64_t number = 1;; ++number) {
      TRY_VOID(wait.Check());
      const std::optional<std::string> mail = reader.Next();
      if (!mail) break;
      if (!filter.Takes(*mail)) continue;
      found.push_back({std::to_string(number), HeadOf(*mail)});
      // The newest stand last.
      if (static_cast<int64_t>(found.size()) > query.limit) found.erase(found.begin());
    }
    std::reverse(found.begin(), found.end());
    return found;
  }

  Result<std::string> Read(const std::string& id, const MailWait& wait) override {
    TRY(const std::string bytes, ReadWholeFile(Files::Real(), path_, kMaxMailboxBytes));
    MboxReader reader(bytes);
    for (int64_t number = 1;; ++number) {
      TRY_VOID(wait.Check());
      std::optional<std::string> mail = reader.Next();
      if (!mail) return Error::NotFound("id", "got '" + id.substr(0, 100) + "', want one that a search gave");
      if (id == std::to_string(number)) return mail->substr(0, kMaxMailBytes);
    }
  }

  bool can_draft() const override { return false; }
  Result<std::string> Draft(const std::string&, const std::string&, const MailWait&) override {
    return Error::Unsupported("mail", "an mbox takes no drafts");
  }

 private:
  const std::string path_;
};

class MaildirStore final : public MailStore {
 public:
  explicit MaildirStore(std::string path) : path_(std::move(path)) {}

  Result<std::vector<MailFound>> Search(const MailQuery& query, const MailWait& wait) override {
    TRY(std::vector<Entry> entries, List(query.folder));
    // By when they came: names begin with seconds since 1970.
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.seconds() != b.seconds() ? a.seconds() > b.seconds() : a.unique > b.unique;
    });
    const Filter filter(query);
    std::vector<MailFound> found;
    for (const Entry& entry : entries) {
      TRY_VOID(wait.Check());
      if (static_cast<int64_t>(found.size()) >= query.limit) break;
      const Result<std::string> mail = ReadWholeFile(Files::Real(), entry.path, kMaxMailBytes);
      if (!mail || !filter.Takes(*mail)) continue;  // gone meanwhile, or too large
      const std::string folder = query.folder.empty() ? "" : query.folder + "/";
      found.push_back({folder + entry.unique, HeadOf(*mail)});
    }
    return found;
  }

  Result<std::string> Read(const std::string& id, const MailWait&) override {
    const size_t slash = id.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : id.substr(0, slash);
    const std::string unique = slash == std::string::npos ? id : id.substr(slash + 1);
    TRY(const std::vector<Entry> entries, List(folder));
    for (const Entry& entry : entries) {
      if (entry.unique == unique) return ReadWholeFile(Files::Real(), entry.path, kMaxMailBytes);
    }
    return Error::NotFound("id", "got '" + id.substr(0, 100) + "', want one that a search gave");
  }

  bool can_draft() const override { return true; }
  Result<std::string> Draft(const std::string& message, const std::string& message_id, const MailWait&) override {
    Files& files = Files::Real();
    const std::string folder = JoinPath(path_, ".Drafts");
    for (const char* part : {"cur", "new", "tmp"}) TRY_VOID(files.MakeFolders(JoinPath(folder, part)));
    const std::string name = "0." + Sha256Hex(message_id).substr(0, 32) + ".atelier";
    const std::string path = JoinPath(folder, "cur/" + name + ":2,DS");
    TRY_VOID(WriteAtomically(files, path, message));
    return "Drafts/" + name;
  }

 private:
  struct Entry {
    std::string unique;
    std::string path;
    int64_t seconds() const { return std::strtoll(unique.c_str(), nullptr, 10); }
  };

  Result<std::vector<Entry>> List(const std::string& folder) const {
    std::string base = path_;
    if (!folder.empty()) {
      if (!IsSafeRelativePath(folder) || folder.find('/') != std::string::npos) {
        return Error::Invalid("folder", "got '" + folder.substr(0, 100) + "', want a name");
      }
      base = JoinPath(path_, "." + folder);
    }
    std::vector<Entry> entries;
    for (const char* part : {"cur", "new"}) {
      const std::string within = JoinPath(base, part);
      Result<std::vector<std::string>> names = Files::Real().List(within);
      if (!names) return Error::NotFound("folder", "got '" + folder + "', where there is no mail folder");
      for (const std::string& name : *names) {
        if (name.starts_with('.') || entries.size() >= kMaxMaildirFiles) continue;
        entries.push_back({name.substr(0, name.find(':')), JoinPath(within, name)});
      }
    }
    return entries;
  }

  const std::string path_;
};

}  // namespace

Result<void> MailWait::Check() const {
  if (stop.stop_requested()) return Error::Cancelled("mail", "stopped on request");
  if (Clock::Real().Now() >= until) return Error::Timeout("mail", "it took too long");
  return {};
}

Result<std::unique_ptr<MailStore>> OpenMailFiles(const std::string& path) {
  TRY(const FileInfo info, Files::Real().Stat(path));
  if (!info.is_folder) return std::unique_ptr<MailStore>(std::make_unique<MboxStore>(path));
  const Result<FileInfo> cur = Files::Real().Stat(JoinPath(path, "cur"));
  if (!cur || !cur->is_folder)
    return Error::Invalid(path, "got a folder without 'cur', want a Maildir or an mbox file");
  return std::unique_ptr<MailStore>(std::make_unique<MaildirStore>(path));
}

}  // namespace atelier
