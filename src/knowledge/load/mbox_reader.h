// The mails of an mbox, one after the other.   [RFC 4155]
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace atelier {

class MboxReader {
 public:
  // `bytes` outlives the reader.
  explicit MboxReader(std::string_view bytes);
  // The next mail without its line "From ", with ">From " within it as "From "; nothing at the end.
  std::optional<std::string> Next();

 private:
  const std::string_view bytes_;
  size_t at_;  // of a line "From ", or the end
};

}  // namespace atelier
