#include "app/memory_library.h"

#include <utility>

#include "agent/memory/context.h"
#include "agent/run_trail.h"
#include "app/agent_library.h"
#include "base/io/files.h"

namespace atelier {
namespace {

constexpr std::chrono::milliseconds kPause{20};  // between two tries to write
constexpr std::chrono::seconds kPatience{30};    // while another process writes

}  // namespace

MemoryLibrary::MemoryLibrary(App& app) : app_(app), folder_(JoinPath(HomeDirectory(app.config()), "memory")) {}

Result<std::shared_ptr<MemoryStore>> MemoryLibrary::Read() {
  const std::lock_guard lock(mutex_);
  if (following_) return following_;
  auto store = MemoryStore::Follow(Files::Real(), folder_);
  if (!store.ok() && store.error().kind == ErrorKind::kNotFound) {
    return Error::NotFound("memory", "got none, as nothing was recorded yet");
  }
  if (!store.ok()) return std::move(store).error();
  following_ = std::move(*store);
  return following_;
}

Result<std::shared_ptr<MemoryStore>> MemoryLibrary::OpenOnce() {
  MemoryStoreOptions options;
  // As it was made, whatever the default model is by now.
  if (const auto made = Read(); made.ok()) {
    options = (*made)->options();
  } else if (const auto embedding = app_.FindModel("", "embedding"); embedding.ok()) {
    options.embedder = embedding->id, options.dimensions = static_cast<int32_t>(embedding->vector_size);
  }
  const std::lock_guard lock(mutex_);
  if (auto store = writing_.lock()) return store;
  TRY(std::unique_ptr<MemoryStore> opened, MemoryStore::Open(Files::Real(), folder_, std::move(options)));
  std::shared_ptr<MemoryStore> store = std::move(opened);
  writing_ = store;
  return store;
}

Task<Result<std::shared_ptr<MemoryStore>>> MemoryLibrary::Write(Call call) {
  const auto until = app_.loop().Now() + kPatience;
  while (true) {
    auto open = [this] { return OpenOnce(); };
    auto opening = OnPool(app_.pool(), open);
    auto store = co_await opening;
    if (store.ok() || store.error().kind != ErrorKind::kConflict || app_.loop().Now() >= until) co_return store;
    if (!co_await SleepFor(app_.loop(), kPause, call.stop)) co_return std::move(store).error();
  }
}

Task<Result<std::shared_ptr<MemoryStore>>> MemoryLibrary::ReadOnPool() {
  auto read = [this] { return Read(); };
  auto reading = OnPool(app_.pool(), read);
  co_return co_await reading;
}

Memory MemoryLibrary::With(MemoryStore& store) { return Memory(store, app_.pool(), &app_.embedder()); }

Task<Result<std::vector<std::string>>> MemoryLibrary::Record(Call call, MemoryScope scope,
                                                             std::vector<MemoryTurn> turns) {
  CO_TRY(const std::shared_ptr<MemoryStore> store, co_await Write(call));
  Memory memory = With(*store);
  co_return co_await memory.Record(std::move(call), std::move(scope), std::move(turns));
}

Task<Result<std::vector<RecalledTurn>>> MemoryLibrary::Recall(Call call, RecallRequest request) {
  const auto store = co_await ReadOnPool();
  if (!store.ok() && store.error().kind == ErrorKind::kNotFound) co_return std::vector<RecalledTurn>();
  if (!store.ok()) co_return Error(store.error());
  Memory memory = With(**store);
  co_return co_await memory.Recall(std::move(call), std::move(request));
}

Task<Result<std::vector<RecalledFact>>> MemoryLibrary::RecallFacts(Call call, RecallRequest request, int64_t at_ms) {
  const auto store = co_await ReadOnPool();
  if (!store.ok() && store.error().kind == ErrorKind::kNotFound) co_return std::vector<RecalledFact>();
  if (!store.ok()) co_return Error(store.error());
  Memory memory = With(**store);
  co_return co_await memory.RecallFacts(std::move(call), std::move(request), at_ms);
}

Task<Result<std::vector<std::string>>> MemoryLibrary::PutFacts(Call call, std::vector<MemoryFact> facts) {
  CO_TRY(const std::shared_ptr<MemoryStore> store, co_await Write(call));
  Memory memory = With(*store);
  co_return co_await memory.PutFacts(std::move(call), std::move(facts));
}

Task<Result<int64_t>> MemoryLibrary::Forget(Call call, std::vector<std::string> ids) {
  CO_TRY_VOID(co_await ReadOnPool());
  CO_TRY(const std::shared_ptr<MemoryStore> store, co_await Write(std::move(call)));
  auto forget = [&] { return store->Forget(ids); };
  auto forgetting = OnPool(app_.pool(), forget);
  co_return co_await forgetting;
}

Task<Result<int64_t>> MemoryLibrary::ForgetAll(Call call, MemoryScope scope) {
  CO_TRY_VOID(co_await ReadOnPool());
  CO_TRY(const std::shared_ptr<MemoryStore> store, co_await Write(std::move(call)));
  auto forget = [&] { return store->ForgetAll(scope); };
  auto forgetting = OnPool(app_.pool(), forget);
  co_return co_await forgetting;
}

Task<Result<Learnt>> MemoryLibrary::Learn(Call call, MemoryScope scope, std::string model) {
  Learnt all;
  CO_TRY(const ModelListing chat, app_.FindModel(model, "chat"));
  CO_TRY(const std::shared_ptr<MemoryStore> read, co_await ReadOnPool());
  auto list = [&] { return read->Sessions(scope); };
  auto listing = OnPool(app_.pool(), list);
  CO_TRY(const std::vector<MemorySessionState> sessions, co_await listing);
  for (const MemorySessionState& session : sessions) {
    if (session.num_learnt >= session.num_places) continue;
    CO_TRY(const std::shared_ptr<MemoryStore> store, co_await Write(call));
    Memory memory = With(*store);
    MemoryLearner learner(memory, app_.language_model(), chat.id, app_.clock(),
                          WorkInJournal(app_.agents().journal(), app_.pool()));
    CO_TRY(const Learnt more, co_await learner.Learn(call, session.scope));
    all.Add(more);
  }
  co_return all;
}

Task<Result<std::string>> MemoryLibrary::Before(Call call, MemoryScope scope, MemoryConfig config,
                                                AgentQuestion question) {
  const auto store = co_await ReadOnPool();
  if (!store.ok() && store.error().kind == ErrorKind::kNotFound) co_return std::string();
  if (!store.ok()) co_return Error(store.error());
  Memory memory = With(**store);
  ContextRequest request;
  request.question = std::move(question.text), request.scope = std::move(scope);
  request.read.insert(question.read.begin(), question.read.end());
  request.num_recent = config.recent, request.num_recalled = config.recalled, request.num_facts = config.facts;
  request.max_tokens = config.max_tokens, request.now_ms = NowMs();
  co_return co_await MemoryContext(std::move(call), memory, std::move(request));
}

Task<Result<void>> MemoryLibrary::After(Call call, MemoryScope scope, std::vector<MemoryTurn> turns) {
  CO_TRY_VOID(co_await Record(std::move(call), std::move(scope), std::move(turns)));
  co_return Result<void>();
}

}  // namespace atelier
