// Every registered loader goes through the same mill: whatever the bytes, it ends with documents whose marks are whole,
// or with an error that names the source; and the same bytes give the same documents.
#include <gtest/gtest.h>

#include <map>

#include "base/process/process.h"
#include "base/random.h"
#include "base/text/utf8.h"
#include "knowledge/load/load_testing.h"
#include "knowledge/load/zip_for_test.h"

namespace atelier {
namespace {

using testing::GoldenFile;

struct Sample {
  std::string id;
  std::string bytes;
};

// One good source of each loader, by its name. A loader without one fails the test.
const std::map<std::string_view, Sample>& Samples() {
  static const std::string mail =
      "From: a@b.example\r\nTo: c@d.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nSch=F6n\r\n> zitiert\r\n\r\nmehr\r\n--x\r\nContent-Type: "
      "text/markdown; "
      "name=a.md\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nIyBPbmUK\r\n--x--\r\n";
  static const std::map<std::string_view, Sample> samples{
      {"archive", {"a.zip", testing::MakeArchive({{"b.md", "# One\n\ntwo\n"}, {"c/d.csv", "k,v\na,b\n"}})}},
      {"code", {"a.py", "def f():\n    return 'ü'\n"}},
      {"csv", {"a.csv", "name,born\nAda,1815\n\"a \"\"b\"\"\nc\",2\n"}},
      {"docx", {"a.docx", GoldenFile("report.docx")}},
      {"eml", {"a.eml", mail}},
      {"epub", {"a.epub", GoldenFile("book.epub")}},
      {"html", {"a.html", "<html><h1>One</h1><ul><li>a<table><tr><td>ü</table></ul><pre>x\n y</pre>"}},
      {"image", {"a.png", GoldenFile("line.png")}},
      {"json", {"a.json", R"([{"role":"user","content":"ü\nx"},{"list":[1,2],"deep":{"a":[{"b":null}]}}])"}},
      {"markdown", {"a.md", "# One\n\n> - a\n>   b\n\n```py\nx\n```\n\n| a | b |\n|---|---|\n| ü | 2 |\n"}},
      {"mbox", {"a.mbox", "From a Mon\n" + mail + "\nFrom b Tue\nSubject: two\n\n>From here\n"}},
      {"pdf", {"a.pdf", GoldenFile("report.pdf")}},
      {"plain_text", {"a.txt", "One\n\ntwo ü\n"}},
      {"pptx", {"a.pptx", GoldenFile("slides.pptx")}},
      {"xlsx", {"a.xlsx", GoldenFile("book.xlsx")}},
  };
  return samples;
}

std::string Described(const Result<std::vector<Document>>& documents) {
  if (!documents.ok()) return documents.error().Message();
  std::string text;
  for (const Document& document : *documents) {
    text += document.id + "\n" + document.media_type + "\n" + document.title + "\n" + document.attributes.Dump() + "\n";
    for (const TextMark& mark : document.marks) {
      text += std::to_string(static_cast<int>(mark.kind)) + " " + std::to_string(mark.span.begin) + " " +
              std::to_string(mark.span.end) + " " + std::to_string(mark.number) + " " + mark.label + "\n";
    }
    text += document.text;
  }
  return text;
}

class Conformance : public ::testing::TestWithParam<const LoaderEntry*> {
 protected:
  void SetUp() override {
    const std::string_view name = GetParam()->name;
    ASSERT_TRUE(Samples().contains(name)) << "add a sample for the loader " << name;
    sample_ = Samples().at(name);
    runs_programs_ = name == "pdf" || name == "image";
    if (runs_programs_ && !(FindProgram("tesseract") && FindProgram("pdftotext")))
      GTEST_SKIP() << "no programs to read it";
  }

  // Loads, and looks at what comes.
  Result<std::vector<Document>> Load(std::string bytes) const {
    LoadOptions options;
    options.ocr = GetParam()->name == "image";
    auto documents = LoadDocuments({.id = sample_.id, .bytes = std::move(bytes), .media_type = {}}, options);
    if (!documents.ok()) {
      EXPECT_TRUE(documents.error().where.starts_with(sample_.id)) << documents.error().Message();
      return documents;
    }
    for (const Document& document : *documents) {
      EXPECT_TRUE(document.id.starts_with(sample_.id)) << document.id;
      EXPECT_TRUE(IsValidUtf8(document.text));
      EXPECT_EQ(FaultOfMarks(document), "");
      EXPECT_TRUE(document.attributes.is_object());
      EXPECT_FALSE(document.media_type.empty());
    }
    return documents;
  }

  Sample sample_;
  bool runs_programs_ = false;
};

TEST_P(Conformance, FindsItsSample) {
  const auto found = FindLoader({.id = sample_.id, .bytes = sample_.bytes, .media_type = {}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->name, GetParam()->name);
  EXPECT_FALSE(GetParam()->extensions.empty() || GetParam()->media_types.empty());
}

TEST_P(Conformance, SameBytesGiveTheSameDocuments) {
  const auto documents = Load(sample_.bytes);
  ASSERT_TRUE(documents.ok()) << documents.error().Message();
  EXPECT_FALSE(documents->empty());
  EXPECT_EQ(Described(documents), Described(Load(sample_.bytes)));
}

TEST_P(Conformance, EmptyAndCutShort) {
  (void)Load("");
  const size_t size = sample_.bytes.size();
  const size_t step = std::max<size_t>(1, size / (runs_programs_ ? 5 : 400));
  for (size_t length = 1; length < size; length += step) (void)Load(sample_.bytes.substr(0, length));
}

TEST_P(Conformance, ContentMayEndWithinTheMarkOfAnyFormat) {
  for (std::string mark : {"RIFFxxxxWEBPVP8 ", "BM", "\x89PNG\r\n\x1A\n", "\xFF\xD8\xFF\xE0", "II*", "MM", "GIF89a",
                           "%PDF-1.7\n", "PK\3\4", "\x1F\x8B\x08", "BZh9", "7z\xBC\xAF\x27\x1C", "From a",
                           "<!DOCTYPE html", "\xEF\xBB\xBF", "\xFF\xFE"}) {
    mark.resize(16, ' ');
    for (size_t size = 0; size <= mark.size(); ++size) {
      const std::string bytes = mark.substr(0, size);
      (void)FindLoader({.id = sample_.id, .bytes = bytes, .media_type = {}});
    }
  }
}

TEST_P(Conformance, FlippedAndRandomBytes) {
  Random random(7);
  const int rounds = runs_programs_ ? 3 : 200;
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = sample_.bytes;
    for (int i = 0; i <= round % 7; ++i) bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    (void)Load(std::move(bytes));
    std::string noise(random.Below(2'000), '\0');
    for (char& c : noise) c = static_cast<char>(random.Below(256));
    (void)Load(noise);
    // Behind the true beginning, as content is recognised by it.
    if (!runs_programs_) (void)Load(sample_.bytes.substr(0, 40) + noise);
  }
}

TEST_P(Conformance, TextInAnotherEncoding) {
  if (!GetParam()->is_text) return;
  std::string latin;  // "ü" as Latin-1
  for (size_t i = 0; i < sample_.bytes.size(); ++i) {
    const bool umlaut = sample_.bytes.compare(i, 2, "ü") == 0;
    latin += umlaut ? '\xFC' : sample_.bytes[i];
    i += umlaut;
  }
  EXPECT_TRUE(Load(latin).ok());
}

TEST_P(Conformance, ManyTimesItself) {
  if (runs_programs_) return;
  std::string huge;
  while (huge.size() < 2 << 20) huge += sample_.bytes;
  (void)Load(std::move(huge));
}

INSTANTIATE_TEST_SUITE_P(Loaders, Conformance, ::testing::ValuesIn(Loaders().begin(), Loaders().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

}  // namespace
}  // namespace atelier
