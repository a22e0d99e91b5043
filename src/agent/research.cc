#include "agent/research.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/choose.h"
#include "agent/cited_text.h"
#include "agent/evidence.h"
#include "agent/guarded.h"
#include "agent/limit_step.h"
#include "agent/model_step.h"
#include "agent/react.h"
#include "agent/source_search.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"
#include "base/text/sentences.h"

namespace atelier {
namespace {

constexpr size_t kMaxQuestions = 5;

// Each sentence that ends in a question mark is one; of a task with fewer than two the whole is.
std::vector<std::string> QuestionsIn(const std::string& task) {
  std::vector<std::string> questions;
  for (const std::string_view sentence : SplitSentences(task)) {
    if (sentence.ends_with('?')) questions.emplace_back(sentence);
  }
  if (questions.size() < 2) return {task};
  if (questions.size() > kMaxQuestions) questions.resize(kMaxQuestions);
  return questions;
}

Json PlanSchema() {
  Json text = Json::Object({{"type", "string"}, {"minLength", 3}, {"maxLength", 300}});
  Json questions = Json::Object({{"type", "array"},
                                 {"minItems", 1},
                                 {"maxItems", static_cast<int64_t>(kMaxQuestions)},
                                 {"items", std::move(text)}});
  return Json::Object({{"type", "object"},
                       {"properties", Json::Object({{"questions", std::move(questions)}})},
                       {"required", Json::Array({"questions"})},
                       {"additionalProperties", false}});
}

class ResearchRun {
 public:
  ResearchRun(AgentWork work, const Agent& agent, StepScope scope)
      : work_(std::move(work)), agent_(agent), config_(agent.config.research), scope_(std::move(scope)) {
    history_.tainted_by = work_.tainted_by;
    for (const auto& tool : agent_.tools) {
      if (tool->spec().source) sources_.push_back(tool.get());
    }
  }

  Task<Result<AgentOutcome>> Run(Call call, Json input) {
    CO_TRY_VOID(CheckAgentInput(input));
    if (sources_.empty()) {
      co_return Error::Invalid("agent " + agent_.config.name + ": tools", "got none that searches, want at least one");
    }
    task_ = TaskOf(input);
    CO_TRY(const auto refused, co_await GuardText(call, work_, agent_, "input", task_, scope_.Next()));
    if (refused) co_return *refused;
    CO_TRY(const std::vector<std::string> questions, co_await Plan(call));
    for (const std::string& question : questions) {
      CO_TRY_VOID(co_await Look(call, question));
      if (limit_) co_return LimitedOutcome(*limit_, Quoted(answered_).text, history_);
    }
    CO_TRY(limit_, co_await MeetLimit(call, work_, scope_.Coming(), work_.meter.Reached()));
    if (limit_) co_return LimitedOutcome(*limit_, Quoted(answered_).text, history_);
    CO_TRY(CitedText cited, co_await Answer(call));
    AgentOutcome outcome{.text = WithSources(cited, evidence_)};
    outcome.citations = CitationsJson(cited, evidence_);
    CO_TRY(const auto stopped, co_await GuardText(call, work_, agent_, "output", outcome.text, scope_.Next()));
    co_return stopped ? *stopped : outcome;
  }

 private:
  Task<Result<std::vector<std::string>>> Plan(Call call) {
    if (config_.answer == "quote") co_return QuestionsIn(task_);
    AgentConversation talk;
    talk.Add(AgentConversation::User("Which questions have to be looked up, each by itself, to do this?\n\n" + task_));
    ModelQuestion question{.path = scope_.Next(), .conversation = talk, .output_schema = PlanSchema()};
    question.max_tokens = agent_.config.max_answer_tokens, question.quiet = true;
    auto asking = AskModel(std::move(call), work_, agent_, std::move(question));
    CO_TRY(const ModelAnswer answer, co_await asking);
    std::vector<std::string> questions;
    if (const auto plan = Json::Parse(answer.text); plan.ok() && (*plan)["questions"].is_array()) {
      for (const Json& one : (*plan)["questions"].items()) questions.push_back(one.AsString());
    }
    co_return questions.empty() ? QuestionsIn(task_) : questions;
  }

  // The sources, the likeliest first.
  Task<Result<std::vector<AgentTool*>>> Order(Call call, std::string about) {
    ChoiceQuestion question{.path = scope_.Next(), .name = "source", .text = std::move(about)};
    question.instructions = "Where does this stand?";
    for (AgentTool* source : sources_) {
      question.options.push_back({.value = source->spec().name, .description = source->spec().description});
    }
    auto choosing = ChooseByMeaning(std::move(call), work_, agent_, std::move(question));
    CO_TRY(const Chosen chosen, co_await choosing);
    std::vector<std::pair<double, size_t>> order;
    for (size_t i = 0; i < sources_.size(); ++i) order.emplace_back(-chosen.probabilities[i], i);
    std::sort(order.begin(), order.end());
    std::vector<AgentTool*> sources;
    for (const auto& [probability, i] : order) sources.push_back(sources_[i]);
    if (sources.size() > static_cast<size_t>(config_.sources)) sources.resize(static_cast<size_t>(config_.sources));
    co_return sources;
  }

  Task<Result<void>> Look(Call call, std::string question) {
    ResearchedQuestion answered{.question = question};
    CO_TRY(const std::vector<AgentTool*> order, co_await Order(call, question));
    for (const AgentTool* source : order) {
      CO_TRY(limit_, co_await MeetLimit(call, work_, scope_.Coming(), work_.meter.Reached()));
      if (limit_) break;
      CO_TRY_VOID(co_await Search(call, *source, question));
      if (limit_) break;
      answered.searched.push_back(source->spec().name);
      if (evidence_.empty()) continue;
      CO_TRY(answered.judgement,
             co_await evidence_.JudgeFor(call, work_, question, scope_.Next(), config_.most_sentences));
      if (answered.judgement.confidence >= config_.enough_at_least) break;
    }
    if (answered.judgement.confidence < config_.refuse_below) answered.judgement.sentences.clear();
    answered_.push_back(std::move(answered));
    co_return Result<void>();
  }

  Task<Result<void>> Search(Call call, const AgentTool& source, std::string question) {
    const std::vector<GatheredCall> searches = SearchCalls(source.spec(), question);
    if (searches.empty()) co_return Result<void>();
    CO_TRY(const CallsAnswered found, co_await CallTools(call, work_, agent_, history_, scope_.Next(), searches));
    limit_ = found.limit;
    if (limit_) co_return Result<void>();
    std::vector<SourceHit> hits = FoundBy(source.spec(), found.outputs);
    std::erase_if(hits, [this](const SourceHit& hit) { return evidence_.Has(hit.origin); });
    const AgentTool* reader = agent_.FindTool(source.spec().source->read_by);
    const size_t most = reader != nullptr ? static_cast<size_t>(config_.reads) : hits.size();
    if (hits.size() > most) hits.resize(most);
    if (reader == nullptr) {
      for (SourceHit& hit : hits) evidence_.Add(std::move(hit.origin), hit.text);
      co_return Result<void>();
    }
    co_return co_await ReadAll(std::move(call), source.spec(), std::move(hits));
  }

  Task<Result<void>> ReadAll(Call call, const ToolSpec& source, std::vector<SourceHit> hits) {
    if (hits.empty()) co_return Result<void>();
    const std::vector<GatheredCall> reads = ReadCalls(source, hits);
    CO_TRY(const CallsAnswered read, co_await CallTools(call, work_, agent_, history_, scope_.Next(), reads));
    limit_ = read.limit;
    if (limit_) co_return Result<void>();
    for (size_t i = 0; i < hits.size(); ++i) {
      CO_TRY(std::string text, co_await WholeText(read.outputs[i]));
      evidence_.Add(std::move(hits[i].origin), text.empty() ? hits[i].text : text);
    }
    co_return Result<void>();
  }

  // What a tool that reads gave; empty where it failed.
  Task<Result<std::string>> WholeText(Json output) {
    if (IsErrorOutput(output)) co_return std::string();
    const Json* handle = output.Find("handle");
    if (handle == nullptr) co_return ReadText(output);
    auto read = [this, handle = handle->AsString()] { return work_.journal.Value(work_.log.run_id(), handle); };
    auto reading = OnPool(work_.pool, read);
    co_return co_await reading;
  }

  Task<Result<CitedText>> Answer(Call call) {
    const auto has_any = [](const ResearchedQuestion& one) { return !one.judgement.sentences.empty(); };
    if (config_.answer == "quote" || std::ranges::none_of(answered_, has_any)) co_return Quoted(answered_);
    AgentConversation talk;
    std::string system = agent_.config.instructions;
    system += (system.empty() ? "" : "\n\n") + std::string(OutsideDataRule());
    talk.Add(AgentConversation::System(std::move(system)));
    talk.Add(AgentConversation::User(WritingPrompt(task_, answered_, evidence_)));
    ModelQuestion question{.path = scope_.Next(), .conversation = talk};
    question.max_tokens = agent_.config.max_answer_tokens, question.quiet = true;
    auto asking = AskModel(std::move(call), work_, agent_, std::move(question));
    CO_TRY(const ModelAnswer answer, co_await asking);
    CO_TRY(CitedText written, Supported(answer.text, evidence_, config_.support_at_least));
    co_return written.claims.empty() ? Quoted(answered_) : written;
  }

  AgentWork work_;
  const Agent& agent_;
  const ResearchConfig config_;
  StepScope scope_;
  CallHistory history_;
  std::string task_;
  std::vector<AgentTool*> sources_;
  Evidence evidence_;
  std::vector<ResearchedQuestion> answered_;
  std::optional<LimitReached> limit_;
};

}  // namespace

Task<Result<AgentOutcome>> RunResearch(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  ResearchRun run(std::move(work), agent, std::move(scope));
  co_return co_await run.Run(std::move(call), std::move(input));
}

}  // namespace atelier
