#include "knowledge/chunk/asking.h"

#include <algorithm>
#include <utility>

#include "base/task/for_each.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/chunk/finish.h"

namespace atelier {
namespace {

// Of a document to a token: under what is usual (4), so that a text fits where its language is dense.
constexpr int64_t kBytesPerToken = 3;
constexpr int64_t kDefaultModelTokens = 4096;  // where a model does not say
constexpr int64_t kPromptTokens = 200;         // of the words around the text
constexpr size_t kAskedAtOnce = 8;

Task<Result<void>> AskOne(Call call, const ChunkInput& input, Asked asked, AskedReply& reply) {
  asked.model = input.tools.chat_model;
  auto asking = Ask(std::move(call), *input.tools.model, std::move(asked));
  auto said = co_await asking;
  if (!said.ok()) co_return std::move(said).error().Under(input.document.id);
  reply = std::move(*said);
  co_return Result<void>();
}

}  // namespace

Result<Chunking> ChunksToAskAbout(const ChunkInput& input, std::string_view method) {
  if (input.tools.model == nullptr) {
    return Error::Unsupported("method", "got " + std::string(method) + ", want a language model: none is configured");
  }
  return SplitPlainly(input.document, BaseOptions(input, "auto"), input.tools);
}

Task<Result<int64_t>> PromptBytes(Call call, const ChunkTools& tools, int64_t answer_tokens) {
  CO_TRY(const ModelDetails details, co_await tools.model->Describe(std::move(call), tools.chat_model));
  const int64_t window = details.context_length > 0 ? details.context_length : kDefaultModelTokens;
  co_return std::max<int64_t>(0, window - answer_tokens - kPromptTokens) * kBytesPerToken;
}

Task<Result<std::vector<std::string>>> AskAll(Call call, const ChunkInput& input, std::vector<Asked> asked,
                                              Chunking& chunking) {
  std::vector<AskedReply> replies(asked.size());
  const auto ask = [&](size_t i) { return AskOne(call, input, std::move(asked[i]), replies[i]); };
  auto asking = ForEach(asked.size(), kAskedAtOnce, ask);
  CO_TRY_VOID(co_await asking);
  std::vector<std::string> answers;
  for (AskedReply& reply : replies) {
    answers.push_back(std::move(reply.text));
    chunking.model_tokens += reply.usage.prompt_tokens + reply.usage.completion_tokens;
  }
  co_return answers;
}

std::string WhitespaceTidied(std::string_view said) {
  std::string line;
  for (const char c : Trim(said)) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space) line += c;
    if (is_space && !line.ends_with(' ')) line += ' ';
  }
  return ReplaceInvalidUtf8(line);
}

std::string CutToBytes(std::string_view text, size_t most) {
  std::string cut(text.substr(0, most));
  if (cut.size() < text.size()) cut.resize(cut.size() - IncompleteUtf8Tail(cut));
  return cut;
}

}  // namespace atelier
