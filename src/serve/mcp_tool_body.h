// The tool "mcp" of /v1/responses: which server, which of its tools, and which of these want the user's word first.
//                                                                    [OpenAI API reference, "Create a model response"]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/net/http.h"
#include "serve/response_body.h"

namespace atelier {

// Tools by name, by whether they say that they change nothing, or both.
struct McpToolFilter {
  std::optional<std::vector<std::string>> names = {};
  std::optional<bool> read_only = {};
  bool Matches(const std::string& name, bool is_read_only) const;
};

struct McpToolUse {
  std::string label;
  std::string url;        // empty: `connector`
  std::string connector;  // the name of a server in atelier.yaml that clients may use
  HttpHeaders headers;
  std::optional<McpToolFilter> allowed;  // none: all
  bool always = true;                    // what no filter names wants approval
  std::optional<McpToolFilter> ask, never;

  bool WantsApproval(const std::string& name, bool is_read_only) const;
};

// Errors name the tool and the member.
Result<std::vector<McpToolUse>> McpUsesOf(const ResponsesBody& body);
// The tool as a Response says it: without what is secret.
Json McpToolEcho(const ResponseToolBody& tool);

}  // namespace atelier
