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

}  // namespace atelier
