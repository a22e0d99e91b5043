// The trace, and the charge to the key, of a call that ends in vectors or scores.
#pragma once

#include "app/app.h"
#include "base/net/http.h"
#include "observe/trace.h"

namespace atelier {

class VectorTrace {
 public:
  VectorTrace(App& app, const HttpRequest& http, const ModelListing& model, std::string_view operation);
  void End(int64_t prompt_tokens);
  void Fail(const Error& error);

 private:
  App& app_;
  const std::string principal_;
  ActiveSpan span_;
};

}  // namespace atelier
