#include "model/tokenizer/normalizer.h"

#include <algorithm>
#include <utility>

#include "base/text/utf8.h"
#include "model/tokenizer/unicode.h"
#include "model/tokenizer/unicode_forms.h"

namespace atelier {
namespace {

constexpr size_t kMaxSteps = 64;
constexpr size_t kMaxReplacedBytes = 1 << 28;  // a file may ask each of its steps to double the text

// Calls each(character, its bytes) over the text.
template <class Each>
void ForEachChar(std::string_view text, Each each) {
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Utf8Char c = DecodeChar(p, end);
    each(c, std::string_view(p, c.size));
    p += c.size;
  }
}

void Lowercase(std::string_view text, std::string& out) {
  ForEachChar(text, [&](Utf8Char c, std::string_view bytes) {
    if (c.code < 0x80) {
      out += c.code >= 'A' && c.code <= 'Z' ? static_cast<char>(c.code + 32) : bytes[0];
    } else if (c.valid) {
      AppendLowercase(c.code, out);
    } else {
      out += bytes;
    }
  });
}

std::string_view Strip(std::string_view text, bool left, bool right) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (left && begin < end) {
    const Utf8Char c = DecodeChar(begin, end);
    if (!IsSpace(c.code)) break;
    begin += c.size;
  }
  while (right && begin < end) {
    const char* last = end - 1;
    while (last > begin && end - last < 4 && (static_cast<unsigned char>(*last) & 0xC0) == 0x80) --last;
    const Utf8Char c = DecodeChar(last, end);
    if (last + c.size != end || !IsSpace(c.code)) break;
    end = last;
  }
  return {begin, static_cast<size_t>(end - begin)};
}

void Replace(const PatternMatcher& matcher, const std::string& content, std::string_view text,
             std::vector<PieceSpan>& matches, std::string& out) {
  matches.clear();
  matcher.FindAll(text, matches);
  size_t at = 0;
  for (const auto& [begin, end] : matches) {
    if (out.size() > kMaxReplacedBytes) break;
    out.append(text.substr(at, begin - at)).append(content);
    at = end;
  }
  out += text.substr(at);
}

void BertClean(const NormalizerSpec& spec, std::string_view text, std::string& out) {
  ForEachChar(text, [&](Utf8Char c, std::string_view bytes) {
    if (spec.clean_text) {
      const bool blank = c.code == '\t' || c.code == '\n' || c.code == '\r';
      if (!blank && (c.code == 0 || c.code == kReplacement || IsBertControl(c.code))) return;
      if (blank || (c.code >= 0x80 && IsSpace(c.code))) {
        out += ' ';
        return;
      }
    }
    if (spec.chinese && IsBertChinese(c.code)) {
      out.append(1, ' ').append(bytes).append(1, ' ');
    } else {
      out += bytes;
    }
  });
}

void Bert(const NormalizerSpec& spec, std::string_view text, std::string& out) {
  std::string clean;
  BertClean(spec, text, clean);
  if (spec.strip_accents && !std::all_of(clean.begin(), clean.end(), [](char c) { return (c & 0x80) == 0; })) {
    std::string decomposed, bare;
    AppendUnicodeForm(UnicodeForm::kNfd, clean, decomposed);
    ForEachChar(decomposed, [&](Utf8Char c, std::string_view bytes) {
      if (c.code < 0x80 || !IsBertAccent(c.code)) bare += bytes;
    });
    clean = std::move(bare);
  }
  if (spec.lowercase) return Lowercase(clean, out);
  out += clean;
}

void Nmt(std::string_view text, std::string& out) {
  ForEachChar(text, [&](Utf8Char c, std::string_view bytes) {
    const char32_t x = c.code;
    if (!c.valid) {
      out += bytes;
    } else if ((x >= 1 && x <= 8) || x == 0xB || (x >= 0xE && x <= 0x1F) || x == 0x7F || x == 0x8F || x == 0x9F) {
      return;
    } else if (x == 9 || x == 0xA || x == 0xC || x == 0xD || x == 0x1680 || (x >= 0x200B && x <= 0x200F) ||
               x == 0x2028 || x == 0x2029 || x == 0x2581 || x == 0xFEFF || x == 0xFFFD) {
      out += ' ';
    } else {
      out += bytes;
    }
  });
}

// As `tokenizers` applies the map: a grapheme of up to 5 bytes as a whole if some prefix of it is known, else
// character by character; the shortest known prefix stands for the whole.
void MapGraphemes(const Charsmap& map, std::string_view text, std::string& out) {
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const char* after = NextGrapheme(p, end);
    const std::string_view grapheme(p, static_cast<size_t>(after - p));
    const auto whole = grapheme.size() < 6 ? map.Shortest(grapheme) : std::nullopt;
    if (whole) {
      out += whole->replacement;
    } else {
      ForEachChar(grapheme, [&](Utf8Char, std::string_view bytes) {
        const auto match = map.Shortest(bytes);
        out += match ? match->replacement : bytes;
      });
    }
    p = after;
  }
}

// SentencePiece's normaliser: longest known prefixes replaced, then spaces.
void SentencePiece(const NormalizerSpec& spec, const Charsmap& map, TextMarks marks, std::string_view text,
                   std::string& out) {
  const std::string_view space = spec.escape_spaces ? "\xE2\x96\x81" : " ";
  const bool before = spec.space_prefix && !spec.as_suffix;
  bool prefixed = marks == TextMarks::kNone;
  bool in_word = prefixed;
  for (size_t at = 0; at < text.size();) {
    const auto match = map.Longest(text.substr(at));
    const size_t size = match ? match->size : DecodeChar(text.data() + at, text.data() + text.size()).size;
    for (const char c : match ? match->replacement : text.substr(at, size)) {
      if (c == ' ') {
        in_word = false;
        if (!spec.merge_spaces) out += space;
        continue;
      }
      if (!in_word && ((before && !prefixed) || spec.merge_spaces)) {
        out += space;
        prefixed = true;
      }
      in_word = true;
      out += c;
    }
    at += size;
  }
  if (spec.space_prefix && spec.as_suffix && marks == TextMarks::kStart) out += space;
}

}  // namespace

Result<Normalizer> Normalizer::Create(std::vector<NormalizerSpec> specs) {
  if (specs.size() > kMaxSteps) {
    return Error::Invalid("normalizer",
                          "got " + std::to_string(specs.size()) + " steps, want at most " + std::to_string(kMaxSteps));
  }
  Normalizer result;
  for (NormalizerSpec& spec : specs) {
    TRY(auto matcher, PatternMatcher::Create(spec.pattern));
    TRY(auto charsmap, Charsmap::Parse(spec.charsmap));
    spec.charsmap.clear();
    result.steps_.push_back({std::move(spec), std::move(matcher), std::move(charsmap)});
  }
  return result;
}

std::string_view Normalizer::Apply(std::string_view text, TextMarks marks, NormalizerScratch& scratch) const {
  for (const Step& step : steps_) {
    scratch.to.clear();
    ApplyStep(step, text, marks, scratch, scratch.to);
    std::swap(scratch.from, scratch.to);
    text = scratch.from;
  }
  return text;
}

size_t Normalizer::StartBytes(std::string_view text) const {
  if (text.empty()) return 0;
  NormalizerScratch scratch;
  return Apply(text.substr(0, DecodeChar(text.data(), text.data() + text.size()).size), TextMarks::kStart, scratch)
      .size();
}

void Normalizer::ApplyStep(const Step& step, std::string_view text, TextMarks marks, NormalizerScratch& scratch,
                           std::string& out) {
  using Kind = NormalizerSpec::Kind;
  const NormalizerSpec& spec = step.spec;
  switch (spec.kind) {
    case Kind::kNfc: return AppendUnicodeForm(UnicodeForm::kNfc, text, out);
    case Kind::kNfd: return AppendUnicodeForm(UnicodeForm::kNfd, text, out);
    case Kind::kNfkc: return AppendUnicodeForm(UnicodeForm::kNfkc, text, out);
    case Kind::kNfkd: return AppendUnicodeForm(UnicodeForm::kNfkd, text, out);
    case Kind::kLowercase: return Lowercase(text, out);
    case Kind::kStrip: out += Strip(text, spec.left, spec.right); return;
    case Kind::kStripAccents:
      return ForEachChar(text, [&](Utf8Char c, std::string_view bytes) {
        if (!IsCombiningMark(c.code)) out += bytes;
      });
    case Kind::kPrepend:
      if (!text.empty() && marks == TextMarks::kStart) out += spec.content;
      out += text;
      return;
    case Kind::kReplace: return Replace(step.matcher, spec.content, text, scratch.matches, out);
    case Kind::kBert: return Bert(spec, text, out);
    case Kind::kNmt: return Nmt(text, out);
    case Kind::kByteChars:
      for (const char byte : text) AppendUtf8(out, ByteToChar(static_cast<uint8_t>(byte)));
      return;
    case Kind::kCharsmap: return MapGraphemes(step.charsmap, text, out);
    case Kind::kSentencePiece: return SentencePiece(spec, step.charsmap, marks, text, out);
  }
}

}  // namespace atelier
