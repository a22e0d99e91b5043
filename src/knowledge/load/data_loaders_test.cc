// CSV, JSON, mails, archives; and what wants to exhaust.
#include <gmock/gmock.h>

#include "base/process/process.h"
#include "knowledge/load/load_testing.h"
#include "knowledge/load/mime.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/xlsx_values.h"
#include "knowledge/load/zip_for_test.h"

namespace atelier {
namespace {

using ::testing::ElementsAre;
using testing::GoldenFile;
using ::testing::HasSubstr;
using testing::LoadAll;
using testing::LoadOne;
using testing::MakeArchive;
using testing::Marked;
using Kind = TextMark::Kind;

TEST(Csv, EachRowSaysItsColumns) {
  const Document document = LoadOne("a.csv", "name,born,note\nAda,1815,\"said \"\"no\"\"\n, twice\"\nBlaise,1623,\n");
  EXPECT_EQ(document.text, "name: Ada | born: 1815 | note: said \"no\" , twice\nname: Blaise | born: 1623");
  EXPECT_THAT(Marked(document, Kind::kTableCell), ElementsAre("Ada", "1815", "said \"no\" , twice", "Blaise", "1623"));
  EXPECT_EQ(Marked(document, Kind::kTableRow).size(), 2U);
}

TEST(Csv, SeparatorsAndMissingNames) {
  EXPECT_EQ(LoadOne("a.csv", "k;v\na;b,c\n").text, "k: a | v: b,c");
  EXPECT_EQ(LoadOne("a.tsv", "k\tv\na\tb\n").text, "k: a | v: b");
  EXPECT_EQ(LoadOne("a.csv", "1,2\n3,4\n").text, "1 | 2\n3 | 4");
  EXPECT_EQ(LoadOne("a.csv", "only,names").text, "only | names");
}

TEST(Csv, NamesAreLeftOutWhereTheyWouldMakeTheTextTooLong) {
  LoadOptions options;
  options.limits.text_bytes = 100'000;
  std::string table = "a long name of a column,another long name of a column\n";
  for (int i = 0; i < 2'000; ++i) table += "x,y\n";
  const Document document = LoadOne("a.csv", table, options);
  EXPECT_THAT(document.text, ::testing::EndsWith("\nx | y"));
}

TEST(JsonText, RecordsAreMessages) {
  const Document document =
      LoadOne("a.json", R"([{"role":"user","tags":["a","b"]},{"deep":{"k":[{"x":1},"y"]},"none":null}])");
  EXPECT_EQ(document.text, "role: user\ntags: a, b\n\ndeep:\n  k:\n    -\n      x: 1\n    - y");
  EXPECT_EQ(Marked(document, Kind::kMessage).size(), 2U);
}

TEST(JsonText, BadLinesAreToldAndPassedOver) {
  LoadOptions options;
  std::vector<std::string> skipped;
  options.on_skipped = [&](const Error& error) { skipped.push_back(error.Message()); };
  const Document document = LoadOne("a.jsonl", "{\"a\":1}\n{broken\n\n{\"a\":2}\n", options);
  EXPECT_EQ(document.text, "a: 1\n\na: 2");
  EXPECT_THAT(skipped, ElementsAre(HasSubstr("a.jsonl: line 2: ")));
  EXPECT_EQ(LoadOne("a.json", "{\"a\":1}\n{\"a\":2}").text, "a: 1\n\na: 2");
  EXPECT_THAT(LoadDocuments({.id = "a.json", .bytes = "{\"a\":", .media_type = {}}, {}).error().Message(),
              HasSubstr("a.json: line 1, column "));
}

constexpr std::string_view kMail =
    "Received: by x\r\nFrom: =?iso-8859-1?Q?J=F6rg?= <j@x.example>\r\nTo: a@b.example,\r\n c@d.example\r\n"
    "Subject: =?utf-8?B?R3LDvMOf?= =?utf-8?Q?e_dir?=\r\nContent-Type: multipart/mixed; boundary=\"out er\"\r\n\r\n"
    "preamble\r\n--out er\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Sch=F6ner lan=\r\nger Tag\r\n\r\n> fr=FCher\r\nheute\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>not "
    "this</p>\r\n--in--\r\n"
    "--out er\r\nContent-Type: text/csv; name*0*=utf-8''z%C3%A4; name*1*=hlung.csv\r\n"
    "Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nayx2CmEs\r\nYgo=\r\n--out er\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x\r\nTo: y\r\n\r\nwithin\r\n--out "
    "er--\r\nepilogue\r\n";

TEST(Mail, PartsAreReadAndAttachmentsLoaded) {
  const auto documents = LoadAll("m.eml", kMail);
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[0].text,
            "Grüße dir\n\nFrom: Jörg <j@x.example>\nTo: a@b.example, c@d.example\n\n"
            "Schöner langer Tag\n\n> früher\n\nheute");
  EXPECT_EQ(documents[0].title, "Grüße dir");
  EXPECT_EQ(documents[0].attributes["from"].AsString(), "Jörg <j@x.example>");
  EXPECT_THAT(Marked(documents[0], Kind::kQuote), ElementsAre("> früher"));
  EXPECT_EQ(documents[1].id, "m.eml!/zählung.csv");
  EXPECT_EQ(documents[1].text, "k: a | v: b");
  EXPECT_EQ(documents[2].id, "m.eml!/part-2.eml");
  EXPECT_EQ(documents[2].title, "inner");
}

TEST(Mail, MailboxesHoldMessages) {
  const auto documents = LoadAll(
      "m.mbox", "From a Mon\nSubject: one\n\n>From the start\nFrom nowhere\n\nFrom b Tue\n" + std::string(kMail));
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_THAT(Marked(documents[0], Kind::kMessage),
              ElementsAre("one\n\nFrom the start\nFrom nowhere", ::testing::StartsWith("Grüße dir")));
  EXPECT_EQ(documents[1].id, "m.mbox!/2!/zählung.csv");
}

TEST(Mail, DecodersReadAroundWhatIsWrong) {
  EXPECT_EQ(DecodeLooseBase64("aG\nVs*bG8"), "hello");
  EXPECT_EQ(DecodeQuotedPrintable("a=3Db=\r\nc=zz="), "a=bc=zz");
  EXPECT_EQ(DecodeEncodedWords("=?utf-8?Q?a?= =?utf-8?Q?b?= c =?broken"), "ab c =?broken");
}

TEST(Archive, MembersAreReadByTheirLoaders) {
  const testing::ZipMembers members{
      {"a.md", "# One"}, {"d/b.txt", "two"}, {"__MACOSX/a.md", "x"}, {"c.bin", std::string("\0\1", 2)}};
  for (const auto& [format, filter, id] :
       std::vector<std::tuple<const char*, const char*, std::string>>{{"zip", "none", "x.zip"},
                                                                      {"gnutar", "none", "x.tar"},
                                                                      {"gnutar", "gzip", "x.tar.gz"},
                                                                      {"7zip", "none", "x.7z"}}) {
    std::vector<std::string> skipped;
    LoadOptions options;
    options.on_skipped = [&](const Error& error) { skipped.push_back(error.where); };
    const auto documents = LoadAll(id, MakeArchive(members, format, filter), options);
    ASSERT_EQ(documents.size(), 2U) << id;
    EXPECT_EQ(documents[0].id, id + "!/a.md");
    EXPECT_EQ(documents[0].title, "One");
    EXPECT_EQ(documents[1].id, id + "!/d/b.txt");
    EXPECT_THAT(skipped, ElementsAre(id + "!/c.bin"));
  }
  EXPECT_EQ(LoadOne("notes.txt.gz", MakeArchive({{"x", "text"}}, "raw", "gzip")).id, "notes.txt.gz!/notes.txt");
}

TEST(Archive, BombsEnd) {
  const auto error_of = [](const std::string& id, const std::string& bytes, const LoadLimits& limits = {}) {
    LoadOptions options;
    options.limits = limits;
    const auto documents = LoadDocuments({.id = id, .bytes = bytes, .media_type = {}}, options);
    return documents.ok() ? std::string("loaded") : documents.error().Message();
  };
  const std::string zeros(40 << 20, ' ');
  const std::string bomb = MakeArchive({{"a.txt", zeros}});
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_THAT(error_of("bomb.zip", bomb), HasSubstr("bomb.zip: it unpacks to more than 200 times its "));
  LoadLimits limits;
  limits.expanded_bytes = 1'000;
  EXPECT_THAT(error_of("b.zip", MakeArchive({{"a.txt", std::string(2'000, 'x')}}), limits),
              HasSubstr("more than 1000 bytes"));
  limits = {};
  limits.members = 3;
  EXPECT_EQ(error_of("m.zip", MakeArchive({{"a", "x"}, {"b", "x"}, {"c", "x"}, {"d", "x"}}), limits), "loaded");
  // Nested: what lies too deep is told, and left out.
  std::string nested = MakeArchive({{"deep.txt", "x"}});
  for (int i = 0; i < 6; ++i) nested = MakeArchive({{"inner.zip", nested}, {"beside.txt", "y"}});
  LoadOptions options;
  int skipped = 0;
  options.on_skipped = [&](const Error&) { ++skipped; };
  EXPECT_EQ(LoadAll("n.zip", nested, options).size(), 4U);
  EXPECT_EQ(skipped, 2);
  // The same parts of an office file.
  EXPECT_THAT(error_of("b.docx", MakeArchive({{"word/document.xml", zeros}})), HasSubstr("200 times"));
}

TEST(Xml, EntitiesAreNotExpandedAndDepthIsBounded) {
  const std::string laughs =
      "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>"
      "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>&c;</w:t></w:r></w:p></w:body></w:document>";
  EXPECT_EQ(LoadOne("a.docx", MakeArchive({{"word/document.xml", laughs}})).text, "&c;");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  const auto tree = ParseXml("<x>" + deep);
  EXPECT_FALSE(tree.ok());
  std::string closed = deep;
  for (int i = 0; i < 100'000; ++i) closed += "</a>";
  EXPECT_THAT(ParseXml(closed).error().Message(), HasSubstr("nest more than 200 deep"));
}

TEST(Xlsx, DatesAndColumns) {
  EXPECT_EQ(DateOfSerial("46354", false), "2026-11-28");
  EXPECT_EQ(DateOfSerial("1", false), "1900-01-01");
  EXPECT_EQ(DateOfSerial("61", false), "1900-03-01");
  EXPECT_EQ(DateOfSerial("44892.5", true), "2026-11-28 12:00:00");
  EXPECT_EQ(DateOfSerial("0.25", false), "06:00:00");
  EXPECT_EQ(DateOfSerial("1e300", false), "1e300");
  EXPECT_TRUE(IsDateFormat("yyyy\\-mm"));
  EXPECT_TRUE(IsDateFormat("[h]:mm"));
  EXPECT_FALSE(IsDateFormat("[Red]0.00\" days\""));
  EXPECT_FALSE(IsDateFormat("General"));
  EXPECT_EQ(ColumnOfReference("BC12"), 55);
  EXPECT_EQ(ColumnOfReference("12"), 0);
}

TEST(Programs, BrokenAndAbsurdFilesEndWithAnError) {
  if (!FindProgram("pdftotext") || !FindProgram("tesseract")) GTEST_SKIP() << "no programs to read with";
  const auto error_of = [](const std::string& id, const std::string& bytes) {
    const auto documents = LoadDocuments({.id = id, .bytes = bytes, .media_type = {}}, {});
    return documents.ok() ? std::string("loaded") : documents.error().Message();
  };
  EXPECT_THAT(error_of("a.pdf", "%PDF-1.4\nnothing"), HasSubstr("a.pdf: pdfinfo exited with "));
  EXPECT_EQ(error_of("b.pdf", "no such thing"), "loaded");  // as the text that it is
  // A picture that claims 100,000 x 100,000 pixels.
  std::string bmp("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\xA0\x86\1\0\xA0\x86\1\0\1\0\x18\0", 30);
  EXPECT_THAT(error_of("huge.bmp", bmp + std::string(1'000, '\0')), HasSubstr("huge.bmp: tesseract exited with "));
  LoadOptions options;
  options.limits.program_time = std::chrono::milliseconds(1);
  const auto late = LoadDocuments({.id = "s.png", .bytes = GoldenFile("line.png"), .media_type = {}}, options);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kTimeout);
}

TEST(Limits, TextStopAndSource) {
  LoadOptions options;
  options.limits.text_bytes = 10;
  EXPECT_EQ(LoadDocuments({.id = "a.txt", .bytes = "more than ten bytes", .media_type = {}}, options).error().kind,
            ErrorKind::kTooLarge);
  options.limits.source_bytes = 5;
  EXPECT_EQ(LoadDocuments({.id = "a.txt", .bytes = "123456", .media_type = {}}, options).error().Message(),
            "a.txt: got 6 bytes, want at most 5");
  std::stop_source stop;
  stop.request_stop();
  options = {};
  options.stop = stop.get_token();
  EXPECT_EQ(LoadDocuments({.id = "a.txt", .bytes = "x", .media_type = {}}, options).error().kind,
            ErrorKind::kCancelled);
}

}  // namespace
}  // namespace atelier
