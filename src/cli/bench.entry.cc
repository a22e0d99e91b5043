// atelier bench
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "app/model_directory.h"
#include "base/io/files.h"
#include "base/text/json.h"
#include "cli/command.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/machine_limits.h"
#include "engine/grammar/grammar.h"
#include "engine/speed.h"

namespace atelier {
namespace {

// Steps of one layer, or of the same place in every layer, together.
struct StepSum {
  std::string name;
  int64_t weight_bytes = 0;
  double seconds = 0;
  int64_t num_runs = 0;  // of the plan
};

struct StepName {
  std::string layer = "other";  // "blk.3"
  std::string place;            // "attn_q.weight + 2"
};

StepName Split(const std::string& name) {
  if (!name.starts_with("blk.")) return {.place = name};
  const size_t dot = name.find('.', 4);
  if (dot == std::string::npos) return {.place = name};
  std::string place = name.substr(dot + 1);
  for (size_t at; (at = place.find(name.substr(0, dot + 1))) != std::string::npos;) place.erase(at, dot + 1);
  return {.layer = name.substr(0, dot), .place = std::move(place)};
}

// In the order in which they run.
std::vector<StepSum> SumBy(const std::vector<StepProfile>& steps, std::string StepName::* part) {
  std::vector<StepSum> sums;
  for (const StepProfile& step : steps) {
    if (step.num_runs == 0) continue;
    const std::string name = Split(step.name).*part;
    auto found = std::find_if(sums.begin(), sums.end(), [&](const StepSum& sum) { return sum.name == name; });
    if (found == sums.end()) found = sums.insert(sums.end(), {.name = name});
    found->weight_bytes += step.weight_bytes;
    found->seconds += step.seconds;
    found->num_runs = std::max(found->num_runs, step.num_runs);
  }
  return sums;
}

Json StepsJson(const std::vector<StepSum>& sums) {
  Json rows = Json::Array();
  for (const StepSum& sum : sums) {
    rows.Push(Json::Object({{"name", sum.name},
                            {"ms_per_run", 1e3 * sum.seconds / static_cast<double>(sum.num_runs)},
                            {"weight_bytes", sum.weight_bytes}}));
  }
  return rows;
}

void PrintSteps(const char* title, const std::vector<StepSum>& sums) {
  double whole = 0;
  for (const StepSum& sum : sums) whole += sum.seconds;
  std::printf("\n%-44s %9s %6s %9s\n", title, "ms a step", "share", "weights");
  for (const StepSum& sum : sums) {
    std::printf("%-44.44s %9.3f %5.1f%% %6.2f MB\n", sum.name.c_str(),
                1e3 * sum.seconds / static_cast<double>(sum.num_runs), 100 * sum.seconds / whole,
                static_cast<double>(sum.weight_bytes) / 1e6);
  }
}

// What a token's matrix products take: bytes read once a step, operations once a row.
struct Work {
  int64_t weight_bytes = 0;
  int64_t ops_per_row = 0;
};

Work WorkOf(const std::vector<StepProfile>& steps) {
  Work work;
  for (const StepProfile& step : steps) {
    work.weight_bytes += step.weight_bytes;
    work.ops_per_row += step.ops_per_row;
  }
  return work;
}

// Records of what programs ask for, and more of them than anyone waits for.
constexpr const char* kRecords =
    R"({"type": "array", "minItems": 100000, "items": {"type": "object", "additionalProperties": false,
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 40},
          "email": {"type": "string", "format": "email", "maxLength": 40},
          "age": {"type": "integer", "minimum": 0, "maximum": 120},
          "role": {"enum": ["administrator", "developer", "designer", "manager", "guest"]},
          "active": {"type": "boolean"},
          "address": {"type": "object", "additionalProperties": false,
            "properties": {
              "street": {"type": "string", "maxLength": 40},
              "city": {"type": "string", "maxLength": 30},
              "postal_code": {"type": "string", "pattern": "^[0-9]{5}$"}},
            "required": ["street", "city", "postal_code"]},
          "tags": {"type": "array", "items": {"type": "string", "maxLength": 16}, "maxItems": 4}},
        "required": ["name", "email", "age", "role", "active", "address", "tags"]}})";

class BenchCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("model", model_, "an installed model, or the path of a model's file or folder");
    options.Required();
    options.Takes("MODEL", Completion::kModels);
    options.Integer("--threads", threads_, "threads that compute; 0: one for each core");
    options.Integer("--prefill", speed_.prefill, "tokens of the timed prompt");
    options.Integer("--decode", speed_.decode, "tokens that one stream generates");
    options.Integer("--streams", streams_, "streams at once; 0: only one stream is timed");
    options.Integer("--stream-prompt", speed_.stream_prompt, "tokens of each stream's prompt");
    options.Flag("--constrained", constrained_,
                 "also time 1, 4 and 16 streams that a JSON Schema constrains, beside free ones");
    options.Text("--schema", schema_, "the schema's file, whose outputs are long; default: an array of records");
    options.Flag("--compact", compact_, "constrained streams write no white space");
    options.Flag("--no-jump-ahead", no_jump_ahead_, "each forced token takes a step of its own");
    options.Flag("--mask-thread", mask_thread_, "masks are made by a thread of their own even where no core is free");
    options.Integer("--repetitions", repetitions_, "timed runs, of which the median is shown");
    options.OneOf("--kv-cache", kv_cache_, {"f16", "q8_0"}, "type of the cache");
    options.Text("--isa", isa_, "kernels to use: plain, avx2 or avx512; default: the best of this machine");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY_VOID(CheckCounts());
    TRY(const LocalModelOptions options, ModelOptions(invocation.config));
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    Gang gang(threads_ > 0 ? static_cast<int>(threads_) : static_cast<int>(cores));
    TRY(const auto model, LoadLocalModel(options, {.gang = &gang, .clock = &Clock::Real()}));
    speed_.streams = static_cast<int32_t>(streams_);
    speed_.repetitions = static_cast<int32_t>(repetitions_);
    TRY(const SpeedReport report, MeasureSpeed(*model, speed_));
    std::vector<GrammarCost> costs;
    if (constrained_) {
      TRY(auto grammar, CompileRecords(*model));
      TRY(costs, MeasureGrammarCost(*model, speed_, std::move(grammar), {1, 4, 16}));
    }
    const MachineLimits limits = MeasureMachine(options.isa, gang);
    if (invocation.json) {
      Json body = ReportJson(*model, options, report, limits, gang);
      if (constrained_) body.Set("constrained", CostsJson(costs));
      invocation.Print(body);
    } else {
      Print(*model, options, report, limits, gang);
      PrintCosts(costs);
    }
    return {};
  }

 private:
  Result<std::shared_ptr<const Grammar>> CompileRecords(const LocalModel& model) const {
    if (model.tokenizer() == nullptr) return Error::Unsupported(model.name(), "got no tokenizer, want one");
    GrammarSpec spec;
    spec.where = "--schema";
    std::string text = kRecords;
    if (!schema_.empty()) {
      TRY(text, ReadWholeFile(Files::Real(), schema_, int64_t{16} << 20));
    }
    TRY(spec.schema, Json::Parse(text));
    spec.style = {.any_whitespace = false,
                  .max_whitespace = compact_ ? 0 : 64,
                  .schema_order = true,
                  .numbers = NumberSpelling::kPlain};
    return CompileGrammar(spec, model.grammar_vocabulary());
  }

  Result<void> CheckCounts() const {
    const std::pair<const char*, int64_t> counts[] = {{"--prefill", speed_.prefill},
                                                      {"--decode", speed_.decode - 1},
                                                      {"--stream-prompt", speed_.stream_prompt},
                                                      {"--repetitions", repetitions_}};
    for (const auto& [name, count] : counts) {
      if (count < 1 || count > 1'000'000) return Error::Invalid(name, "want a number from 1 (decode: 2) to 1000000");
    }
    if (threads_ < 0 || threads_ > 256) return Error::Invalid("--threads", "want a number from 0 to 256");
    if (streams_ < 0 || streams_ > 256) return Error::Invalid("--streams", "want a number from 0 to 256");
    return {};
  }

  Result<LocalModelOptions> ModelOptions(const Config& config) const {
    LocalModelOptions options{.name = model_, .path = model_};
    if (!std::filesystem::exists(model_)) {
      TRY(options.path, ModelDirectory(config).PathOf(model_));
      options.panel_path = HomeDirectory(config) + "/panels/" + model_ + ".panels";
    }
    if (!isa_.empty()) {
      const auto isa = ParseIsa(isa_);
      if (!isa || !Supports(*isa)) return Error::Invalid("--isa", "got " + isa_ + ", want one that this machine has");
      options.isa = *isa;
    }
    options.engine.jump_ahead = !no_jump_ahead_;
    if (mask_thread_) options.engine.mask_helper = true;
    options.engine.prefix_cache = false;  // runs share nothing, and take the same blocks again
    options.cache_type = kv_cache_ == "q8_0" ? CacheType::kQ8_0 : CacheType::kF16;
    return options;
  }

  void Print(const LocalModel& model, const LocalModelOptions& options, const SpeedReport& report,
             const MachineLimits& limits, const Gang& gang) const {
    const Work work = WorkOf(report.decode.steps);
    const double prefill_gops = report.prefill.tokens_per_s * static_cast<double>(work.ops_per_row) / 1e9;
    const double decode_gb_s = report.decode.tokens_per_s * static_cast<double>(work.weight_bytes) / 1e9;
    std::printf("%s: %s kernels, %d threads, %s cache; loaded in %.0f ms\n", model.name().c_str(),
                std::string(IsaName(options.isa)).c_str(), gang.num_threads(), kv_cache_.c_str(),
                1e3 * model.figures().load_seconds);
    std::printf("machine  %8.0f Gop/s of bytes, %.1f GB/s of reading\n", limits.int8_gops, limits.read_gb_s);
    std::printf("prefill  %8.1f tokens/s (%lld tokens)   %6.0f Gop/s, %.0f%% of the peak\n",
                report.prefill.tokens_per_s, static_cast<long long>(speed_.prefill), prefill_gops,
                100 * prefill_gops / limits.int8_gops);
    std::printf("decode   %8.1f tokens/s (%lld tokens)   %6.1f GB/s of weights, %.0f%% of reading memory\n",
                report.decode.tokens_per_s, static_cast<long long>(speed_.decode), decode_gb_s,
                100 * decode_gb_s / limits.read_gb_s);
    if (streams_ > 0) {
      std::printf("streams  %8.1f tokens/s (%lld at once)   %6.2f times one stream\n", report.streams.tokens_per_s,
                  static_cast<long long>(streams_), report.streams.tokens_per_s / report.decode.tokens_per_s);
    }
    PrintSteps("prefill, by place", SumBy(report.prefill.steps, &StepName::place));
    PrintSteps("decode, by place", SumBy(report.decode.steps, &StepName::place));
    if (streams_ > 0) PrintSteps("streams, by place", SumBy(report.streams.steps, &StepName::place));
    PrintSteps("decode, by layer", SumBy(report.decode.steps, &StepName::layer));
  }

  Json ReportJson(const LocalModel& model, const LocalModelOptions& options, const SpeedReport& report,
                  const MachineLimits& limits, const Gang& gang) const {
    const Work work = WorkOf(report.decode.steps);
    Json body = Json::Object({{"model", model.name()},
                              {"isa", IsaName(options.isa)},
                              {"threads", gang.num_threads()},
                              {"kv_cache", kv_cache_},
                              {"load_ms", 1e3 * model.figures().load_seconds},
                              {"machine_int8_gops", limits.int8_gops},
                              {"machine_read_gb_s", limits.read_gb_s},
                              {"weight_bytes", work.weight_bytes},
                              {"ops_per_token", work.ops_per_row},
                              {"prefill_tokens", speed_.prefill},
                              {"prefill_tokens_per_s", report.prefill.tokens_per_s},
                              {"decode_tokens", speed_.decode},
                              {"decode_tokens_per_s", report.decode.tokens_per_s}});
    if (streams_ > 0) {
      body.Set("streams", streams_);
      body.Set("streams_tokens_per_s", report.streams.tokens_per_s);
      body.Set("streams_by_place", StepsJson(SumBy(report.streams.steps, &StepName::place)));
    }
    body.Set("prefill_by_place", StepsJson(SumBy(report.prefill.steps, &StepName::place)));
    body.Set("decode_by_place", StepsJson(SumBy(report.decode.steps, &StepName::place)));
    body.Set("decode_by_layer", StepsJson(SumBy(report.decode.steps, &StepName::layer)));
    return body;
  }

  static Json CostsJson(const std::vector<GrammarCost>& costs) {
    Json rows = Json::Array();
    for (const GrammarCost& cost : costs) {
      rows.Push(Json::Object({{"streams", cost.streams},
                              {"free_tokens_per_s", cost.free_tokens_per_s},
                              {"constrained_tokens_per_s", cost.constrained_tokens_per_s},
                              {"cost", cost.cost}}));
    }
    return rows;
  }

  static void PrintCosts(const std::vector<GrammarCost>& costs) {
    if (!costs.empty()) std::printf("\n%-8s %14s %14s %8s\n", "streams", "free, /s", "constrained, /s", "cost");
    for (const GrammarCost& cost : costs) {
      std::printf("%-8d %14.1f %14.1f %7.1f%%\n", cost.streams, cost.free_tokens_per_s, cost.constrained_tokens_per_s,
                  100 * cost.cost);
    }
  }

  std::string model_, isa_, schema_, kv_cache_ = "f16";
  bool constrained_ = false, compact_ = false, no_jump_ahead_ = false, mask_thread_ = false;
  SpeedOptions speed_;
  int64_t threads_ = 0, streams_ = 0, repetitions_ = 5;
};

}  // namespace

extern const CommandEntry command_bench{
    "bench", "Measure a model's speed on this machine",
    "Prefill is a prompt, decode one stream, --streams many at once; medians, through the engine as the server uses "
    "it.\n"
    "Beside them stands what the machine could do: products of bytes out of registers, and reading memory.\n\n"
    "  atelier bench smollm2-135m-instruct --streams 16\n"
    "  atelier bench model.gguf --threads 1 --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<BenchCommand>(); }};

}  // namespace atelier
