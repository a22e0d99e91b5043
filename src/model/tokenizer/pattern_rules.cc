#include "model/tokenizer/pattern_texts.h"
#include "model/tokenizer/patterns.h"

namespace atelier {
namespace {

using namespace pattern;

constexpr Contraction kFold = Contraction::kFolded;
constexpr WordRule kGpt2Rule{.leading = Contraction::kLower, .number_after_space = true};
constexpr WordRule kLlama3Rule{.leading = kFold,
                               .letters = Letters::kAfterAny,
                               .max_digits = 3,
                               .tail = SymbolTail::kNewlines,
                               .line_ends = LineEnds::kRun};
constexpr WordRule With(WordRule rule, uint8_t max_digits, Contraction leading = kFold) {
  rule.max_digits = max_digits;
  rule.leading = leading;
  return rule;
}
constexpr WordRule kQwen35Rule{.leading = kFold,
                               .letters = Letters::kMarkedAfterAny,
                               .max_digits = 1,
                               .symbols = Symbols::kNotMarkedWord,
                               .tail = SymbolTail::kNewlines,
                               .line_ends = LineEnds::kRun};
constexpr WordRule kSeedCoderRule{
    .leading = kFold, .letters = Letters::kAfterAny, .max_digits = 1, .line_ends = LineEnds::kRun};
constexpr WordRule kJais2Rule{.leading = kFold,
                              .letters = Letters::kAfterAny,
                              .max_digits = 3,
                              .tail = SymbolTail::kNewlines,
                              .line_ends = LineEnds::kRun,
                              .space_cascade = true};
constexpr WordRule kExaoneMoeRule{.leading = kFold,
                                  .letters = Letters::kPhrases,
                                  .max_digits = 1,
                                  .tail = SymbolTail::kOneNewlineOrSlash,
                                  .line_ends = LineEnds::kRun};
constexpr WordRule Cased(Contraction trailing, uint8_t max_digits, SymbolTail tail, bool han_apart = false) {
  return {.trailing = trailing,
          .letters = Letters::kCased,
          .han_apart = han_apart,
          .max_digits = max_digits,
          .tail = tail,
          .line_ends = LineEnds::kRun};
}
constexpr WordRule kDeepSeek3Rule{.letters = Letters::kAfterPunctuation,
                                  .numbers = false,
                                  .symbols = Symbols::kPunctuation,
                                  .tail = SymbolTail::kNewlines,
                                  .line_ends = LineEnds::kRun};
constexpr WordRule kSparkRule{.letters = Letters::kAfterPunctuation,
                              .numbers = false,
                              .symbols = Symbols::kPunctuation,
                              .line_ends = LineEnds::kAlone};

struct WordEntry {
  Pattern pattern;
  WordRule rule;
};
constexpr WordEntry kWordRules[] = {
    {kGpt2, kGpt2Rule},
    {kLlama3, kLlama3Rule},
    {kQwen2, With(kLlama3Rule, 1)},
    {kQwen35, kQwen35Rule},
    {kMiniCpm5, With(kLlama3Rule, 0)},
    {kUfakZeka, With(kLlama3Rule, 1, Contraction::kNone)},
    {kBailing, With(kLlama3Rule, 1)},
    {kSeedCoder, kSeedCoderRule},
    {kJais2, kJais2Rule},
    {kExaoneMoe, kExaoneMoeRule},
    {kTekken, Cased(Contraction::kNone, 1, SymbolTail::kNewlinesAndSlashes)},
    {kGpt4o, Cased(kFold, 3, SymbolTail::kNewlinesAndSlashes)},
    {kYoutuWords, Cased(kFold, 1, SymbolTail::kNewlinesAndSlashes)},
    {kKimi, Cased(kFold, 3, SymbolTail::kNewlines, true)},
    {kDeepSeek3, kDeepSeek3Rule},
    {kSpark, kSparkRule},
};

constexpr WordRuleRange kCjk3Ranges[] = {{0x3040, 0x309F}, {0x30A0, 0x30FF}, {0x4E00, 0x9FA5}};
constexpr WordRuleRange kCjkRanges[] = {{0x800, 0x9FA5}, {0xAC00, 0xD7FF}};
constexpr WordRuleRange kFalconRanges[] = {{'$', '$'}, {'+', '+'}, {'<', '>'}, {'^', '^'},
                                           {'`', '`'}, {'|', '|'}, {'~', '~'}};
constexpr WordRuleRange kDefaultRanges[] = {{'$', '$'}, {'+', '+'}, {'<', '>'}, {'^', '^'}, {'|', '|'}, {'~', '~'}};
constexpr WordRuleRange kOnePunctuationRanges[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
constexpr WordRuleRange kDeepSeekPunctuationRanges[] = {{'!', '/'},       {':', '~'},       {0x2018, 0x201F},
                                                        {0x3000, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}};
constexpr WordRuleRange kDeepSeekLetterRanges[] = {
    {0x41, 0x5A},       {0x61, 0x7A},       {0xB5, 0xB5},       {0xC0, 0xD6},       {0xD8, 0xF6},
    {0xF8, 0x1BA},      {0x1BC, 0x1BF},     {0x1C4, 0x293},     {0x295, 0x2AF},     {0x370, 0x373},
    {0x376, 0x376},     {0x377, 0x377},     {0x37B, 0x37D},     {0x37F, 0x37F},     {0x386, 0x386},
    {0x388, 0x38A},     {0x38C, 0x38C},     {0x38E, 0x3A1},     {0x3A3, 0x3F5},     {0x3F7, 0x481},
    {0x48A, 0x52F},     {0x531, 0x556},     {0x10A0, 0x10C5},   {0x13A0, 0x13F5},   {0x13F8, 0x13FD},
    {0x1C90, 0x1CBA},   {0x1CBD, 0x1CBF},   {0x1D00, 0x1D2B},   {0x1D6B, 0x1D77},   {0x1D79, 0x1D9A},
    {0x1E00, 0x1F15},   {0x1F18, 0x1F1D},   {0x1F20, 0x1F45},   {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},
    {0x1F59, 0x1F59},   {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},   {0x1F5F, 0x1F7D},   {0x1F80, 0x1FB4},
    {0x1FB6, 0x1FBC},   {0x1FBE, 0x1FBE},   {0x1FC2, 0x1FC4},   {0x1FC6, 0x1FCC},   {0x1FD0, 0x1FD3},
    {0x1FD6, 0x1FDB},   {0x1FE0, 0x1FEC},   {0x1FF2, 0x1FF4},   {0x1FF6, 0x1FFC},   {0x2102, 0x2102},
    {0x2107, 0x2107},   {0x210A, 0x2113},   {0x2115, 0x2115},   {0x2119, 0x211D},   {0x2124, 0x2124},
    {0x2126, 0x2126},   {0x2128, 0x2128},   {0x212A, 0x212D},   {0x212F, 0x2134},   {0x2139, 0x2139},
    {0x213C, 0x213F},   {0x2145, 0x2149},   {0x214E, 0x214E},   {0x2183, 0x2183},   {0x2184, 0x2184},
    {0x2C00, 0x2C7B},   {0x2C7E, 0x2CE4},   {0x2CEB, 0x2CEE},   {0x2CF2, 0x2CF2},   {0x2CF3, 0x2CF3},
    {0xA640, 0xA66D},   {0xA680, 0xA69B},   {0xA722, 0xA76F},   {0xA771, 0xA787},   {0xA78B, 0xA78E},
    {0xAB70, 0xABBF},   {0xFB00, 0xFB06},   {0xFB13, 0xFB17},   {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},
    {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2}, {0x10CC0, 0x10CF2},
    {0x118A0, 0x118DF}, {0x1E900, 0x1E943}};
constexpr WordRuleRange kBloomRanges[] = {{'!', '!'},     {'(', ')'},       {',', ','},       {'.', '.'},
                                          {'?', '?'},     {'|', '|'},       {0x60C, 0x60C},   {0x6D4, 0x6D4},
                                          {0x964, 0x964}, {0x2026, 0x2026}, {0x3001, 0x3002}, {0xFF0C, 0xFF0C}};
constexpr WordRuleRange kAfmoeRanges[] = {{0xE40, 0xE7F},   {0xE80, 0xEFF},   {0x1000, 0x109F}, {0x1100, 0x11FF},
                                          {0x1780, 0x17FF}, {0x2F00, 0x2FDF}, {0x3040, 0x30FF}, {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF}, {0xA9E0, 0xA9FF}, {0xAA60, 0xAA7F}, {0xAC00, 0xD7AF},
                                          {0xF900, 0xFAFF}, {0xFF65, 0xFF9F}};
constexpr WordRuleRange kDigitRange[] = {{'0', '9'}};

struct RunEntry {
  Pattern pattern;
  RunRule rule;
};
using Prefix = RunRule::Prefix;
constexpr RunEntry kRunRules[] = {
    {kNumber, {.classes = kClassNumber, .most = 1}},
    {kNumbers, {.classes = kClassNumber}},
    {kNumbersTo3, {.classes = kClassNumber, .most = 3}},
    {kThreeDigits, {.ranges = kDigitRange, .least = 3, .most = 3}},
    {kNewline, {.classes = kClassNewline, .most = 1}},
    {kTrailingSpaces, {.classes = kClassSpace, .only_at_end = true}},
    {kNotSpaces, {.classes = kClassSpace, .inverted = true}},
    {kCjk3, {.ranges = kCjk3Ranges}},
    {kCjk, {.ranges = kCjkRanges}},
    {kSpacedLetters, {.prefix = Prefix::kAnySpace, .classes = kClassLetter}},
    {kSpacedPunctuation, {.prefix = Prefix::kAnySpace, .classes = kClassPunctuation}},
    {kDeepSeekLetters, {.prefix = Prefix::kAnySpace, .ranges = kDeepSeekLetterRanges}},
    {kDeepSeekPunctuation, {.prefix = Prefix::kAnySpace, .ranges = kDeepSeekPunctuationRanges}},
    {kFalconPunctuation, {.classes = kClassPunctuation, .ranges = kFalconRanges}},
    {kDefaultPunctuation, {.classes = kClassPunctuation, .ranges = kDefaultRanges}},
    {kOnePunctuation, {.classes = kClassPunctuation, .ranges = kOnePunctuationRanges, .most = 1}},
    {kBloom, {.prefix = Prefix::kSpace, .classes = kClassSpace, .ranges = kBloomRanges, .inverted = true}},
    {kAfmoeScripts, {.ranges = kAfmoeRanges}},
};

struct DigitEntry {
  Pattern pattern;
  DigitGroups rule;
};
constexpr DigitEntry kDigitRules[] = {
    {kAyaDigits, {.classes = kClassDigit, .at_word_end = true}},
    {kDigitsFromRight, {.classes = kClassDigit, .cuts_only = true}},
    {kNumbersFromRight, {.classes = kClassNumber}},
};

}  // namespace

std::optional<PreTokenizerSpec> FindRule(std::string_view pattern) {
  PreTokenizerSpec step;
  for (const WordEntry& entry : kWordRules) {
    if (entry.pattern != pattern) continue;
    step.kind = PreTokenizerSpec::Kind::kWords;
    step.words = entry.rule;
    return step;
  }
  for (const RunEntry& entry : kRunRules) {
    if (entry.pattern != pattern) continue;
    step.kind = PreTokenizerSpec::Kind::kRuns;
    step.runs = entry.rule;
    return step;
  }
  for (const DigitEntry& entry : kDigitRules) {
    if (entry.pattern != pattern) continue;
    step.kind = PreTokenizerSpec::Kind::kDigitGroups;
    step.digits = entry.rule;
    return step;
  }
  return std::nullopt;
}

PreTokenizerSpec RuleOrRegex(std::string_view pattern) {
  if (auto rule = FindRule(pattern)) return *rule;
  PreTokenizerSpec step;
  step.kind = PreTokenizerSpec::Kind::kPattern;
  step.pattern = {std::string(pattern), true};
  return step;
}

}  // namespace atelier
