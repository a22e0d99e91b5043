// Names of attributes and operations.   [OpenTelemetry semantic conventions for generative AI, 1.41]
#pragma once

#include <string_view>

namespace atelier::gen_ai {

inline constexpr std::string_view kOperationName = "gen_ai.operation.name";
inline constexpr std::string_view kProviderName = "gen_ai.provider.name";
inline constexpr std::string_view kConversationId = "gen_ai.conversation.id";
inline constexpr std::string_view kOutputType = "gen_ai.output.type";

inline constexpr std::string_view kRequestModel = "gen_ai.request.model";
inline constexpr std::string_view kRequestMaxTokens = "gen_ai.request.max_tokens";
inline constexpr std::string_view kRequestTemperature = "gen_ai.request.temperature";
inline constexpr std::string_view kRequestTopP = "gen_ai.request.top_p";
inline constexpr std::string_view kRequestTopK = "gen_ai.request.top_k";
inline constexpr std::string_view kRequestSeed = "gen_ai.request.seed";
inline constexpr std::string_view kRequestChoiceCount = "gen_ai.request.choice.count";
inline constexpr std::string_view kRequestStopSequences = "gen_ai.request.stop_sequences";
inline constexpr std::string_view kRequestFrequencyPenalty = "gen_ai.request.frequency_penalty";
inline constexpr std::string_view kRequestPresencePenalty = "gen_ai.request.presence_penalty";
inline constexpr std::string_view kRequestStream = "gen_ai.request.stream";
inline constexpr std::string_view kRequestEncodingFormats = "gen_ai.request.encoding_formats";

inline constexpr std::string_view kResponseId = "gen_ai.response.id";
inline constexpr std::string_view kResponseModel = "gen_ai.response.model";
inline constexpr std::string_view kResponseFinishReasons = "gen_ai.response.finish_reasons";
inline constexpr std::string_view kResponseTimeToFirstChunk = "gen_ai.response.time_to_first_chunk";  // seconds

inline constexpr std::string_view kUsageInputTokens = "gen_ai.usage.input_tokens";  // cached ones included
inline constexpr std::string_view kUsageOutputTokens = "gen_ai.usage.output_tokens";
inline constexpr std::string_view kUsageCacheReadInputTokens = "gen_ai.usage.cache_read.input_tokens";
inline constexpr std::string_view kEmbeddingsDimensionCount = "gen_ai.embeddings.dimension.count";

inline constexpr std::string_view kErrorType = "error.type";
inline constexpr std::string_view kServerAddress = "server.address";
inline constexpr std::string_view kServerPort = "server.port";
inline constexpr std::string_view kHttpRequestMethod = "http.request.method";
inline constexpr std::string_view kHttpRoute = "http.route";
inline constexpr std::string_view kHttpResponseStatusCode = "http.response.status_code";

// Values of kOperationName.
inline constexpr std::string_view kChat = "chat";
inline constexpr std::string_view kTextCompletion = "text_completion";
inline constexpr std::string_view kEmbeddings = "embeddings";
// Ours: the registry has none for it.
inline constexpr std::string_view kRerank = "rerank";
inline constexpr std::string_view kDecision = "decision";
inline constexpr std::string_view kDecisionQuestionCount = "atelier.decision.question.count";
// Values of kProviderName are free where none of the registry's fits.
inline constexpr std::string_view kAtelier = "atelier";

// Names of the spans within one request to the local engine, and what they say (ours, after vLLM's).
inline constexpr std::string_view kQueueSpan = "queue";
inline constexpr std::string_view kPrefillSpan = "prefill";
inline constexpr std::string_view kDecodeSpan = "decode";

}  // namespace atelier::gen_ai
