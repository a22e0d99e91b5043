// From a TokenizerSpec to a Tokenizer: checks what the file says and builds the fast form.
#include <algorithm>
#include <utility>

#include "model/tokenizer/state.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr size_t kMaxPieces = size_t{1} << 21;  // the largest seen: 262,208

Error WrongCount(std::string_view what, size_t got, size_t want) {
  return Error::Invalid(std::string(what), "got " + std::to_string(got) + ", want " + std::to_string(want));
}

Error NoSuchId(std::string_view what, int64_t id, size_t size) {
  return Error::Invalid(std::string(what), "got id " + std::to_string(id) + ", want one below " + std::to_string(size));
}

Result<void> CheckIds(const TokenizerSpec& spec) {
  const size_t size = spec.pieces.size();
  const auto in_range = [size](int32_t id) { return id >= 0 && static_cast<size_t>(id) < size; };
  for (const AddedTokenSpec& token : spec.added_tokens) {
    if (!in_range(token.id)) return NoSuchId("added_tokens", token.id, size);
  }
  for (const auto* pieces : {&spec.single, &spec.pair}) {
    for (const TemplatePiece& piece : *pieces) {
      if (piece.kind == TemplatePiece::Kind::kToken && !in_range(piece.id)) return NoSuchId("template", piece.id, size);
    }
  }
  const SpecialTokens& s = spec.special;
  for (const int32_t id : {s.bos, s.eos, s.eot, s.pad, s.unk, s.cls, s.sep, s.mask, s.fim_prefix, s.fim_suffix,
                           s.fim_middle, s.fim_repo, s.fim_file}) {
    if (id != -1 && !in_range(id)) return NoSuchId("special tokens", id, size);
  }
  return {};
}

Result<void> CheckSizes(const TokenizerSpec& spec) {
  const size_t size = spec.pieces.size();
  if (size == 0 || size > kMaxPieces) {
    return Error::Invalid("vocabulary",
                          "got " + std::to_string(size) + " pieces, want 1 to " + std::to_string(kMaxPieces));
  }
  if (!spec.types.empty() && spec.types.size() != size) return WrongCount("token types", spec.types.size(), size);
  const bool scored = spec.model == TokenModel::kScoredBpe || spec.model == TokenModel::kUnigram;
  if (scored && spec.scores.size() != size) return WrongCount("scores", spec.scores.size(), size);
  if (!std::all_of(spec.scores.begin(), spec.scores.end(), [](double score) { return score == score; })) {
    return Error::Invalid("scores", "got NaN, want numbers");
  }
  return CheckIds(spec);
}

Result<std::unique_ptr<WordModel>> MakeModel(const TokenizerSpec& spec, const Vocabulary& vocabulary) {
  switch (spec.model) {
    case TokenModel::kBpe:
    case TokenModel::kScoredBpe: return MakeBpe(spec, vocabulary);
    case TokenModel::kUnigram: return MakeUnigram(spec, vocabulary);
    case TokenModel::kWordPiece:
    case TokenModel::kWordLevel: return MakeWordPiece(spec, vocabulary);
  }
  return Error::Internal("tokenizer", "no such model");
}

void FillFlags(const TokenizerSpec& spec, TokenizerState& state) {
  const size_t size = static_cast<size_t>(state.vocabulary.size());
  state.types = spec.types.empty() ? std::vector<TokenType>(size, TokenType::kNormal) : spec.types;
  state.special_flags.assign(size, false);
  state.added_flags.assign(size, false);
  for (const AddedTokenSpec& token : spec.added_tokens) {
    state.added_flags[static_cast<size_t>(token.id)] = true;
    if (token.special) state.special_flags[static_cast<size_t>(token.id)] = true;
  }
  for (size_t id = 0; id < size; ++id) {
    const TokenType type = state.types[id];
    if (type == TokenType::kControl || type == TokenType::kUnknown) state.special_flags[id] = true;
  }
}

void FillPieces(TokenizerState& state) {
  state.pieces.resize(static_cast<size_t>(state.vocabulary.size()));
  for (size_t id = 0; id < state.pieces.size(); ++id) {
    const std::string& spelling = state.vocabulary.Spelling(static_cast<int32_t>(id));
    const bool literal = state.added_flags[id] || state.types[id] == TokenType::kControl;
    state.pieces[id] = literal ? spelling : state.decoder.Piece(spelling, false);
  }
}

void FillAdded(TokenizerSpec& spec, TokenizerState& state) {
  std::vector<AddedTokenSpec> raw, normalized;
  NormalizerScratch scratch;
  for (AddedTokenSpec& token : spec.added_tokens) {
    if (!token.normalized) {
      raw.push_back(std::move(token));
      continue;
    }
    token.content = std::string(state.normalizer.Apply(token.content, TextMarks::kStart, scratch));
    normalized.push_back(std::move(token));
  }
  state.added_normalized = AddedTokens(std::move(normalized));
  state.added_raw = AddedTokens(std::move(raw));
}

void FillEnds(const TokenizerSpec& spec, TokenizerState& state) {
  auto& ends = state.end_of_generation;
  for (const int32_t id : spec.end_of_generation) {
    if (id >= 0 && id < state.vocabulary.size()) ends.push_back(id);
  }
  for (const int32_t id : {spec.special.eos, spec.special.eot}) {
    if (id >= 0) ends.push_back(id);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

Result<std::unique_ptr<TokenizerState>> Build(TokenizerSpec spec) {
  TRY_VOID(CheckSizes(spec));
  auto state = std::make_unique<TokenizerState>(std::move(spec.pieces));
  state->kind = spec.model;
  state->special = spec.special;
  TRY(state->model, MakeModel(spec, state->vocabulary));
  TRY(state->normalizer, Normalizer::Create(std::move(spec.normalizers)));
  TRY(state->pre_tokenizer, PreTokenizer::Create(std::move(spec.pre_tokenizers)));
  TRY(state->decoder, TokenDecoder::Create(std::move(spec.decoders)));
  state->single = std::move(spec.single);
  state->pair = std::move(spec.pair);
  if (state->single.empty()) state->single = {{.kind = TemplatePiece::Kind::kFirst}};
  if (state->pair.empty()) {
    state->pair = {{.kind = TemplatePiece::Kind::kFirst}, {.kind = TemplatePiece::Kind::kSecond, .type_id = 1}};
  }
  FillFlags(spec, *state);
  FillPieces(*state);
  FillEnds(spec, *state);
  FillAdded(spec, *state);
  return state;
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::FromSpec(TokenizerSpec spec) {
  const std::string where = spec.where;
  auto state = Build(std::move(spec));
  if (!state.ok()) return std::move(state).error().Under(where);
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(state).value()));
}

}  // namespace atelier
