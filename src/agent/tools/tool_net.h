// What tools that reach the network share: under which egress policy they go, and how long texts are cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/tools/tool_entry.h"
#include "base/net/egress_policy.h"
#include "base/net/fetch.h"

namespace atelier {

struct ToolNet {
  AsyncHttpClient* http = nullptr;
  Pool* pool = nullptr;
  std::shared_ptr<const EgressPolicy> egress;
};

// With the policy that `own` says where config.with has one of its keys, else the environment's. Errors: kUnavailable
// where tools have no network; a pattern that is none.
Result<ToolNet> NetOf(const ToolConfig& config, const ToolEnvironment& environment, const EgressConfig& own);
// For a URL that the settings name: its origin and nothing else, wherever it is. Errors: a URL that is none, under
// `key`.
Result<ToolNet> NetOfUrl(std::string_view key, const std::string& url, const ToolEnvironment& environment);

// A part of a text, with both ends between characters: at most `most` bytes from `start` on.
struct TextExtract {
  std::string_view text;
  int64_t next = 0;  // where the rest begins; 0: there is none
};
TextExtract PartOf(std::string_view text, int64_t start, int64_t most);

// The start of `text`, with words that say how much is left out where it is longer than `most`.
std::string Shortened(std::string_view text, int64_t most);

// "HTTP 404 Not Found".
std::string StatusText(int status);
// "text/html" of "Text/HTML; charset=utf-8".
std::string MediaTypeOf(std::string_view content_type);
bool IsJsonMediaType(std::string_view media_type);  // application/json, application/problem+json

// Whether the body came compressed, which is never asked for: then the name of how.
std::string_view ForeignEncoding(const Fetched& fetched);

}  // namespace atelier
