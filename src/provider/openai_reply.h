// What an OpenAI-compatible upstream answers: streams and whole replies of chats and completions, made into events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "provider/upstream.h"

namespace atelier {

struct OpenAiReplyShape {
  std::string provider;  // for errors
  bool is_chat = true;
  int32_t num_choices = 1;
  int64_t prompt_bytes = 0;  // for the usage of upstreams that tell none
};
std::unique_ptr<ReplyDecoder> MakeOpenAiDecoder(OpenAiReplyShape shape);

// "usage" of a reply; zeros where it has none.
Usage OpenAiUsage(const Json& usage);

}  // namespace atelier
