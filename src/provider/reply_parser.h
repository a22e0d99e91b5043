// Reads what a model wrote, as it comes: reasoning, answer and calls, by the model's own syntax
// (model/chat/chat_syntax.h). Text comes with control tokens as ControlText; those that belong to no syntax are left
// out.
//
// Calls are read only where the reply's grammar keeps them well-formed (reply_grammar.h). What still isn't, because a
// choice was cut, stays as far as it came.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/chat/chat_syntax.h"
#include "provider/language_model.h"
#include "provider/reply_grammar.h"
#include "provider/tool_use.h"

namespace atelier {

// What a new piece of text brought.
struct ReplyPiece {
  std::string content, reasoning;
  std::vector<ToolCallDelta> tool_calls;
};

// Finds where a JSON value ends that comes in pieces.   REQUIRES: it is one.
class JsonScanner {
 public:
  // How many bytes of `text` belong to the value.
  size_t Scan(std::string_view text);
  bool whole() const { return whole_; }

 private:
  int depth_ = 0;
  bool quoted_ = false, escaped_ = false, in_word_ = false, whole_ = false;
};

class ReplyParser {
 public:
  // All are shared by the choices of a request. `new_id` makes the id of a call that has none.
  struct Rules {
    std::shared_ptr<const ChatSyntax> syntax;
    ToolUse use;
    ReasoningState reasoning = ReasoningState::kNone;
    bool answer_is_given = false;  // a grammar says what an answer is; it is passed on as it stands
    std::function<std::string()> new_id;
  };
  explicit ReplyParser(std::shared_ptr<const Rules> rules);

  ReplyPiece Push(std::string_view text);
  // What still waits.
  ReplyPiece Finish();
  bool in_reasoning() const { return state_ == State::kReasoning; }

 private:
  enum class State {
    kTurn,  // where a turn begins, or what follows the reasoning
    kReasoning,
    kContent,
    kName,
    kAfterName,
    kArguments,  // a JSON object
    kRawInput,   // up to what ends the call
    kTags,       // before an argument, or the end of the call
    kTextValue,  // of an argument between tags
    kJsonValue,
    kValueEnd,  // behind a value in JSON
    kCallEnd,
    kBetween,  // behind a call
    kDone,
  };
  enum class Progress { kMoved, kWaits };

  Progress Step();
  Progress StepTurn();
  Progress StepReasoning();
  Progress StepContent();
  Progress StepName();
  Progress StepAfterName();
  Progress StepArguments();
  Progress StepRawInput();
  Progress StepTags();
  Progress StepTextValue();
  Progress StepJsonValue();
  Progress StepValueEnd();
  Progress StepCallEnd();
  Progress StepBetween();

  // How much of waiting_ `text` matches, its holes open; none: it doesn't, or not yet (`may_still`).
  std::optional<size_t> Match(std::string_view text, bool& may_still) { return MatchAt(0, text, may_still); }
  std::optional<size_t> MatchAt(size_t begin, std::string_view text, bool& may_still);
  void Emit(std::string_view content);
  void BeginCall();
  void Argue(std::string_view arguments);
  void EndCall();
  Progress To(State state, size_t num_read);
  std::string CallHead() const;
  Json ParameterSchema(const std::string& key) const;

  const std::shared_ptr<const Rules> rules_;
  const CallSyntax* calls_;  // null: there are none to read
  State state_ = State::kTurn;
  bool may_reason_;
  bool trims_ = false;   // white space before the next part is left out
  bool final_ = false;   // nothing follows waiting_
  std::string waiting_;  // read, and not understood yet
  std::string spaces_;   // of the content, which a call may follow
  ReplyPiece piece_;

  int32_t call_index_ = -1;
  const Tool* tool_ = nullptr;
  std::string name_, id_;
  JsonScanner json_;
  std::string input_;  // of a custom tool, so far
  bool any_argument_ = false;
};

}  // namespace atelier
