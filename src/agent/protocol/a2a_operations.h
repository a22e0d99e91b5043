// The operations of A2A by their names, as both bindings call them: parameters and results are 1.0's JSON, and what an
// agent's card does not declare is refused here.   [A2A 1.0.1, 3.1 and 3.3.4]
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/protocol/a2a_card.h"
#include "agent/protocol/a2a_desk.h"
#include "base/result.h"
#include "base/task/task.h"
#include "base/text/json.h"

namespace atelier {

class A2aOperations {
 public:
  // `extended`: the card for those who have a key; empty: there is none.
  A2aOperations(A2aDesk& desk, A2aCapabilities capabilities, std::function<Json(const A2aCaller&)> extended)
      : desk_(desk), capabilities_(capabilities), extended_(std::move(extended)) {}

  // Errors: A2A's, where the agent's card does not offer that version.
  Result<void> CheckVersion(A2aVersion version) const;
  static bool IsMethod(std::string_view method);
  static bool IsStreaming(std::string_view method);
  // One that gives one result. Errors: A2A's, and kInvalid under the parameter that is wrong.
  Task<Result<Json>> Run(std::string method, Json params, A2aCaller caller);
  // One that streams.
  Task<Result<A2aStreamReply>> Stream(std::string method, Json params, A2aCaller caller);
  void EndWatch(const A2aWatch& watch) { desk_.EndWatch(watch); }

 private:
  Result<void> CheckExtensions(const A2aCaller& caller) const;
  Task<Result<Json>> RunPush(std::string method, Json params, A2aCaller caller);
  Task<Result<Json>> List(Json params, A2aCaller caller);

  A2aDesk& desk_;
  const A2aCapabilities capabilities_;
  const std::function<Json(const A2aCaller&)> extended_;
};

}  // namespace atelier
