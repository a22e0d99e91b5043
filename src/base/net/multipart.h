// multipart/form-data, read piece by piece wherever the pieces were cut; what is read is never held beyond a part's
// head and a boundary's length.   [RFC 7578, RFC 2046 section 5.1]
//
//   --BOUNDARY CRLF (header CRLF)* CRLF data CRLF --BOUNDARY ... CRLF --BOUNDARY--
//
// What stands before the first boundary and after the last is ignored, as RFC 2046 wants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

// The boundary of a Content-Type; Invalid where the type is another or there is no good boundary.
Result<std::string> MultipartBoundary(std::string_view content_type);

struct MultipartPart {
  std::string name;                     // of the form's field
  std::optional<std::string> filename;  // of files; as sent, so no path to trust
  std::string content_type;             // empty: not said
};

// Where parts go: OnPart, then OnData any number of times, then OnPartEnd. An error ends the reading.
class MultipartSink {
 public:
  virtual ~MultipartSink() = default;
  virtual Result<void> OnPart(const MultipartPart& part) = 0;
  virtual Result<void> OnData(std::string_view piece) = 0;
  virtual Result<void> OnPartEnd() = 0;
};

class MultipartReader {
 public:
  static constexpr size_t kMaxHeadBytes = 16 << 10;  // of one part
  static constexpr int kMaxParts = 256;

  MultipartReader(std::string_view boundary, MultipartSink& sink);

  // After an error it is of no more use.
  Result<void> Feed(std::string_view bytes);
  // The body is over: an error unless the closing boundary has come.
  Result<void> End() const;

 private:
  enum class State { kPreamble, kAfterBoundary, kHead, kData, kDone };

  // Each takes from the front of pending_; false: more bytes are needed first.
  Result<bool> Step();
  Result<bool> ReadPreamble();
  Result<bool> ReadAfterBoundary();
  Result<bool> ReadHead();
  Result<bool> ReadData();

  const std::string delimiter_;  // CRLF "--" boundary
  MultipartSink& sink_;
  State state_ = State::kPreamble;
  std::string pending_ = "\r\n";  // the first boundary may stand at the very beginning
  int num_parts_ = 0;
};

}  // namespace atelier
