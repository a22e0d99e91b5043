#include "knowledge/index/text/analyzer.h"

#include <libstemmer.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/text/utf8.h"
#include "knowledge/index/text/stop_words.h"

namespace atelier {

namespace {

constexpr std::string_view kLanguages[] = {"ar", "ca", "da", "de", "el", "en", "es", "eu", "fi", "fr",
                                           "ga", "hi", "hu", "hy", "id", "it", "lt", "ne", "nl", "no",
                                           "pt", "ro", "ru", "sr", "sv", "ta", "tr", "yi"};

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

std::string MapUnicode(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  if (size < 0) return std::string(text);
  std::string out(reinterpret_cast<char*>(mapped), static_cast<size_t>(size));
  std::free(mapped);
  return out;
}

// Latin letters without their accents; marks of other scripts mean more and stay.
std::string DropLatinAccents(const std::string& text) {
  const std::string apart = MapUnicode(text, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  std::string kept;
  bool after_latin = false;
  for (size_t at = 0; at < apart.size();) {
    const DecodedCodePoint c = DecodeUtf8(apart, at);
    const size_t num_bytes = static_cast<size_t>(std::max(c.num_bytes, 1));
    const bool mark =
        c.num_bytes > 1 && utf8proc_category(static_cast<utf8proc_int32_t>(c.value)) == UTF8PROC_CATEGORY_MN;
    if (!mark) after_latin = c.value < 0x250 || (c.value >= 0x1E00 && c.value < 0x1F00);
    if (!mark || !after_latin) kept.append(apart, at, num_bytes);
    at += num_bytes;
  }
  return MapUnicode(kept, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

// True if an identifier's part ends before word[at].
bool EndsPart(std::string_view word, size_t at) {
  const char before = word[at - 1], here = word[at];
  if (!IsUpper(here)) return false;
  if (IsLower(before) || IsDigit(before)) return true;
  return IsUpper(before) && at + 2 < word.size() && IsLower(word[at + 1]) && IsLower(word[at + 2]);
}

struct Span {
  size_t begin = 0, end = 0;
};

// The parts of an ASCII word; one if it is no identifier, none of underscores alone.
std::vector<Span> SplitParts(std::string_view word) {
  std::vector<Span> parts;
  const bool number = std::all_of(word.begin(), word.end(), [](char c) { return IsDigit(c) || c == '.'; });
  for (size_t begin = 0; begin < word.size();) {
    if (word[begin] == '_' || word[begin] == '.') {
      ++begin;
      continue;
    }
    size_t stop = begin;  // where '_' or the word ends
    while (stop < word.size() && word[stop] != '_' && !(number && word[stop] == '.')) ++stop;
    size_t from = begin;
    for (size_t at = begin + 2; at + 1 < stop; ++at) {
      if (!EndsPart(word.substr(0, stop), at) || at - from < 2) continue;
      parts.push_back({from, at});
      from = at;
    }
    parts.push_back({from, stop});
    begin = stop;
  }
  return parts;
}

std::string FoldAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = IsUpper(c) ? static_cast<char>(c + 32) : c;
  return out;
}

bool HasLettersAlone(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || c == '_' || c == '.'; });
}

}  // namespace

struct Analyzer::State {
  ~State() {
    if (stemmer != nullptr) sb_stemmer_delete(stemmer);
  }
  sb_stemmer* stemmer = nullptr;  // null: none
  std::mutex mutex;
};

Analyzer::Analyzer(std::string language, std::unique_ptr<State> state)
    : language_(std::move(language)), state_(std::move(state)) {}
Analyzer::Analyzer(Analyzer&&) noexcept = default;
Analyzer& Analyzer::operator=(Analyzer&&) noexcept = default;
Analyzer::~Analyzer() = default;

std::vector<std::string> Analyzer::Languages() {
  std::vector<std::string> languages(std::begin(kLanguages), std::end(kLanguages));
  languages.emplace_back("none");
  return languages;
}

Result<Analyzer> Analyzer::Create(const std::string& language) {
  auto state = std::make_unique<State>();
  if (language != "none") {
    if (std::find(std::begin(kLanguages), std::end(kLanguages), language) != std::end(kLanguages)) {
      state->stemmer = sb_stemmer_new(language.c_str(), "UTF_8");
    }
    if (state->stemmer == nullptr) {
      std::string known;
      for (const std::string& name : Languages()) known += known.empty() ? name : ", " + name;
      return Error::Invalid("language", "got '" + language + "', want one of " + known);
    }
  }
  return Analyzer(language, std::move(state));
}

std::string Analyzer::Stem(std::string_view folded) const {
  if (state_->stemmer == nullptr || !HasLettersAlone(folded)) return std::string(folded);
  const std::lock_guard lock(state_->mutex);
  const sb_symbol* stem = sb_stemmer_stem(state_->stemmer, reinterpret_cast<const sb_symbol*>(folded.data()),
                                          static_cast<int>(folded.size()));
  if (stem == nullptr) return std::string(folded);
  return std::string(reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(state_->stemmer)));
}

std::string Analyzer::Fold(std::string_view word) const {
  if (IsAscii(word)) return FoldAscii(word);
  // NFKC and case folding may each undo the other's work: composed last.
  return MapUnicode(word, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

bool Analyzer::IsStopWord(std::string_view word) const { return atelier::IsStopWord(language_, Fold(word)); }

WordTerms Analyzer::Terms(std::string_view word) const {
  WordTerms out;
  const uint32_t size = static_cast<uint32_t>(word.size());
  if (!IsAscii(word)) {
    std::string term = Stem(Fold(word));
    if (!IsAscii(term)) term = DropLatinAccents(term);
    if (!term.empty()) out = {{{std::move(term), 0, 0, size, false}}, 1};
    return out;
  }
  const std::vector<Span> parts = SplitParts(word);
  if (parts.size() > 1) {
    std::string whole;
    const bool number = HasLettersAlone(word) == false && word.find('.') != word.npos;
    for (const Span& part : parts)
      whole += (number && !whole.empty() ? "." : "") + FoldAscii(word.substr(part.begin, part.end - part.begin));
    out.terms.push_back({Stem(whole), 0, 0, size, true});
  }
  for (const Span& part : parts) {
    out.terms.push_back({Stem(FoldAscii(word.substr(part.begin, part.end - part.begin))), out.num_places++,
                         static_cast<uint32_t>(part.begin), static_cast<uint32_t>(part.end), false});
  }
  return out;
}

void Analyzer::Analyze(std::string_view text, const std::function<void(const TextToken&)>& visit) const {
  uint32_t position = 0;
  for (Word word = NextWord(text, 0); word.begin < text.size(); word = NextWord(text, word.next)) {
    const WordTerms terms = Terms(text.substr(word.begin, word.end - word.begin));
    for (const WordTerms::Term& term : terms.terms) {
      visit({term.text, position + term.offset, word.begin + term.begin, word.begin + term.end, term.whole});
    }
    position += terms.num_places;
  }
}

}  // namespace atelier
