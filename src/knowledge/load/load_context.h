// What is left of the limits while one source is loaded, members of members included. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "knowledge/load/loader.h"

namespace atelier {

class LoadContext {
 public:
  explicit LoadContext(const LoadOptions& options) : options_(options) {}

  const LoadOptions& options() const { return options_; }
  const LoadLimits& limits() const { return options_.limits; }

  // Text that a document may still have.
  int64_t text_left() const { return limits().text_bytes - text_bytes_; }
  // Errors of these three: kTooLarge, with what was over the limit.
  Result<void> SpendText(int64_t bytes);
  Result<void> SpendExpanded(int64_t bytes);
  Result<void> SpendMember();
  // Pages read from pictures. False: none are left.
  bool TakeOcrPage();
  bool stopped() const { return options_.stop.stop_requested(); }
  Result<void> CheckStop() const;

  void Skip(Error error) const {
    if (options_.on_skipped) options_.on_skipped(error);
  }
  // Reads what lies within a source; one that cannot be read is told to on_skipped and gives nothing. An error only
  // where nothing more can be read at all: a limit over all is used up, or stop is requested.
  Result<std::vector<Document>> LoadMember(const Source& member);

 private:
  const LoadOptions& options_;
  int64_t text_bytes_ = 0;
  int64_t expanded_bytes_ = 0;
  int64_t members_ = 0;
  int64_t ocr_pages_ = 0;
  int depth_ = 0;
};

}  // namespace atelier
