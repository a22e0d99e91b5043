#include "model/tokenizer/pre_tokenizer.h"

#include "base/text/utf8.h"
#include "model/tokenizer/regex.h"
#include "model/tokenizer/unicode.h"

namespace atelier {
namespace {

constexpr size_t kMaxSteps = 64;  // the largest seen has 6

using Pieces = std::vector<std::pair<PieceSpan, bool>>;

// Matches and the gaps between them, in order, each with whether it is a match.
void CutAtMatches(const std::vector<PieceSpan>& matches, size_t size, bool invert, Pieces& pieces) {
  pieces.clear();
  size_t at = 0;
  for (const PieceSpan& match : matches) {
    if (at < match.first) pieces.push_back({{at, match.first}, invert});
    pieces.push_back({match, !invert});
    at = match.second;
  }
  if (at < size) pieces.push_back({{at, size}, invert});
}

// Joins neighbours by `behavior`; kRemoved and kIsolated join none.
void JoinPieces(SplitBehavior behavior, Pieces& pieces) {
  Pieces joined;
  bool previous = false;
  switch (behavior) {
    case SplitBehavior::kRemoved:
    case SplitBehavior::kIsolated: return;
    case SplitBehavior::kMergedWithPrevious:
      for (const auto& piece : pieces) {
        if (piece.second && !previous && !joined.empty()) {
          joined.back().first.second = piece.first.second;
        } else {
          joined.push_back(piece);
        }
        previous = piece.second;
      }
      break;
    case SplitBehavior::kMergedWithNext:
      for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
        if (piece->second && !previous && !joined.empty()) {
          joined.back().first.first = piece->first.first;
        } else {
          joined.push_back(*piece);
        }
        previous = piece->second;
      }
      joined = Pieces(joined.rbegin(), joined.rend());
      break;
    case SplitBehavior::kContiguous:
      for (const auto& piece : pieces) {
        if (!joined.empty() && joined.back().second == piece.second) {
          joined.back().first.second = piece.first.second;
        } else {
          joined.push_back(piece);
        }
      }
      break;
  }
  pieces = std::move(joined);
}

// What is left of the start of a text from byte `at` on.
size_t After(size_t start, size_t at) { return start > at ? start - at : 0; }

template <class Test>
void MatchCharacters(std::string_view text, Test test, std::vector<PieceSpan>& matches) {
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Utf8Char c = DecodeChar(p, end);
    const auto at = static_cast<size_t>(p - text.data());
    if (test(c.code)) matches.emplace_back(at, at + c.size);
    p += c.size;
  }
}

}  // namespace

PatternMatcher::PatternMatcher() = default;
PatternMatcher::PatternMatcher(PatternMatcher&&) noexcept = default;
PatternMatcher& PatternMatcher::operator=(PatternMatcher&&) noexcept = default;
PatternMatcher::~PatternMatcher() = default;

Result<PatternMatcher> PatternMatcher::Create(const PatternSpec& spec) {
  PatternMatcher matcher;
  if (spec.is_regex) {
    TRY(auto regex, TokenRegex::Compile(spec.text));
    matcher.regex_ = std::make_unique<TokenRegex>(std::move(regex));
  } else {
    matcher.literal_ = spec.text;
  }
  return matcher;
}

void PatternMatcher::FindAll(std::string_view text, std::vector<PieceSpan>& matches) const {
  if (regex_ != nullptr) {
    if (IsValidUtf8(text)) return regex_->FindAll(text, matches);
    std::string clean(text);
    for (size_t at = ValidUtf8Prefix(clean); at < clean.size();) {
      clean[at] = '\x1A';
      at += ValidUtf8Prefix(std::string_view(clean).substr(at));
    }
    return regex_->FindAll(clean, matches);
  }
  if (literal_.empty()) return;
  for (size_t at = text.find(literal_); at != text.npos; at = text.find(literal_, at + literal_.size())) {
    matches.emplace_back(at, at + literal_.size());
  }
}

PreTokenizer::PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

Result<PreTokenizer> PreTokenizer::Create(std::vector<PreTokenizerSpec> specs) {
  if (specs.size() > kMaxSteps) {
    return Error::Invalid("pre_tokenizer",
                          "got " + std::to_string(specs.size()) + " steps, want at most " + std::to_string(kMaxSteps));
  }
  PreTokenizer result;
  for (const PreTokenizerSpec& spec : specs) {
    if (spec.kind == PreTokenizerSpec::Kind::kFixedLength && spec.length < 1) {
      return Error::Invalid("pre_tokenizer.length", "got " + std::to_string(spec.length) + ", want at least 1");
    }
    TRY(auto matcher, PatternMatcher::Create(spec.pattern));
    result.matchers_.push_back(std::move(matcher));
    if (spec.kind == PreTokenizerSpec::Kind::kMetaspace && spec.prepend == PrependScheme::kFirst) {
      result.asks_for_start_ = true;
    }
  }
  result.steps_ = std::move(specs);
  return result;
}

struct PreTokenizer::Run {
  const PreTokenizer& parts;
  PreTokenizerScratch& scratch;
  WordSink& sink;
  TextMarks marks;
  bool in_byte_chars = false;

  void Step(size_t step, std::string_view text, size_t start) {
    if (text.empty()) return;
    if (step == parts.steps_.size()) return Emit(text);
    using Kind = PreTokenizerSpec::Kind;
    const PreTokenizerSpec& spec = parts.steps_[step];
    const char* begin = text.data();
    const char* end = begin + text.size();
    SplitState state;
    switch (spec.kind) {
      case Kind::kWords:
        return Walk(step, text, start, [&](const char* p) { return NextWord(spec.words, p, end, state); });
      case Kind::kRuns: return Walk(step, text, start, [&](const char* p) { return NextRun(spec.runs, p, end); });
      case Kind::kDigitGroups:
        return Walk(step, text, start, [&](const char* p) { return NextDigitGroup(spec.digits, p, end, state); });
      case Kind::kFixedLength:
        return Walk(step, text, start, [&](const char* p) {
          for (int64_t n = 0; n < spec.length && p < end; ++n) p += DecodeChar(p, end).size;
          return p;
        });
      case Kind::kPattern:
      case Kind::kSpaces:
      case Kind::kPunctuation:
      case Kind::kNumeric: return Matches(step, spec, text, start);
      case Kind::kMetaspace: return Metaspace(step, spec, text, start);
      case Kind::kPrefixSpace: {
        if (text[0] == ' ' || marks == TextMarks::kNone) return Step(step + 1, text, start);
        std::string& copy = scratch.levels[step].text;
        copy.assign(1, ' ').append(text);
        return Step(step + 1, copy, start);
      }
      case Kind::kByteChars: return ByteChars(step, spec, text, start);
    }
  }

  void ByteChars(size_t step, const PreTokenizerSpec& spec, std::string_view text, size_t start) {
    if (spec.invert && step + 1 == parts.steps_.size()) return sink.Word(text);
    std::string& copy = scratch.levels[step].text;
    copy.clear();
    for (const char byte : text) AppendUtf8(copy, ByteToChar(static_cast<uint8_t>(byte)));
    const bool outer = in_byte_chars;
    in_byte_chars = spec.invert;
    Step(step + 1, copy, start);
    in_byte_chars = outer;
  }

  template <class Next>
  void Walk(size_t step, std::string_view text, size_t start, Next next) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    for (const char* p = begin; p < end;) {
      const char* after = next(p);
      Step(step + 1, std::string_view(p, static_cast<size_t>(after - p)), After(start, static_cast<size_t>(p - begin)));
      p = after;
    }
  }

  void Matches(size_t step, const PreTokenizerSpec& spec, std::string_view text, size_t start) {
    using Kind = PreTokenizerSpec::Kind;
    auto& matches = scratch.levels[step].matches;
    matches.clear();
    if (spec.kind == Kind::kPattern) parts.matchers_[step].FindAll(text, matches);
    if (spec.kind == Kind::kSpaces) MatchCharacters(text, IsSpace, matches);
    if (spec.kind == Kind::kPunctuation) MatchCharacters(text, IsBertPunctuation, matches);
    if (spec.kind == Kind::kNumeric) {
      MatchCharacters(text, [](char32_t c) { return (ClassOf(c) & kClassNumber) != 0; }, matches);
    }
    Pieces& pieces = scratch.levels[step].pieces;
    CutAtMatches(matches, text.size(), spec.invert, pieces);
    JoinPieces(spec.behavior, pieces);
    for (const auto& [span, is_match] : pieces) {
      if (is_match && spec.behavior == SplitBehavior::kRemoved) continue;
      Step(step + 1, text.substr(span.first, span.second - span.first), After(start, span.first));
    }
  }

  void Metaspace(size_t step, const PreTokenizerSpec& spec, std::string_view text, size_t start) {
    std::string& copy = scratch.levels[step].text;
    copy.clear();
    const bool marked = text[0] == ' ' || text.starts_with(spec.content);
    const bool wanted = spec.prepend == PrependScheme::kAlways || (spec.prepend == PrependScheme::kFirst && start > 0);
    if (wanted && !marked && marks == TextMarks::kStart) copy += spec.content;
    for (const char c : text) {
      if (c == ' ') {
        copy += spec.content;
      } else {
        copy += c;
      }
    }
    if (!spec.split || spec.content.empty()) return Step(step + 1, copy, start);
    for (size_t at = 0; at < copy.size();) {
      // Marks in a row: each but the last is a word of its own.
      size_t after = copy.find(
          spec.content, at + (copy.compare(at, spec.content.size(), spec.content) == 0 ? spec.content.size() : 1));
      if (after == copy.npos) after = copy.size();
      Step(step + 1, std::string_view(copy).substr(at, after - at), After(start, at));
      at = after;
    }
  }

  void Emit(std::string_view word) {
    if (!in_byte_chars) return sink.Word(word);
    scratch.decoded.clear();
    const char* end = word.data() + word.size();
    for (const char* p = word.data(); p < end;) {
      const Utf8Char c = DecodeChar(p, end);
      const int byte = CharToByte(c.code);
      if (byte >= 0) scratch.decoded += static_cast<char>(byte);
      p += c.size;
    }
    sink.Word(scratch.decoded);
  }
};

void PreTokenizer::Split(std::string_view text, size_t start, TextMarks marks, PreTokenizerScratch& scratch,
                         WordSink& sink) const {
  if (scratch.levels.size() < steps_.size()) scratch.levels.resize(steps_.size());
  Run{*this, scratch, sink, marks}.Step(0, text, start);
}

}  // namespace atelier
