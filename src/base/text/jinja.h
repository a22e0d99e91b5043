// Jinja, as chat templates use it: what jinja2's immutable sandbox with trim_blocks, lstrip_blocks, the loop controls
// and transformers' additions (tojson, raise_exception, strftime_now, {% generation %}) renders, byte for byte.
// Autoescape is off; there is one template, so no include, import or extends; values are JSON, so there is nothing in
// Python to reach for. Not there: the filters pprint, random, urlize, wordwrap and xmlattr, the global lipsum, integers
// beyond 64 bits in arithmetic.
//
//   TRY(const auto parsed, JinjaTemplate::Parse("{% for m in messages %}{{ m.content | trim }}{% endfor %}"));
//   TRY(const JinjaOutput output, parsed.Render(Json::Object({{"messages", messages}})));
//
// Errors have the line as their place ("line 12") and the cause as jinja2 words it; raise_exception's have the code
// "template_raised".
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct JinjaSpan {
  size_t begin = 0;  // bytes of the output
  size_t end = 0;
};

struct JinjaOutput {
  std::string text;
  std::vector<JinjaSpan> generations;  // what {% generation %} blocks wrote, in order of their ends
};

// What one rendering may use. A conversation of a megabyte takes about a tenth of these.
struct JinjaLimits {
  int64_t max_steps = 30'000'000;              // nodes evaluated and items gone through
  size_t max_text_bytes = size_t{64} << 20;    // of one string, the output included
  size_t max_total_bytes = size_t{512} << 20;  // of all strings made
  int max_depth = 400;                         // expressions, blocks and macro calls within each other
};

namespace jinja {
struct Stmt;
}

class JinjaTemplate {
 public:
  static Result<JinjaTemplate> Parse(std::string_view source);

  // The members of `context` are the template's variables. `now` is what strftime_now formats.
  // Thread-safe: a template is immutable.   COST: linear in the nodes evaluated.
  Result<JinjaOutput> Render(const Json& context, const std::tm& now = {}, const JinjaLimits& limits = {}) const;

 private:
  using Body = std::vector<std::unique_ptr<jinja::Stmt>>;
  explicit JinjaTemplate(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

}  // namespace atelier
