#include "engine/grammar/json_constraint.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/grammar/mask_walk.h"
#include "engine/grammar/text_masks.h"

namespace atelier {
namespace {

// What all outputs of one schema share: tables that grow as outputs need them. Whoever uses them holds the lock.
struct JsonGrammarState {
  JsonGrammarState(std::shared_ptr<const GrammarVocabulary> words, std::unique_ptr<JsonMachine> reader)
      : vocabulary(std::move(words)), machine(std::move(reader)), text_masks(*vocabulary, *machine) {}

  std::shared_ptr<const GrammarVocabulary> vocabulary;
  std::unique_ptr<JsonMachine> machine;
  TextMasks text_masks;
  std::mutex mutex;
};

class JsonConstraint final : public Constraint {
 public:
  explicit JsonConstraint(std::shared_ptr<JsonGrammarState> state)
      : state_(std::move(state)), reader_(*state_->machine, {state_->machine->Start()}) {}

  void Mask(std::span<uint64_t> bits) override;
  bool Accept(int32_t token) override {
    if (token < 0 || token >= state_->vocabulary->trie.num_tokens()) return false;
    const std::string_view piece = state_->vocabulary->trie.Piece(token);
    return !piece.empty() && AcceptBytes(piece);
  }
  bool AcceptBytes(std::string_view bytes) override {
    const std::lock_guard lock(state_->mutex);
    return reader_.Read(bytes);
  }
  bool CanEnd() override {
    const std::lock_guard lock(state_->mutex);
    return std::ranges::any_of(reader_.threads(), [&](const JsonThread& t) { return state_->machine->Accepts(t); });
  }

 private:
  static bool InText(const JsonThread& thread) { return thread.phase == JsonPhase::kText && thread.lex == 0; }
  // In a name that may be one of those that are in no table.
  static bool InOtherName(const JsonThread& thread) {
    return thread.phase == JsonPhase::kName && thread.lex == 0 && thread.state != Languages::kNothing &&
           !thread.frame->compared;
  }
  void MaskText(const JsonThread& thread, std::span<uint64_t> bits);
  void MaskComparedText(const JsonThread& thread, std::span<uint64_t> bits);
  void MaskName(const JsonThread& thread, std::span<uint64_t> bits);
  void AddText(LanguageId language, std::span<const JsonThread> after, std::span<uint64_t> bits);
  void Recheck(const JsonThread& thread, std::string_view left, std::span<uint64_t> bits);

  std::shared_ptr<JsonGrammarState> state_;
  MachineReader<JsonMachine> reader_;
  JsonThreads plain_, after_;
  std::vector<uint64_t> scratch_;
  std::vector<bool> rests_;
  std::string path_;
};

void SetBit(std::span<uint64_t> bits, int32_t token) {
  bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
}

void JsonConstraint::Mask(std::span<uint64_t> bits) {
  std::ranges::fill(bits, 0);
  const std::lock_guard lock(state_->mutex);
  plain_.clear();
  for (const JsonThread& thread : reader_.threads()) {
    if (InText(thread)) {
      MaskText(thread, bits);
    } else if (InOtherName(thread)) {
      MaskName(thread, bits);
    } else {
      plain_.push_back(thread);
    }
  }
  if (plain_.empty()) return;
  reader_.Walk(plain_, state_->vocabulary->trie, [&](int32_t token) { SetBit(bits, token); });
}

// Tokens within a text of `language`, and those that close it where `after` lets what stands behind the quote follow.
void JsonConstraint::AddText(LanguageId language, std::span<const JsonThread> after, std::span<uint64_t> bits) {
  const TextMask& mask = state_->text_masks.Of(language);
  for (size_t i = 0; i < mask.inside.size(); ++i) bits[i] |= mask.inside[i];
  if (mask.closers.empty() || after.empty()) return;
  const StringTokens& strings = state_->vocabulary->strings;
  rests_.assign(static_cast<size_t>(strings.num_rests()), false);
  rests_[0] = true;
  reader_.Walk(after, strings.rests(), [&](int32_t rest) { rests_[static_cast<size_t>(rest)] = true; });
  for (size_t run = 0; run + 1 < mask.runs.size(); ++run) {
    const auto first = static_cast<size_t>(mask.runs[run]);
    if (!rests_[static_cast<size_t>(mask.closers[first].rest)]) continue;
    for (size_t i = first; i < static_cast<size_t>(mask.runs[run + 1]); ++i) SetBit(bits, mask.closers[i].token);
  }
}

void JsonConstraint::MaskText(const JsonThread& thread, std::span<uint64_t> bits) {
  if (thread.frame != nullptr && thread.frame->compared) return MaskComparedText(thread, bits);
  const JsonThread after = JsonMachine::AfterString(thread.frame);
  AddText(thread.state, {&after, 1}, bits);
}

// What closes the string may end a value that is compared with others, whose bytes then matter; but white space and a
// comma behind the quote are allowed or not whatever the string is.
void JsonConstraint::MaskComparedText(const JsonThread& thread, std::span<uint64_t> bits) {
  const TextMask& mask = state_->text_masks.Of(thread.state);
  for (size_t i = 0; i < mask.inside.size(); ++i) bits[i] |= mask.inside[i];
  int32_t rest = -1;
  bool alike = false;
  bool allowed = false;
  for (const TextMask::Closer& closer : mask.closers) {
    if (closer.rest != rest || !alike) {
      rest = closer.rest;
      alike = state_->vocabulary->strings.rests().Piece(rest).find_first_not_of(" \n\t\r,") == std::string_view::npos;
      allowed = reader_.CanRead({&thread, 1}, state_->vocabulary->trie.Piece(closer.token));
    }
    if (allowed) SetBit(bits, closer.token);
  }
}

void JsonConstraint::MaskName(const JsonThread& thread, std::span<uint64_t> bits) {
  const JsonFrame& frame = *thread.frame;
  const ObjectPlan& plan = *frame.object;
  Arena& arena = reader_.arena();
  const Arena::Mark mark = arena.Now();
  after_.clear();
  state_->machine->AfterOtherName(thread, arena, after_);
  scratch_.assign(bits.size(), 0);
  AddText(thread.state, after_, scratch_);
  arena.Reset(mark);
  // Names of the table mean something else, and those that were there may not come again.
  const auto at = static_cast<size_t>(thread.goal);
  for (int32_t i = thread.low; i < thread.high; ++i) {
    const ObjectPlan::Name& name = plan.names[static_cast<size_t>(plan.sorted[static_cast<size_t>(i)])];
    Recheck(thread, std::string_view(name.text).substr(at), scratch_);
  }
  if (frame.others != nullptr) {
    const auto read = Json::Parse("\"" + reader_.text().substr(thread.begin) + "\"");
    for (const OtherName* other = frame.others; other != nullptr && read.ok(); other = other->next) {
      if (!other->text.starts_with(read->AsString())) continue;
      Recheck(thread, other->text.substr(read->AsString().size()), scratch_);
    }
  }
  for (size_t i = 0; i < bits.size(); ++i) bits[i] |= scratch_[i];
}

// Decides anew on the tokens that end the name with just these bytes and a quote. (Tokens that spell a name by escapes
// and close it are no different from others: letters are never escaped, and no token holds a whole escape and a quote.)
void JsonConstraint::Recheck(const JsonThread& thread, std::string_view left, std::span<uint64_t> bits) {
  const bool possible =
      left.empty() || state_->vocabulary->strings.before_quote().test(static_cast<uint8_t>(left.back()));
  if (!possible) return;
  const TokenTrie& trie = state_->vocabulary->trie;
  path_.assign(left).push_back('"');
  const int32_t node = trie.Find(TokenTrie::kRoot, path_);
  if (node < 0) return;
  for (const int32_t token : trie.tokens_under(node)) {
    bits[static_cast<size_t>(token) / 64] &= ~(uint64_t{1} << (token % 64));
  }
  reader_.WalkPath({&thread, 1}, trie, node, path_, [&](int32_t token) { SetBit(bits, token); });
}

class JsonGrammar final : public Grammar {
 public:
  explicit JsonGrammar(std::shared_ptr<JsonGrammarState> state) : state_(std::move(state)) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<JsonConstraint>(state_); }

 private:
  std::shared_ptr<JsonGrammarState> state_;
};

}  // namespace

Result<std::shared_ptr<const Grammar>> CompileJsonSchema(const GrammarSpec& spec,
                                                         std::shared_ptr<const GrammarVocabulary> vocabulary) {
  TRY(auto document, SchemaDocument::Parse(spec.schema));
  TRY(auto machine, JsonMachine::Create(std::move(document), spec.style));
  return std::make_shared<const JsonGrammar>(
      std::make_shared<JsonGrammarState>(std::move(vocabulary), std::move(machine)));
}

}  // namespace atelier
