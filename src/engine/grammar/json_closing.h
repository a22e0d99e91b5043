// The way to the end: from a state of the machine, a short text that completes the document. Not the shortest, but one
// that always ends: values are chosen by how much they need within them.
//
// For generation that comes near its last token, and for tests that show that every prefix can be completed.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "engine/grammar/json_machine.h"

namespace atelier {

class JsonClosing {
 public:
  explicit JsonClosing(JsonMachine& machine) : machine_(&machine) {}

  // The bytes to write next; empty: the document may end here. Asked again after they were read.
  //   threads  not empty, of one machine
  //   text     what they have read
  std::string Next(std::span<const JsonThread> threads, std::string_view text);

  static constexpr int64_t kNever = int64_t{1} << 40;
  // About how many bytes are left from a thread on; kNever or more: it leads nowhere.
  int64_t BytesLeft(const JsonThread& thread, std::string_view text);

 private:
  int64_t Cost(GoalId goal);  // about how many bytes the smallest value needs
  int64_t CostOf(const ObjectPlan& plan);
  int64_t CostOf(const ArrayPlan& plan);
  int64_t CostOfDemand(GoalId value);
  int64_t CostOfCount(const ArrayPlan& plan, size_t count, int64_t left);
  int64_t CostLeft(const JsonThread& thread);
  int64_t CostLeft(const JsonFrame& frame);
  std::string NextOf(const JsonThread& thread, std::string_view text);
  std::string Value(const JsonThread& thread, std::string_view text);
  std::string RestOfName(const JsonThread& thread, std::string_view text);
  std::string RestOfString(const JsonThread& thread);
  std::string RestOfNumber(const JsonThread& thread, std::string_view text);
  bool Steps(const JsonThread& thread, char byte, std::string_view text);

  JsonMachine* machine_;
  std::unordered_map<GoalId, int64_t> costs_;
};

}  // namespace atelier
