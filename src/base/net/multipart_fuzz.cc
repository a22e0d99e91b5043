// A form in pieces: the first byte says how it is cut. Whatever the bytes, the reader ends each part that it began
// before the next, and the same bytes in one piece give the same parts, or the same refusal.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/net/multipart.h"

namespace atelier {
namespace {

class Recorder final : public MultipartSink {
 public:
  Result<void> OnPart(const MultipartPart& part) override {
    CHECK(!open_);
    open_ = true;
    text += "<" + part.name + "|" + part.filename.value_or("") + "|" + part.content_type + ">";
    return {};
  }
  Result<void> OnData(std::string_view piece) override {
    CHECK(open_ && !piece.empty());
    text += piece;
    return {};
  }
  Result<void> OnPartEnd() override {
    CHECK(open_);
    open_ = false;
    text += "</>";
    return {};
  }
  std::string text;

 private:
  bool open_ = false;
};

std::string Read(std::string_view body, size_t piece) {
  Recorder recorder;
  MultipartReader reader("xyz", recorder);
  for (size_t at = 0; at < body.size(); at += piece) {
    if (const auto fed = reader.Feed(body.substr(at, piece)); !fed.ok()) return "refused: " + fed.error().Message();
  }
  const auto ended = reader.End();
  return ended.ok() ? recorder.text : "refused: " + ended.error().Message();
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)atelier::MultipartBoundary(text);
  if (text.empty()) return 0;
  const std::string_view body = text.substr(1);
  const std::string whole = atelier::Read(body, std::max<size_t>(1, body.size()));
  const std::string pieces = atelier::Read(body, static_cast<size_t>(data[0]) + 1);
  CHECK_MSG(whole == pieces, whole + " / " + pieces);
  return 0;
}
