#include "provider/reply_parser.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text/unicode.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr std::string_view kSpaces = " \n\t\r";

// How many bytes at the end of `text` may be the beginning of `mark`.
size_t NumHeld(std::string_view text, std::string_view mark) {
  for (size_t size = std::min(mark.size() - 1, text.size()); size > 0; --size) {
    if (text.ends_with(mark.substr(0, size))) return size;
  }
  return 0;
}

// How much of `text` may be understood now: not what may begin `mark`, nor a control token that is not whole.
size_t NumReady(std::string_view text, std::string_view mark) {
  const size_t size = text.size() - (mark.empty() ? 0 : NumHeld(text, mark));
  const size_t open = text.rfind(kControlBegin);
  const bool is_open = open != text.npos && text.find(kControlEnd, open) == text.npos;
  return is_open ? std::min(size, open) : size;
}

// Without control tokens; the last may still be open.
std::string WithoutControl(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const size_t begin = std::min(text.find(kControlBegin), text.size());
    plain += text.substr(0, begin);
    const size_t end = text.find(kControlEnd, begin);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return plain;
}

std::string_view WithoutLeadingSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text;
}

// The inside of a JSON string.
std::string Escaped(std::string_view text) {
  const std::string quoted = Json(text).Dump();
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

ReplyParser::ReplyParser(std::shared_ptr<const Rules> rules)
    : rules_(std::move(rules)),
      calls_(rules_->use.MayCall() && rules_->syntax->calls ? &*rules_->syntax->calls : nullptr),
      may_reason_(rules_->reasoning == ReasoningState::kMayBegin) {
  if (rules_->reasoning != ReasoningState::kOpened) return;
  state_ = State::kReasoning;
  trims_ = true;
}

ReplyPiece ReplyParser::Push(std::string_view text) {
  waiting_ += text;
  while (Step() == Progress::kMoved) {
  }
  return std::exchange(piece_, {});
}

ReplyPiece ReplyParser::Finish() {
  final_ = true;
  while (Step() == Progress::kMoved) {
  }
  return std::exchange(piece_, {});
}

ReplyParser::Progress ReplyParser::Step() {
  switch (state_) {
    case State::kTurn: return StepTurn();
    case State::kReasoning: return StepReasoning();
    case State::kContent: return StepContent();
    case State::kName: return StepName();
    case State::kAfterName: return StepAfterName();
    case State::kArguments: return StepArguments();
    case State::kRawInput: return StepRawInput();
    case State::kTags: return StepTags();
    case State::kTextValue: return StepTextValue();
    case State::kJsonValue: return StepJsonValue();
    case State::kValueEnd: return StepValueEnd();
    case State::kCallEnd: return StepCallEnd();
    case State::kBetween: return StepBetween();
    case State::kDone: break;
  }
  waiting_.clear();
  return Progress::kWaits;
}

ReplyParser::Progress ReplyParser::To(State state, size_t num_read) {
  state_ = state;
  waiting_.erase(0, num_read);
  return Progress::kMoved;
}

// --- turns, reasoning, content ---

std::string ReplyParser::CallHead() const { return calls_->calls.open + calls_->calls.begin; }

ReplyParser::Progress ReplyParser::StepTurn() {
  const std::string_view all = waiting_;
  const std::string_view text = WithoutLeadingSpace(all);
  const size_t space = all.size() - text.size();
  const auto begins = [&](std::string_view mark) { return !mark.empty() && text.starts_with(mark); };
  const auto may_begin = [&](std::string_view mark) {
    return !final_ && text.size() < mark.size() && mark.starts_with(text);
  };
  const std::string& content = rules_->syntax->content_begin;
  if (may_reason_ && begins(rules_->syntax->reasoning->begin)) {
    may_reason_ = false, trims_ = true;
    return To(State::kReasoning, space + rules_->syntax->reasoning->begin.size());
  }
  // A head may begin with a blank, and behind reasoning there may be more of them. What is a call's may begin as a text
  // does, so calls come first.
  bool may_be_call = false;
  if (calls_ != nullptr && calls_->trigger.empty()) {
    const std::string head = CallHead();
    for (const size_t skip : {size_t{0}, space}) {
      const auto size = MatchAt(skip, head, may_be_call);
      if (head.empty() && (begins(content) || may_begin(content))) continue;
      if (!size) continue;
      BeginCall();
      return To(State::kName, skip + *size);
    }
  }
  if (may_be_call && !final_) return Progress::kWaits;
  if (begins(content)) return To(State::kContent, space + content.size());
  if ((may_reason_ && may_begin(rules_->syntax->reasoning->begin)) || may_begin(content)) return Progress::kWaits;
  return To(State::kContent, trims_ ? space : 0);
}

ReplyParser::Progress ReplyParser::StepReasoning() {
  const std::string& end = rules_->syntax->reasoning->end;
  const size_t at = waiting_.find(end);
  const size_t size = at != waiting_.npos ? at : final_ ? waiting_.size() : NumReady(waiting_, end);
  std::string text = spaces_ + WithoutControl(std::string_view(waiting_).substr(0, size));
  if (trims_) text = WithoutLeadingSpace(text);
  trims_ &= text.empty();
  const std::string_view said = std::string_view(text).substr(0, text.find_last_not_of(kSpaces) + 1);
  piece_.reasoning += said;
  spaces_ = text.substr(said.size());
  if (at == waiting_.npos) {
    waiting_.erase(0, size);
    return Progress::kWaits;
  }
  spaces_.clear();
  trims_ = true;
  may_reason_ = false;
  return To(State::kTurn, at + end.size());
}

void ReplyParser::Emit(std::string_view content) {
  std::string text = spaces_ + WithoutControl(content);
  if (trims_) text = WithoutLeadingSpace(text);
  trims_ &= text.empty();
  // A call may follow, and then the white space before it was its own.
  const size_t said = calls_ == nullptr ? text.size() : text.find_last_not_of(kSpaces) + 1;
  piece_.content += std::string_view(text).substr(0, said);
  spaces_ = text.substr(said);
}

ReplyParser::Progress ReplyParser::StepContent() {
  const bool reads_calls = calls_ != nullptr && !rules_->answer_is_given;
  const std::string mark = calls_ == nullptr          ? std::string()
                           : !calls_->trigger.empty() ? calls_->trigger
                           : reads_calls              ? calls_->after_content
                                                      : std::string();
  const size_t at = mark.empty() ? waiting_.npos : waiting_.find(mark);
  if (at == waiting_.npos) {
    const size_t size = final_ ? waiting_.size() : NumReady(waiting_, mark);
    Emit(std::string_view(waiting_).substr(0, size));
    waiting_.erase(0, size);
    if (final_) piece_.content += std::exchange(spaces_, {});
    return Progress::kWaits;
  }
  if (calls_->trigger.empty()) {
    Emit(std::string_view(waiting_).substr(0, at));
    BeginCall();
    return To(State::kName, at + mark.size());
  }
  bool may_still = false;
  Emit(std::string_view(waiting_).substr(0, at));
  waiting_.erase(0, at);
  const auto head = Match(CallHead(), may_still);
  if (!head) {
    if (may_still && !final_) return Progress::kWaits;
    Emit(std::string_view(waiting_).substr(0, mark.size()));  // it begins no call
    return To(State::kContent, mark.size());
  }
  BeginCall();
  return To(State::kName, *head);
}

// --- calls ---

std::optional<size_t> ReplyParser::MatchAt(size_t begin, std::string_view text, bool& may_still) {
  size_t at = begin;
  while (!text.empty()) {
    const size_t hole = std::min(text.find_first_of(kHoles), text.size());
    const std::string_view mark = text.substr(0, hole);
    const std::string_view left = std::string_view(waiting_).substr(at);
    if (!left.starts_with(mark)) {
      may_still |= mark.starts_with(left);
      return std::nullopt;
    }
    at += mark.size();
    if (hole == text.size()) return at - begin;
    const std::string_view rest = std::string_view(waiting_).substr(at);
    size_t size = name_.size();
    if (text[hole] == kIdHole) size = 9;
    if (text[hole] == kIndexHole) size = rest.find_first_not_of("0123456789");
    if (size == rest.npos || rest.size() < size) {
      may_still = true;
      return std::nullopt;
    }
    if (text[hole] == kIdHole) id_ = rest.substr(0, size);
    at += size;
    text.remove_prefix(hole + 1);
  }
  return at - begin;
}

void ReplyParser::BeginCall() {
  ++call_index_;
  spaces_.clear();
  tool_ = nullptr;
  json_ = {};
  any_argument_ = false;
  name_.clear(), input_.clear();
}

// A name is over where what follows names is there, or where no tool's name is longer.
ReplyParser::Progress ReplyParser::StepName() {
  const Tool* longest = nullptr;
  bool may_grow = false;
  for (const Tool& tool : rules_->use.tools) {
    may_grow |= tool.name.size() > waiting_.size() && tool.name.starts_with(waiting_);
    if (!waiting_.starts_with(tool.name)) continue;
    if (longest != nullptr && longest->name.size() > tool.name.size()) continue;
    longest = &tool;
  }
  if (!final_ && (may_grow || longest == nullptr)) return Progress::kWaits;
  if (longest == nullptr) return To(State::kDone, waiting_.size());
  tool_ = longest;
  name_ = longest->name;
  return To(State::kAfterName, name_.size());
}

ReplyParser::Progress ReplyParser::StepAfterName() {
  bool may_still = false;
  const auto size = Match(calls_->after_name, may_still);
  if (!size) return may_still && !final_ ? Progress::kWaits : To(State::kDone, waiting_.size());
  ToolCallDelta delta;
  delta.index = call_index_;
  delta.id = id_.empty() ? rules_->new_id() : std::exchange(id_, {});
  delta.name = name_;
  delta.custom = tool_->custom;
  piece_.tool_calls.push_back(std::move(delta));
  if (calls_->tagged) return To(State::kTags, *size);
  return To(HasRawInput(*tool_) ? State::kRawInput : State::kArguments, *size);
}

void ReplyParser::Argue(std::string_view arguments) {
  if (arguments.empty()) return;
  if (tool_->custom && !HasRawInput(*tool_)) {
    input_ += arguments;  // an object around the input: told when it is whole
    return;
  }
  if (piece_.tool_calls.empty() || piece_.tool_calls.back().index != call_index_) {
    ToolCallDelta& delta = piece_.tool_calls.emplace_back();
    delta.index = call_index_;
    delta.custom = tool_->custom;
  }
  piece_.tool_calls.back().arguments += arguments;
}

size_t JsonScanner::Scan(std::string_view text) {
  size_t size = 0;
  for (; size < text.size() && !whole_; ++size) {
    const char c = text[size];
    if (quoted_) {
      quoted_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      whole_ = !quoted_ && depth_ == 0;
      continue;
    }
    const bool of_word = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.';
    if (in_word_ && !of_word) {
      whole_ = true;
      break;
    }
    in_word_ = depth_ == 0 && of_word;
    quoted_ = c == '"';
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') whole_ = --depth_ == 0;
  }
  return size;
}

ReplyParser::Progress ReplyParser::StepArguments() {
  const size_t size = json_.Scan(waiting_);
  Argue(std::string_view(waiting_).substr(0, size));
  if (json_.whole()) return To(State::kCallEnd, size);
  waiting_.clear();
  return Progress::kWaits;
}

ReplyParser::Progress ReplyParser::StepRawInput() {
  const std::string& end = calls_->tagged ? calls_->tagged->text_end : calls_->calls.end;
  const size_t at = end.empty() ? waiting_.npos : waiting_.find(end);
  if (at != waiting_.npos) {
    Argue(std::string_view(waiting_).substr(0, at));
    return To(calls_->tagged ? State::kTags : State::kCallEnd, calls_->tagged ? at + end.size() : at);
  }
  const size_t size = waiting_.size() - (final_ || end.empty() ? 0 : NumHeld(waiting_, end));
  Argue(std::string_view(waiting_).substr(0, size));
  waiting_.erase(0, size);
  return Progress::kWaits;
}

ReplyParser::Progress ReplyParser::StepTags() {
  const TaggedArguments& tags = *calls_->tagged;
  const std::string begin = (any_argument_ ? tags.list.separator : std::string()) + tags.list.begin;
  const std::string_view text = waiting_;
  if (text.size() < std::max<size_t>(begin.size(), 1) && begin.starts_with(text) && !final_) return Progress::kWaits;
  if (begin.empty() || !text.starts_with(begin)) {
    bool may_still = false;
    if (Match(calls_->calls.end, may_still)) {
      if (!HasRawInput(*tool_)) Argue(any_argument_ ? "}" : "{}");
      return To(State::kCallEnd, 0);
    }
    if (may_still && !final_) return Progress::kWaits;
    if (!begin.empty()) return To(State::kDone, text.size());
  }
  const size_t key_end = text.find(tags.after_key.substr(0, 1), begin.size());
  if (key_end == text.npos) return final_ ? To(State::kDone, text.size()) : Progress::kWaits;
  const std::string key(text.substr(begin.size(), key_end - begin.size()));
  const bool raw = HasRawInput(*tool_);
  const bool plain = raw || IsPlainText(ParameterSchema(key));
  const std::string& after = plain ? tags.after_text_key : tags.after_key;
  if (text.size() < key_end + after.size()) return final_ ? To(State::kDone, text.size()) : Progress::kWaits;
  if (!raw) Argue((any_argument_ ? ", " : "{") + Json(key).Dump() + ": " + (plain ? "\"" : ""));
  any_argument_ = true;
  json_ = {};
  return To(raw ? State::kRawInput : plain ? State::kTextValue : State::kJsonValue, key_end + after.size());
}

Json ReplyParser::ParameterSchema(const std::string& key) const {
  const Json schema = tool_->custom ? InputSchema(*tool_) : tool_->parameters;
  const Json* properties = schema.is_object() ? schema.Find("properties") : nullptr;
  const Json* found = properties != nullptr && properties->is_object() ? properties->Find(key) : nullptr;
  return found == nullptr ? Json(true) : *found;
}

ReplyParser::Progress ReplyParser::StepJsonValue() {
  const size_t size = json_.Scan(waiting_);
  Argue(std::string_view(waiting_).substr(0, size));
  if (json_.whole()) return To(State::kValueEnd, size);
  waiting_.clear();
  return Progress::kWaits;
}

ReplyParser::Progress ReplyParser::StepValueEnd() {
  const std::string& end = calls_->tagged->list.end;
  if (waiting_.starts_with(end)) return To(State::kTags, end.size());
  return final_ || waiting_.size() >= end.size() ? To(State::kDone, waiting_.size()) : Progress::kWaits;
}

ReplyParser::Progress ReplyParser::StepTextValue() {
  const std::string& end = calls_->tagged->text_end;
  const size_t at = waiting_.find(end);
  const size_t size = at != waiting_.npos ? at : waiting_.size() - (final_ ? 0 : NumHeld(waiting_, end));
  Argue(Escaped(std::string_view(waiting_).substr(0, size)));
  if (at != waiting_.npos) {
    Argue("\"");
    return To(State::kTags, at + end.size());
  }
  waiting_.erase(0, size);
  return Progress::kWaits;
}

void ReplyParser::EndCall() {
  if (!tool_->custom || HasRawInput(*tool_)) return;
  const auto read = Json::Parse(input_);
  ToolCallDelta delta;
  delta.index = call_index_;
  delta.custom = true;
  delta.arguments = read.ok() && (*read)["input"].is_string() ? (*read)["input"].AsString() : input_;
  piece_.tool_calls.push_back(std::move(delta));
}

ReplyParser::Progress ReplyParser::StepCallEnd() {
  bool may_still = false;
  const auto size = Match(calls_->calls.end, may_still);
  if (!size && may_still && !final_) return Progress::kWaits;
  EndCall();
  return To(size ? State::kBetween : State::kDone, size.value_or(waiting_.size()));
}

ReplyParser::Progress ReplyParser::StepBetween() {
  bool may_be_next = false;
  const auto next = waiting_.empty() ? std::nullopt : Match(calls_->calls.separator + calls_->calls.begin, may_be_next);
  if (next) {
    BeginCall();
    return To(State::kName, *next);
  }
  if ((may_be_next || waiting_.empty()) && !final_) return Progress::kWaits;
  return To(State::kDone, waiting_.size());
}

}  // namespace atelier
