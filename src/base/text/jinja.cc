#include "base/text/jinja.h"

#include "base/text/jinja_interp.h"
#include "base/text/jinja_parser.h"

namespace atelier {

Result<JinjaTemplate> JinjaTemplate::Parse(std::string_view source) {
  TRY(Body body, jinja::ParseTemplate(source));
  return JinjaTemplate(std::make_shared<const Body>(std::move(body)));
}

Result<JinjaOutput> JinjaTemplate::Render(const Json& context, const std::tm& now, const JinjaLimits& limits) const {
  return jinja::Interp(*body_, limits, now).Render(context);
}

std::vector<JinjaReference> JinjaTemplate::References() const { return jinja::ReferencesOf(*body_); }

bool JinjaTemplate::IsExpression() const {
  return body_->size() == 1 && body_->front()->kind == jinja::Stmt::Kind::kOutput && body_->front()->exprs.size() == 1;
}

bool JinjaTemplate::IsReference() const { return IsExpression() && jinja::IsReference(*body_->front()->exprs.front()); }

Result<Json> JinjaTemplate::Evaluate(const Json& context, const JinjaLimits& limits) const {
  CHECK(IsExpression());
  return jinja::Interp(*body_, limits, {}).Evaluate(context);
}

}  // namespace atelier
