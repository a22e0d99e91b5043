// The keys by which an authorization server signs, as it publishes them: fetched when they are first needed, again
// when they have aged, and when a token names a key that is not among them, since keys change.
//
// A stranger can name any key: so they are asked for again at most every so often, once for all who wait. Where the
// server does not answer, the keys that are known hold for a day.   Loop thread only.   [RFC 8414; OpenID Discovery;
// RFC 7517]
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocol/jws.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/loop.h"
#include "base/task/task.h"

namespace atelier {

class IssuerKeys {
 public:
  struct Options {
    std::string issuer = {};
    std::string jwks_url = {};  // empty: as the issuer's metadata says
    std::chrono::seconds aged{3'600};
    std::chrono::seconds kept{86'400};
    std::chrono::seconds asked_every{60};
    std::chrono::seconds patience{10};                                 // of one time of asking
    std::function<void(const Error&)> on_fault = [](const Error&) {};  // for the log: strangers are not told why
  };
  // The JSON document at a URL; nothing where there is none.
  using Get = std::function<Task<Result<std::optional<Json>>>(Call call, std::string url)>;
  using Keys = std::shared_ptr<const JwkSet>;

  IssuerKeys(Loop& loop, Options options, Get get);
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  // Those that are known and not aged; null: Ask has to be waited for.
  Keys Known() const;
  // Whether Ask would ask, or is at it: else it has nothing newer than Known.
  bool MayAsk() const;
  // The newest that can be had now. Errors: kUnavailable, there are none.
  Task<Result<Keys>> Ask(Call call);

 private:
  struct State;
  static Task<void> Refresh(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// Where the keys are, by metadata that is found for the issuer. Errors: kDenied, it is another's, or the place is not
// safe from those between.
Result<std::string> JwksUrlOf(const Json& metadata, const std::string& issuer);

}  // namespace atelier
