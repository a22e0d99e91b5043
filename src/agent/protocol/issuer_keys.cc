#include "agent/protocol/issuer_keys.h"

#include <optional>
#include <utility>
#include <vector>

#include "agent/protocol/mcp_oauth.h"
#include "base/task/stream.h"

namespace atelier {

struct IssuerKeys::State {
  Loop& loop;
  const Options options;
  const Get get;
  Keys keys = {};
  Loop::TimePoint fetched_at = {};
  std::optional<Loop::TimePoint> asked_at = {};
  bool asking = false;
  std::vector<std::shared_ptr<Channel<bool>>> waiting = {};
  std::stop_source stop = {};

  Task<Result<std::string>> FindUrl(Call call) {
    if (!options.jwks_url.empty()) co_return options.jwks_url;
    CO_TRY(const Url issuer, Url::Parse(options.issuer));
    for (const std::string& url : IssuerMetadataUrls(issuer)) {
      CO_TRY(const std::optional<Json> metadata, co_await get(call, url));
      if (metadata) co_return JwksUrlOf(*metadata, options.issuer);
    }
    co_return Error::Unavailable(options.issuer, "it publishes no metadata");
  }
  Task<Result<JwkSet>> Fetch(Call call) {
    CO_TRY(const std::string url, co_await FindUrl(call));
    CO_TRY(const std::optional<Json> set, co_await get(call, url));
    if (!set) co_return Error::NotFound(url, "there is no such document");
    co_return JwkSet::Read(*set);
  }
};

Result<std::string> JwksUrlOf(const Json& metadata, const std::string& issuer) {
  const Json &named = metadata["issuer"], &url = metadata["jwks_uri"];
  if (named != Json(issuer)) {
    return Error::Denied("issuer", "got " + named.Dump().substr(0, 200) + ", want '" + issuer + "'");
  }
  if (!url.is_string()) return Error::Denied("jwks_uri", "got none in the metadata of " + issuer);
  TRY_VOID(CheckOAuthEndpoint("jwks_uri", url.AsString()));
  return url.AsString();
}

IssuerKeys::IssuerKeys(Loop& loop, Options options, Get get)
    : state_(std::make_shared<State>(State{.loop = loop, .options = std::move(options), .get = std::move(get)})) {}

IssuerKeys::~IssuerKeys() { state_->stop.request_stop(); }

IssuerKeys::Keys IssuerKeys::Known() const {
  return state_->keys && state_->loop.Now() - state_->fetched_at < state_->options.aged ? state_->keys : nullptr;
}

bool IssuerKeys::MayAsk() const {
  return state_->asking || !state_->asked_at || state_->loop.Now() - *state_->asked_at >= state_->options.asked_every;
}

Task<void> IssuerKeys::Refresh(std::shared_ptr<State> state) {
  Call call;  // of nobody's in particular: who asked first may leave
  call.stop = state->stop.get_token();
  call.deadline = state->loop.Now() + state->options.patience;
  Result<JwkSet> fetched = co_await state->Fetch(std::move(call));
  if (fetched.ok()) {
    state->keys = std::make_shared<const JwkSet>(std::move(*fetched));
    state->fetched_at = state->loop.Now();
  } else {
    state->options.on_fault(fetched.error());
  }
  state->asking = false;
  for (const auto& waiting : std::exchange(state->waiting, {})) waiting->Close();
}

Task<Result<IssuerKeys::Keys>> IssuerKeys::Ask(Call call) {
  const std::shared_ptr<State> state = state_;
  if (MayAsk()) {
    const auto done = Channel<bool>::Create(state->loop, 1);
    state->waiting.push_back(done);
    if (!state->asking) {
      state->asking = true, state->asked_at = state->loop.Now();
      Spawn(Refresh(state));
    }
    const std::stop_callback on_stop(call.stop, [done] { done->Close(); });
    co_await done->NextBatch();
  }
  if (state->keys && state->loop.Now() - state->fetched_at < state->options.kept) co_return state->keys;
  Error error = Error::Unavailable("token", "the keys of its issuer cannot be had now");
  error.retry_after = state->options.asked_every;
  co_return error;
}

}  // namespace atelier
