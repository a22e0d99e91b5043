#include "base/error.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

bool IsFieldChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '.' || c == '[' || c == ']';
}

// A path into a document, such as "tools[3].function", as opposed to a file name or a phrase.
bool IsFieldPath(std::string_view text) { return std::all_of(text.begin(), text.end(), IsFieldChar); }

std::string_view Joint(std::string_view outer, std::string_view inner) {
  if (outer.empty() || inner.empty()) return "";
  if (inner.front() == '[') return "";
  return IsFieldPath(outer) && IsFieldPath(inner.substr(0, inner.find(':'))) ? "." : ": ";
}

}  // namespace

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid: return "invalid";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kDenied: return "denied";
    case ErrorKind::kTooLarge: return "too_large";
    case ErrorKind::kExhausted: return "exhausted";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kCorrupt: return "corrupt";
    case ErrorKind::kInternal: return "internal";
  }
  return "internal";
}

Error Error::Of(ErrorKind kind, std::string where, std::string what) {
  Error error;
  error.kind = kind;
  error.where = std::move(where);
  error.what = std::move(what);
  return error;
}

Error Error::Under(std::string_view outer) && {
  std::string path(outer);
  path += Joint(outer, where);
  path += where;
  where = std::move(path);
  return std::move(*this);
}

Error Error::WithCode(std::string new_code) && {
  code = std::move(new_code);
  return std::move(*this);
}

std::string Error::Message() const { return where.empty() ? what : where + ": " + what; }

}  // namespace atelier
