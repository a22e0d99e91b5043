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
#include "engine/grammar/tagged_arguments.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;  // formats within each other
constexpr int64_t kMaxRepeats = 1'000'000'000;

std::string Index(std::string_view name, int64_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

class TagReader {
 public:
  TagReader(const JsonStyle& style, Cfg& cfg) : style_(style), cfg_(&cfg) {}

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
  using Texts = std::vector<std::string>;

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
    TRY(const Texts triggers, ReadTexts(tag, "triggers"));
    if (!tag["structures"].is_array())
      return Error::Invalid("structures", "got no array, want one of {begin, schema, end}");
    std::vector<Tag> tags;
    for (int64_t i = 0; i < tag["structures"].size(); ++i) {
      const Json& item = tag["structures"][i];
      Result<Tag> read = OlderTag(item);
      if (!read) return std::move(read).error().Under(Index("structures", i));
      tags.push_back(std::move(*read));
    }
    return Triggered(triggers, tags, {}, false, false);
  }

  Result<Tag> OlderTag(const Json& item) {
    TRY(const std::string begin, ReadText(item, "begin"));
    TRY(const std::string end, ReadText(item, "end"));
    Json schema = item["schema"];
    if (schema.is_string()) {
      TRY(schema, Json::Parse(schema.AsString()));
    }
    TRY(const CfgExprId content, Under("schema", Document(schema)));
    return Tag{begin, cfg_->Concat({content, Text(end)})};
  }

  static Result<CfgExprId> Under(std::string_view where, Result<CfgExprId> expr) {
    if (!expr) return std::move(expr).error().Under(where);
    return expr;
  }

  static Result<std::string> ReadText(const Json& object, std::string_view name) {
    const Json* value = object.Find(name);
    if (value == nullptr || !value->is_string()) return Error::Invalid(std::string(name), "got no string, want one");
    return value->AsString();
  }

  static Result<bool> ReadBool(const Json& object, std::string_view name, bool otherwise) {
    const Json* value = object.Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) return Error::Invalid(std::string(name), "got no boolean, want true or false");
    return value->AsBool();
  }

  // Texts that are not empty; none where the member is missing.
  static Result<Texts> ReadTexts(const Json& object, std::string_view name) {
    Texts texts;
    const Json* value = object.Find(name);
    if (value == nullptr || value->is_null()) return texts;
    if (!value->is_array()) return Error::Invalid(std::string(name), "got no array, want one of strings");
    for (int64_t i = 0; i < value->size(); ++i) {
      if (!(*value)[i].is_string() || (*value)[i].AsString().empty()) {
        return Error::Invalid(Index(name, i), "got no text, want a string that is not empty");
      }
      texts.push_back((*value)[i].AsString());
    }
    return texts;
  }

  // `ends`: what the text around this format ends with, so that any text within stops before it.
  Result<CfgExprId> Format(const Json& format, const Texts& ends, int depth) {
    if (depth > kMaxDepth) return Error::TooLarge("", "got formats nested deeper than 64");
    if (!format.is_object()) return Error::Invalid("", "got a format that is no object, want {\"type\": …}");
    TRY(const std::string type, ReadText(format, "type"));
    if (type == "const_string") {
      TRY(const std::string value, ReadText(format, "value"));
      return Text(value);
    }
    if (type == "json_schema" || type == "qwen_xml_parameter") return JsonContent(format);
    if (type == "regex") return RegexContent(format);
    if (type == "grammar") return GrammarContent(format);
    if (type == "any_text") return AnyText(format, ends);
    if (type == "sequence") return Sequence(format, ends, depth);
    if (type == "or") return Choice(format, ends, depth);
    if (type == "optional" || type == "plus" || type == "star" || type == "repeat")
      return Repeated(type, format, ends, depth);
    if (type == "tag") {
      TRY(const Tag tag, ReadTag(format, depth));
      return cfg_->Concat({Text(tag.begin), tag.rest});
    }
    if (type == "triggered_tags") return TriggeredTags(format, ends, depth);
    if (type == "tags_with_separator") return SeparatedTags(format, depth);
    if (type == "dispatch") return Dispatch(format, ends, depth);
    for (const std::string_view known :
         {"token", "exclude_token", "any_tokens", "token_triggered_tags", "token_dispatch"}) {
      if (type == known) return Error::Unsupported("type", "got " + type + ", want a format of text");
    }
    return Error::Invalid("type", "got the unknown format \"" + type + "\"");
  }

  Result<CfgExprId> JsonContent(const Json& format) {
    TRY(const bool any_order, ReadBool(format, "any_order", false));
    TRY(const Texts excludes, ReadTexts(format, "excludes"));
    if (any_order)
      return Error::Unsupported("any_order", "got true, want false: members that must be there are kept there");
    if (!excludes.empty()) return Error::Unsupported("excludes", "got texts, want none within JSON");
    if (!format.Has("json_schema")) return Error::Invalid("json_schema", "got none, want a schema");
    const bool older = format["type"] == Json("qwen_xml_parameter");
    if (!older && (!format.Has("style") || format["style"] == Json("json"))) return JsonDocument(format);
    const std::string style = older ? "qwen_xml" : format["style"].is_string() ? format["style"].AsString() : "";
    if (!IsArgumentStyle(style)) {
      return Error::Unsupported(
          "style", "got " + format["style"].Dump() + ", want json, qwen_xml, minimax_xml, deepseek_xml or glm_xml");
    }
    return Under("json_schema", TaggedArgumentsOf(format["json_schema"], style, style_, *cfg_));
  }

  Result<CfgExprId> JsonDocument(const Json& format) { return Under("json_schema", Document(format["json_schema"])); }

  Result<CfgExprId> Document(const Json& schema) {
    TRY(const auto document, SchemaDocument::Parse(schema));
    TRY(auto machine, JsonMachine::Create(document, style_));
    return cfg_->Json(std::move(machine));
  }

  Result<CfgExprId> RegexContent(const Json& format) {
    TRY(const std::string pattern, ReadText(format, "pattern"));
    Result<LanguageId> language = languages().Pattern(pattern, Languages::Anchoring::kWhole);
    if (!language) return std::move(language).error().Under("pattern");
    return cfg_->Terminal(*language);
  }

  Result<CfgExprId> GrammarContent(const Json& format) {
    TRY(const std::string grammar, ReadText(format, "grammar"));
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
    if (text.starts_with(kControlBegin)) {  // it isn't a part of any text
      Texts others = all;
      std::erase_if(others, [](const std::string& other) { return other.starts_with(kControlBegin); });
      const LanguageId before = languages().And(std::array{Without(others), allowed});
      return languages().Concat(before, languages().Literal(text));
    }
    const LanguageId ending = languages().Concat(allowed, languages().Literal(text));
    const LanguageId held = languages().Concat(languages().Concat(Languages::kAnyText, languages().Words(all)),
                                               languages().Chars(1, std::nullopt));
    return languages().And(std::array{ending, languages().Not(held)});
  }

  Result<CfgExprId> AnyText(const Json& format, const Texts& ends) {
    if (const Json* max = format.Find("max_tokens"); max != nullptr && !max->is_null()) {
      return Error::Unsupported("max_tokens", "got a number of tokens, want max_chars");
    }
    TRY(Texts excludes, ReadTexts(format, "excludes"));
    excludes.insert(excludes.end(), ends.begin(), ends.end());
    LanguageId text = Without(excludes);
    if (const Json* max = format.Find("max_chars"); max != nullptr && !max->is_null()) {
      TRY(const int64_t chars, ReadCount(format, "max_chars", 0));
      text = languages().And(std::array{text, languages().Chars(0, chars)});
    }
    return cfg_->Terminal(text);
  }

  static Result<int64_t> ReadCount(const Json& object, std::string_view name, int64_t least) {
    const Json* value = object.Find(name);
    const auto count = value == nullptr ? std::nullopt : value->AsInt64();
    if (!count || *count < least || *count > kMaxRepeats) {
      return Error::Invalid(std::string(name),
                            "got no fitting number, want a whole one from " + std::to_string(least) + " to 1000000000");
    }
    return *count;
  }

  Result<const Json*> Elements(const Json& format) {
    const Json* elements = format.Find("elements");
    if (elements == nullptr || !elements->is_array() || elements->size() == 0) {
      return Error::Invalid("elements", "got no formats, want an array of at least one");
    }
    return elements;
  }

  // The texts that may stand behind element `i` of a sequence, where they are known.
  static Texts EndsWithin(const Json& elements, int64_t i, const Texts& ends) {
    if (i + 1 == elements.size()) return ends;
    const Json& next = elements[i + 1];
    if (const Json* value = next.Find("value"); value != nullptr && value->is_string() && !value->AsString().empty())
      return {value->AsString()};
    if (const Json* begin = next.Find("begin"); begin != nullptr && begin->is_string() && !begin->AsString().empty())
      return {begin->AsString()};
    return {};
  }

  Result<CfgExprId> Sequence(const Json& format, const Texts& ends, int depth) {
    TRY(const Json* elements, Elements(format));
    std::vector<CfgExprId> parts;
    for (int64_t i = 0; i < elements->size(); ++i) {
      TRY(const CfgExprId part,
          Under(Index("elements", i), Format((*elements)[i], EndsWithin(*elements, i, ends), depth + 1)));
      parts.push_back(part);
    }
    return cfg_->Concat(parts);
  }

  Result<CfgExprId> Choice(const Json& format, const Texts& ends, int depth) {
    TRY(const Json* elements, Elements(format));
    std::vector<CfgExprId> parts;
    for (int64_t i = 0; i < elements->size(); ++i) {
      TRY(const CfgExprId part, Under(Index("elements", i), Format((*elements)[i], ends, depth + 1)));
      parts.push_back(part);
    }
    return cfg_->Or(parts);
  }

  Result<CfgExprId> Repeated(const std::string& type, const Json& format, const Texts& ends, int depth) {
    TRY(const CfgExprId content, Under("content", Format(format["content"], ends, depth + 1)));
    if (type == "optional") return cfg_->Repeat(content, 0, 1);
    if (type == "star") return Any(content);
    if (type == "plus") return cfg_->Repeat(content, 1, CfgExpr::kNoMax);
    TRY(const int64_t min, ReadCount(format, "min", 0));
    TRY(const int64_t max, ReadCount(format, "max", -1));
    if (max >= 0 && max < min) return Error::Invalid("max", "got one below min, want one that is not, or -1");
    return cfg_->Repeat(content, min, max < 0 ? CfgExpr::kNoMax : max);
  }

  // ---- tags

  Result<Tag> ReadTag(const Json& tag, int depth) {
    if (!tag.is_object()) return Error::Invalid("", "got a tag that is no object, want {begin, content, end}");
    for (const std::string_view name : {"begin", "end"}) {
      if (const Json* value = tag.Find(name); value != nullptr && value->is_object()) {
        return Error::Unsupported(std::string(name), "got a token, want text");
      }
    }
    TRY(const std::string begin, ReadText(tag, "begin"));
    Texts ends;
    if (const Json* end = tag.Find("end"); end != nullptr && end->is_string()) {
      ends.push_back(end->AsString());
    } else {
      TRY(ends, ReadTexts(tag, "end"));
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
      if (!tag) return std::move(tag).error().Under(Index("tags", i));
      tags.push_back(std::move(*tag));
    }
    return tags;
  }

  Result<CfgExprId> TriggeredTags(const Json& format, const Texts& ends, int depth) {
    TRY(const Texts triggers, ReadTexts(format, "triggers"));
    TRY(const std::vector<Tag> tags, ReadTags(format, depth));
    TRY(Texts excludes, ReadTexts(format, "excludes"));
    TRY(const bool at_least_one, ReadBool(format, "at_least_one", false));
    TRY(const bool stop_after_first, ReadBool(format, "stop_after_first", false));
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
        return Error::Invalid(Index("tags", i) + ".begin",
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
    TRY(const std::string separator, ReadText(format, "separator"));
    TRY(const bool at_least_one, ReadBool(format, "at_least_one", false));
    TRY(const bool stop_after_first, ReadBool(format, "stop_after_first", false));
    std::vector<CfgExprId> whole;
    for (const Tag& tag : tags) whole.push_back(cfg_->Concat({Text(tag.begin), tag.rest}));
    const CfgExprId one = cfg_->Or(whole);
    const CfgExprId all = stop_after_first ? one : cfg_->Concat({one, Any(cfg_->Concat({Text(separator), one}))});
    return cfg_->Repeat(all, at_least_one ? 1 : 0, 1);
  }

  Result<CfgExprId> Dispatch(const Json& format, const Texts& ends, int depth) {
    const Json* list = format.Find("rules");
    if (list == nullptr || !list->is_array() || list->size() == 0)
      return Error::Invalid("rules", "got none, want [[text, format], …]");
    TRY(const bool loop, ReadBool(format, "loop", true));
    TRY(Texts excludes, ReadTexts(format, "excludes"));
    excludes.insert(excludes.end(), ends.begin(), ends.end());
    Texts patterns;
    std::vector<std::pair<std::string, CfgExprId>> rules;
    for (int64_t i = 0; i < list->size(); ++i) {
      const Json& rule = (*list)[i];
      if (!rule.is_array() || rule.size() != 2 || !rule[0].is_string() || rule[0].AsString().empty()) {
        return Error::Invalid(Index("rules", i), "got no pair, want [text, format]");
      }
      TRY(const CfgExprId content, Under(Index("rules", i), Format(rule[1], {}, depth + 1)));
      patterns.push_back(rule[0].AsString());
      rules.emplace_back(rule[0].AsString(), content);
    }
    const CfgExprId free = FreeText(patterns, rules, excludes);
    const CfgExprId tail = Tail(patterns, excludes);
    return loop ? cfg_->Concat({Any(free), tail}) : cfg_->Or({free, tail});
  }

  JsonStyle style_;
  Cfg* cfg_;
};

}  // namespace

Result<int32_t> ReadStructuralTag(const Json& tag, const JsonStyle& style, Cfg& cfg) {
  return TagReader(style, cfg).Run(tag);
}

}  // namespace atelier
