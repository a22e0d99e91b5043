// atelier eval conversations
#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "cli/retrieval_rows.h"
#include "eval/conversation_set.h"

namespace atelier {
namespace {

constexpr int32_t kStageBudgetMs = 120'000;  // measured whatever it takes

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
    options.Text("folder", folder_, "corpus.jsonl, queries.jsonl and qrels/, as BEIR has them");
    options.Takes("DIR", Completion::kFiles);
    options.Required();
    options.Text("conversations", conversations_, "JSONL: query, an id of the set; turns, whose last one asks it");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    options.Text("--split", split_, "which of qrels/*.tsv");
    options.Text("--embedder", embedder_, "an embedding model; \"none\": by words alone; without, the default one");
    options.Text("--keep,-c", corpus_.corpus, "the name of the corpus to make and keep; without, eval-FOLDER-EMBEDDER");
    options.Integer("--threads", corpus_.threads, "threads that compute; 0: one for each core");
    options.Integer("--documents", most_documents_,
                    "index only so many: those that the queries are judged by, then the first others; 0: all");
    options.Text("--stage-model", stage_model_, "that rewrites; without, the default chat model");
    options.Takes("MODEL", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::vector<JudgedConversation> conversations, LoadConversations(Files::Real(), conversations_));
    if (conversations.empty()) return Error::Invalid(conversations_, "got no conversation");
    JudgedCorpus judged{.folder = folder_, .embedder = embedder_, .name = corpus_.corpus};
    judged.most_documents = most_documents_;
    for (const JudgedConversation& conversation : conversations) judged.only.insert(conversation.query);
    TRY(const JudgedSet set, judged.LoadSet(split_, 0));
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, corpus_));
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
      stage.stage = name, stage.model = stage_model_, stage.budget_ms = kStageBudgetMs;
    }
    const Retriever retriever = session.MakeRetriever(std::move(config));
    return session.Run(ScoreRetrieval(session.MakeCall(), queries, retriever));
  }

  CorpusOptions corpus_;
  std::string folder_, conversations_, split_ = "test", embedder_, stage_model_;
  int64_t most_documents_ = 0;
};

}  // namespace

extern const CommandEntry command_eval_conversations{
    "eval conversations", "Measure search on the last turns of conversations",
    "Each conversation ends in a question of the judged set. It is searched in four ways: the last turn alone, after "
    "what "
    "the user said before (stage `history`), as a model makes it stand alone (stage `rewrite`), and the set's own "
    "question, which is the best that rewriting can do.\n"
    "\n"
    "  atelier eval conversations scifact tests/knowledge/conversations/scifact.jsonl",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalConversationsCommand>(); }};

}  // namespace atelier
