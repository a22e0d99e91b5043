// LocalModel: everything that serving one model file needs, loaded: weights, tokenizer, chat template, plan and engine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/runner.h"

namespace atelier {

class ChatTemplate;
class Tokenizer;

// What loading took and what it holds.
struct LoadFigures {
  double load_seconds = 0;
  int64_t file_bytes = 0;    // mapped
  int64_t weight_bytes = 0;  // what the kernels read: panels and the rest
  int64_t cache_bytes = 0;   // all blocks
};

class LocalModel {
 public:
  virtual ~LocalModel() = default;
  virtual Engine& engine() = 0;
  virtual const Tokenizer* tokenizer() const = 0;         // null: none (tests)
  virtual const ChatTemplate* chat_template() const = 0;  // null: the model has none
  virtual const RunnerShape& shape() const = 0;
  virtual const LoadFigures& figures() const = 0;
  virtual int64_t memory_bytes() const = 0;  // counted against the host's budget
  const std::string& name() const { return name_; }

 protected:
  explicit LocalModel(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

}  // namespace atelier
