// The body of POST /v1/responses.                                   [OpenAI API reference, "Create a model response"]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/chat_body.h"
#include "serve/tool_body.h"
#include "serve/vector_store_body.h"

namespace atelier {

struct ResponseTextFormat {
  std::string type;
  std::optional<std::string> name, description;
  Json schema;
  std::optional<bool> strict;
  static Fields Describe();
};

struct ResponseText {
  std::optional<ResponseTextFormat> format;
  std::optional<std::string> verbosity;
  static Fields Describe();
};

struct ReasoningBody {
  std::optional<std::string> effort;
  static Fields Describe();
};

struct ResponseToolBody {
  std::string type, name, description;
  Json parameters;
  std::optional<bool> strict;
  std::optional<InputFormatBody> format;
  std::vector<std::string> vector_store_ids;
  Json filters;
  std::optional<int64_t> max_num_results;
  std::optional<RankingBody> ranking_options;
  std::string server_label, server_url, connector_id, server_description, authorization;
  Json headers, allowed_tools, require_approval;
  static Fields Describe();
};

struct ResponsesBody {
  std::optional<std::string> model, instructions, previous_response_id;
  Json input, conversation, tool_choice, chat_template_kwargs;
  std::vector<ResponseToolBody> tools;
  std::optional<ResponseText> text;
  std::optional<ReasoningBody> reasoning;
  std::optional<int64_t> max_output_tokens, max_tool_calls, top_logprobs, seed, top_k, thinking_token_budget;
  std::optional<double> temperature, top_p, min_p, presence_penalty, frequency_penalty, repetition_penalty;
  OneOrMany<std::string> stop;
  std::vector<std::string> include;
  std::map<std::string, std::string> metadata;
  std::string truncation = "disabled", cache_salt;
  bool stream = false, store = true, background = false, parallel_tool_calls = true;
  std::optional<Json> keep_alive;
  static Fields Describe();

  bool Includes(std::string_view what) const;
};

// Tools that the server runs itself.
inline constexpr std::string_view kFileSearch = "file_search";
inline constexpr std::string_view kMcpTool = "mcp";

// The request that a body makes with these items, instructions first. Errors name the parameter.
Result<GenerationRequest> ResponseRequest(const ResponsesBody& body, const std::vector<Json>& items);

// A choice of file_search is one of the tool of that name.
Json NamedChoice(const Json& choice);

// What a Response says of the body that it answers.
Json EchoOf(const ResponsesBody& body, const std::string& model, int64_t created_unix);

}  // namespace atelier
