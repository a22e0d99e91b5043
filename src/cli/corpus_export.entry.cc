// atelier corpus export
#include "knowledge/corpus/corpus_export.h"

#include <cstdio>

#include "cli/corpora.h"

namespace atelier {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class ExportCommand final : public Command {
 public:
  void Declare(Options& options) override {
    corpus_.Declare(options);
    options.Flag("--vectors", vectors_, "with each chunk's vector");
    options.Text("--out,-o", out_, "the file to write; without, to stdout");
    options.Takes("FILE", Completion::kFiles);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_.name));
    TRY(const std::shared_ptr<OpenedCorpus> opened, chosen.library->ReadAsMade(chosen.name));
    TRY(const HybridIndex* const index, opened->Index(CorpusCapability::kExport));
    const Json header = ExportHeader(*opened);
    if (!out_.empty()) return ToFile(invocation, header, *index);
    if (!invocation.json) {
      TRY_VOID(Write(header, stdout));
      return ExportCorpus(*index, vectors_, [](const Json& line) { return Write(line, stdout); });
    }
    Json lines = Json::Array({header});
    TRY_VOID(ExportCorpus(*index, vectors_, [&lines](const Json& line) -> Result<void> {
      lines.Push(line);
      return {};
    }));
    invocation.Print(lines);
    return {};
  }

 private:
  static Result<void> Write(const Json& line, std::FILE* file) {
    const std::string text = line.Dump() + "\n";
    if (std::fwrite(text.data(), 1, text.size(), file) == text.size()) return {};
    return Error::Unavailable("export", "cannot write any more");
  }

  // Under another name until it is whole.
  Result<void> ToFile(const Invocation& invocation, const Json& header, const HybridIndex& index) const {
    const std::string part = out_ + ".part";
    std::unique_ptr<std::FILE, CloseFile> file(std::fopen(part.c_str(), "wb"));
    if (file == nullptr) return Error::Unavailable(part, "cannot be written");
    int64_t num_records = 0;
    TRY_VOID(Write(header, file.get()));
    TRY_VOID(ExportCorpus(index, vectors_, [&](const Json& line) {
      ++num_records;
      return Write(line, file.get());
    }));
    if (std::fclose(file.release()) != 0) return Error::Unavailable(part, "cannot be written to its end");
    TRY_VOID(Files::Real().Rename(part, out_));
    if (invocation.json) {
      invocation.Print(Json::Object({{"file", out_}, {"records", num_records}}));
    } else {
      std::printf("%s: %lld records\n", out_.c_str(), static_cast<long long>(num_records));
    }
    return {};
  }

  CorpusChoice corpus_;
  std::string out_;
  bool vectors_ = false;
};

}  // namespace

extern const CommandEntry command_corpus_export{
    "corpus export", "A corpus as JSON lines, for other programs",
    "First the corpus's configuration, then every chunk with its text, span, pages, headings and attributes, then "
    "every "
    "document with its whole text; all of one moment. Together they are all that the corpus holds, with --vectors "
    "those "
    "too, and `atelier corpus import` makes a corpus of them.\n"
    "\n"
    "  atelier corpus export docs --out docs.jsonl\n"
    "  atelier corpus export docs | jq -r 'select(.kind == \"document\") | .id'",
    []() -> std::unique_ptr<Command> { return std::make_unique<ExportCommand>(); }};

}  // namespace atelier
