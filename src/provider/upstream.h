// A service that answers model calls over HTTP, whatever its API: it has a base URL and a key, fails in its own words,
// and streams. What a request and a reply look like is its provider's (openai_provider.h, anthropic_provider.h).
//
// The key is in the headers of requests and nowhere else: whatever an upstream says is cleared of it before it becomes
// an error, and so reaches neither clients nor logs nor traces. Lives on one IoLoop; generations may outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/net/async_http_client.h"
#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

struct UpstreamOptions {
  std::string name;  // the provider's, for errors
  std::string base_url;
  HttpHeaders headers;  // of every request
  std::string secret;   // the key in them
  std::string ca_file;
  PhaseTimeouts timeouts;
  int64_t max_reply_bytes = 64 << 20;  // of a reply or of a stream
};

// Makes events of what an upstream says. One for each generation.
class ReplyDecoder {
 public:
  using Events = std::vector<GenerationEvent>;
  virtual ~ReplyDecoder() = default;
  // One event of a stream. True: the last.
  virtual Result<bool> Take(const SseEvent& event, Events& events) = 0;
  // A reply that came whole, from an upstream that does not stream.
  virtual Result<void> TakeWhole(const Json& reply, Events& events) = 0;
  // The stream is over: Unavailable if the answer is not. May add the last events of choices.
  virtual Result<void> End(Events& events) = 0;
  virtual Usage usage() const = 0;
};

class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  // Errors: Invalid where the base URL is none. All must outlive the upstream and its generations.
  static Result<std::shared_ptr<Upstream>> Create(IoLoop& loop, const Clock& clock, UpstreamOptions options);

  // POSTs a body and reads the JSON of the answer.
  Task<Result<Json>> Ask(Call call, std::string path, Json body);
  // GETs and reads the JSON of the answer.
  Task<Result<Json>> Get(Call call, std::string path);
  // POSTs a body whose answer is a stream. Errors before the answer's head are the result's, later ones the end's.
  Task<Result<Generation>> Generate(Call call, std::string path, Json body, std::unique_ptr<ReplyDecoder> decoder);

  const std::string& name() const { return options_.name; }
  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }

 private:
  struct Pump;
  Upstream(IoLoop& loop, const Clock& clock, UpstreamOptions options);
  // POSTs a body, GETs without; a status other than 2xx is an error.
  Task<Result<std::unique_ptr<AsyncResponse>>> Send(Call call, std::string path, std::optional<Json> body);
  Task<Result<Json>> Whole(Call call, std::string path, std::optional<Json> body);
  Error Refused(int status, const HttpHeaders& headers, const std::string& body) const;
  static Task<void> Run(std::shared_ptr<Pump> pump, std::unique_ptr<AsyncResponse> response);

  IoLoop& loop_;
  const Clock& clock_;
  const UpstreamOptions options_;
  AsyncHttpClient client_;
};

// An answer that is not what the API says it is.
Error MalformedReply(const std::string& provider, std::string what);
// `error` as provider `name` says it: under "provider NAME", unless `where` names a parameter of the request.
Error OfProvider(Error error, const std::string& name);

// That `what` cannot be asked of a provider's model.
Error NotOfProvider(const std::string& provider, const std::string& model, std::string_view what);

}  // namespace atelier
