// Bytes as the body of a chat request: whatever they are, they become a request or an error that says something; and
// what was read, written and read again is the same.
#include "base/text/describe_json.h"
#include "serve/chat_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const Result<Json> json = Json::Parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  std::vector<std::string> unknown;
  ReadOptions lenient;
  lenient.refuse_unknown = false;
  lenient.unknown = &unknown;
  const Result<ChatBody> strict = ReadJson<ChatBody>(*json);
  const Result<ChatBody> body = ReadJson<ChatBody>(*json, lenient);
  CHECK(strict.ok() ? body.ok() && unknown.empty() : !strict.error().Message().empty());
  if (!body.ok()) return 0;
  const Result<GenerationRequest> request = ChatRequest(*body);
  CHECK(request.ok() || !request.error().Message().empty());
  const Json written = WriteJson(*body);
  const Result<ChatBody> again = ReadJson<ChatBody>(written, lenient);
  CHECK(again.ok());
  CHECK(WriteJson(*again) == written);
  return 0;
}
