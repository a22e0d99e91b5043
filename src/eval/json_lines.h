// Files of JSON objects, one a line.
#pragma once

#include <functional>
#include <string>

#include "base/io/files.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// Calls read(line) for each line that is not empty. Errors name the file and the line.
Result<void> EachLine(Files& files, const std::string& path, const std::function<Result<void>(std::string_view)>& read);
// The same for lines that are objects.
Result<void> EachJsonLine(Files& files, const std::string& path, const std::function<Result<void>(const Json&)>& read);
// Errors: kInvalid where the member is no text.
Result<std::string> TextMember(const Json& object, const char* key);

}  // namespace atelier
