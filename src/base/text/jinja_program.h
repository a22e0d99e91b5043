// A Jinja template (jinja.h) of a program: it tells which variables it reads, so that it can be checked before it runs,
// and where it is one expression, it gives the expression's value rather than its text.
//
//   TRY(const auto parsed, JinjaProgram::Parse("{{ plan.points | length }}"));
//   parsed.References();                                        // {"plan", {"points"}}
//   TRY(const Json value, parsed.Evaluate(variables, limits));  // 3
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/jinja.h"
#include "base/text/json.h"

namespace atelier {

// What a template reads of its variables: "a.b['c']" is {"a", {"b", "c"}}. A path ends where it is not constant.
struct JinjaReference {
  std::string name;
  std::vector<std::string> path;
  int line = 0;
  bool made_here = false;  // the template sets such a name itself, somewhere
};

class JinjaProgram {
 public:
  static Result<JinjaProgram> Parse(std::string_view source);

  // As JinjaTemplate::Render.
  Result<std::string> Render(const Json& context, const JinjaLimits& limits) const;
  // Every name that it looks up, in its order; of builtins none.
  std::vector<JinjaReference> References() const;
  // Whether it is "{{ an expression }}" and nothing else.
  bool IsExpression() const;
  // Whether that expression is one reference, "{{ a.b }}".
  bool IsReference() const;
  // The expression's value as JSON; what is undefined is null.   REQUIRES: IsExpression().
  Result<Json> Evaluate(const Json& context, const JinjaLimits& limits) const;

 private:
  using Body = std::vector<std::unique_ptr<jinja::Stmt>>;
  explicit JinjaProgram(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

}  // namespace atelier
