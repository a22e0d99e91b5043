#include "agent/protocol/mcp_http_stream.h"

#include <algorithm>
#include <utility>

#include "base/net/sse.h"

namespace atelier {

int McpHttpStatus(const RpcMessage& answer) {
  if (answer.kind != RpcMessage::Kind::kError) return 200;
  const int64_t code = answer.error.code;
  if (code == RpcError::kMethodNotFound) return 404;
  if (code == RpcError::kParse || code == RpcError::kInvalidRequest || McpFault::IsStateless(code)) return 400;
  return 200;
}

bool McpHttpStream::Send(const RpcMessage& message) {
  if (ended_) return false;
  if (!streaming_ && num_events_ == 0 && message.is_answer()) {
    answer_ = message;
    begun_->Close();
    return true;
  }
  const bool resumable = !options_.id.empty();
  if (!resumable && streaming_ && !reader_) return false;  // the client has left
  std::string data = message.Dump();
  ++num_events_;
  if (writer_ && writer_->Write(EventText(data, num_events_))) num_written_ = num_events_;
  kept_bytes_ += static_cast<int64_t>(data.size());
  kept_.push_back(std::move(data));
  // The newest stays in any case: it may be the answer.
  while (kept_bytes_ > options_.max_kept_bytes && kept_.size() > 1) ForgetOldest();
  if (!resumable) ForgetWritten();
  begun_->Close();
  return true;
}

void McpHttpStream::ForgetOldest() {
  kept_bytes_ -= static_cast<int64_t>(kept_.front().size());
  kept_.pop_front();
  ++num_dropped_;
}

void McpHttpStream::ForgetWritten() {
  while (!kept_.empty() && num_dropped_ < num_written_) ForgetOldest();
}

void McpHttpStream::End() {
  ended_ = true;
  begun_->Close();
  ReleaseReader();
}

void McpHttpStream::LetGo(std::chrono::milliseconds retry) {
  if (options_.id.empty() || !writer_) return;
  writer_->Write("retry: " + std::to_string(retry.count()) + "\n\n");
  ReleaseReader();
}

void McpHttpStream::ReleaseReader() {
  writer_.reset();
  if (const auto reader = std::exchange(reader_, nullptr)) reader->Stop();
}

Task<HttpResponse> McpHttpStream::Respond(std::stop_token stop) {
  const auto self = shared_from_this();
  const Loop::TimerId timer = loop_.At(loop_.Now() + options_.patience, [self] { self->begun_->Close(); });
  {
    const std::stop_callback on_stop(stop, [begun = begun_] { begun->Close(); });
    co_await begun_->NextBatch();
  }
  loop_.Cancel(timer);
  if (answer_) co_return HttpResponse::Json(answer_->Dump(), McpHttpStatus(*answer_));
  co_return Events(0, std::move(stop));
}

HttpResponse McpHttpStream::Events(int64_t after, std::stop_token stop, Loop::TimePoint until) {
  ReleaseReader();
  streaming_ = true;
  // From here on messages are events; the link is made now, so that an end before the writing begins is not missed.
  auto link = std::make_shared<StopLink>(std::move(stop));
  reader_ = link;
  const auto self = shared_from_this();
  return HttpResponse::Events(
      [self, after, until, link](BodyWriter writer) { return self->Write(after, until, link, std::move(writer)); });
}

std::string McpHttpStream::EventText(const std::string& data, int64_t number) const {
  SseEvent event;
  event.data = data;
  if (!options_.id.empty()) event.id = options_.id + "-" + std::to_string(number);
  return FormatSse(event);
}

Task<void> McpHttpStream::Write(int64_t after, Loop::TimePoint until, std::shared_ptr<StopLink> link,
                                BodyWriter writer) {
  const auto self = shared_from_this();
  if (after == 0 && options_.prime) {
    SseEvent prime;
    prime.id = options_.id + "-0";
    prime.retry_ms = options_.retry.count();
    writer.Write(FormatSse(prime));
  }
  for (int64_t number = std::max(after, num_dropped_) + 1; number <= num_events_; ++number) {
    if (!writer.Write(EventText(kept_[static_cast<size_t>(number - num_dropped_ - 1)], number))) co_return;
    num_written_ = std::max(num_written_, number);
  }
  if (options_.id.empty()) ForgetWritten();
  if (ended_ || reader_ != link) co_return;
  writer_ = writer;
  for (bool reads = true; reads;) {
    const Loop::TimePoint next = std::min(loop_.Now() + options_.keep_alive, until);
    const bool silent = co_await SleepUntil(loop_, next, link->token());
    reads = silent && loop_.Now() < until && writer.Write(FormatSseComment("still here"));
  }
  if (reader_ == link) ReleaseReader();
}

}  // namespace atelier
