// JsonMachine: white space between the tokens of JSON, in each of the three ways that a style can ask for.
#include <algorithm>

#include "engine/grammar/json_machine.h"

namespace atelier {
namespace {

constexpr int32_t kOneBlank = 255;  // JsonThread::lex after a blank that nothing more follows

}  // namespace

std::string_view JsonMachine::MissingSpace(const JsonThread& thread) const {
  if (!spaces_ || thread.frame == nullptr) return {};
  switch (thread.phase) {
    case JsonPhase::kWord:
    case JsonPhase::kText:
    case JsonPhase::kName:
    case JsonPhase::kEnd: return {};
    case JsonPhase::kNumber: return spaces_->Shortest(JsonSpaces::kStart);  // once the number is whole
    default: return spaces_->Shortest(thread.lex);
  }
}

// True: the byte was white space, allowed or not, or white space would have to come first.
bool JsonMachine::Space(const JsonThread& thread, StepContext& c) const {
  if (spaces_ && thread.frame != nullptr) {
    if (!IsJsonSpace(c.byte)) return !spaces_->Accepts(thread.lex);
    const uint8_t next = spaces_->Next(thread.lex, c.byte);
    if (next == JsonSpaces::kDead) return true;
    c.out.push_back(thread);
    c.out.back().lex = next;
    return true;
  }
  if (!IsJsonSpace(c.byte)) return false;
  if (spaces_) return true;  // none around the document
  const int32_t most = style_.max_whitespace;
  if (style_.any_whitespace) {
    if (most >= 0 && thread.lex >= most) return true;
    c.out.push_back(thread);
    if (most >= 0) ++c.out.back().lex;
    return true;
  }
  const bool member = thread.frame != nullptr && thread.frame->object != nullptr;
  const bool blank_alone = thread.phase == JsonPhase::kValue && member;
  if (thread.frame == nullptr || thread.lex >= std::min(most < 0 ? kOneBlank - 1 : most, kOneBlank - 1)) return true;
  const bool starts = thread.lex == 0;
  if (c.byte == ' ' ? starts || !blank_alone : c.byte == '\n' && starts && !blank_alone) {
    c.out.push_back(thread);
    JsonThread& next = c.out.back();
    next.lex = c.byte == ' ' && starts ? static_cast<uint8_t>(kOneBlank) : static_cast<uint8_t>(thread.lex + 1);
  }
  return true;
}

}  // namespace atelier
