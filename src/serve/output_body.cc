#include "serve/output_body.h"

#include <utility>

namespace atelier {
namespace {

GrammarSpec OfSchema(std::string where, Json schema) {
  GrammarSpec spec;
  spec.where = std::move(where);
  spec.schema = std::move(schema);
  spec.style = JsonStyle::Served();
  return spec;
}

GrammarSpec OfText(std::string where, GrammarSpec::Kind kind, std::string text) {
  GrammarSpec spec;
  spec.where = std::move(where);
  spec.kind = kind;
  spec.text = std::move(text);
  return spec;
}

GrammarSpec OfChoice(std::string where, std::vector<std::string> choices) {
  GrammarSpec spec;
  spec.where = std::move(where);
  spec.kind = GrammarSpec::Kind::kChoice;
  spec.choices = std::move(choices);
  return spec;
}

Json AnyObject() { return Json::Object({{"type", "object"}}); }

// A schema may come as JSON or as its text.
Result<Json> SchemaOf(const std::string& where, const Json& given) {
  if (!given.is_string()) return given;
  auto parsed = Json::Parse(given.AsString());
  if (!parsed.ok()) return std::move(parsed).error().Under(where);
  return parsed;
}

// Objects that list properties and say nothing of others allow none.
void CloseObjects(Json& schema) {
  if (schema.is_array()) {
    for (Json& item : schema.items()) CloseObjects(item);
  }
  if (!schema.is_object()) return;
  const bool closes = schema["properties"].is_object() && !schema.Has("additionalProperties");
  std::vector<std::string> keys;
  for (const JsonMember& member : schema.members()) keys.push_back(member.key);
  for (const std::string& key : keys) {
    if (key != "enum" && key != "const" && key != "default" && key != "examples") CloseObjects(*schema.Find(key));
  }
  if (closes) schema.Set("additionalProperties", false);
}

GrammarSpec OfTag(std::string where, Json tag) {
  GrammarSpec spec = OfSchema(std::move(where), std::move(tag));
  spec.kind = GrammarSpec::Kind::kStructuralTag;
  return spec;
}

// The tag as it would stand alone.
Json TagOf(const ResponseFormat& format) {
  Json tag = Json::Object({{"type", format.type}});
  if (!format.structures.is_null()) tag.Set("structures", format.structures);
  if (!format.triggers.is_null()) tag.Set("triggers", format.triggers);
  if (!format.format.is_null()) tag.Set("format", format.format);
  return tag;
}

Result<std::optional<GrammarSpec>> OfResponseFormat(const ResponseFormat& format) {
  if (format.type == "text") return std::optional<GrammarSpec>();
  if (format.type == "json_object") {
    return OfSchema("response_format.schema", format.schema.is_null() ? AnyObject() : format.schema);
  }
  if (format.type == "structural_tag") return OfTag("response_format", TagOf(format));
  const Json& schema = format.json_schema ? format.json_schema->schema : format.schema;
  if (schema.is_null()) {
    return Error::Invalid("response_format.json_schema.schema", "got nothing, want a schema").WithCode("invalid_value");
  }
  return OfSchema(format.json_schema ? "response_format.json_schema.schema" : "response_format.schema", schema);
}

Error OneOf(std::string_view where) {
  return Error::Invalid(std::string(where), "got more than one description of the output, want one")
      .WithCode("invalid_value");
}

Result<std::optional<GrammarSpec>> OfStructured(const StructuredOutputs& outputs) {
  const std::string where = "structured_outputs";
  std::vector<GrammarSpec> specs;
  if (!outputs.json.is_null()) {
    TRY(Json schema, SchemaOf(where + ".json", outputs.json));
    specs.push_back(OfSchema(where + ".json", std::move(schema)));
  }
  if (outputs.json_object) specs.push_back(OfSchema(where + ".json_object", AnyObject()));
  if (outputs.regex) specs.push_back(OfText(where + ".regex", GrammarSpec::Kind::kRegex, *outputs.regex));
  if (outputs.grammar) specs.push_back(OfText(where + ".grammar", GrammarSpec::Kind::kGrammar, *outputs.grammar));
  if (outputs.choice) specs.push_back(OfChoice(where + ".choice", *outputs.choice));
  if (!outputs.structural_tag.is_null()) {
    TRY(Json tag, SchemaOf(where + ".structural_tag", outputs.structural_tag));
    specs.push_back(OfTag(where + ".structural_tag", std::move(tag)));
  }
  if (specs.empty()) return std::optional<GrammarSpec>();
  if (specs.size() > 1) return OneOf(where);
  GrammarSpec& spec = specs[0];
  if (outputs.whitespace_pattern && outputs.disable_any_whitespace) {
    return Error::Invalid(where + ".whitespace_pattern", "got it beside disable_any_whitespace, want one of the two");
  }
  spec.style.whitespace_pattern = outputs.whitespace_pattern;
  if (outputs.disable_any_whitespace) spec.style.max_whitespace = 0;
  if (outputs.disable_additional_properties) CloseObjects(spec.schema);
  return std::move(spec);
}

}  // namespace

Fields JsonSchemaFormat::Describe() {
  using F = JsonSchemaFormat;
  static constexpr Field fields[] = {
      Key<&F::name>("name", "of the format").Required().AtMostBytes(256),
      Key<&F::description>("description", "of the format"),
      Key<&F::schema>("schema", "a JSON Schema that the output keeps"),
      Key<&F::strict>("strict", "a schema is kept with or without it"),
  };
  return fields;
}

Fields ResponseFormat::Describe() {
  using F = ResponseFormat;
  static constexpr Field fields[] = {
      Key<&F::type>("type", "what the output is").Required().OneOf("text|json_object|json_schema|structural_tag"),
      Key<&F::json_schema>("json_schema", "with type json_schema: the schema and its name"),
      Key<&F::schema>("schema", "llama-server's place for a schema"),
      Key<&F::format>("format", "with type structural_tag: what the text is made of"),
      Key<&F::structures>("structures", "with type structural_tag, its older form: tags with begin, schema and end"),
      Key<&F::triggers>("triggers", "with structures: texts that begin a tag"),
  };
  return fields;
}

Fields StructuredOutputs::Describe() {
  using F = StructuredOutputs;
  static constexpr Field fields[] = {
      Key<&F::json>("json", "a JSON Schema that the output keeps"),
      Key<&F::regex>("regex", "an expression of ECMA-262 that the whole output matches").AtMostBytes(1 << 20),
      Key<&F::choice>("choice", "texts, of which the output is one").AtMostItems(100000),
      Key<&F::grammar>("grammar", "a grammar that the output keeps").AtMostBytes(1 << 20),
      Key<&F::json_object>("json_object", "the output is a JSON object"),
      Key<&F::disable_any_whitespace>("disable_any_whitespace", "no white space between JSON's tokens"),
      Key<&F::disable_additional_properties>("disable_additional_properties",
                                             "objects that list properties have no others unless they say so"),
      Key<&F::prefer_closing>("prefer_closing",
                              "complete the output within max_tokens, if need be by the shortest way; also of what "
                              "response_format describes"),
      Ignored("disable_fallback", "there is nothing to fall back to"),
      Key<&F::whitespace_pattern>("whitespace_pattern",
                                  "what stands between JSON's tokens: an expression of white space")
          .AtMostBytes(1 << 10),
      Key<&F::structural_tag>("structural_tag", "a text with tags in it, as JSON or its text"),
  };
  return fields;
}

Fields OutputBody::Describe() {
  using B = OutputBody;
  static constexpr Field fields[] = {
      Key<&B::response_format>("response_format", "what the output is: text, JSON, or JSON of a schema"),
      Key<&B::structured_outputs>("structured_outputs", "what the output is, in vLLM's words"),
      Key<&B::guided_json>("guided_json", "an older name of structured_outputs.json"),
      Key<&B::guided_regex>("guided_regex", "an older name of structured_outputs.regex").AtMostBytes(1 << 20),
      Key<&B::guided_choice>("guided_choice", "an older name of structured_outputs.choice").AtMostItems(100000),
      Key<&B::guided_grammar>("guided_grammar", "an older name of structured_outputs.grammar").AtMostBytes(1 << 20),
      Key<&B::grammar>("grammar", "llama-server's grammar (GBNF)").AtMostBytes(1 << 20),
      Key<&B::json_schema>("json_schema", "llama-server's place for a JSON Schema"),
  };
  return fields;
}

Result<std::optional<GrammarSpec>> OutputBody::Spec() const {
  std::vector<GrammarSpec> specs;
  const auto add = [&](std::optional<GrammarSpec> spec) {
    if (spec) specs.push_back(std::move(*spec));
  };
  if (response_format) {
    TRY(auto spec, OfResponseFormat(*response_format));
    add(std::move(spec));
  }
  if (structured_outputs) {
    TRY(auto spec, OfStructured(*structured_outputs));
    add(std::move(spec));
  }
  const std::pair<std::string, const Json*> schemas[] = {{"guided_json", &guided_json}, {"json_schema", &json_schema}};
  for (const auto& [where, given] : schemas) {
    if (given->is_null()) continue;
    TRY(Json schema, SchemaOf(where, *given));
    add(OfSchema(where, std::move(schema)));
  }
  if (guided_regex) add(OfText("guided_regex", GrammarSpec::Kind::kRegex, *guided_regex));
  if (guided_grammar) add(OfText("guided_grammar", GrammarSpec::Kind::kGrammar, *guided_grammar));
  if (grammar && !grammar->empty()) add(OfText("grammar", GrammarSpec::Kind::kGrammar, *grammar));
  if (guided_choice) add(OfChoice("guided_choice", *guided_choice));
  if (specs.size() > 1) return OneOf(specs[1].where);
  if (specs.empty()) return std::optional<GrammarSpec>();
  return std::optional<GrammarSpec>(std::move(specs[0]));
}

}  // namespace atelier
