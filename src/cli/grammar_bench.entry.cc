// atelier grammar bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "app/model_directory.h"
#include "base/text/base64.h"
#include "cli/command.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/local_model.h"
#include "model/arch/model.h"
#include "model/container/gguf.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;

double Micros(SteadyClock::time_point since) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - since).count();
}

// Times, and what of them counts.
struct Times {
  std::vector<double> all = {};

  Json Body(double unit) {
    std::ranges::sort(all);
    const auto at = [&](double share) {
      return all.empty() ? 0.0 : all[static_cast<size_t>(share * static_cast<double>(all.size() - 1))] / unit;
    };
    const double sum = std::accumulate(all.begin(), all.end(), 0.0);
    const double mean = all.empty() ? 0.0 : sum / static_cast<double>(all.size()) / unit;
    return Json::Object({{"num", static_cast<int64_t>(all.size())},
                         {"median", at(0.5)},
                         {"mean", mean},
                         {"p99", at(0.99)},
                         {"max", at(1)}});
  }
};

struct Tally {
  int64_t schemas = 0, right = 0, refused = 0, invalid_accepted = 0, valid_rejected = 0;
  Times compile, mask;
};

class GrammarBenchCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_,
                 "lines of JSON: {\"name\", \"schema\", \"tests\": [{\"valid\", \"data\"}]}; or \"grammar\" (GBNF or "
                 "Lark) for \"schema\", whose data are texts");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    options.Text(
        "--model", model_,
        "an installed model, or its file (a GGUF may hold a vocabulary alone) or folder: whose vocabulary is masked");
    options.Takes("MODEL", Completion::kModels);
    options.Flag("--served", served_, "the server's style (order of the schema, white space as people write it)");
    options.Text("--write", write_, "also write vocabulary and tokens to this file, for other engines to read");
    options.Takes("FILE", Completion::kFiles);
  }

  Result<void> Run(const Invocation& invocation) override {
    std::string path = model_;
    if (path.empty()) path = "smollm2-135m-instruct";
    if (!std::filesystem::exists(path)) {
      TRY(path, ModelDirectory(invocation.config).PathOf(path));
    }
    TRY_VOID(LoadVocabulary(path));
    vocabulary_ = GrammarVocabulary::Create(*tokenizer_);
    bits_.resize(static_cast<size_t>(vocabulary_->trie.num_tokens() + 63) / 64);
    std::ifstream lines(file_);
    if (!lines) return Error::NotFound(file_, "cannot be read");
    if (!write_.empty()) OpenOutput();
    Tally tally;
    for (std::string line; std::getline(lines, line);) {
      auto row = Json::Parse(line);
      if (!row.ok()) return std::move(row).error().Under(file_ + " line " + std::to_string(tally.schemas + 1));
      Judge(*row, tally);
    }
    Report(invocation, tally);
    return {};
  }

 private:
  // A GGUF needs no weights for that.
  Result<void> LoadVocabulary(const std::string& path) {
    if (path.ends_with(".gguf")) {
      TRY(const auto file, GgufFile::Open(path));
      TRY(tokenizer_, Tokenizer::FromGguf(*file));
      return {};
    }
    TRY(const std::unique_ptr<Model> model, LoadModel(path));
    TRY(tokenizer_, LoadTokenizer(model->tokenizer));
    return {};
  }

  void OpenOutput() {
    out_.open(write_);
    Json pieces = Json::Array();
    for (int32_t id = 0; id < vocabulary_->trie.num_tokens(); ++id) {
      pieces.Push(Base64Encode(vocabulary_->trie.Piece(id)));
    }
    const Json head = Json::Object({{"end", tokenizer_->special().eos}, {"pieces", std::move(pieces)}});
    out_ << head.Dump() << "\n";
  }

  void Judge(const Json& row, Tally& tally) {
    ++tally.schemas;
    const bool is_schema = row["grammar"].is_null();
    const std::string key = is_schema ? "schema" : "grammar";
    const std::string text = row["schema"].Dump();
    const auto begin = SteadyClock::now();
    GrammarSpec spec;
    if (is_schema) {
      spec.schema = *Json::Parse(text);
    } else {
      spec.kind = GrammarSpec::Kind::kGrammar;
      spec.text = row["grammar"].AsString();
    }
    if (served_) {
      spec.style = {
          .any_whitespace = false, .max_whitespace = 64, .schema_order = true, .numbers = NumberSpelling::kPlain};
    }
    const auto grammar = CompileGrammar(spec, vocabulary_);
    tally.compile.all.push_back(Micros(begin));
    Json tests = Json::Array();
    bool right = true;
    for (const Json& test : row["tests"].items()) {
      const std::string data = is_schema ? test["data"].Dump() : test["data"].AsString();
      const std::vector<int32_t> tokens = tokenizer_->Encode(data, {.add_special = false});
      const bool valid = test["valid"].AsBool();
      if (out_.is_open()) tests.Push(Json::Object({{"valid", valid}, {"text", data}, {"tokens", Json(tokens)}}));
      if (!grammar.ok()) continue;
      const bool accepted = Follow(**grammar, tokens, valid ? &tally.mask : nullptr);
      right = right && accepted == valid;
      tally.invalid_accepted += accepted && !valid;
      tally.valid_rejected += valid && !accepted;
    }
    tally.refused += !grammar.ok();
    tally.right += grammar.ok() && right;
    if (!grammar.ok()) {
      std::fprintf(stderr, "refused: %s: %s\n", row["name"].Dump().c_str(), grammar.error().Message().c_str());
    }
    if (out_.is_open()) out_ << Json::Object({{key, row[key]}, {"tests", std::move(tests)}}).Dump() << "\n";
  }

  // Masks before every token, as generation does.
  bool Follow(const Grammar& grammar, std::span<const int32_t> tokens, Times* times) {
    const auto constraint = grammar.Start();
    for (const int32_t token : tokens) {
      const auto begin = SteadyClock::now();
      constraint->Mask(bits_);
      if (times != nullptr) times->all.push_back(Micros(begin));
      if (((bits_[static_cast<size_t>(token) / 64] >> (token % 64)) & 1) == 0) return false;
      CHECK(constraint->Accept(token));
    }
    return constraint->CanEnd();
  }

  void Report(const Invocation& invocation, Tally& tally) const {
    const Json body = Json::Object({{"schemas", tally.schemas},
                                    {"right", tally.right},
                                    {"refused", tally.refused},
                                    {"invalid_accepted", tally.invalid_accepted},
                                    {"valid_rejected", tally.valid_rejected},
                                    {"compile_ms", tally.compile.Body(1000)},
                                    {"mask_us", tally.mask.Body(1)}});
    std::printf("%s\n", (invocation.json ? body.Dump() : body.DumpPretty()).c_str());
  }

  std::string file_, model_, write_;
  bool served_ = false;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const GrammarVocabulary> vocabulary_;
  std::vector<uint64_t> bits_;
  std::ofstream out_;
};

}  // namespace

extern const CommandEntry command_grammar_bench{
    "grammar bench", "How fast, and how exactly, schemas constrain generation",
    "Compiles each schema of a file, follows each instance token by token with a mask before every token, and compares "
    "what it accepts\nwith the instance's verdict. Times are those of one thread: compiling from the schema's text, "
    "and "
    "each mask of the valid instances.\n\n"
    "  atelier grammar bench schemas.jsonl\n"
    "  atelier --json grammar bench schemas.jsonl --served",
    []() -> std::unique_ptr<Command> { return std::make_unique<GrammarBenchCommand>(); }};

}  // namespace atelier
