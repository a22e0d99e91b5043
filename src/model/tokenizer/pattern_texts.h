// The regular expressions that pre-tokenizers are known by, in Oniguruma's syntax. Only patterns.cc (names) and
// pattern_rules.cc (rules) include this.
#pragma once

#include <string_view>

namespace atelier::pattern {

using Pattern = std::string_view;

// Shared endings and beginnings.
#define SPACES R"(|\s+(?!\S)|\s+)"
#define LINES R"(|\s*[\r\n]+)" SPACES
#define FOLDED R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define CASED(tail)                                                                      \
  R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)" tail \
  R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)" tail

inline constexpr Pattern kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+)" SPACES;
inline constexpr Pattern kLlama3 = FOLDED R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" LINES;
inline constexpr Pattern kQwen2 = FOLDED R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" LINES;
inline constexpr Pattern kQwen35 =
    FOLDED R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" LINES;
inline constexpr Pattern kMiniCpm5 = FOLDED R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*)" LINES;
inline constexpr Pattern kUfakZeka = R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" LINES;
inline constexpr Pattern kBailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n])" SPACES;
inline constexpr Pattern kSeedCoder = FOLDED R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+)" LINES;
inline constexpr Pattern kJais2 = FOLDED
    R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})";
inline constexpr Pattern kExaoneMoe =
    FOLDED R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n])" SPACES;
inline constexpr Pattern kTekken = CASED("") R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" LINES;
inline constexpr Pattern kGpt4o = CASED(FOLDED "?") R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" LINES;
inline constexpr Pattern kYoutuWords = CASED(FOLDED "?") R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" LINES;
// The original writes its letters as [...&&[^\p{Han}]]; a lookahead says the same to every engine.
#define NOT_HAN(set) R"((?:(?!\p{Han})[)" set R"(]))"
#define KIMI_UPPER NOT_HAN(R"(\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M})")
#define KIMI_LOWER NOT_HAN(R"(\p{Ll}\p{Lm}\p{Lo}\p{M})")
inline constexpr Pattern kKimi =
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?)" KIMI_UPPER "*" KIMI_LOWER "+" FOLDED R"(?|[^\r\n\p{L}\p{N}]?)" KIMI_UPPER
    "+" KIMI_LOWER "*" FOLDED R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" LINES;
#define DEEPSEEK_LETTERS \
  R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+)"
inline constexpr Pattern kDeepSeek3 = DEEPSEEK_LETTERS R"([\r\n]*)" LINES;
inline constexpr Pattern kSpark = DEEPSEEK_LETTERS R"(|[\r\n])" SPACES;

inline constexpr Pattern kNumber = R"(\p{N})";
inline constexpr Pattern kNumbers = R"(\p{N}+)";
inline constexpr Pattern kNumbersTo3 = R"(\p{N}{1,3})";
inline constexpr Pattern kThreeDigits = "[0-9][0-9][0-9]";
inline constexpr Pattern kNewline = R"([\r\n])";
inline constexpr Pattern kLines = R"([^\n]+|[\n]+)";
inline constexpr Pattern kTrailingSpaces = R"(\s+$)";
inline constexpr Pattern kNotSpaces = R"(\S+)";
inline constexpr Pattern kCjk3 = "[一-龥぀-ゟ゠-ヿ]+";
inline constexpr Pattern kCjk = "[一-龥ࠀ-一가-퟿]+";
inline constexpr Pattern kSpacedLetters = R"(\s?\p{L}+)";
inline constexpr Pattern kSpacedPunctuation = R"(\s?\p{P}+)";
inline constexpr Pattern kDeepSeekPunctuation = R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)";
// Cased letters, as the model's own file lists them.
inline constexpr Pattern kDeepSeekLetters =
    R"(\s?[)"
    R"(A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF})"
    R"(\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1})"
    R"(\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5})"
    R"(\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D})"
    R"(\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE})"
    R"(\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC})"
    R"(\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124})"
    R"(\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E})"
    R"(\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D})"
    R"(\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF})"
    R"(\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F})"
    R"(\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF})"
    R"(\x{1E900}-\x{1E943})"
    R"(]+)";
inline constexpr Pattern kFalconPunctuation = R"([\p{P}\$\+<=>\^~\|`]+)";
inline constexpr Pattern kDefaultPunctuation = R"([\p{P}\$\+<=>\^~\|]+)";
inline constexpr Pattern kBloom = " ?[^(\\s|.,!?…。，、।۔،)]+";
inline constexpr Pattern kYoutuScripts =
    "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+";
inline constexpr Pattern kSentinel = "<sentinel:[0-9]+>";
inline constexpr Pattern kImage = "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z";
inline constexpr Pattern kChameleonSpaces = "([\\t\\n]|    |  )";
inline constexpr Pattern kOnePunctuation = R"([\p{P}!-/:-@\[-`{-~])";
inline constexpr Pattern kAyaDigits = R"(\d{1,3}(?=(?:\d{3})*\b))";
inline constexpr Pattern kDigitsFromRight = R"((?=(\d{3})+(?!\d)))";
inline constexpr Pattern kNumbersFromRight = R"(\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N})))";
inline constexpr Pattern kAfmoeScripts =
    "[一-鿿㐀-䶿\\x{F900}-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]"
    "+";

#undef SPACES
#undef LINES
#undef FOLDED
#undef CASED
#undef NOT_HAN
#undef KIMI_UPPER
#undef KIMI_LOWER
#undef DEEPSEEK_LETTERS

}  // namespace atelier::pattern
