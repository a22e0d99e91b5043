// What a stranger's IMAP server sends: the input's first byte says in which pieces it comes. Responses are read until
// one is none; what is read is within the bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/tools/imap_reader.h"

namespace atelier {
namespace {

size_t DepthOf(const std::vector<ImapValue>& values) {
  size_t depth = 0;
  for (const ImapValue& value : values) {
    CHECK(value.is_list || value.items.empty());
    depth = std::max(depth, DepthOf(value.items));
  }
  return depth + 1;
}

void ReadAll(std::string_view input, size_t piece) {
  ImapReader reader("server", [&](char* bytes, size_t size) -> Result<size_t> {
    const size_t given = std::min({piece, size, input.size()});
    std::memcpy(bytes, input.data(), given);
    input.remove_prefix(given);
    return given;
  });
  reader.BeginCommand();
  while (true) {
    const Result<ImapResponse> response = reader.Read();
    if (!response.ok()) break;
    CHECK(!response->values.empty() && DepthOf(response->values) <= 34);
    for (const char* name : {"BODY[", "BODY[HEADER", "UID", "RFC822.SIZE"}) (void)response->Item(name);
  }
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const size_t piece = data[0] == 0 ? size : data[0];
  atelier::ReadAll({reinterpret_cast<const char*>(data + 1), size - 1}, piece);
  return 0;
}
