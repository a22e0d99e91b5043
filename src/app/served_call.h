// What an agent does by itself while it answers as a model: calls of tools of its own, and what it has to ask a person
// before it goes on. The events of a LanguageModel have no words for these; who has (a response,
// serve/response_served.h) makes an AgentServing known under an id of its own and asks the agent with that id; what the
// agent does is then told there, and each time an empty GenerationDelta among its events says when.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text/json.h"

namespace atelier {

struct ServedCall {
  enum class State : uint8_t { kBegun, kAnswered, kFailed, kWantsApproval, kAsksPerson };
  State state = State::kBegun;
  std::string id = {};      // of the call; of a question "RUN.STEP", so that an answer finds it after any restart
  std::string server = {};  // who has the tool
  std::string name = {}, arguments = {};
  std::string approval = {};  // the question by which a person has approved it; empty: none was asked
  std::string output = {};    // what it gave, why it failed, or why it is asked
};

struct AgentServing {
  // Not a new run, but one that waited and that a person has answered.
  struct AnsweredRun {
    std::string id;
    std::vector<std::string> steps;  // those that were answered
  };
  std::optional<AnsweredRun> goes_on = {};
  std::string conversation = {};      // that a new run belongs to; empty: none is known
  std::deque<ServedCall> calls = {};  // one for each empty delta that was not taken yet
};

class AgentServings {
 public:
  // `id` cannot be guessed.
  void Add(const std::string& id, const std::shared_ptr<AgentServing>& serving) {
    std::erase_if(by_id_, [](const auto& one) { return one.second.expired(); });
    by_id_[id] = serving;
  }
  // The variables of a template (ChatPrompt::template_kwargs) that name it: an agent has no template.
  static Json Named(const std::string& id) { return Json::Object({{kKey, id}}); }
  // The one that they name; null: none.
  std::shared_ptr<AgentServing> Find(const Json& template_kwargs) const {
    const Json& id = template_kwargs[kKey];
    const auto at = id.is_string() ? by_id_.find(id.AsString()) : by_id_.end();
    return at == by_id_.end() ? nullptr : at->second.lock();
  }

 private:
  static constexpr char kKey[] = "served_as";
  std::map<std::string, std::weak_ptr<AgentServing>> by_id_;
};

}  // namespace atelier
