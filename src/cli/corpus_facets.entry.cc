// atelier corpus facets
#include <cstdio>

#include "cli/corpora.h"
#include "cli/corpus_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class FacetsCommand final : public Command {
 public:
  void Declare(Options& options) override {
    corpus_.Declare(options);
    options.Texts("--key", keys_, "an attribute whose values are counted");
    options.Required();
    options.Text("--query", query_, "count chunks that have a word of it; without, all");
    filter_.Declare(options);
    options.Integer("--top", top_, "values of each attribute, the most frequent");
  }

  Result<void> Run(const Invocation& invocation) override {
    constexpr int64_t kMost = 1'000'000;
    if (top_ < 1 || top_ > kMost) return Error::Invalid("--top", "got " + std::to_string(top_) + ", want 1 or more");
    TRY(const Filter filter, filter_.Read());
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_.name));
    TRY(const std::shared_ptr<OpenedCorpus> opened, chosen.library->Read(chosen.name));
    TRY(const std::vector<Facet> facets, opened->corpus->Facets(query_, filter, {}, keys_, static_cast<int32_t>(top_)));
    Json body = Json::Array();
    for (const Facet& facet : facets) {
      Json values = Json::Array();
      if (!invocation.json) std::printf("%s\n", SafeForTerminal(facet.key).c_str());
      for (const auto& [value, count] : facet.values) {
        values.Push(Json::Object({{"value", value}, {"count", count}}));
        if (invocation.json) continue;
        const std::string text = value.is_string() ? value.AsString() : value.Dump();
        std::printf("  %8lld  %s\n", static_cast<long long>(count), SafeForTerminal(text).c_str());
      }
      body.Push(Json::Object({{"key", facet.key}, {"values", std::move(values)}}));
    }
    if (invocation.json) invocation.Print(body);
    return {};
  }

 private:
  CorpusChoice corpus_;
  FilterOption filter_;
  std::vector<std::string> keys_;
  std::string query_;
  int64_t top_ = 10;
};

}  // namespace

extern const CommandEntry command_corpus_facets{
    "corpus facets", "Count a corpus's chunks by values of attributes",
    "Of the chunks that have a word of --query and pass --filter, how many have which value, most frequent first.\n"
    "\n"
    "  atelier corpus facets docs --key author --key year\n"
    "  atelier corpus facets docs --key author --query 'prefix cache' --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<FacetsCommand>(); }};

}  // namespace atelier
