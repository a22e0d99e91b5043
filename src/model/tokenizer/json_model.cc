// The "model" and "post_processor" of a tokenizer.json.
#include <algorithm>
#include <utility>

#include "model/tokenizer/json_spec.h"
#include "model/tokenizer/vocabulary.h"

namespace atelier {
namespace {

constexpr int64_t kMaxId = (1 << 21) - 1;

Result<void> ReadVocabulary(const JsonPart& part, TokenizerSpec& spec) {
  if (!part.json.is_object()) return part.Wrong("an object of pieces and ids");
  for (const JsonMember& member : part.json.members()) {
    const auto id = member.value.is_number() ? member.value.AsInt64() : std::nullopt;
    if (!id || *id < 0 || *id > kMaxId) {
      return Error::Invalid(part.path, "'" + member.key + "': got " + member.value.Dump() + ", want an id of 0 to " +
                                           std::to_string(kMaxId));
    }
    const auto index = static_cast<size_t>(*id);
    if (index >= spec.pieces.size()) spec.pieces.resize(index + 1);
    spec.pieces[index] = member.key;
  }
  return {};
}

int32_t IdOf(const TokenizerSpec& spec, std::string_view piece) {
  const auto found = std::find(spec.pieces.begin(), spec.pieces.end(), piece);
  return piece.empty() || found == spec.pieces.end() ? -1 : static_cast<int32_t>(found - spec.pieces.begin());
}

Result<void> ReadMerges(const JsonPart& part, TokenizerSpec& spec) {
  if (!part.json.is_array()) return part.Wrong("an array");
  spec.merges.reserve(static_cast<size_t>(part.json.size()));
  for (size_t i = 0; i < static_cast<size_t>(part.json.size()); ++i) {
    const Json& merge = part.json[i];
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      spec.merges.emplace_back(merge[0].AsString(), merge[1].AsString());
      continue;
    }
    const size_t space = merge.is_string() ? merge.AsString().find(' ') : std::string::npos;
    if (space == std::string::npos) return part[i].Wrong("two texts, or one with a blank between them");
    spec.merges.emplace_back(merge.AsString().substr(0, space), merge.AsString().substr(space + 1));
  }
  return {};
}

Result<void> ReadBpe(const JsonPart& part, TokenizerSpec& spec) {
  spec.model = TokenModel::kBpe;
  TRY_VOID(ReadVocabulary(part["vocab"], spec));
  TRY_VOID(ReadMerges(part["merges"], spec));
  TRY(const std::string unk, part.Text("unk_token", ""));
  spec.special.unk = IdOf(spec, unk);
  TRY(spec.continuing_prefix, part.Text("continuing_subword_prefix", ""));
  TRY(spec.end_of_word_suffix, part.Text("end_of_word_suffix", ""));
  TRY(spec.fuse_unk, part.Flag("fuse_unk", false));
  TRY(spec.byte_fallback, part.Flag("byte_fallback", false));
  TRY(spec.ignore_merges, part.Flag("ignore_merges", false));
  const Json& dropout = part.json["dropout"];
  if (dropout.is_number() && dropout.AsDouble() > 0) {
    return Error::Unsupported(part.path + ".dropout", "got " + dropout.Dump() + ", want none: encoding is not random");
  }
  return {};
}

Result<void> ReadUnigram(const JsonPart& part, TokenizerSpec& spec) {
  spec.model = TokenModel::kUnigram;
  spec.fuse_unk = true;
  spec.spelled_out = true;
  const JsonPart vocab = part["vocab"];
  if (!vocab.json.is_array()) return vocab.Wrong("an array of pieces and scores");
  for (size_t i = 0; i < static_cast<size_t>(vocab.json.size()); ++i) {
    const Json& row = vocab.json[i];
    if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number()) {
      return vocab[i].Wrong("[piece, score]");
    }
    spec.pieces.push_back(row[0].AsString());
    spec.scores.push_back(row[1].AsDouble());
  }
  TRY(const int64_t unk, part.Integer("unk_id", -1));
  if (unk >= static_cast<int64_t>(spec.pieces.size())) {
    return Error::Invalid(part.path + ".unk_id",
                          "got " + std::to_string(unk) + ", want one below " + std::to_string(spec.pieces.size()));
  }
  spec.special.unk = unk < 0 ? -1 : static_cast<int32_t>(unk);
  TRY(spec.byte_fallback, part.Flag("byte_fallback", false));
  return {};
}

Result<void> ReadWordModel(const JsonPart& part, TokenModel model, TokenizerSpec& spec) {
  spec.model = model;
  TRY_VOID(ReadVocabulary(part["vocab"], spec));
  TRY(const std::string unk, part.Text("unk_token", model == TokenModel::kWordPiece ? "[UNK]" : "<unk>"));
  spec.special.unk = IdOf(spec, unk);
  TRY(spec.continuing_prefix, part.Text("continuing_subword_prefix", "##"));
  TRY(spec.max_word_chars, part.Integer("max_input_chars_per_word", 100));
  return {};
}

using Place = TemplatePiece::Kind;

Result<void> ReadTemplate(const JsonPart& part, const JsonPart& specials, std::vector<TemplatePiece>& out) {
  if (!part.json.is_array()) return part.Wrong("an array");
  for (size_t i = 0; i < static_cast<size_t>(part.json.size()); ++i) {
    const bool is_token = part.json[i].Has("SpecialToken");
    const JsonPart item = part[i][is_token ? "SpecialToken" : "Sequence"];
    TRY(const std::string id, item.Text("id", ""));
    TRY(const int64_t type_id, item.Integer("type_id", 0));
    TemplatePiece piece{.type_id = static_cast<int32_t>(type_id)};
    if (!is_token) {
      if (id != "A" && id != "B") return Error::Invalid(item.path + ".id", "got '" + id + "', want A or B");
      piece.kind = id == "A" ? Place::kFirst : Place::kSecond;
      out.push_back(piece);
      continue;
    }
    const JsonPart ids = specials[id]["ids"];
    if (!ids.json.is_array()) return ids.Wrong("an array of ids");
    for (const Json& token : ids.json.items()) {
      const auto value = token.is_number() ? token.AsInt64() : std::nullopt;
      if (!value || *value < 0 || *value > kMaxId) return ids.Wrong("ids");
      piece.id = static_cast<int32_t>(*value);
      out.push_back(piece);
    }
  }
  return {};
}

// ["[SEP]", 102] of BertProcessing and RobertaProcessing.
Result<int32_t> ReadTokenPair(const JsonPart& part) {
  const auto id = part.json.size() == 2 && part.json[1].is_number() ? part.json[1].AsInt64() : std::nullopt;
  if (!id || *id < 0 || *id > kMaxId) return part.Wrong("[token, id]");
  return static_cast<int32_t>(*id);
}

Result<void> ReadClsSep(const JsonPart& part, bool roberta, TokenizerSpec& spec) {
  TRY(const int32_t sep, ReadTokenPair(part["sep"]));
  TRY(const int32_t cls, ReadTokenPair(part["cls"]));
  const int32_t second = roberta ? 0 : 1;
  spec.single = {{Place::kToken, cls, 0}, {Place::kFirst, 0, 0}, {Place::kToken, sep, 0}};
  spec.pair = spec.single;
  if (roberta) spec.pair.push_back({Place::kToken, sep, 0});
  spec.pair.push_back({Place::kSecond, 0, second});
  spec.pair.push_back({Place::kToken, sep, second});
  return {};
}

}  // namespace

Result<void> ReadJsonModel(const JsonPart& part, TokenizerSpec& spec) {
  if (!part.json.is_object()) return part.Wrong("an object");
  std::string guess = part.json.Has("merges") ? "BPE" : part.json["vocab"].is_array() ? "Unigram" : "WordPiece";
  TRY(const std::string type, part.Text("type", guess));
  if (type == "BPE") return ReadBpe(part, spec);
  if (type == "Unigram") return ReadUnigram(part, spec);
  if (type == "WordPiece") return ReadWordModel(part, TokenModel::kWordPiece, spec);
  if (type == "WordLevel") return ReadWordModel(part, TokenModel::kWordLevel, spec);
  return Error::Unsupported(part.path + ".type", "got '" + type + "', want BPE, Unigram, WordPiece or WordLevel");
}

Result<void> ReadJsonPostProcessor(const JsonPart& part, TokenizerSpec& spec) {
  if (part.json.is_null()) return {};
  TRY(const std::string type, part.Text("type", ""));
  if (type == "ByteLevel") return {};  // moves offsets only
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    return ReadClsSep(part, type == "RobertaProcessing", spec);
  }
  if (type == "TemplateProcessing") {
    spec.single.clear();
    spec.pair.clear();
    TRY_VOID(ReadTemplate(part["single"], part["special_tokens"], spec.single));
    return ReadTemplate(part["pair"], part["special_tokens"], spec.pair);
  }
  if (type == "Sequence") {
    const JsonPart parts = part["processors"];
    if (!parts.json.is_array()) return parts.Wrong("an array");
    int num_templates = 0;
    for (size_t i = 0; i < static_cast<size_t>(parts.json.size()); ++i) {
      if (parts.json[i]["type"] != Json("ByteLevel") && ++num_templates > 1) {
        return Error::Unsupported(parts.path, "got more than one template, want one");
      }
      if (parts.json[i]["type"] == Json("Sequence")) return Error::Unsupported(parts.path, "got a nested Sequence");
      TRY_VOID(ReadJsonPostProcessor(parts[i], spec));
    }
    return {};
  }
  return Error::Unsupported(part.path + ".type", "got '" + type + "', want a known post-processor");
}

}  // namespace atelier
