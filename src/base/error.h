// What went wrong, as a value: which kind (decides the HTTP status and the exit code), where
// (a path such as "model.gguf: blk.3.attn_q.weight" or "tools[3].multipleOf") and what, worded
// "got X, want Y". Callers add their part of the path with Under; nobody cuts sentences.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace atelier {

enum class ErrorKind {
  kInvalid,      // the input is wrong: fix it and try again                  HTTP 400
  kNotFound,     // there is no such thing                                    HTTP 404
  kConflict,     // the thing exists already, or is in another state          HTTP 409
  kDenied,       // not allowed, or no valid key                              HTTP 401/403
  kTooLarge,     // over a stated limit                                       HTTP 413
  kExhausted,    // no room now; may succeed after retry_after                HTTP 429
  kUnsupported,  // well formed, but nothing here can do it                   HTTP 400
  kUnavailable,  // a file, process or network that we need does not answer   HTTP 503
  kTimeout,      // the deadline passed                                       HTTP 504
  kCancelled,    // the caller asked to stop                                  HTTP 499
  kCorrupt,      // stored data fails its checks                              HTTP 500
  kInternal,     // a bug of ours that need not end the process               HTTP 500
};

// "invalid", "not_found", ...
std::string_view ErrorKindName(ErrorKind kind);

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string code;   // machine-readable, e.g. "unknown_parameter"; may be empty
  std::string where;  // path to the culprit; may be empty
  std::string what;   // "got X, want Y"
  std::optional<std::chrono::milliseconds> retry_after;

  static Error Invalid(std::string where, std::string what) {
    return Of(ErrorKind::kInvalid, std::move(where), std::move(what));
  }
  static Error NotFound(std::string where, std::string what) {
    return Of(ErrorKind::kNotFound, std::move(where), std::move(what));
  }
  static Error Conflict(std::string where, std::string what) {
    return Of(ErrorKind::kConflict, std::move(where), std::move(what));
  }
  static Error Denied(std::string where, std::string what) {
    return Of(ErrorKind::kDenied, std::move(where), std::move(what));
  }
  static Error TooLarge(std::string where, std::string what) {
    return Of(ErrorKind::kTooLarge, std::move(where), std::move(what));
  }
  static Error Exhausted(std::string where, std::string what) {
    return Of(ErrorKind::kExhausted, std::move(where), std::move(what));
  }
  static Error Unsupported(std::string where, std::string what) {
    return Of(ErrorKind::kUnsupported, std::move(where), std::move(what));
  }
  static Error Unavailable(std::string where, std::string what) {
    return Of(ErrorKind::kUnavailable, std::move(where), std::move(what));
  }
  static Error Timeout(std::string where, std::string what) {
    return Of(ErrorKind::kTimeout, std::move(where), std::move(what));
  }
  static Error Cancelled(std::string where, std::string what) {
    return Of(ErrorKind::kCancelled, std::move(where), std::move(what));
  }
  static Error Corrupt(std::string where, std::string what) {
    return Of(ErrorKind::kCorrupt, std::move(where), std::move(what));
  }
  static Error Internal(std::string where, std::string what) {
    return Of(ErrorKind::kInternal, std::move(where), std::move(what));
  }
  static Error Of(ErrorKind kind, std::string where, std::string what);

  // The same error with `outer` put before `where`. Fields join with '.', subscripts with
  // nothing ("messages" over "[3].role" is "messages[3].role"), files and other text with ": ".
  Error Under(std::string_view outer) &&;
  Error WithCode(std::string new_code) &&;

  // "where: what", or "what" alone.
  std::string Message() const;
};

}  // namespace atelier
