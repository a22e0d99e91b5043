// What the operating system says, as an Error.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace atelier {

// errno `code` after `call` ("open", "fsync") on `where`: "models/x.gguf: open: No such file or directory", of the
// kind that fits (ENOENT is kNotFound, ENOSPC kExhausted, EACCES kDenied, EEXIST kConflict, else kUnavailable).
Error OsError(std::string where, std::string_view call, int code);

}  // namespace atelier
