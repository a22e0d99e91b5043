#include "serve/batch_runner.h"

#include <algorithm>

#include "app/api_keys.h"
#include "app/file_store.h"
#include "base/io/sha256.h"
#include "base/object_id.h"
#include "base/task/pool.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr int kBatchPriority = 1000;  // the lowest that a body may say
constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr int kMaxTries = 30;  // of a line that the server has no room for

Json ResponseBody(const HttpResponse& response) {
  Result<Json> json = Json::Parse(response.body);
  return json.ok() ? std::move(*json) : Json(response.body);
}

std::string LineText(const std::string& custom_id, Json response, Json error) {
  Json line = Json::Object({{"id", NewObjectId("batch_req_")}, {"custom_id", custom_id}});
  line.Set("response", std::move(response));
  line.Set("error", std::move(error));
  return line.Dump();
}

// Chats and completions say prompt_tokens and completion_tokens, responses input_tokens and output_tokens.
void AddUsage(const Json& usage, BatchAnswer& answer) {
  const auto number = [](const Json& value) { return value.is_number() ? value.AsInt64().value_or(0) : 0; };
  answer.input_tokens = number(usage["prompt_tokens"]) + number(usage["input_tokens"]);
  answer.output_tokens = number(usage["completion_tokens"]) + number(usage["output_tokens"]);
  answer.cached_tokens =
      number(usage["prompt_tokens_details"]["cached_tokens"]) + number(usage["input_tokens_details"]["cached_tokens"]);
  answer.reasoning_tokens = number(usage["completion_tokens_details"]["reasoning_tokens"]) +
                            number(usage["output_tokens_details"]["reasoning_tokens"]);
}

BatchAnswer AnswerOf(const BatchLine& line, const std::string& request_id, const HttpResponse& response) {
  BatchAnswer answer;
  Json body = ResponseBody(response);
  answer.ok = response.status == 200;
  if (answer.ok) AddUsage(body["usage"], answer);
  Json said = Json::Object({{"status_code", response.status}, {"request_id", request_id}});
  said.Set("body", std::move(body));
  answer.text = LineText(line.custom_id, std::move(said), Json());
  return answer;
}

BatchAnswer FailedLine(const BatchLine& line, std::string_view code, std::string_view message) {
  BatchAnswer answer;
  answer.text = LineText(line.custom_id, Json(), Json::Object({{"code", code}, {"message", message}}));
  return answer;
}

Result<std::string> ReadLine(File& file, const BatchLine& line) {
  std::string text(static_cast<size_t>(line.num_bytes), '\0');
  TRY(const size_t got, file.ReadAt(line.offset, std::as_writable_bytes(std::span(text))));
  if (got == text.size()) return text;
  return Error::Corrupt("input file",
                        "got " + std::to_string(got) + " bytes of a line of " + std::to_string(text.size()));
}

// A batch's files have ids that follow from its own, so that they are made once even where a crash parts them from it.
std::string FileIdOf(const StoredBatch& batch, std::string_view which) {
  return "file-" + Sha256Hex(batch.id + "/" + std::string(which)).substr(0, 32);
}

// Output and error file of a batch, each only where it has lines.
Result<std::pair<std::optional<std::string>, std::optional<std::string>>> WriteFiles(App& app,
                                                                                     const StoredBatch& batch) {
  std::unique_ptr<IncomingFile> files[2];
  TRY_VOID(app.batches().ForEachAnswer(batch.id, [&](bool ok, std::string_view text) -> Result<void> {
    auto& file = files[ok ? 0 : 1];
    if (file == nullptr) {
      TRY(file, app.files().Begin());
    }
    TRY_VOID(file->Write(text));
    return file->Write("\n");
  }));
  std::optional<std::string> ids[2];
  for (int i = 0; i < 2; ++i) {
    if (files[i] == nullptr) continue;
    const std::string_view which = i == 0 ? "output" : "error";
    StoredFile about;
    about.id = FileIdOf(batch, which);
    ids[i] = about.id;
    if (app.files().Get(about.id).ok()) continue;  // made before a crash, of the same lines
    about.filename = batch.id + "_" + std::string(which) + ".jsonl";
    about.purpose = "batch_output";
    if (const auto input = app.files().Get(batch.input_file_id); input.ok()) about.owner = input->owner;
    if (batch.output_expires_after) about.expires_unix = app.files().Now() + *batch.output_expires_after;
    TRY_VOID(app.files().Keep(std::move(files[i]), std::move(about)));
  }
  return std::pair(ids[0], ids[1]);
}

// An expired batch says of each line that nobody asked it.
Result<void> ExpirePending(App& app, const StoredBatch& batch) {
  TRY(const std::vector<BatchLine> pending, app.batches().PendingLines(batch.id));
  for (const BatchLine& line : pending) {
    BatchAnswer answer =
        FailedLine(line, "batch_expired", "This request could not be executed before the completion window expired.");
    app.batches().FinishLine(batch.id, line.index, std::move(answer), [](Result<void>) {});
  }
  return app.batches().Flush();
}

}  // namespace

struct BatchRunner::Active {
  StoredBatch batch;
  std::shared_ptr<File> input;
  std::stop_source stop;       // of the lines under way
  std::optional<Error> fault;  // of ours: the batch waits for the next start
  int64_t num_under_way = 0;
  std::shared_ptr<Channel<int>> ended;
};

BatchRunner::BatchRunner(App& app, Router router)
    : app_(app),
      router_(std::move(router)),
      wake_(Channel<int>::Create(app.loop(), size_t{1} << 20)),
      free_slots_(app.config().batches.max_running) {}

// A slot is handed over to the first who waits.
auto BatchRunner::TakeSlot() {
  struct Awaiter {
    BatchRunner& runner;
    bool await_ready() {
      if (runner.free_slots_ == 0) return false;
      --runner.free_slots_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> handle) { runner.waiting_.push_back(handle); }
    void await_resume() {}
  };
  return Awaiter{*this};
}

void BatchRunner::GiveSlot() {
  if (waiting_.empty()) {
    ++free_slots_;
    return;
  }
  const std::coroutine_handle<> next = waiting_.front();
  waiting_.pop_front();
  app_.loop().Post([next] { Resume(next); });
}

Task<void> BatchRunner::Run(Call call) {
  const auto self = shared_from_this();
  stop_ = call.stop;
  const auto wake = [channel = wake_] { channel->Push(0); };
  app_.batches().OnChange(wake);
  const std::stop_callback stopped(call.stop, wake);
  wake();
  while (!stop_.stop_requested() || !running_.empty()) {
    const std::deque<int> news = co_await wake_->NextBatch();
    if (stop_.stop_requested() || news.empty()) continue;
    auto list = [&] { return app_.batches().Open(); };
    auto waiting = OnPool(app_.pool(), list);
    const Result<std::vector<std::string>> open = co_await waiting;
    if (!open.ok()) LogWarn("batches wait: " + open.error().Message());
    if (!open.ok() || stop_.stop_requested()) continue;
    for (const std::string& id : *open) {
      if (running_.insert(id).second) Spawn(RunBatch(id));
    }
  }
  app_.batches().OnChange({});
}

Task<void> BatchRunner::RunBatch(std::string id) {
  const auto self = shared_from_this();
  auto get = [&] { return app_.batches().Get(id); };
  auto waiting = OnPool(app_.pool(), get);
  Result<StoredBatch> batch = co_await waiting;
  bool valid = batch.ok();
  if (valid && !batch->in_progress && batch->status == "validating") valid = co_await Validate(*batch);
  if (valid) {
    auto active = std::make_shared<Active>();
    active->batch = std::move(*batch);
    co_await AskLines(std::move(active));
  }
  running_.erase(id);
  // Only a drain needs to know: what the batch became is in the store.
  if (stop_.stop_requested()) wake_->Push(0);
}

Task<bool> BatchRunner::Validate(StoredBatch batch) {
  auto validate = [&]() -> Result<bool> {
    TRY(const std::unique_ptr<File> file, app_.files().OpenContent(batch.input_file_id));
    TRY(BatchInput input, ReadBatchInput(*file, batch, app_.config().batches.max_requests));
    if (!input.errors.empty()) {
      TRY_VOID(app_.batches().Fail(batch.id, input.errors));
      return false;
    }
    TRY_VOID(app_.batches().Begin(batch.id, input.model, input.lines));
    return true;
  };
  auto waiting = OnPool(app_.pool(), validate);
  const Result<bool> valid = co_await waiting;
  if (valid.ok()) co_return *valid;
  co_await Fail(batch, valid.error());
  co_return false;
}

// A batch whose input file is gone has failed; any other fault of ours may be over at the next start.
Task<void> BatchRunner::Fail(StoredBatch batch, Error fault) {
  Result<void> failed = fault;
  if (fault.kind == ErrorKind::kNotFound) {
    const BatchError error{
        .code = "invalid_input_file", .message = fault.Message(), .param = "input_file_id", .line = 0};
    auto fail = [&] { return app_.batches().Fail(batch.id, {error}); };
    auto failing = OnPool(app_.pool(), fail);
    failed = co_await failing;
  }
  if (!failed.ok()) LogWarn("batch " + batch.id + " waits for the next start: " + failed.error().Message());
}

Task<void> BatchRunner::AskLines(std::shared_ptr<Active> active) {
  const std::string id = active->batch.id;
  active->ended = Channel<int>::Create(app_.loop(), size_t{1} << 20);
  std::vector<BatchLine> pending;
  auto open = [&]() -> Result<void> {
    TRY(pending, app_.batches().PendingLines(id));
    if (pending.empty()) return {};
    TRY(active->input, app_.files().OpenContent(active->batch.input_file_id));
    return {};
  };
  auto opening = OnPool(app_.pool(), open);
  if (const Result<void> opened = co_await opening; !opened.ok()) active->fault = opened.error();
  // Stops the lines where the batch is cancelled, or out of time, or the server drains.
  std::string end;
  const auto look = [&]() -> Task<void> {
    auto get = [&] { return app_.batches().Get(id); };
    auto waiting = OnPool(app_.pool(), get);
    const Result<StoredBatch> now = co_await waiting;
    if (now.ok() && now->status == "cancelling") end = "cancelled";
    if (now.ok() && end.empty() && app_.batches().Now() >= now->expires && now->status != "finalizing") end = "expired";
  };
  const std::stop_callback drained(stop_, [active] { active->stop.request_stop(); });
  co_await look();
  auto looked = app_.loop().Now();
  for (const BatchLine& line : pending) {
    if (active->fault || !end.empty()) break;
    co_await TakeSlot();
    if (app_.loop().Now() - looked >= kLookEvery) {
      looked = app_.loop().Now();
      co_await look();
    }
    if (stop_.stop_requested() || active->fault || !end.empty()) {
      GiveSlot();
      break;
    }
    ++active->num_under_way;
    Spawn(AskLine(active, line), [this, active] {
      --active->num_under_way;
      GiveSlot();
      active->ended->Push(0);
    });
  }
  // While the last lines are answered a cancel or the end of time may still come.
  while (active->num_under_way > 0) {
    app_.loop().At(app_.loop().Now() + kLookEvery, [ended = active->ended] { ended->Push(1); });
    const std::deque<int> news = co_await active->ended->NextBatch();
    if (std::ranges::find(news, 1) == news.end()) continue;
    co_await look();
    if (!end.empty()) active->stop.request_stop();
  }
  if (!end.empty()) active->stop.request_stop();
  if (stop_.stop_requested()) co_return;
  co_await look();
  if (active->fault) {
    co_await Fail(active->batch, *active->fault);
    co_return;
  }
  const std::string status = end.empty() ? std::string("completed") : end;
  co_await Close(active->batch, status);
}

Task<void> BatchRunner::AskLine(std::shared_ptr<Active> active, BatchLine line) {
  const auto self = shared_from_this();
  auto read = [&] { return ReadLine(*active->input, line); };
  auto reading = OnPool(app_.pool(), read);
  Result<std::string> text = co_await reading;
  if (!text.ok()) {
    active->fault = text.error();
    co_return;
  }
  Result<BatchAnswer> answer = co_await Answer(active, line, std::move(*text));
  if (!answer.ok()) co_return;  // stopped: it stays without an answer
  auto finish = [&](Writer::Done done) {
    app_.batches().FinishLine(active->batch.id, line.index, std::move(*answer), std::move(done));
  };
  auto finishing = AwaitCallback<Result<void>>(app_.loop(), finish);
  const Result<void> finished = co_await finishing;
  if (!finished.ok()) active->fault = finished.error();
}

Task<Result<BatchAnswer>> BatchRunner::Answer(std::shared_ptr<Active> active, BatchLine line, std::string text) {
  CO_TRY(const Json json, Json::Parse(text));
  Json body = json["body"];
  // Bodies of responses have no such parameter.
  if (active->batch.endpoint != "/v1/responses") body.Set("priority", kBatchPriority);
  for (int tries = 1;; ++tries) {
    app_.FollowConfig();
    const std::string& key = active->batch.principal;
    if (!key.empty() && !app_.keys().Knows(key)) {
      co_return FailedLine(line, "invalid_api_key", "got a batch of the key '" + key + "', which is no more");
    }
    HttpRequest http;
    http.method = "POST";
    http.path = http.target = active->batch.endpoint;
    http.headers.Add("Content-Type", "application/json");
    http.body = body.Dump();
    http.call.stop = active->stop.get_token();
    http.call.principal = active->batch.principal;
    http.call.request_id = NewObjectId("req-");
    const std::string request_id = http.call.request_id;
    Router::Match match = router_.Find(http.method, http.path);
    if (match.handler == nullptr) co_return FailedLine(line, "not_found", "this server has no " + http.path);
    http.path_parameters = std::move(match.parameters);
    const HttpResponse response = co_await (*match.handler)(std::move(http));
    if (active->stop.stop_requested() && response.status != 200) co_return Error::Cancelled(line.custom_id, "stopped");
    const bool no_room = response.status == 429 || response.status == 503;
    if (!no_room || tries == kMaxTries) co_return AnswerOf(line, request_id, response);
    const bool slept = co_await SleepFor(app_.loop(), kRetryAfter, active->stop.get_token());
    if (!slept) co_return Error::Cancelled(line.custom_id, "stopped");
  }
}

Task<void> BatchRunner::Close(StoredBatch batch, std::string status) {
  auto close = [&]() -> Result<void> {
    if (status == "completed") {
      TRY_VOID(app_.batches().Finalize(batch.id));
    } else if (status == "expired") {
      TRY_VOID(ExpirePending(app_, batch));
    }
    TRY(const auto files, WriteFiles(app_, batch));
    return app_.batches().End(batch.id, status, files.first, files.second);
  };
  auto waiting = OnPool(app_.pool(), close);
  const Result<void> closed = co_await waiting;
  if (!closed.ok()) LogWarn("batch " + batch.id + " waits for the next start: " + closed.error().Message());
}

}  // namespace atelier
