#include "app/agent_view.h"

#include "base/clock.h"

namespace atelier {
namespace {

Json TimeText(int64_t ms) { return ms == 0 ? Json() : Json(UtcText(ms * 1'000'000)); }

std::string TextAt(const Json& json, std::string_view key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}

}  // namespace

std::string WhyAsked(const Json& question) {
  const std::string reason = TextAt(question, "reason");
  if (reason == "outcome_unknown") {
    return "This call was under way when the program ended: whether it had its effect is not known. Allow makes it "
           "again.";
  }
  if (reason == "outside_data") {
    return "What the agent has read comes from outside and may be steering it: " + question["sources"].Dump();
  }
  if (reason.starts_with("guard:")) return "The guard '" + reason.substr(6) + "' asks: " + TextAt(question, "why");
  return {};
}

Json RunBody(const RunRow& run) {
  Json body = Json::Object({{"id", run.id},
                            {"object", "agent.run"},
                            {"agent", run.agent},
                            {"status", RunStatusName(run.status)},
                            {"input", run.input}});
  // What the outcome says under names of its own; the status is the row's.
  if (run.outcome.is_object()) {
    for (const JsonMember& member : run.outcome.members()) {
      if (member.key != "status") body.Set(member.key == "text" ? "output" : member.key, member.value);
    }
  }
  if (!run.parent.empty()) body.Set("forked_from", run.parent);
  if (!run.conversation.empty()) body.Set("conversation", run.conversation);
  body.Set("num_steps", run.num_steps);
  body.Set("num_bytes", run.num_bytes);
  body.Set("created_at", TimeText(run.created_ms));
  body.Set("updated_at", TimeText(run.updated_ms));
  if (run.compacted) body.Set("compacted", true);
  return body;
}

Json StepBody(const StepRow& step) {
  Json body = Json::Object(
      {{"number", step.number}, {"path", step.path}, {"kind", RunStepKindName(step.kind)}, {"name", step.name}});
  if (!step.request.is_null()) body.Set("request", step.request);
  body.Set("request_hash", step.request_hash);
  if (step.result) body.Set("result", *step.result);
  if (step.attempt > 1) body.Set("attempt", step.attempt);
  body.Set("begun_at", TimeText(step.begun_ms));
  body.Set("ended_at", TimeText(step.ended_ms));
  return body;
}

Json EventBody(const AgentEvent& event) {
  Json body = Json::Object({{"type", AgentEventName(event.type)}, {"agent", event.agent}});
  if (!event.path.empty()) body.Set("step", event.path);
  if (event.data.is_object()) {
    for (const JsonMember& member : event.data.members()) body.Set(member.key, member.value);
  }
  return body;
}

}  // namespace atelier
