#include "model/tokenizer/special_names.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "model/tokenizer/vocabulary.h"

namespace atelier {
namespace {

using Names = std::span<const std::string_view>;

// In order of preference; after whose models use them.
constexpr std::string_view kEndOfTurn[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",         "<|endoftext|>",     "<|end_of_text|>",
    "<EOT>",      "_<EOT>",     "[EOT]",   "<｜end▁of▁sentence｜>", "<end_of_utterance>"};
constexpr std::string_view kFimPrefix[] = {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>",    "<｜fim▁begin｜>",
                                           "<PRE>",          "▁<PRE>",       "<|code_prefix|>", "<|prefix|>"};
constexpr std::string_view kFimSuffix[] = {"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>",    "<｜fim▁hole｜>",
                                           "<SUF>",          "▁<SUF>",       "<|code_suffix|>", "<|suffix|>"};
constexpr std::string_view kFimMiddle[] = {"<|fim_middle|>", "<fim-middle>", "<fim_middle>",    "<｜fim▁end｜>",
                                           "<MID>",          "▁<MID>",       "<|code_middle|>", "<|middle|>"};
constexpr std::string_view kFimRepo[] = {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"};
constexpr std::string_view kFimFile[] = {"<|file_sep|>"};
constexpr std::string_view kEnds[] = {"<|eot_id|>",
                                      "<|im_end|>",
                                      "<|end|>",
                                      "<|return|>",
                                      "<|call|>",
                                      "<|flush|>",
                                      "<|calls|>",
                                      "<end_of_turn>",
                                      "<|endoftext|>",
                                      "</s>",
                                      "<|eom_id|>",
                                      "<EOT>",
                                      "_<EOT>",
                                      "[EOT]",
                                      "[EOS]",
                                      "<|end_of_text|>",
                                      "<end_of_utterance>",
                                      "<eos>",
                                      "<turn|>",
                                      "<|tool_response>",
                                      "<｜end▁of▁sentence｜>",
                                      "[e~[",
                                      "<|fim_pad|>",
                                      "<fim-pad>",
                                      "<fim_pad>",
                                      "<PAD>",
                                      "[PAD]",
                                      "<|fim_repo|>",
                                      "<|repo_name|>",
                                      "<fim-repo>",
                                      "<REPO>",
                                      "<reponame>",
                                      "<|file_sep|>"};
constexpr std::string_view kShown[] = {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"};

class Finder {
 public:
  explicit Finder(TokenizerSpec& spec) : spec_(spec) { index_.Build(spec.pieces); }

  int32_t Find(std::string_view name) const { return index_.Find(name); }
  void SetType(int32_t id, TokenType type) {
    if (spec_.types.empty()) spec_.types.assign(spec_.pieces.size(), TokenType::kNormal);
    spec_.types[static_cast<size_t>(id)] = type;
  }
  // The first of `names` that there is becomes a control token and `role`, unless that is set.
  void Give(Names names, int32_t& role) {
    for (size_t i = 0; role < 0 && i < names.size(); ++i) {
      role = Find(names[i]);
      if (role >= 0) SetType(role, TokenType::kControl);
    }
  }

 private:
  TokenizerSpec& spec_;
  StringIndex index_;
};

}  // namespace

void FindSpecialNames(TokenizerSpec& spec) {
  Finder finder(spec);
  finder.Give(kEndOfTurn, spec.special.eot);
  finder.Give(kFimPrefix, spec.special.fim_prefix);
  finder.Give(kFimSuffix, spec.special.fim_suffix);
  finder.Give(kFimMiddle, spec.special.fim_middle);
  finder.Give(kFimRepo, spec.special.fim_repo);
  finder.Give(kFimFile, spec.special.fim_file);
  for (const std::string_view name : kEnds) {
    const int32_t id = finder.Find(name);
    if (id < 0) continue;
    finder.SetType(id, TokenType::kControl);
    spec.end_of_generation.push_back(id);
  }
  for (const std::string_view name : kShown) {
    if (const int32_t id = finder.Find(name); id >= 0) finder.SetType(id, TokenType::kUserDefined);
  }
  // Where a vocabulary has its own way to end a message, "<|end|>" (or "</s>") only parts it.
  const auto has = [&](std::string_view name) { return finder.Find(name) >= 0; };
  const auto keep_out = [&](std::string_view name, TokenType type) {
    const int32_t id = finder.Find(name);
    if (id < 0) return;
    std::erase(spec.end_of_generation, id);
    if (spec.special.eot == id) spec.special.eot = -1;
    finder.SetType(id, type);
  };
  const bool calls = has("<|call|>") || has("<|calls|>");
  if (calls && (has("<|return|>") || has("<|flush|>"))) keep_out("<|end|>", TokenType::kUserDefined);
  if (has("<|tool_response>")) keep_out("</s>", TokenType::kNormal);
}

}  // namespace atelier
