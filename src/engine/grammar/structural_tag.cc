#include "engine/grammar/structural_tag.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/text/json_schema.h"
#include "engine/grammar/cfg_constraint.h"
#include "engine/grammar/gbnf.h"
#include "engine/grammar/lark.h"
#include "engine/grammar/tag_fields.h"
#include "engine/grammar/tagged_arguments.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;  // formats within each other

class TagReader {
 public:
  TagReader(const JsonStyle& style, Cfg& cfg) : style_(style), cfg_(&cfg), fields_(cfg.tokens()) {}

  Result<int32_t> Run(const Json& tag) {
    if (!tag.is_object())
      return Error::Invalid("", "got a structural tag that is no object, want {\"type\": \"structural_tag\", …}");
    TRY(const CfgExprId whole, tag.Has("structures") ? Older(tag) : Current(tag));
    const int32_t root = cfg_->AddRule();
    cfg_->Define(root, whole);
    return root;
  }

 private:
  struct Tag {
    std::string begin;
    CfgExprId rest;  // what follows `begin`
  };
  using Texts = TagFields::Texts;
  // Where a format that dispatches says at what, and what its free text does not hold.
  struct Marks {
    std::string_view triggers, excludes;
    TagFields::ReadItem read;
  };
  static constexpr Marks kTexts = {"triggers", "excludes", &TagFields::SpelledText};
  static constexpr Marks kTokens = {"trigger_tokens", "exclude_tokens", &TagFields::Token};

  Languages& languages() { return cfg_->languages(); }
  CfgExprId Text(std::string_view text) { return cfg_->Terminal(languages().Literal(text)); }
  CfgExprId Any(CfgExprId part) { return cfg_->Repeat(part, 0, CfgExpr::kNoMax); }

  Result<CfgExprId> Current(const Json& tag) {
    if (tag["type"] != Json("structural_tag"))
      return Error::Invalid("type", "got another type, want \"structural_tag\"");
    if (!tag.Has("format")) return Error::Invalid("format", "got none, want one");
    return Under("format", Format(tag["format"], {}, 0));
  }

  Result<CfgExprId> Older(const Json& tag) {
    TRY(const Texts triggers, fields_.List(tag, "triggers", &TagFields::SpelledText));
    if (!tag["structures"].is_array())
      return Error::Invalid("structures", "got no array, want one of {begin, schema, end}");
    std::vector<Tag> tags;
    for (int64_t i = 0; i < tag["structures"].size(); ++i) {
      const Json& item = tag["structures"][i];
      Result<Tag> read = OlderTag(item);
      if (!read) return std::move(read).error().Under(IndexedField("structures", i));
      tags.push_back(std::move(*read));
    }
    return Triggered(triggers, tags, {}, false, false);
  }

  Result<Tag> OlderTag(const Json& item) {
    TRY(const std::string begin, fields_.Spelling(item, "begin"));
    TRY(const std::string end, fields_.Spelling(item, "end"));
    Json schema = item["schema"];
    if (schema.is_string()) {
      TRY(schema, Json::Parse(schema.AsString()));
    }
    TRY(const CfgExprId content, Under("schema", Document(schema, style_)));
    return Tag{begin, cfg_->Concat({content, Text(end)})};
  }

  static Result<CfgExprId> Under(std::string_view where, Result<CfgExprId> expr) {
    if (!expr) return std::move(expr).error().Under(where);
    return expr;
  }

  // `ends`: what the text around this format ends with, so that any text within stops before it.
  Result<CfgExprId> Format(const Json& format, const Texts& ends, int depth) {
    if (depth > kMaxDepth) return Error::TooLarge("", "got formats nested deeper than 64");
    if (!format.is_object()) return Error::Invalid("", "got a format that is no object, want {\"type\": …}");
    TRY(const std::string type, fields_.Text(format, "type"));
    if (type == "const_string") {
      TRY(const std::string value, fields_.Spelling(format, "value"));
      return Text(value);
    }
    if (type == "json_schema" || type == "qwen_xml_parameter") return JsonContent(format);
    if (type == "regex") return RegexContent(format);
    if (type == "grammar") return GrammarContent(format);
    if (type == "any_text") return AnyText(format, kTexts, ends);
    if (type == "sequence") return Sequence(format, ends, depth);
    if (type == "or") return Choice(format, ends, depth);
    if (type == "optional" || type == "plus" || type == "star" || type == "repeat")
      return Repeated(type, format, ends, depth);
    if (type == "tag") {
      TRY(const Tag tag, ReadTag(format, depth));
      return cfg_->Concat({Text(tag.begin), tag.rest});
    }
    if (type == "triggered_tags") return TriggeredTags(format, kTexts, ends, depth);
    if (type == "tags_with_separator") return SeparatedTags(format, depth);
    if (type == "dispatch") return Dispatch(format, kTexts, ends, depth);
    if (type == "token") {
      Result<std::string> token = fields_.Token(format["token"]);
      if (!token) return std::move(token).error().Under("token");
      return Text(*token);
    }
    if (type == "any_tokens") return AnyText(format, kTokens, ends);
    if (type == "token_triggered_tags") return TriggeredTags(format, kTokens, ends, depth);
    if (type == "token_dispatch") return Dispatch(format, kTokens, ends, depth);
    if (type == "exclude_token") {
      return Error::Unsupported("type", "got exclude_token, which counts tokens, want any_tokens or any_text");
    }
    return Error::Invalid("type", "got the unknown format \"" + type + "\"");
  }

  Result<CfgExprId> JsonContent(const Json& format) {
    TRY(const bool any_order, fields_.Bool(format, "any_order", false));
    TRY(const Texts excludes, fields_.List(format, "excludes", &TagFields::SpelledText));
    if (!excludes.empty()) return Error::Unsupported("excludes", "got texts, want none within JSON");
    if (!format.Has("json_schema")) return Error::Invalid("json_schema", "got none, want a schema");
    const bool older = format["type"] == Json("qwen_xml_parameter");
    if (!older && (!format.Has("style") || format["style"] == Json("json"))) {
      JsonStyle style = style_;
      style.schema_order &= !any_order;
      return Under("json_schema", Document(format["json_schema"], style));
    }
    if (any_order) return Error::Unsupported("any_order", "got true beside arguments between tags, want it for JSON");
    const std::string style = older ? "qwen_xml" : format["style"].is_string() ? format["style"].AsString() : "";
    if (!IsArgumentStyle(style)) {
      return Error::Unsupported(
          "style", "got " + format["style"].Dump() +
                       ", want json, qwen_xml, minimax_xml, deepseek_xml, deepseek_v4_1_xml, kimi_k3_xml or glm_xml");
    }
    return Under("json_schema", TaggedArgumentsOf(format["json_schema"], style, style_, *cfg_));
  }

  Result<CfgExprId> Document(const Json& schema, const JsonStyle& style) {
    TRY(const auto document, SchemaDocument::Parse(schema));
    TRY(auto machine, JsonMachine::Create(document, style));
    return cfg_->Json(std::move(machine));
  }

  Result<CfgExprId> RegexContent(const Json& format) {
    TRY(const std::string pattern, fields_.Text(format, "pattern"));
    Result<LanguageId> language = languages().Pattern(pattern, Languages::Anchoring::kWhole);
    if (!language) return std::move(language).error().Under("pattern");
    return cfg_->Terminal(*language);
  }

  Result<CfgExprId> GrammarContent(const Json& format) {
    TRY(const std::string grammar, fields_.Text(format, "grammar"));
    Result<int32_t> root = IsGbnf(grammar) ? ReadGbnf(grammar, *cfg_) : ReadLark(grammar, style_, *cfg_);
    if (!root) return std::move(root).error().Under("grammar");
    return cfg_->Rule(*root);
  }

  // Texts that hold none of `texts`.
  LanguageId Without(const Texts& texts) {
    if (texts.empty()) return Languages::kAnyText;
    return languages().Not(
        languages().Concat(Languages::kAnyText, languages().Concat(languages().Words(texts), Languages::kAnyText)));
  }

  // Texts that end with `text` and hold none of `all` before that end.
  LanguageId UpTo(const std::string& text, const Texts& all, LanguageId allowed) {
    if (const size_t control = text.find(kControlBegin); control != text.npos) {  // which is no part of any text
      Texts others = all;
      std::erase_if(others, [](const std::string& other) { return other.contains(kControlBegin); });
      const LanguageId head = languages().Concat(allowed, languages().Literal(text.substr(0, control)));
      const LanguageId before = languages().And(std::array{Without(others), head});
      return languages().Concat(before, languages().Literal(text.substr(control)));
    }
    const LanguageId ending = languages().Concat(allowed, languages().Literal(text));
    const LanguageId held = languages().Concat(languages().Concat(Languages::kAnyText, languages().Words(all)),
                                               languages().Chars(1, std::nullopt));
    return languages().And(std::array{ending, languages().Not(held)});
  }

  Result<CfgExprId> AnyText(const Json& format, const Marks& marks, const Texts& ends) {
    if (const Json* max = format.Find("max_tokens"); max != nullptr && !max->is_null()) {
      return Error::Unsupported("max_tokens", "got a number of tokens, want max_chars of any_text");
    }
    TRY(Texts excludes, fields_.List(format, marks.excludes, marks.read));
    excludes.insert(excludes.end(), ends.begin(), ends.end());
    LanguageId text = Without(excludes);
    if (const Json* max = format.Find("max_chars"); max != nullptr && !max->is_null()) {
      TRY(const int64_t chars, fields_.Count(format, "max_chars", 0));
      text = languages().And(std::array{text, languages().Chars(0, chars)});
    }
    return cfg_->Terminal(text);
  }

  Result<const Json*> Elements(const Json& format) {
    const Json* elements = format.Find("elements");
    if (elements == nullptr || !elements->is_array() || elements->size() == 0) {
      return Error::Invalid("elements", "got no formats, want an array of at least one");
    }
    return elements;
  }

  // The texts that may stand behind element `i` of a sequence, where they are known.
  Texts EndsWithin(const Json& elements, int64_t i, const Texts& ends) const {
    if (i + 1 == elements.size()) return ends;
    const Json& next = elements[i + 1];
    const Result<std::string> text = next["type"] == Json("token") ? fields_.Token(next["token"])
                                     : next.Has("value")           ? fields_.Spelling(next, "value")
                                                                   : fields_.Mark(next, "begin");
    if (!text || text->empty()) return {};
    return {*text};
  }

  Result<CfgExprId> Sequence(const Json& format, const Texts& ends, int depth) {
    TRY(const Json* elements, Elements(format));
    std::vector<CfgExprId> parts;
    for (int64_t i = 0; i < elements->size(); ++i) {
      TRY(const CfgExprId part,
          Under(IndexedField("elements", i), Format((*elements)[i], EndsWithin(*elements, i, ends), depth + 1)));
      parts.push_back(part);
    }
    return cfg_->Concat(parts);
  }

  Result<CfgExprId> Choice(const Json& format, const Texts& ends, int depth) {
    TRY(const Json* elements, Elements(format));
    std::vector<CfgExprId> parts;
    for (int64_t i = 0; i < elements->size(); ++i) {
      TRY(const CfgExprId part, Under(IndexedField("elements", i), Format((*elements)[i], ends, depth + 1)));
      parts.push_back(part);
    }
    return cfg_->Or(parts);
  }

  Result<CfgExprId> Repeated(const std::string& type, const Json& format, const Texts& ends, int depth) {
    TRY(const CfgExprId content, Under("content", Format(format["content"], ends, depth + 1)));
    if (type == "optional") return cfg_->Repeat(content, 0, 1);
    if (type == "star") return Any(content);
    if (type == "plus") return cfg_->Repeat(content, 1, CfgExpr::kNoMax);
    TRY(const int64_t min, fields_.Count(format, "min", 0));
    TRY(const int64_t max, fields_.Count(format, "max", -1));
    if (max >= 0 && max < min) return Error::Invalid("max", "got one below min, want one that is not, or -1");
    return cfg_->Repeat(content, min, max < 0 ? CfgExpr::kNoMax : max);
  }

  // ---- tags

  Result<Tag> ReadTag(const Json& tag, int depth) {
    if (!tag.is_object()) return Error::Invalid("", "got a tag that is no object, want {begin, content, end}");
    TRY(const std::string begin, fields_.Mark(tag, "begin"));
    Texts ends;
    if (const Json* end = tag.Find("end"); end != nullptr && !end->is_array()) {
      TRY(const std::string one, fields_.Mark(tag, "end"));
      ends.push_back(one);
    } else {
      TRY(ends, fields_.List(tag, "end", &TagFields::SpelledText));
      if (ends.empty()) return Error::Invalid("end", "got none, want a string or an array of them");
    }
    Texts stops = ends;
    std::erase(stops, "");
    TRY(const CfgExprId content, Under("content", Format(tag["content"], stops, depth + 1)));
    return Tag{begin, cfg_->Concat({content, cfg_->Terminal(languages().Words(ends))})};
  }

  Result<std::vector<Tag>> ReadTags(const Json& format, int depth) {
    const Json* list = format.Find("tags");
    if (list == nullptr || !list->is_array() || list->size() == 0)
      return Error::Invalid("tags", "got none, want at least one");
    std::vector<Tag> tags;
    for (int64_t i = 0; i < list->size(); ++i) {
      Result<Tag> tag = ReadTag((*list)[i], depth + 1);
      if (!tag) return std::move(tag).error().Under(IndexedField("tags", i));
      tags.push_back(std::move(*tag));
    }
    return tags;
  }

  Result<CfgExprId> TriggeredTags(const Json& format, const Marks& marks, const Texts& ends, int depth) {
    TRY(const Texts triggers, fields_.List(format, marks.triggers, marks.read));
    TRY(const std::vector<Tag> tags, ReadTags(format, depth));
    TRY(Texts excludes, fields_.List(format, marks.excludes, marks.read));
    TRY(const bool at_least_one, fields_.Bool(format, "at_least_one", false));
    TRY(const bool stop_after_first, fields_.Bool(format, "stop_after_first", false));
    excludes.insert(excludes.end(), ends.begin(), ends.end());
    return Triggered(triggers, tags, excludes, at_least_one, stop_after_first);
  }

  Result<CfgExprId> Triggered(const Texts& triggers, const std::vector<Tag>& tags, const Texts& excludes,
                              bool at_least_one, bool stop_after_first) {
    if (triggers.empty()) return Error::Invalid("triggers", "got none, want at least one");
    std::vector<std::pair<std::string, CfgExprId>> rules;
    std::vector<CfgExprId> whole;
    for (int64_t i = 0; i < std::ssize(tags); ++i) {
      const Tag& tag = tags[static_cast<size_t>(i)];
      const auto trigger =
          std::ranges::find_if(triggers, [&](const std::string& t) { return tag.begin.starts_with(t); });
      if (trigger == triggers.end()) {
        return Error::Invalid(IndexedField("tags", i) + ".begin",
                              "got \"" + tag.begin + "\", want one that begins with a trigger");
      }
      const CfgExprId rest = cfg_->Concat({Text(std::string_view(tag.begin).substr(trigger->size())), tag.rest});
      rules.emplace_back(*trigger, rest);
      whole.push_back(cfg_->Concat({Text(tag.begin), tag.rest}));
    }
    const CfgExprId free = FreeText(triggers, rules, excludes);
    const CfgExprId tail = Tail(triggers, excludes);
    if (at_least_one) {  // the text begins with a tag
      const CfgExprId first = cfg_->Or(whole);
      return stop_after_first ? first : cfg_->Concat({first, Any(free), tail});
    }
    return stop_after_first ? cfg_->Or({free, tail}) : cfg_->Concat({Any(free), tail});
  }

  // Text up to the first trigger, and what follows that one.
  CfgExprId FreeText(const Texts& triggers, const std::vector<std::pair<std::string, CfgExprId>>& rules,
                     const Texts& excludes) {
    std::vector<CfgExprId> parts;
    for (const std::string& trigger : triggers) {
      std::vector<CfgExprId> rests;
      for (const auto& [text, rest] : rules) {
        if (text == trigger) rests.push_back(rest);
      }
      if (rests.empty()) continue;
      const LanguageId text = UpTo(trigger, triggers, Without(excludes));
      parts.push_back(cfg_->Concat({cfg_->Terminal(text), cfg_->Or(rests)}));
    }
    return cfg_->Or(parts);
  }

  CfgExprId Tail(Texts triggers, const Texts& excludes) {
    triggers.insert(triggers.end(), excludes.begin(), excludes.end());
    return cfg_->Terminal(Without(triggers));
  }

  Result<CfgExprId> SeparatedTags(const Json& format, int depth) {
    TRY(const std::vector<Tag> tags, ReadTags(format, depth));
    TRY(const std::string separator, fields_.Spelling(format, "separator"));
    TRY(const bool at_least_one, fields_.Bool(format, "at_least_one", false));
    TRY(const bool stop_after_first, fields_.Bool(format, "stop_after_first", false));
    std::vector<CfgExprId> whole;
    for (const Tag& tag : tags) whole.push_back(cfg_->Concat({Text(tag.begin), tag.rest}));
    const CfgExprId one = cfg_->Or(whole);
    const CfgExprId all = stop_after_first ? one : cfg_->Concat({one, Any(cfg_->Concat({Text(separator), one}))});
    return cfg_->Repeat(all, at_least_one ? 1 : 0, 1);
  }

  Result<CfgExprId> Dispatch(const Json& format, const Marks& marks, const Texts& ends, int depth) {
    const Json* list = format.Find("rules");
    if (list == nullptr || !list->is_array() || list->size() == 0)
      return Error::Invalid("rules", "got none, want [[text, format], …]");
    TRY(const bool loop, fields_.Bool(format, "loop", true));
    TRY(Texts excludes, fields_.List(format, marks.excludes, marks.read));
    excludes.insert(excludes.end(), ends.begin(), ends.end());
    Texts patterns;
    std::vector<std::pair<std::string, CfgExprId>> rules;
    for (int64_t i = 0; i < list->size(); ++i) {
      const Json& rule = (*list)[i];
      if (!rule.is_array() || rule.size() != 2)
        return Error::Invalid(IndexedField("rules", i), "got no pair, want [text, format]");
      Result<std::string> pattern = (fields_.*marks.read)(rule[0]);
      if (!pattern) return std::move(pattern).error().Under(IndexedField("rules", i));
      TRY(const CfgExprId content, Under(IndexedField("rules", i), Format(rule[1], {}, depth + 1)));
      patterns.push_back(*pattern);
      rules.emplace_back(std::move(*pattern), content);
    }
    const CfgExprId free = FreeText(patterns, rules, excludes);
    const CfgExprId tail = Tail(patterns, excludes);
    return loop ? cfg_->Concat({Any(free), tail}) : cfg_->Or({free, tail});
  }

  JsonStyle style_;
  Cfg* cfg_;
  TagFields fields_;
};

}  // namespace

Result<int32_t> ReadStructuralTag(const Json& tag, const JsonStyle& style, Cfg& cfg) {
  return TagReader(style, cfg).Run(tag);
}

}  // namespace atelier
