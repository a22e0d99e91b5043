// atelier models accuracy
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "app/model_directory.h"
#include "base/io/files.h"
#include "base/text/json.h"
#include "cli/models.h"
#include "engine/accuracy.h"
#include "engine/local_model.h"
#include "engine/plan/stored_weights.h"
#include "model/arch/model.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTextBytes = 1 << 30;

Result<std::vector<int32_t>> ParseIds(std::string_view text, int64_t vocabulary) {
  std::vector<int32_t> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == '\n' || *at == ',')) ++at;
    if (at == end) return ids;
    int32_t id = -1;
    const auto [next, fault] = std::from_chars(at, end, id);
    if (fault != std::errc() || id < 0 || id >= vocabulary) {
      return Error::Invalid("--token-ids", "number " + std::to_string(ids.size() + 1) + ": got '" +
                                               std::string(at, std::min(end, at + 12)) + "', want an id below " +
                                               std::to_string(vocabulary));
    }
    ids.push_back(id);
    at = next;
  }
}

Json ReportBody(const std::string& model, const Model& loaded, int64_t piece, const AccuracyReport& report) {
  Json rows = Json::Array();
  for (const Accuracy& row : report.candidates) {
    char hash[20];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(row.logits_hash));
    rows.Push(Json::Object({{"name", row.name},
                            {"mean_kl", row.mean_kl},
                            {"kl_error", row.kl_error},
                            {"largest_kl", row.largest_kl},
                            {"top1_agreement", row.top1_agreement},
                            {"perplexity", row.perplexity},
                            {"logits_hash", std::string(hash)}}));
  }
  return Json::Object({{"model", model},
                       {"format", loaded.summary.weight_format},
                       {"positions", report.num_positions},
                       {"piece", piece},
                       {"f32_perplexity", report.perplexity},
                       {"candidates", std::move(rows)}});
}

void PrintReport(const std::string& model, const AccuracyReport& report) {
  std::printf("%s: %lld positions, perplexity %.4f in F32\n\n", model.c_str(),
              static_cast<long long>(report.num_positions), report.perplexity);
  std::printf("%-24s %11s %10s %9s %8s %11s  %s\n", "", "mean KL", "+-", "largest", "top-1", "perplexity",
              "hash of logits");
  for (const Accuracy& row : report.candidates) {
    std::printf("%-24s %11.3e %10.1e %9.2e %7.3f%% %11.4f  %016llx\n", row.name.c_str(), row.mean_kl, row.kl_error,
                row.largest_kl, 100 * row.top1_agreement, row.perplexity,
                static_cast<unsigned long long>(row.logits_hash));
  }
}

class AccuracyCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("model", model_, "an installed model, or the path of a model's file or folder");
    options.Required();
    options.Text("--text", text_path_, "a file of prose, which the model's tokenizer cuts into tokens");
    options.Text("--token-ids", ids_path_, "instead of --text: a file of token ids");
    options.Integer("--tokens", max_tokens_, "tokens to use at most");
    options.Integer("--piece", piece_, "tokens of each sequence");
    options.Texts("--isa", isas_, "kernels to measure: plain, avx2, avx512, ...; default: the best of this machine");
    options.Texts("--kv-cache", caches_, "cache types to measure: f32, f16, q8_0; default: f16 q8_0");
    options.Texts("--logits", recorded_, "NAME=PATH: logits that another program wrote (f32, by position)");
    options.Integer("--threads", threads_, "threads that compute; 0: one for each core");
  }

  Result<void> Run(const Invocation& invocation) override {
    if (text_path_.empty() == ids_path_.empty()) return Error::Invalid("--text", "want one of --text and --token-ids");
    if (piece_ < 2 || piece_ > 1 << 20) {
      return Error::Invalid("--piece", "got " + std::to_string(piece_) + ", want 2 to 1048576");
    }
    AccuracyOptions options;
    options.piece = static_cast<int32_t>(piece_);
    TRY(options.candidates, Candidates());
    std::string path = model_;
    if (!std::filesystem::exists(path)) {
      TRY(path, ModelDirectory(invocation.config).PathOf(model_));
    }
    TRY(const std::unique_ptr<Model> model, LoadModel(path));
    TRY(std::vector<int32_t> tokens, Tokens(*model));
    if (max_tokens_ > 0 && tokens.size() > static_cast<size_t>(max_tokens_)) {
      tokens.resize(static_cast<size_t>(max_tokens_));
    }
    const auto panels = PanelStore::Open(Files::Real(), model->weights.file(), {});
    StoredWeights weights(model->weights, *panels);
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    Gang gang(threads_ > 0 ? static_cast<int>(threads_) : static_cast<int>(cores));
    TRY(const AccuracyReport report, MeasureAccuracy(*model, weights, tokens, options, gang));
    if (invocation.json) {
      std::printf("%s\n", ReportBody(model_, *model, piece_, report).Dump().c_str());
    } else {
      PrintReport(model_, report);
    }
    return {};
  }

 private:
  Result<std::vector<AccuracyCandidate>> Candidates() const {
    std::vector<AccuracyCandidate> candidates;
    const std::vector<std::string> best = {std::string(IsaName(BestIsa()))};
    const std::vector<std::string> served = {"f16", "q8_0"};
    for (const std::string& isa_name : isas_.empty() ? best : isas_) {
      const std::optional<Isa> isa = ParseIsa(isa_name);
      if (!isa || !Supports(*isa)) {
        return Error::Invalid("--isa", "got '" + isa_name + "', want kernels that this machine can run");
      }
      for (const std::string& cache : caches_.empty() ? served : caches_) {
        AccuracyCandidate candidate{.name = isa_name + " " + cache, .isa = *isa};
        if (cache == "f32") {
          candidate.cache_type = CacheType::kF32;
        } else if (cache == "q8_0") {
          candidate.cache_type = CacheType::kQ8_0;
        } else if (cache != "f16") {
          return Error::Invalid("--kv-cache", "got '" + cache + "', want f32, f16 or q8_0");
        }
        candidates.push_back(std::move(candidate));
      }
    }
    for (const std::string& recorded : recorded_) {
      const size_t equals = recorded.find('=');
      if (equals == std::string::npos || equals + 1 == recorded.size()) {
        return Error::Invalid("--logits", "got '" + recorded + "', want NAME=PATH");
      }
      candidates.push_back({.name = recorded.substr(0, equals), .logits_path = recorded.substr(equals + 1)});
    }
    return candidates;
  }

  Result<std::vector<int32_t>> Tokens(const Model& model) const {
    const bool is_text = !text_path_.empty();
    TRY(const std::string text, ReadWholeFile(Files::Real(), is_text ? text_path_ : ids_path_, kMaxTextBytes));
    if (!is_text) return ParseIds(text, model.summary.vocabulary);
    TRY(const auto tokenizer, LoadTokenizer(model.tokenizer));
    return tokenizer->Encode(text, {.add_special = false});
  }

  std::string model_, text_path_, ids_path_;
  std::vector<std::string> isas_, caches_, recorded_;
  int64_t max_tokens_ = 20480, piece_ = 1024, threads_ = 0;
};

}  // namespace

extern const CommandEntry command_models_accuracy{
    "models accuracy", "How far the engine's logits are from the weights' own in F32",
    "Runs the model over a text as the engine does, and again with its weights dequantised to F32, F32 activations and "
    "an F32 cache; reports\nthe mean of KL(F32 || engine) over all positions with its standard error, how often both "
    "have the same most likely token, and\nperplexity. Kernels that agree bit for bit have the same hash of "
    "logits.\n\n"
    "  atelier models accuracy smollm2-135m-instruct --text prose.txt\n"
    "  atelier models accuracy model.gguf --text prose.txt --tokens 512 --piece 256 --isa plain avx2 avx512",
    []() -> std::unique_ptr<Command> { return std::make_unique<AccuracyCommand>(); }};

}  // namespace atelier
