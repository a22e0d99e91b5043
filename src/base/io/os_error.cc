#include "base/io/os_error.h"

#include <cerrno>
#include <system_error>

namespace atelier {
namespace {

ErrorKind KindOf(int code) {
  switch (code) {
    case ENOENT: return ErrorKind::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::kDenied;
    case EEXIST:
    case ENOTEMPTY: return ErrorKind::kConflict;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return ErrorKind::kExhausted;
    case EINVAL:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP: return ErrorKind::kInvalid;
    default: return ErrorKind::kUnavailable;
  }
}

}  // namespace

Error OsError(std::string where, std::string_view call, int code) {
  return Error::Of(KindOf(code), std::move(where),
                   std::string(call) + ": " + std::error_code(code, std::generic_category()).message());
}

}  // namespace atelier
