// Mail in files, on a real IMAP server (Dovecot, where it is installed), and on one that plays bad ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

#include "agent/tools/daemon_for_test.h"
#include "agent/tools/imap_client.h"
#include "agent/tools/mail_text.h"
#include "agent/tools/tools_testing.h"
#include "base/net/net_testing.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view kFirst =
    "From: Ada <ada@example.org>\nTo: bob@example.org\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from Ada\n"
    "Date: Mon, 6 May 2024 23:30:00 -0200\nMessage-ID: <1@example.org>\n\nThe cat sat on the mat.\n";
constexpr std::string_view kSecond =
    "From: Carol <carol@example.org>\nTo: bob@example.org\nCc: ada@example.org\nSubject: Report\n"
    "Date: Wed, 8 May 2024 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
    "Content-Type: text/html; charset=utf-8\n\n<p>Numbers are <b>fine</b>.</p>\n--x\nContent-Type: application/pdf; "
    "name=r.pdf\nContent-Disposition: attachment; filename=r.pdf\nContent-Transfer-Encoding: base64\n\nAAEC\n--x--\n";

void WriteFile(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

class MailTool : public testing::Test {
 protected:
  Result<ToolOutput> Run(size_t tool, Json arguments) {
    const AgentTools tools = bench_.Make("mail", with_).value();
    CHECK(tool < tools.size());
    return bench_.Run(*tools[tool], std::move(arguments));
  }
  // Subjects of what is found, newest first.
  std::string Subjects(Json query) {
    const auto output = Run(0, std::move(query));
    if (!output || output->is_error) return output ? output->text : output.error().Message();
    std::string all;
    for (const Json& mail : output->structured["mails"].items()) all += mail["subject"].AsString() + ";";
    return all;
  }
  std::string IdOf(std::string subject) {
    return Run(0, Json::Object({{"subject", subject}}))->structured["mails"][0]["id"].AsString();
  }
  void ExpectSearches() {
    EXPECT_EQ(Subjects(Json::Object()),
              "Report;Gr\xC3\xBC\xC3\x9F"
              "e from Ada;");
    EXPECT_EQ(Subjects(Json::Object({{"text", "CAT sat"}})),
              "Gr\xC3\xBC\xC3\x9F"
              "e from Ada;");
    EXPECT_EQ(Subjects(Json::Object({{"from", "carol"}})), "Report;");
    EXPECT_EQ(Subjects(Json::Object({{"to", "ada@"}})), "Report;");
    EXPECT_EQ(Subjects(Json::Object({{"subject",
                                      "gr\xC3\xBC\xC3\x9F"
                                      "e"}})),
              "Gr\xC3\xBC\xC3\x9F"
              "e from Ada;");
    EXPECT_EQ(Subjects(Json::Object({{"since", "2024-05-08"}})), "Report;");
    EXPECT_EQ(Subjects(Json::Object({{"before", "2024-05-08"}})),
              "Gr\xC3\xBC\xC3\x9F"
              "e from Ada;");
    EXPECT_EQ(Subjects(Json::Object({{"text", "dog"}})), "");
    EXPECT_THAT(Subjects(Json::Object({{"since", "yesterday"}})), HasSubstr("want a day such as 2024-05-06"));
    EXPECT_THAT(Subjects(Json::Object({{"folder", "No such"}})), HasSubstr("folder"));
    const auto report = Run(1, Json::Object({{"id", IdOf("Report")}}));
    ASSERT_TRUE(report.ok() && !report->is_error) << (report ? report->text : report.error().Message());
    EXPECT_EQ(report->structured["text"], Json("Numbers are fine."));
    EXPECT_EQ(report->structured["attachments"].Dump(), R"([{"name":"r.pdf","type":"application/pdf","bytes":3}])");
    EXPECT_TRUE(Run(1, Json::Object({{"id", "x/9.9"}}))->is_error);
    EXPECT_TRUE(Run(1, Json::Object({{"id", ""}}))->is_error);
  }
  void ExpectDrafts() {
    const Json draft = Json::Object({{"to", Json::Array({"J\xC3\xB6rg <joerg@example.org>"})},
                                     {"subject",
                                      "Gr\xC3\xBC\xC3\x9F"
                                      "e"},
                                     {"body", "Line one\n\xE2\x82\xAC two\n"}});
    for (int i = 0; i < 2; ++i) {
      const auto output = Run(2, draft);
      ASSERT_TRUE(output.ok() && !output->is_error) << (output ? output->text : output.error().Message());
      EXPECT_THAT(output->text, HasSubstr("A person has to send it"));
    }
    const auto found = Run(0, Json::Object({{"folder", "Drafts"}}));
    ASSERT_TRUE(found.ok() && !found->is_error) << (found ? found->text : found.error().Message());
    ASSERT_EQ(found->structured["mails"].size(), 1) << "the same call made twice leaves one draft";
    const auto read = Run(1, Json::Object({{"id", found->structured["mails"][0]["id"]}}));
    EXPECT_EQ(read->structured["text"], Json("Line one\n\xE2\x82\xAC two\n"));
    EXPECT_EQ(read->structured["to"], Json("J\xC3\xB6rg <joerg@example.org>"));
    Json odd = draft;
    odd.Set("subject", "a\r\nBcc: everybody@example.org");
    EXPECT_THAT(Run(2, odd)->text, HasSubstr("line break"));
    odd = draft;
    odd.Set("to", Json::Array({"a@b, c@d"}));
    EXPECT_TRUE(Run(2, odd)->is_error);
  }

  ToolBench bench_;
  Json with_;
};

TEST_F(MailTool, ReadsAnMbox) {
  const std::string path = bench_.folder() + "/mail.mbox";
  WriteFile(path, "From a Mon\n" + std::string(kFirst) + "\nFrom b Tue\n" + std::string(kSecond));
  with_ = Json::Object({{"path", path}});
  ExpectSearches();
  EXPECT_EQ(bench_.Make("mail", with_)->size(), 2U) << "nothing is written to an mbox";
}

TEST_F(MailTool, ReadsAMaildirAndDraftsInIt) {
  const std::string path = bench_.folder() + "/Maildir";
  for (const char* part : {"/cur", "/new", "/tmp"}) CHECK(Files::Real().MakeFolders(path + part).ok());
  WriteFile(path + "/cur/1715000000.a.host:2,S", kFirst);
  WriteFile(path + "/new/1715200000.b.host", kSecond);
  with_ = Json::Object({{"path", path}});
  ExpectSearches();
  ExpectDrafts();
  EXPECT_TRUE(Run(0, Json::Object({{"folder", "../.."}}))->is_error);
  const AgentTools tools = bench_.Make("mail", with_).value();
  EXPECT_TRUE(tools[0]->spec().read_only && tools[1]->spec().read_only && !tools[2]->spec().read_only);
  EXPECT_TRUE(tools[2]->spec().sensitive && tools[2]->spec().idempotent);
}

TEST_F(MailTool, SettingsAreChecked) {
  const auto error = [&](Json with) { return bench_.Make("mail", std::move(with)).error().Message(); };
  EXPECT_THAT(error(Json()), HasSubstr("with.path"));
  EXPECT_THAT(error(Json::Object({{"path", bench_.folder()}})), HasSubstr("want a Maildir or an mbox file"));
  EXPECT_THAT(error(Json::Object({{"host", "h"}, {"user", "u"}, {"password", "clear"}})), HasSubstr("with.password"));
}

TEST(MailDay, ReadsDatesOfMails) {
  EXPECT_EQ(MailDay("Mon, 6 May 2024 23:30:00 -0200"), "2024-05-07");
  EXPECT_EQ(MailDay("6 May 24 00:30:00 +0100"), "2024-05-05");
  EXPECT_EQ(MailDay("Thu, 29 Feb 2024 10:00 GMT"), "2024-02-29");
  for (const char* odd : {"", "yesterday", "32 May 2024 1:1:1 +0000", "1 Foo 2024", "1 May", "a b c d e"}) {
    EXPECT_EQ(MailDay(odd), "") << odd;
  }
}

// Dovecot with one user, TLS on `imaps` and STARTTLS on `imap`.
class DovecotMail : public MailTool {
 protected:
  void SetUp() override {
    if (!FindProgram("dovecot") && !Files::Real().Stat("/usr/sbin/dovecot").ok()) GTEST_SKIP() << "no dovecot";
    if (getuid() == 0 && !FindProgram("setpriv")) GTEST_SKIP() << "no setpriv";
    setenv("MAIL_TEST_PASSWORD", "s\"cr\\t \xC3\xA9", 1);
    const TestCertificate certificate = MakeTestCertificate();
    WriteFile(folder_ + "/cert.pem", certificate.certificate);
    WriteFile(folder_ + "/key.pem", certificate.key);
    for (const char* part : {"/mail/cur", "/mail/new", "/mail/tmp"})
      CHECK(Files::Real().MakeFolders(folder_ + part).ok());
    WriteFile(folder_ + "/mail/cur/1715000000.a.host:2,", kFirst);
    WriteFile(folder_ + "/mail/new/1715200000.b.host", kSecond);
    for (int i = 0; i < 5 && !(daemon_ && daemon_->running()); ++i) Start();  // somebody may take the port meanwhile
    ASSERT_TRUE(daemon_->running()) << *ReadWholeFile(Files::Real(), folder_ + "/daemon.log", 1 << 20);
    with_ = Json::Object({{"host", "localhost"},
                          {"port", imaps_},
                          {"user", "bob"},
                          {"password", "env:MAIL_TEST_PASSWORD"},
                          {"ca_file", folder_ + "/cert.pem"},
                          {"from", "Bob <bob@example.org>"}});
  }

  void Start() {
    imap_ = FreePort();
    imaps_ = FreePort();
    const std::string user = getuid() == 0 ? "nobody" : UserName();
    const std::string group = getuid() == 0 ? "nogroup" : GroupName();
    WriteFile(folder_ + "/passwd", "bob:{PLAIN}s\"cr\\t \xC3\xA9\n");
    WriteFile(folder_ + "/dovecot.conf",
              "base_dir = " + folder_ + "/run\nstate_dir = " + folder_ + "/state\nlog_path = /dev/stderr\n" +
                  "protocols = imap\nlisten = 127.0.0.1\nssl = yes\nssl_cert = <" + folder_ + "/cert.pem\nssl_key = <" +
                  folder_ + "/key.pem\nmail_location = maildir:" + folder_ + "/mail\ndefault_internal_user = " + user +
                  "\ndefault_login_user = " + user + "\ndefault_internal_group = " + group +
                  "\nfirst_valid_uid = 1\ndisable_plaintext_auth = yes\n" +
                  "passdb {\n  driver = passwd-file\n  args = " + folder_ + "/passwd\n}\n" +
                  "userdb {\n  driver = static\n  args = uid=" + user + " gid=" + group + " home=" + folder_ +
                  "/home\n}\n" +
                  "namespace inbox {\n  inbox = yes\n  mailbox Drafts {\n    special_use = \\Drafts\n    auto = "
                  "create\n  }\n}\n" +
                  "service imap-login {\n  chroot =\n  inet_listener imap {\n    port = " + std::to_string(imap_) +
                  "\n  }\n  inet_listener imaps {\n    port = " + std::to_string(imaps_) + "\n    ssl = yes\n  }\n}\n" +
                  "service anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n");
    const std::string program = FindProgram("dovecot").value_or("/usr/sbin/dovecot");
    daemon_ = std::make_unique<DaemonForTest>(std::vector<std::string>{program, "-F", "-c", folder_ + "/dovecot.conf"},
                                              folder_, imaps_);
  }
  static std::string UserName() { return Word({"id", "-un"}); }
  static std::string GroupName() { return Word({"id", "-gn"}); }
  static std::string Word(std::vector<std::string> args) {
    std::string word = RunProcess({.args = std::move(args)})->out;
    return word.substr(0, word.find('\n'));
  }

  const std::string folder_ = "/tmp/" + bench_.folder().substr(bench_.folder().rfind('/') + 1) + "_dovecot";
  int imap_ = 0, imaps_ = 0;
  std::unique_ptr<DaemonForTest> daemon_;

 public:
  DovecotMail() { CHECK(Files::Real().MakeFolders(folder_).ok()); }
  ~DovecotMail() override {
    daemon_ = nullptr;
    static_cast<void>(RemoveTree(Files::Real(), folder_));
  }
};

TEST_F(DovecotMail, SearchesReadsAndDraftsOverTls) {
  ExpectSearches();
  ExpectDrafts();
  // Nothing has been marked as read by looking.
  EXPECT_EQ(*Files::Real().List(folder_ + "/mail/cur"), std::vector<std::string>{"1715000000.a.host:2,"});
  EXPECT_EQ(*Files::Real().List(folder_ + "/mail/new"), std::vector<std::string>{"1715200000.b.host"});
  with_.Set("port", imap_);
  with_.Set("tls", "starttls");
  EXPECT_EQ(Subjects(Json::Object({{"from", "carol"}})), "Report;");
  with_.Set("tls", "none");
  EXPECT_EQ(Subjects(Json::Object({{"from", "carol"}})), "Report;");  // on loopback Dovecot lets that be
}

TEST_F(DovecotMail, TrustsOnlyWhoItIsToldTo) {
  with_.Erase("ca_file");
  EXPECT_THAT(Subjects(Json::Object()), HasSubstr("certificate"));
  with_.Set("ca_file", folder_ + "/cert.pem");
  setenv("MAIL_TEST_PASSWORD", "wrong", 1);
  EXPECT_THAT(Subjects(Json::Object()), HasSubstr("the server says"));
}

// Says a greeting, then answers each line as it is told to; serves connections one after the other.
class ScriptedImap {
 public:
  using Script = std::function<std::string(const std::string& line)>;
  explicit ScriptedImap(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 8) == 0);
    CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedImap() {
    stopping_ = true;
    thread_.join();
    close(listener_);
  }
  int port = 0;

 private:
  bool Wait(int fd) {
    pollfd ready{fd, POLLIN, 0};
    while (!stopping_) {
      if (poll(&ready, 1, 20) > 0) return true;
    }
    return false;
  }
  static bool SendAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void Serve() {
    while (Wait(listener_)) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      std::string buffer;
      bool going = SendAll(fd, script_(""));
      while (going && Wait(fd)) {
        char bytes[4096];
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0) break;
        buffer.append(bytes, static_cast<size_t>(got));
        for (size_t end; going && (end = buffer.find("\r\n")) != std::string::npos; buffer.erase(0, end + 2)) {
          going = SendAll(fd, script_(buffer.substr(0, end)));
        }
      }
      close(fd);
    }
  }

  const Script script_;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// What a search says where the server answers the command `name` with `answer` ("TAG" is replaced) and else plays
// along.
std::string SaidWith(const std::string& name, const std::string& answer) {
  ScriptedImap server([&](const std::string& line) -> std::string {
    const std::string tag = line.substr(0, line.find(' '));
    const auto tagged = [&](std::string text) {
      for (size_t at = 0; (at = text.find("TAG", at)) != std::string::npos;) text.replace(at, 3, tag);
      return text;
    };
    if (line.empty()) return name.empty() ? answer : "* OK hello\r\n";
    if (!name.empty() && line.find(name) != std::string::npos) return tagged(answer);
    if (line.find("AUTHENTICATE") != std::string::npos) return "+ \r\n";
    if (line.find(' ') == std::string::npos) return "a1 OK in\r\n";  // the password
    if (line.find("EXAMINE") != std::string::npos) return tagged("* OK [UIDVALIDITY 7] x\r\nTAG OK done\r\n");
    if (line.find("SEARCH") != std::string::npos) return tagged("* SEARCH 5\r\nTAG OK done\r\n");
    return tagged("TAG OK done\r\n");
  });
  const auto store = MakeImapStore({.host = "127.0.0.1",
                                    .port = server.port,
                                    .tls = "none",
                                    .user = "u",
                                    .password = "p",
                                    .ca_file = "",
                                    .drafts = ""});
  const MailWait wait{Clock::Real().Now() + (answer.empty() ? std::chrono::seconds(1) : std::chrono::seconds(60)), {}};
  const auto found =
      store->Search({.folder = "", .text = "", .from = "", .to = "", .subject = "", .since = "", .before = ""}, wait);
  if (!found) return found.error().Message();
  return found->empty() ? "nothing" : found->front().id + "\n" + found->front().head;
}

TEST(ImapClient, ReadsResponsesInTheirForms) {
  EXPECT_EQ(SaidWith("FETCH",
                     "* 3 FETCH (FLAGS (\\Seen) UID 5 BODY[HEADER.FIELDS (FROM \"TO\")] {9}\r\nFrom: a)\n)\r\n"
                     "* 4 EXPUNGE\r\nTAG OK done\r\n"),
            "INBOX/7.5\nFrom: a)\n");
  EXPECT_EQ(SaidWith("FETCH", "* 3 FETCH (uid 5 body[header.fields (from)] \"Fr\\\"om\")\r\nTAG OK\r\n"),
            "INBOX/7.5\nFr\"om");
  EXPECT_EQ(SaidWith("SEARCH", "* SEARCH\r\nTAG OK (it's \"odd [words)\r\n"), "nothing");
}

// A value of one byte takes sixty and more here, so bytes alone would bound nothing.
TEST(ImapReader, BoundsTheValuesOfACommand) {
  const auto read = [](int num_values) {
    std::string input = "* SEARCH";
    for (int i = 0; i < num_values; ++i) input += " 1";
    input += "\r\n";
    size_t at = 0;
    ImapReader reader("server", [&](char* bytes, size_t size) -> Result<size_t> {
      const size_t given = input.copy(bytes, size, at);
      at += given;
      return given;
    });
    return reader.Read();
  };
  EXPECT_EQ(read(500'000).value().values.size(), 500'002u);
  EXPECT_EQ(read(1'500'000).error().kind, ErrorKind::kTooLarge);
}

TEST(ImapClient, BadServersEndInErrors) {
  EXPECT_THAT(SaidWith("", "* BYE too busy\r\n"), HasSubstr("as greeting, want OK"));
  EXPECT_THAT(SaidWith("", "HTTP/1.1 400 Bad Request\r\n"), HasSubstr("as greeting"));
  EXPECT_THAT(SaidWith("", ""), HasSubstr("no answer in time"));
  EXPECT_THAT(SaidWith("AUTHENTICATE", "TAG NO [PRIVACYREQUIRED] TLS first\r\n"), HasSubstr("TLS first"));
  EXPECT_THAT(SaidWith("EXAMINE", "TAG NO no such folder\r\n"), HasSubstr("folder: got 'INBOX'"));
  EXPECT_THAT(SaidWith("EXAMINE", "TAG BAD what\r\n"), HasSubstr("the server says"));
  EXPECT_THAT(SaidWith("EXAMINE", "* BYE\r\n"), HasSubstr("goodbye"));
  EXPECT_THAT(SaidWith("SEARCH", "* SEARCH " + std::string(5 << 20, '1')), HasSubstr("line of more than 4 MiB"));
  EXPECT_THAT(SaidWith("SEARCH", "* X " + std::string(100, '(') + "\r\n"), HasSubstr("32 deep"));
  EXPECT_THAT(SaidWith("SEARCH", "* X (\r\n"), HasSubstr("'(' without ')'"));
  EXPECT_THAT(SaidWith("SEARCH", "* X )\r\n"), HasSubstr("')' without '('"));
  EXPECT_THAT(SaidWith("SEARCH", "\r\n"), HasSubstr("empty line"));
  EXPECT_THAT(SaidWith("FETCH", "* 1 FETCH (BODY[] {99999999999}\r\n"), HasSubstr("literal above 16 MiB"));
  EXPECT_THAT(SaidWith("FETCH", "* 1 FETCH (BODY[] {9x}\r\n"), HasSubstr("begins no literal"));
  EXPECT_THAT(SaidWith("FETCH", "* 1 FETCH (UID \"5\r\n"), HasSubstr("without its end"));
  EXPECT_EQ(SaidWith("SEARCH", "* SEARCH x -1 5 99999999999999999999\r\nTAG OK\r\n"), "nothing");
  std::string flood;
  for (int i = 0; i < 10'002; ++i) flood += "* X\r\n";
  EXPECT_THAT(SaidWith("SEARCH", flood), HasSubstr("more than 10,000 responses"));
}

}  // namespace
}  // namespace atelier
