// What an Anthropic-compatible upstream answers, made into events.   [Anthropic API reference, "Streaming Messages"]
#pragma once

#include <memory>
#include <string>

#include "provider/upstream.h"

namespace atelier {

std::unique_ptr<ReplyDecoder> MakeAnthropicDecoder(std::string provider);

}  // namespace atelier
