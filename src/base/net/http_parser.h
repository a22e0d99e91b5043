// Reads HTTP/1.x messages from bytes, wherever they were split; no sockets here, so that a fuzzer can
// feed it. Beast's parser does the grammar; this adds bounds and says which status a fault deserves.
//   [RFC 9112]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/net/http.h"
#include "base/result.h"

namespace atelier {

struct HttpHead {
  std::string method;  // requests
  std::string target;
  int status = 0;    // responses
  int version = 11;  // 10 or 11
  HttpHeaders headers;
  bool keep_alive = false;
  bool expects_continue = false;
  std::optional<int64_t> content_length;
};

class HttpParser {
 public:
  enum class Kind { kRequest, kResponse };
  struct Limits {
    int64_t head_bytes = 32 << 10;
    int64_t body_bytes = 32 << 20;
  };
  // Where pieces of the body go; an error ends the parsing and is what Feed returns.
  using BodySink = std::function<Result<void>(std::string_view)>;

  // One message; make a new one for the next. `body` may be empty: then body() collects.
  HttpParser(Kind kind, Limits limits, BodySink body = {});
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  // Another bound for the body, and where its pieces go from here on (empty: body() collects). After the head, before
  // any of the body. Error: Content-Length is over the bound.
  Result<void> BeginBody(int64_t max_bytes, BodySink sink);
  // Responses to HEAD have no body whatever their head says. Before the head is done.
  void ExpectNoBody();

  // Takes what it can from the front of `bytes` and says how many; feed the rest again together with
  // what follows. Stops after the head (so that the caller can look) and at the message's end.
  // After an error the connection is of no more use; HttpFaultStatus gives the answer's status.
  Result<int64_t> Feed(std::string_view bytes);
  // The connection ended: fine where the message ends so, else kUnavailable "cut off".
  Result<void> FeedEnd();

  bool head_done() const;
  bool done() const;
  const HttpHead& head() const;
  HttpHead& head();
  std::string& body();
  int64_t body_bytes() const;  // received so far

 private:
  class State;
  template <bool is_request>
  class Parser;
  std::unique_ptr<State> state_;
};

// 400, 413, 431, 505, or what an error of the body's sink is answered with.
int HttpFaultStatus(const Error& fault);

}  // namespace atelier
