#include "provider/ask.h"

#include <utility>

#include "provider/gathered.h"

namespace atelier {

Task<Result<AskedReply>> Ask(Call call, LanguageModel& model, Asked asked) {
  ChatPrompt chat;
  chat.messages = Json::Array({Json::Object({{"role", "user"}, {"content", asked.prompt}})});
  GenerationRequest request;
  request.model = std::move(asked.model);
  request.prompt = std::move(chat);
  request.options.seed = 0;
  // What the tokens would run out on is closed while there are some: a cut list cannot be read.
  if (asked.grammar) request.options.request.prefer_closing = true;
  request.options.grammar = std::move(asked.grammar);
  request.options.request.max_tokens = asked.max_tokens;
  request.options.request.sampling.temperature = 0;
  CO_TRY(Generation generation, co_await model.Generate(std::move(call), std::move(request)));
  CO_TRY(Gathered gathered, co_await Gather(std::move(generation), 1));
  AskedReply reply;
  reply.text = std::move(gathered.choices[0].text);
  reply.was_cut = gathered.choices[0].end.reason == FinishReason::kLength;
  reply.usage = gathered.end.usage;
  co_return reply;
}

}  // namespace atelier
