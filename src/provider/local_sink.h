// The engine thread's end of a local generation.
#pragma once

#include <memory>
#include <stop_token>

#include "engine/local_model.h"
#include "engine/model_host.h"
#include "model/tokenizer/tokenizer.h"
#include "provider/language_model.h"
#include "provider/reply_parser.h"

namespace atelier {

// Puts what the engine tells into a channel; holds the model until the end.
class ChannelSink final : public Sink {
 public:
  // `rules`: how replies are read; null: their text is the answer.
  ChannelSink(ModelLease lease, std::shared_ptr<Channel<GenerationEvent>> events,
              std::shared_ptr<const ReplyParser::Rules> rules)
      : lease_(std::move(lease)), events_(std::move(events)), rules_(std::move(rules)) {}

  void OnPromptLogprobs(std::span<const LogprobEntry> entries) override;
  void OnDelta(const Delta& delta) override;
  void OnChoiceFinish(const ChoiceFinish& finish) override;
  void OnFinish(const Finished& finished) override;

 private:
  TokenText Describe(const TokenLogprob& token) const;
  std::vector<TokenChoice> DescribeAll(std::span<const LogprobEntry> entries) const;

  ReplyParser& ParserOf(int32_t choice);

  ModelLease lease_;
  const std::shared_ptr<Channel<GenerationEvent>> events_;
  const std::shared_ptr<const ReplyParser::Rules> rules_;
  std::vector<std::unique_ptr<ReplyParser>> parsers_;  // by choice; of those that have begun
  int64_t reasoning_tokens_ = 0;
};

// Ends a request when its Call is stopped or when its reader lets go.
class RequestOwner {
 public:
  RequestOwner(Handle handle, std::stop_token stop)
      : handle_(std::move(handle)), on_stop_(std::move(stop), [this] { handle_.Cancel(); }) {}
  ~RequestOwner() { handle_.Cancel(); }

 private:
  Handle handle_;
  std::stop_callback<std::function<void()>> on_stop_;
};

// Collects the vectors of an embedding or reranking request and answers once.
class VectorSink final : public Sink {
 public:
  struct Answer {
    std::vector<std::vector<float>> vectors;
    std::vector<std::vector<float>> token_vectors;  // [inputs][T * E]; empty unless the engine told them
    Usage usage;
    RequestTimes times;
  };
  using Done = std::move_only_function<void(Result<Answer>)>;

  VectorSink(ModelLease lease, size_t num_inputs, Done done)
      : lease_(std::move(lease)), vectors_(num_inputs), token_vectors_(num_inputs), done_(std::move(done)) {}
  void OnVector(int32_t index, std::span<const float> vector) override;
  void OnTokenVectors(int32_t index, std::span<const float> vectors) override;
  void OnFinish(const Finished& finished) override;
  // Where Submit refused the request, so that OnFinish never comes.
  void Refuse(Error error);

 private:
  ModelLease lease_;
  std::vector<std::vector<float>> vectors_;
  std::vector<std::vector<float>> token_vectors_;
  Done done_;
};

}  // namespace atelier
