// atelier eval conversations
#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "cli/retrieval_rows.h"
#include "eval/conversation_set.h"

namespace atelier {
namespace {

struct Way {
  const char* name;
  ConversationWay asks;
  const char* stage = "";
};
constexpr Way kWays[] = {{"last turn", ConversationWay::kLastTurn},
                         {"history", ConversationWay::kWithHistory, "history"},
                         {"rewrite", ConversationWay::kWithHistory, "rewrite"},
                         {"standalone", ConversationWay::kStandalone}};

class EvalConversationsCommand final : public Command {
 public:
  void Declare(Options& options) override {
    judged_.Declare(options);
    options.Text("conversations", conversations_, "JSONL: query, an id of the set; turns, whose last one asks it");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    options.Text("--stage-model", stage_model_, "that rewrites; without, the default chat model");
    options.Takes("MODEL", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::vector<JudgedConversation> conversations, LoadConversations(Files::Real(), conversations_));
    if (conversations.empty()) return Error::Invalid(conversations_, "got no conversation");
    JudgedCorpus judged = judged_.Corpus();
    for (const JudgedConversation& conversation : conversations) judged.only.insert(conversation.query);
    TRY(const JudgedSet set, judged.LoadSet(judged_.split, 0));
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, judged_.corpus));
    TRY_VOID(judged.Open(*session, set));
    std::vector<RetrievalRow> rows;
    for (const Way& way : kWays) {
      TRY(RetrievalScores scores, Measure(*session, ConversationQueries(set, conversations, way.asks), way.stage));
      RetrievalRow row{way.name, std::move(scores)};
      for (size_t above = 0; above < rows.size(); ++above) row.over.push_back(above);
      rows.push_back(std::move(row));
    }
    if (invocation.json) {
      invocation.Print(Json::Object({{"documents", static_cast<int64_t>(set.documents.size())},
                                     {"conversations", static_cast<int64_t>(conversations.size())},
                                     {"ways", RetrievalRowsBody(rows)}}));
    } else {
      ShowRetrievalRows(rows, "each above");
    }
    return {};
  }

 private:
  Result<RetrievalScores> Measure(CorpusSession& session, const JudgedSet& queries, const char* name) const {
    RetrievalConfig config = session.config().retrieval;
    config.candidates = 1000;  // as `eval retrieval`
    if (*name != '\0') {
      StageConfig& stage = config.stages.emplace_back();
      stage.stage = name, stage.model = stage_model_, stage.budget_ms = kMeasuredStageBudgetMs;
    }
    const Retriever retriever = session.MakeRetriever(std::move(config));
    return session.Run(ScoreRetrieval(session.MakeCall(), queries, retriever));
  }

  JudgedOptions judged_;
  std::string conversations_, stage_model_;
};

}  // namespace

extern const CommandEntry command_eval_conversations{
    "eval conversations", "Measure search on the last turns of conversations",
    "Each conversation ends in a question of the judged set. It is searched in four ways: the last turn alone, after "
    "what the user said before (stage `history`), as a model makes it stand alone (stage `rewrite`), and the set's own "
    "question, which is the best that rewriting can do.\n"
    "\n"
    "  atelier eval conversations scifact tests/knowledge/conversations/scifact.jsonl",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalConversationsCommand>(); }};

}  // namespace atelier
