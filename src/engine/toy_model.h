// For tests: a model whose logits are a pure function of the tokens of a sequence, but which can know those tokens only
// through its cache. Each position's entry is written into its block, and the logits of a row are made of the entries
// of all positions up to its own, read through the block table: a block that is missing, stale, shared wrongly or freed
// too early shows.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/runner.h"

namespace atelier {

inline uint64_t ToyMix(uint64_t state, uint64_t word) {
  uint64_t x = (state ^ word) * 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 31)) * 0xBF58476D1CE4E5B9U;
  return x ^ (x >> 29);
}

class ToyRunner final : public Runner {
 public:
  explicit ToyRunner(int32_t max_rows = 512, int32_t max_outputs = 64, int32_t num_tokens = 53) {
    shape_.num_tokens = num_tokens;
    shape_.max_context = 400;
    shape_.block_bytes = kBlockPositions * sizeof(uint64_t);
    shape_.max_rows = max_rows;
    shape_.max_sequences = 64;
    shape_.max_outputs = max_outputs;
  }

  const RunnerShape& shape() const override { return shape_; }

  Result<Outputs> Run(const StepBatch& batch) override {
    if (fail_next_) {
      fail_next_ = false;
      return Error::Internal("toy", "got a fault, want none");
    }
    Check(batch);
    for (int32_t row = 0; row < batch.num_rows(); ++row) {
      const auto i = static_cast<size_t>(row);
      const uint64_t entry =
          ToyMix(static_cast<uint64_t>(batch.positions[i]) + 1, static_cast<uint64_t>(batch.tokens[i]));
      std::memcpy(At(batch, batch.sequences[i], batch.positions[i]), &entry, sizeof entry);
    }
    logits_.resize(batch.outputs.size() * static_cast<size_t>(shape_.num_tokens));
    for (size_t o = 0; o < batch.outputs.size(); ++o) {
      const auto row = static_cast<size_t>(batch.outputs[o]);
      uint64_t state = 1;
      for (int32_t position = 0; position <= batch.positions[row]; ++position) {
        uint64_t entry = 0;
        std::memcpy(&entry, At(batch, batch.sequences[row], position), sizeof entry);
        state = ToyMix(state, entry);
      }
      for (int32_t token = 0; token < shape_.num_tokens; ++token) {
        const uint64_t bits = ToyMix(state, static_cast<uint64_t>(token) + 77);
        logits_[o * static_cast<size_t>(shape_.num_tokens) + static_cast<size_t>(token)] =
            static_cast<float>(bits >> 40) * 0x1p-24F * 8.0F - 4.0F;
      }
    }
    return Outputs{.logits = logits_, .vectors = {}};
  }

  void FailNext() { fail_next_ = true; }
  // Sizes of the slices that ran, with how often.
  const std::map<int64_t, int64_t>& slices() const { return slices_; }
  int64_t max_sequences_at_once() const { return max_sequences_at_once_; }
  int64_t max_rows_at_once() const { return max_rows_at_once_; }

 private:
  std::byte* At(const StepBatch& batch, int32_t sequence, int32_t position) const {
    const auto table = batch.cache.tables[static_cast<size_t>(sequence)];
    const auto block = static_cast<size_t>(position / kBlockPositions);
    CHECK_MSG(block < table.size(), "the table covers what a row reads or writes");
    return batch.cache.Block(table[block]) + position % kBlockPositions * static_cast<int32_t>(sizeof(uint64_t));
  }

  void Check(const StepBatch& batch) {
    CHECK(batch.num_rows() > 0 && batch.num_rows() <= shape_.max_rows);
    CHECK(static_cast<int32_t>(batch.outputs.size()) <= shape_.max_outputs);
    CHECK(static_cast<int32_t>(batch.cache.tables.size()) <= shape_.max_sequences);
    std::map<int32_t, int32_t> writers;  // block -> sequence
    std::map<int32_t, int64_t> sizes;
    for (size_t i = 0; i < batch.tokens.size(); ++i) {
      const int32_t sequence = batch.sequences[i];
      const bool begins = i == 0 || batch.sequences[i - 1] != sequence;
      CHECK(begins ? sequence == static_cast<int32_t>(sizes.size()) : batch.positions[i] == batch.positions[i - 1] + 1);
      ++sizes[sequence];
      const auto table = batch.cache.tables[static_cast<size_t>(sequence)];
      const int32_t block = table[static_cast<size_t>(batch.positions[i] / kBlockPositions)];
      const auto [writer, fresh] = writers.try_emplace(block, sequence);
      CHECK_MSG(fresh || writer->second == sequence, "two sequences write one block");
    }
    for (size_t s = 0; s < batch.cache.tables.size(); ++s) {
      for (const int32_t block : batch.cache.tables[s]) {
        const auto writer = writers.find(block);
        CHECK_MSG(writer == writers.end() || writer->second == static_cast<int32_t>(s), "a shared block is written");
      }
    }
    for (const auto& [sequence, size] : sizes) ++slices_[size];
    max_sequences_at_once_ = std::max<int64_t>(max_sequences_at_once_, static_cast<int64_t>(sizes.size()));
    max_rows_at_once_ = std::max<int64_t>(max_rows_at_once_, batch.num_rows());
  }

  RunnerShape shape_;
  std::vector<float> logits_;
  std::map<int64_t, int64_t> slices_;
  int64_t max_sequences_at_once_ = 0;
  int64_t max_rows_at_once_ = 0;
  bool fail_next_ = false;
};

// For tests: an encoder whose vector [3] is a pure function of a sequence's tokens and segments.
class ToyEncoder final : public Runner {
 public:
  explicit ToyEncoder(bool scores) {
    shape_.num_tokens = 53;
    shape_.vector_size = 3;
    shape_.scores = scores;
    shape_.whole_input = true;
    shape_.max_context = 64;
    shape_.max_rows = 100;
    shape_.max_sequences = 16;
  }
  const RunnerShape& shape() const override { return shape_; }
  Result<Outputs> Run(const StepBatch& batch) override {
    CHECK(batch.num_rows() <= shape_.max_rows && batch.num_sequences() <= shape_.max_sequences &&
          batch.outputs.empty());
    std::vector<uint64_t> states(static_cast<size_t>(batch.num_sequences()), 1);
    for (size_t i = 0; i < batch.tokens.size(); ++i) {
      const auto sequence = static_cast<size_t>(batch.sequences[i]);
      if (i == 0 || batch.sequences[i - 1] != batch.sequences[i]) CHECK(batch.positions[i] == 0);
      const int32_t segment = batch.segments.empty() ? 0 : batch.segments[i];
      states[sequence] = ToyMix(states[sequence], static_cast<uint64_t>(batch.tokens[i] * 2 + segment));
    }
    vectors_.clear();
    for (const uint64_t state : states) {
      for (uint64_t k = 0; k < 3; ++k) vectors_.push_back(static_cast<float>(ToyMix(state, k) >> 40));
    }
    max_sequences_at_once_ = std::max(max_sequences_at_once_, batch.num_sequences());
    return Outputs{.logits = {}, .vectors = vectors_};
  }
  int32_t max_sequences_at_once() const { return max_sequences_at_once_; }

 private:
  RunnerShape shape_;
  std::vector<float> vectors_;
  int32_t max_sequences_at_once_ = 0;
};

// Keeps all it is told.
class RecordingSink final : public Sink {
 public:
  struct Choice {
    std::vector<int32_t> tokens;
    std::string text;
    std::vector<LogprobEntry> logprobs;
    std::vector<uint64_t> logit_hashes;  // of the bits of all logits, one for each token
    bool finished = false;
    FinishReason reason = FinishReason::kStop;
    std::string stop_string;
    std::optional<int32_t> stop_token;
  };

  void OnLogits(int32_t choice, int64_t position, std::span<const float> logits) override {
    uint64_t hash = static_cast<uint64_t>(position);
    for (const float logit : logits) {
      uint32_t bits = 0;
      std::memcpy(&bits, &logit, sizeof bits);
      hash = ToyMix(hash, bits);
    }
    choices[choice].logit_hashes.push_back(hash);
  }
  void OnPromptLogprobs(std::span<const LogprobEntry> entries) override {
    prompt_logprobs.assign(entries.begin(), entries.end());
  }
  void OnDelta(const Delta& delta) override {
    CHECK(!finished);
    Choice& choice = choices[delta.choice];
    CHECK(!choice.finished);
    choice.tokens.insert(choice.tokens.end(), delta.tokens.begin(), delta.tokens.end());
    choice.text += delta.text;
    choice.logprobs.insert(choice.logprobs.end(), delta.logprobs.begin(), delta.logprobs.end());
  }
  void OnChoiceFinish(const ChoiceFinish& finish) override {
    CHECK(!finished);
    Choice& choice = choices[finish.choice];
    CHECK(!choice.finished);
    choice.finished = true;
    choice.reason = finish.reason;
    choice.stop_string = finish.stop_string;
    choice.stop_token = finish.stop_token;
  }
  void OnVector(int32_t index, std::span<const float> vector) override {
    CHECK(vectors.try_emplace(index, vector.begin(), vector.end()).second);
  }
  void OnFinish(const Finished& end) override {
    CHECK(!finished);
    finished = true;
    reason = end.reason;
    usage = end.usage;
    times = end.times;
    if (end.error != nullptr) error = *end.error;
  }

  std::map<int32_t, Choice> choices;
  std::vector<LogprobEntry> prompt_logprobs;
  std::map<int32_t, std::vector<float>> vectors;
  bool finished = false;
  FinishReason reason = FinishReason::kStop;
  Usage usage;
  RequestTimes times;
  std::optional<Error> error;
};

// REQUIRES: the engine takes the request.
inline std::shared_ptr<RecordingSink> SubmitRecorded(Engine& engine, const GenerateRequest& request) {
  auto sink = std::make_shared<RecordingSink>();
  const auto submitted = engine.Submit(request, sink);
  CHECK_MSG(submitted.ok(), submitted.error().Message());
  return sink;
}

}  // namespace atelier
