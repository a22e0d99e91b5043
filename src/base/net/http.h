// What HTTP/1.1 carries, as values: headers, requests as a handler sees them, responses as it gives
// them.   [RFC 9110, RFC 9112]
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// In order of arrival; names compare without regard to case.
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields) : fields_(fields) {}

  void Add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all of that name.
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  // The first of that name; null where there is none.
  const std::string* Find(std::string_view name) const;
  std::string_view Get(std::string_view name, std::string_view otherwise = {}) const;
  // Whether a comma-separated list (Connection, Transfer-Encoding) has `token`.
  bool HasToken(std::string_view name, std::string_view token) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

using HttpParameters = std::vector<std::pair<std::string, std::string>>;

// Takes a body piece by piece as it comes in: one too long to be held in memory (RouteOptions). Loop thread only; must
// not wait long. Destroyed with its request, whole or not.
class BodyTaker {
 public:
  virtual ~BodyTaker() = default;
  // An error ends the request and is its answer.
  virtual Result<void> Take(std::string_view piece) = 0;
};

struct HttpRequest {
  std::string method;              // "GET"
  std::string target;              // as sent: "/v1/models/a%2Fb?limit=2"
  std::string path;                // before '?', as sent
  HttpParameters query;            // decoded, in order
  HttpParameters path_parameters;  // decoded, by the route's pattern
  HttpHeaders headers;
  std::string body;                  // empty where a taker took it
  std::shared_ptr<BodyTaker> taker;  // of routes that have one: has had the whole body
  std::string peer;                  // "127.0.0.1:50712"
  bool secure = false;               // came over TLS
  Call call;                         // stop is requested when the client leaves or the server drains

  std::string_view Query(std::string_view name, std::string_view otherwise = {}) const;
  // "" where the pattern has no such name.
  std::string_view Path(std::string_view name) const;
};

// The writing end of a response that is sent while it is made. Copies share one stream. Loop thread only.
class BodyWriter {
 public:
  class Sink;  // a session's side (http_session.h)

  explicit BodyWriter(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  // Queues bytes and never waits. False: the client left, or read so slowly that the queue's bound was
  // passed (ServerOptions::max_queued_bytes), which cuts the stream; the request's Call is stopped then.
  bool Write(std::string_view bytes);
  // Waits until the socket has taken what is queued; false as above. One Flush at a time.
  Task<bool> Flush();
  bool open() const;

 private:
  std::shared_ptr<Sink> sink_;
};

struct HttpResponse {
  // Writes the body; the response ends when the task does. It is called once and kept until then,
  // so a lambda's captures live as long as its coroutine. It must end soon after stop is requested.
  using Producer = std::move_only_function<Task<void>(BodyWriter)>;

  int status = 200;
  HttpHeaders headers;  // Content-Length, Date, Connection and X-Request-Id are the server's
  std::string body;
  Producer stream;  // set: `body` is not used

  static HttpResponse Of(int status, std::string_view content_type, std::string body);
  static HttpResponse Json(std::string body, int status = 200) {
    return Of(status, "application/json", std::move(body));
  }
  static HttpResponse Text(std::string body, int status = 200) {
    return Of(status, "text/plain; charset=utf-8", std::move(body));
  }
  // A body that is sent while it is made, with the headers that keep caches and proxies from holding it back.
  static HttpResponse Streamed(std::string_view content_type, Producer producer);
  // The same of server-sent events (sse.h formats them).
  static HttpResponse Events(Producer producer);
};

// "OK" for 200; "" for a status unknown to RFC 9110 and its successors.
std::string_view HttpReason(int status);
// The status that an error of this kind has unless the surface maps it otherwise.
int HttpStatus(ErrorKind kind);

// %41 and, where `plus_is_space`, '+' decoded; a bad escape stays as it is.
std::string PercentDecode(std::string_view text, bool plus_is_space);
std::string PercentEncode(std::string_view text);  // all but unreserved characters
HttpParameters ParseQuery(std::string_view query);

}  // namespace atelier
