// Drives: a local folder, and a real WebDAV server (lighttpd, where it is installed); hostile ones by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "agent/tools/daemon_for_test.h"
#include "agent/tools/tools_testing.h"
#include "agent/tools/webdav_listing.h"
#include "base/net/faulty_server.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DriveTool : public testing::Test {
 protected:
  void SetUp() override {
    CHECK(Files::Real().MakeFolders(root_ + "/notes/deep").ok());
    std::ofstream(root_ + "/a b.txt") << "The cat sat.";
    std::ofstream(root_ + "/notes/page.html") << "<html><body><p>A <b>dog</b> ran.</p></body></html>";
    std::ofstream(root_ + "/notes/deep/x.md") << "# Fish\n";
    with_ = Json::Object({{"folder", root_}, {"write", true}});
  }
  ToolOutput Run(size_t tool, Json arguments) {
    const AgentTools tools = bench_.Make("drive", with_).value();
    CHECK(tool < tools.size());
    auto output = bench_.Run(*tools[tool], std::move(arguments));
    return output ? *std::move(output) : ToolOutput{.text = output.error().Message(), .is_error = true};
  }
  ToolOutput List(std::string path) { return Run(0, Json::Object({{"path", path}})); }
  ToolOutput Read(std::string path) { return Run(1, Json::Object({{"path", path}})); }
  std::string Search(std::string words, bool content) {
    return Run(2, Json::Object({{"words", words}, {"content", content}})).structured["paths"].Dump();
  }
  ToolOutput Write(std::string path, std::string content, bool replace) {
    return Run(3, Json::Object({{"path", path}, {"content", content}, {"replace", replace}}));
  }
  void ExpectDrive() {
    EXPECT_EQ(List("").text, "a b.txt (12 bytes)\nnotes/\n");
    EXPECT_EQ(List("notes").text, "deep/\npage.html (50 bytes)\n");
    EXPECT_EQ(Read("/a b.txt").text, "The cat sat.");
    EXPECT_EQ(Read("notes/page.html").text, "A dog ran.");
    EXPECT_THAT(Read("none.txt").text, HasSubstr("none.txt: "));
    EXPECT_TRUE(List("none").is_error);
    EXPECT_EQ(Search("PAGE", false), R"(["notes/page.html"])");
    EXPECT_EQ(Search("dog ran", true), R"(["notes/page.html"])");
    EXPECT_EQ(Search("dog ran", false), "[]");
    EXPECT_EQ(Search("fish", true), R"(["notes/deep/x.md"])");
    for (const char* path : {"../x", "notes/../../x", "a/./b", "a//b", "..", "notes/..", "a\\..\\b"}) {
      EXPECT_THAT(Read(path).text, HasSubstr("want one within the drive")) << path;
      EXPECT_TRUE(Write(path, "x", true).is_error) << path;
    }
    EXPECT_EQ(Write("new/folder/\xC3\xA4 1.txt", "hello", false).text, "Written: new/folder/\xC3\xA4 1.txt");
    EXPECT_EQ(Read("new/folder/\xC3\xA4 1.txt").text, "hello");
    EXPECT_FALSE(Write("new/folder/\xC3\xA4 1.txt", "hello", false).is_error) << "the same call made again";
    EXPECT_THAT(Write("new/folder/\xC3\xA4 1.txt", "other", false).text, HasSubstr("there is a file already"));
    EXPECT_FALSE(Write("new/folder/\xC3\xA4 1.txt", "other", true).is_error);
    EXPECT_EQ(Read("new/folder/\xC3\xA4 1.txt").text, "other");
    EXPECT_TRUE(Write("a b.txt/c", "x", true).is_error);
    EXPECT_TRUE(Write("", "x", true).is_error);
  }

  ToolBench bench_;
  const std::string root_ = bench_.folder() + "/drive";
  Json with_;
};

TEST_F(DriveTool, WorksOnALocalFolder) {
  ExpectDrive();
  const AgentTools tools = bench_.Make("drive", with_).value();
  EXPECT_TRUE(tools[3]->spec().sensitive && !tools[3]->spec().read_only);
  EXPECT_TRUE(tools[0]->spec().read_only && !tools[0]->spec().sensitive);
  with_.Erase("write");
  EXPECT_EQ(bench_.Make("drive", with_)->size(), 3U);
}

TEST_F(DriveTool, LinksLeadNowhere) {
  std::ofstream(bench_.folder() + "/secret.txt") << "secret";
  CHECK(symlink((bench_.folder() + "/secret.txt").c_str(), (root_ + "/link.txt").c_str()) == 0);
  CHECK(symlink("..", (root_ + "/up").c_str()) == 0);
  CHECK(mkfifo((root_ + "/pipe").c_str(), 0600) == 0);
  for (const char* path : {"link.txt", "up/secret.txt", "up", "pipe"}) {
    EXPECT_TRUE(Read(path).is_error) << path;
    EXPECT_TRUE(Write(path, "x", true).is_error) << path;
  }
  EXPECT_TRUE(Write("up/new.txt", "x", true).is_error);
  EXPECT_EQ(List("").text, "a b.txt (12 bytes)\nnotes/\n");
  EXPECT_EQ(Search("secret", true), "[]");
  EXPECT_EQ(*ReadWholeFile(Files::Real(), bench_.folder() + "/secret.txt", 100), "secret");
}

TEST_F(DriveTool, SettingsAreChecked) {
  const auto error = [&](Json with) { return bench_.Make("drive", std::move(with)).error().Message(); };
  EXPECT_THAT(error(Json()), HasSubstr("with.folder: got both folder and url or neither"));
  EXPECT_THAT(error(Json::Object({{"folder", root_ + "/none"}})), HasSubstr("with.folder"));
  EXPECT_THAT(error(Json::Object({{"url", "http://0x7f.1/"}})), HasSubstr("with.url"));
}

class WebDavDrive : public DriveTool {
 protected:
  void SetUp() override {
    DriveTool::SetUp();
    const bool installed =
        Files::Real().Stat("/usr/sbin/lighttpd").ok() && Files::Real().Stat("/usr/lib/lighttpd/mod_webdav.so").ok();
    if (!installed) GTEST_SKIP() << "no lighttpd with mod_webdav";
    if (getuid() == 0 && !FindProgram("setpriv")) GTEST_SKIP() << "no setpriv";
    std::ofstream(bench_.folder() + "/users") << "ada:secret\n";
    int port = 0;
    for (int i = 0; i < 5 && !(daemon_ && daemon_->running()); ++i) {
      port = FreePort();
      std::ofstream(bench_.folder() + "/lighttpd.conf")
          << "server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_webdav\")\nserver.document-root = \""
          << bench_.folder() << "\"\nserver.port = " << port
          << "\nserver.bind = \"127.0.0.1\"\nwebdav.activate = \"enable\"\n"
          << "auth.backend = \"plain\"\nauth.backend.plain.userfile = \"" << bench_.folder() << "/users\"\n"
          << "auth.require = (\"/\" => (\"method\" => \"basic\", \"realm\" => \"x\", \"require\" => \"valid-user\"))\n";
      daemon_ = std::make_unique<DaemonForTest>(
          std::vector<std::string>{"/usr/sbin/lighttpd", "-D", "-f", bench_.folder() + "/lighttpd.conf"},
          bench_.folder(), port);
    }
    ASSERT_TRUE(daemon_->running()) << *ReadWholeFile(Files::Real(), bench_.folder() + "/daemon.log", 1 << 20);
    setenv("DRIVE_TEST_PASSWORD", "secret", 1);
    with_ = Json::Object({{"url", "http://127.0.0.1:" + std::to_string(port) + "/drive"},
                          {"user", "ada"},
                          {"password", "env:DRIVE_TEST_PASSWORD"},
                          {"write", true}});
  }
  std::unique_ptr<DaemonForTest> daemon_;
};

TEST_F(WebDavDrive, WorksOnARealServer) {
  ExpectDrive();
  setenv("DRIVE_TEST_PASSWORD", "wrong", 1);
  EXPECT_THAT(List("").text, HasSubstr("the server says HTTP 401"));
}

TEST(WebDavListing, HoldsOnlyWhatLiesInTheFolderAndNoSizeBelowNothing) {
  const auto response = [](const std::string& href, const std::string& bytes) {
    return "<d:response><d:href>" + href + "</d:href><d:getcontentlength>" + bytes +
           "</d:getcontentlength></d:response>";
  };
  const std::string body = "<d:multistatus xmlns:d='DAV:'>" + response("/dav/x", "-5") +
                           response("/dav/..%2f..%2fetc", "1") + response("/dav/%2e%2e", "1") +
                           response("/dav/a%00b", "1") + response("/other/y", "1") + "</d:multistatus>";
  const auto entries = ReadWebDavListing("", "http://drive.example/dav/", body).value();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "x");
  EXPECT_EQ(entries[0].bytes, 0);
}

TEST_F(DriveTool, BadServersAreBounded) {
  std::string answer;
  FaultyServer::End end = FaultyServer::End::kKeep;
  bool endless = false;
  FaultyServer server([&](const FaultyServer::Request&) { return FaultyServer::Answer{answer, end, 0, 0ms, endless}; });
  with_ = Json::Object({{"url", server.url("/d/")}, {"max_bytes", 100'000}});
  const auto listing = [&](std::string body) {
    server.Change([&] { answer = HttpAnswer(207, "application/xml", body); });
    return List("").text;
  };
  EXPECT_THAT(listing("<html>"), HasSubstr("got no multistatus"));
  EXPECT_THAT(listing("<x/>"), HasSubstr("got no multistatus"));
  EXPECT_EQ(
      listing(
          "<D:multistatus xmlns:D='DAV:'><D:response><D:href>/d/</D:href></D:response>"
          "<D:response><D:href>/d/..%2f..%2fetc</D:href></D:response><D:response><D:href>/other/x</D:href></D:response>"
          "<D:response><D:href>http://evil.test/d/ok</D:href></D:response>"
          "<D:response><D:href>/d/deep/er</D:href></D:response><D:response/></D:multistatus>"),
      "ok (0 bytes)\n")
      << "a name is only ever asked for on the server that the settings name";
  server.Change([&] { answer = HttpAnswer(302, "text/plain", "", "Location: http://169.254.169.254/\r\n"); });
  EXPECT_THAT(Read("x").text, HasSubstr("egress policy"));
  server.Change([&] {
    answer = "HTTP/1.1 200 OK\r\n\r\nxxxxxxxxxxxxxxxx";
    end = FaultyServer::End::kClose;
    endless = true;
  });
  EXPECT_THAT(Read("x").text, HasSubstr("more than 100000 bytes"));
}

}  // namespace
}  // namespace atelier
