#include "model/tokenizer/patterns.h"

#include <algorithm>
#include <iterator>

#include "model/tokenizer/pattern_texts.h"

namespace atelier {
namespace {

using namespace pattern;

constexpr Pattern kDefaultSteps[] = {kDefaultPunctuation, kGpt2, kNumbers, kThreeDigits};
constexpr Pattern kLlama3Steps[] = {kLlama3};
constexpr Pattern kJais2Steps[] = {kJais2};
constexpr Pattern kDeepSeekLlmSteps[] = {kNewline, kDeepSeekLetters, kDeepSeekPunctuation, kTrailingSpaces,
                                         kCjk,     kNumbers};
constexpr Pattern kDeepSeek3Steps[] = {kNumbersTo3, kCjk3, kDeepSeek3};
constexpr Pattern kSparkSteps[] = {kNumbersTo3, kCjk3, kSpark, kNumber};
constexpr Pattern kYoutuSteps[] = {kYoutuScripts, kYoutuWords};
constexpr Pattern kDeepSeekCoderSteps[] = {kNewline, kSpacedLetters, kSpacedPunctuation, kCjk, kNumber};
constexpr Pattern kFalconSteps[] = {kFalconPunctuation, kGpt2, kThreeDigits};
constexpr Pattern kDigitGpt2Steps[] = {kNumber, kGpt2};
constexpr Pattern kGpt2Steps[] = {kGpt2};
constexpr Pattern kQwen2Steps[] = {kQwen2};
constexpr Pattern kQwen35Steps[] = {kQwen35};
constexpr Pattern kBloomSteps[] = {kBloom};
constexpr Pattern kVikingSteps[] = {kBloom, kNumber};
constexpr Pattern kTekkenSteps[] = {kTekken};
constexpr Pattern kChameleonSteps[] = {kSentinel, kImage, kChameleonSpaces, kNumber, kOnePunctuation, kGpt2};
constexpr Pattern kGpt4oSteps[] = {kGpt4o};
constexpr Pattern kTinyAyaSteps[] = {kAyaDigits, kGpt4o};
constexpr Pattern kKimiSteps[] = {kKimi};
constexpr Pattern kSuperBpeSteps[] = {kNumbers, kDigitsFromRight};
constexpr Pattern kBailingSteps[] = {kBailing};
constexpr Pattern kSeedCoderSteps[] = {kSeedCoder};
constexpr Pattern kUfakZekaSteps[] = {kUfakZeka};
constexpr Pattern kAfmoeSteps[] = {kNumbersFromRight, kAfmoeScripts, kDeepSeek3};
constexpr Pattern kLagunaSteps[] = {kLines, kQwen2};
constexpr Pattern kExaoneMoeSteps[] = {kExaoneMoe};
constexpr Pattern kLineSteps[] = {kLines};
constexpr Pattern kMiniCpm5Steps[] = {kNumbersTo3, kMiniCpm5};
constexpr Pattern kWhitespaceSteps[] = {kNotSpaces};

constexpr NamedPreTokenizer kNamed[] = {
    {.name = "default", .patterns = kDefaultSteps},
    {.name = "minicpm5", .patterns = kMiniCpm5Steps, .ignore_merges = true},
    {.name = "llama3", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "llama-v3", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "llama-bpe", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "falcon3", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "falcon-h1", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "pixtral", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "midm-2.0", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "lfm2", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "jina-v5-nano", .patterns = kLlama3Steps, .ignore_merges = true, .add_bos = true},
    {.name = "deepseek-llm", .patterns = kDeepSeekLlmSteps},
    {.name = "deepseek-coder", .patterns = kDeepSeekCoderSteps},
    {.name = "deepseek-v3", .patterns = kDeepSeek3Steps},
    {.name = "spark2_5", .patterns = kSparkSteps},
    {.name = "youtu", .patterns = kYoutuSteps, .ignore_merges = true},
    {.name = "falcon", .patterns = kFalconSteps},
    {.name = "mpt", .patterns = kGpt2Steps},
    {.name = "starcoder", .patterns = kDigitGpt2Steps},
    {.name = "gpt-2", .patterns = kGpt2Steps},
    {.name = "phi-2", .patterns = kGpt2Steps},
    {.name = "jina-es", .patterns = kGpt2Steps},
    {.name = "jina-de", .patterns = kGpt2Steps},
    {.name = "gigachat", .patterns = kGpt2Steps},
    {.name = "jina-v2-es", .patterns = kGpt2Steps},
    {.name = "jina-v2-de", .patterns = kGpt2Steps},
    {.name = "a.x-4.0", .patterns = kGpt2Steps},
    {.name = "mellum", .patterns = kGpt2Steps},
    {.name = "modern-bert", .patterns = kGpt2Steps},
    {.name = "jais-2", .patterns = kJais2Steps},
    {.name = "gemma4", .patterns = kLineSteps, .add_bos = true, .raw_utf8 = true, .newline_runs = true},
    {.name = "granite-embed-multi-311m",
     .patterns = kLineSteps,
     .add_bos = true,
     .raw_utf8 = true,
     .newline_runs = true},
    {.name = "sarvam-moe", .patterns = kLineSteps, .raw_utf8 = true},
    {.name = "jina-v1-en", .patterns = kGpt2Steps, .add_sep = true},
    {.name = "jina-v2-code", .patterns = kGpt2Steps, .add_sep = true},
    {.name = "roberta-bpe", .patterns = kGpt2Steps, .add_sep = true},
    {.name = "whitespace", .patterns = kWhitespaceSteps, .raw_utf8 = true},
    {.name = "refact", .patterns = kDigitGpt2Steps},
    {.name = "command-r", .patterns = kDigitGpt2Steps},
    {.name = "qwen2", .patterns = kQwen2Steps},
    {.name = "deepseek-r1-qwen", .patterns = kQwen2Steps},
    {.name = "kormo", .patterns = kQwen2Steps},
    {.name = "f2llmv2", .patterns = kQwen2Steps},
    {.name = "qwen35", .patterns = kQwen35Steps},
    {.name = "stablelm2", .patterns = kQwen2Steps},
    {.name = "olmo", .patterns = kGpt2Steps},
    {.name = "dbrx", .patterns = kLlama3Steps},
    {.name = "smaug-bpe", .patterns = kLlama3Steps},
    {.name = "poro-chat", .patterns = kBloomSteps},
    {.name = "chatglm-bpe", .patterns = kLlama3Steps},
    {.name = "glm4", .patterns = kLlama3Steps, .ignore_merges = true},
    {.name = "glm5", .patterns = kLlama3Steps, .ignore_merges = true},
    {.name = "viking", .patterns = kVikingSteps},
    {.name = "jais", .patterns = kGpt2Steps},
    {.name = "tekken", .patterns = kTekkenSteps, .ignore_merges = true, .add_bos = true},
    {.name = "smollm", .patterns = kDigitGpt2Steps},
    {.name = "codeshell", .patterns = kDigitGpt2Steps},
    {.name = "bloom", .patterns = kBloomSteps},
    {.name = "gpt3-finnish", .patterns = kBloomSteps},
    {.name = "exaone", .patterns = kDigitGpt2Steps},
    {.name = "exaone4", .patterns = kGpt2Steps},
    {.name = "exaone-moe", .patterns = kExaoneMoeSteps},
    {.name = "chameleon", .patterns = kChameleonSteps, .add_bos = true},
    {.name = "minerva-7b", .patterns = kDigitGpt2Steps},
    {.name = "megrez", .patterns = kQwen2Steps},
    {.name = "gpt-4o", .patterns = kGpt4oSteps},
    {.name = "llama4", .patterns = kGpt4oSteps},
    {.name = "kanana2", .patterns = kGpt4oSteps},
    {.name = "talkie", .patterns = kGpt4oSteps},
    {.name = "granite-embed-multi-97m", .patterns = kGpt4oSteps, .ignore_merges = true},
    {.name = "tiny_aya", .patterns = kTinyAyaSteps},
    {.name = "cohere2moe", .patterns = kTinyAyaSteps},
    {.name = "superbpe", .patterns = kSuperBpeSteps},
    {.name = "trillion", .patterns = kGpt2Steps},
    {.name = "granite-docling", .patterns = kGpt2Steps},
    {.name = "bailingmoe", .patterns = kBailingSteps},
    {.name = "bailingmoe2", .patterns = kBailingSteps},
    {.name = "llada-moe", .patterns = kBailingSteps},
    {.name = "seed-coder", .patterns = kSeedCoderSteps},
    {.name = "hunyuan", .patterns = kQwen2Steps},
    {.name = "hunyuan-dense", .patterns = kDeepSeek3Steps},
    {.name = "hy_v4", .patterns = kDeepSeek3Steps},
    {.name = "joyai-llm", .patterns = kDeepSeek3Steps},
    {.name = "kimi-k2", .patterns = kKimiSteps},
    {.name = "ufakzeka", .patterns = kUfakZekaSteps},
    {.name = "grok-2", .patterns = kQwen2Steps},
    {.name = "afmoe", .patterns = kAfmoeSteps},
    {.name = "laguna", .patterns = kLagunaSteps},
    {.name = "minimax-m2", .patterns = kGpt4oSteps},
    {.name = "solar-open", .patterns = kQwen2Steps},
    {.name = "mellum2", .patterns = kDigitGpt2Steps},
};

}  // namespace

std::span<const NamedPreTokenizer> NamedPreTokenizers() { return kNamed; }

const NamedPreTokenizer* FindPreTokenizer(std::string_view name) {
  const auto* found = std::find_if(std::begin(kNamed), std::end(kNamed), [&](const auto& n) { return n.name == name; });
  return found == std::end(kNamed) ? nullptr : found;
}

}  // namespace atelier
