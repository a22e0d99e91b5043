#include "eval/agent_check.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/tools/mail_text.h"
#include "base/text/glob.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxShown = 200;

std::string Short(const std::string& text) {
  return "'" + (text.size() > kMaxShown ? text.substr(0, kMaxShown) + " …" : text) + "'";
}

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// In lower case, without the commas of numbers.
std::string Plain(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool in_number =
        text[i] == ',' && i > 0 && i + 1 < text.size() && IsDigit(text[i - 1]) && IsDigit(text[i + 1]);
    if (!in_number) plain += text[i];
  }
  return LowerCase(plain);
}

// A text that begins or ends with a digit is no part of a longer number.
bool Says(const std::string& text, const std::string& wanted) {
  const std::string in = Plain(text), what = Plain(wanted);
  for (size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) {
    const size_t end = at + what.size();
    const bool cut_before = IsDigit(what.front()) && at > 0 && IsDigit(in[at - 1]);
    const bool cut_after = IsDigit(what.back()) && end < in.size() && IsDigit(in[end]);
    if (!cut_before && !cut_after) return true;
  }
  return false;
}

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

std::string AnswerOf(const RunRow& run) {
  const std::string text = TextOf(run.outcome["text"]);
  return run.outcome.Has("structured") ? text + "\n" + run.outcome["structured"].Dump() : text;
}

std::string CheckContent(const AgentCheck& check, const std::string& content) {
  if (!check.holds.empty() && !content.contains(check.holds)) return "got " + Short(content) + ", want " + check.holds;
  if (!check.lacks.empty() && content.contains(check.lacks))
    return "got " + Short(content) + ", want no " + check.lacks;
  if (check.equals && content != *check.equals) return "got " + Short(content) + ", want " + Short(*check.equals);
  return {};
}

// What is to be read in a file: of a draft its text too, which is encoded.
std::string Readable(const std::string& path, const std::string& content) {
  return path.contains(".Drafts/") ? content + MailBody(content) : content;
}

Result<std::string> CheckFile(const AgentCheck& check, const AfterRun& after) {
  TRY(const auto contents, after.world.Contents());
  std::string why = check.absent ? "" : "got none";
  for (const auto& [path, content] : contents) {
    if (!GlobMatches(check.file, path)) continue;
    if (check.absent) return check.file + ": got " + path + ", want none";
    why = CheckContent(check, Readable(path, content));
    if (why.empty()) return why;
  }
  return why.empty() ? why : check.file + ": " + why;
}

bool HasMembers(const Json& arguments, const Json& wanted) {
  if (!wanted.is_object()) return true;
  return std::ranges::all_of(wanted.members(),
                             [&](const JsonMember& member) { return arguments[member.key] == member.value; });
}

int64_t TimesCalled(const AfterRun& after, const std::string& tool, const Json& arguments) {
  return std::ranges::count_if(after.steps, [&](const StepRow& step) {
    return step.kind == RunStepKind::kTool && step.name == tool && HasMembers(step.request["arguments"], arguments);
  });
}

std::string CheckCalls(const AgentCheck& check, const AfterRun& after) {
  if (!check.called.empty()) {
    const int64_t times = TimesCalled(after, check.called, check.arguments);
    const std::string got = "called: got " + std::to_string(times) + " calls of " + check.called;
    if (check.times ? times != *check.times : times == 0) {
      return got + ", want " + (check.times ? std::to_string(*check.times) : "one") + " with " + check.arguments.Dump();
    }
  }
  if (!check.not_called.empty() && TimesCalled(after, check.not_called, check.arguments) > 0) {
    return "not_called: got a call of " + check.not_called;
  }
  return {};
}

std::string CheckStatus(const AgentCheck& check, const RunRow& run) {
  const std::string status(RunStatusName(run.status));
  if (!check.status.empty() && status != check.status) return "status: got " + status + ", want " + check.status;
  if (check.waits_for.empty()) return {};
  const Json& questions = run.outcome["questions"];
  if (questions.is_array()) {
    for (const Json& one : questions.items()) {
      const bool asks_person = one["question"]["reason"] == Json("question") && check.waits_for == "ask_person";
      if (asks_person || one["question"]["tool"] == Json(check.waits_for)) return {};
    }
  }
  return "waits_for: got " + Short(questions.Dump()) + ", want " + check.waits_for;
}

std::string CheckAnswer(const AgentCheck& check, const RunRow& run) {
  const std::string answer = AnswerOf(run);
  if (!check.answer.empty() && !Says(answer, check.answer)) {
    return "answer: got " + Short(answer) + ", want " + check.answer;
  }
  if (!check.answer_lacks.empty() && Says(answer, check.answer_lacks)) {
    return "answer: got " + Short(answer) + ", want no " + check.answer_lacks;
  }
  return {};
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined.empty() ? "none" : joined;
}

}  // namespace

Result<std::string> WhyNot(const AgentCheck& check, const AfterRun& after) {
  for (const std::string& why :
       {CheckAnswer(check, after.run), CheckStatus(check, after.run), CheckCalls(check, after)}) {
    if (!why.empty()) return why;
  }
  if (!check.file.empty()) {
    TRY(const std::string why, CheckFile(check, after));
    if (!why.empty()) return why;
  }
  if (!check.database.empty()) {
    TRY(const std::string rows, after.world.Query(check.database, check.query));
    if (rows != check.gives) return check.query + ": got " + Short(rows) + ", want " + Short(check.gives);
  }
  if (check.changed) {
    TRY(const auto changed, after.world.Changed());
    std::vector<std::string> wanted = *check.changed;
    std::ranges::sort(wanted);
    if (changed != wanted) return "changed: got " + Joined(changed) + ", want " + Joined(wanted);
  }
  return std::string();
}

}  // namespace atelier
