#include "provider/local_sink.h"

namespace atelier {
namespace {

void SetPiece(ReplyPiece piece, GenerationDelta& delta) {
  delta.text = std::move(piece.content);
  delta.reasoning = std::move(piece.reasoning);
  delta.tool_calls = std::move(piece.tool_calls);
}

}  // namespace

ReplyParser& ChannelSink::ParserOf(int32_t choice) {
  const auto index = static_cast<size_t>(choice);
  if (parsers_.size() <= index) parsers_.resize(index + 1);
  if (parsers_[index] == nullptr) parsers_[index] = std::make_unique<ReplyParser>(rules_);
  return *parsers_[index];
}

TokenText ChannelSink::Describe(const TokenLogprob& token) const {
  const Tokenizer* tokenizer = lease_->tokenizer();
  TokenText text;
  text.id = token.token;
  text.logprob = static_cast<double>(token.logprob);
  // Control tokens stand for no text; their spelling is what a reader wants to see.
  text.bytes = tokenizer->IsControl(token.token) ? tokenizer->Spelling(token.token) : tokenizer->Piece(token.token);
  return text;
}

std::vector<TokenChoice> ChannelSink::DescribeAll(std::span<const LogprobEntry> entries) const {
  std::vector<TokenChoice> choices;
  choices.reserve(entries.size());
  for (const LogprobEntry& entry : entries) {
    TokenChoice choice;
    choice.chosen = Describe(entry.chosen);
    choice.rank = entry.rank;
    for (const TokenLogprob& top : entry.top) choice.top.push_back(Describe(top));
    choices.push_back(std::move(choice));
  }
  return choices;
}

void ChannelSink::OnPromptLogprobs(std::span<const LogprobEntry> entries) {
  events_->Push(PromptLogprobs{DescribeAll(entries)});
}

void ChannelSink::OnDelta(const Delta& delta) {
  GenerationDelta event;
  event.choice = delta.choice;
  if (rules_ == nullptr) {
    event.text = delta.text;
  } else {
    ReplyParser& parser = ParserOf(delta.choice);
    if (parser.in_reasoning()) reasoning_tokens_ += std::ssize(delta.tokens);
    SetPiece(parser.Push(delta.text), event);
  }
  event.tokens.assign(delta.tokens.begin(), delta.tokens.end());
  event.logprobs = DescribeAll(delta.logprobs);
  events_->Push(std::move(event));
}

void ChannelSink::OnChoiceFinish(const ChoiceFinish& finish) {
  if (rules_ != nullptr) {
    GenerationDelta last;
    last.choice = finish.choice;
    SetPiece(ParserOf(finish.choice).Finish(), last);
    const bool says_more = !last.text.empty() || !last.reasoning.empty() || !last.tool_calls.empty();
    if (says_more) events_->Push(std::move(last));
  }
  GenerationChoiceEnd event;
  event.choice = finish.choice;
  event.reason = finish.reason;
  event.stop_string = finish.stop_string;
  event.stop_token = finish.stop_token;
  events_->Push(std::move(event));
}

void ChannelSink::OnFinish(const Finished& finished) {
  GenerationEnd event;
  event.usage = finished.usage;
  event.reasoning_tokens = reasoning_tokens_;
  event.times = finished.times;
  if (finished.error != nullptr) event.error = *finished.error;
  if (finished.reason == FinishReason::kCancelled) event.error = Error::Cancelled("", "the request was cancelled");
  events_->Push(std::move(event));
  events_->Close();
  lease_ = {};
}

void VectorSink::OnVector(int32_t index, std::span<const float> vector) {
  vectors_[static_cast<size_t>(index)].assign(vector.begin(), vector.end());
}

void VectorSink::OnTokenVectors(int32_t index, std::span<const float> vectors) {
  token_vectors_[static_cast<size_t>(index)].assign(vectors.begin(), vectors.end());
}

void VectorSink::OnFinish(const Finished& finished) {
  lease_ = {};
  if (finished.error != nullptr) return done_(*finished.error);
  if (finished.reason == FinishReason::kCancelled) return done_(Error::Cancelled("", "the request was cancelled"));
  done_(Answer{std::move(vectors_), std::move(token_vectors_), finished.usage, finished.times});
}

void VectorSink::Refuse(Error error) { done_(std::move(error)); }

}  // namespace atelier
