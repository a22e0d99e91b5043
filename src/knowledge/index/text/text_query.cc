#include "knowledge/index/text/text_query.h"

#include <algorithm>

namespace atelier {

namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

constexpr size_t kMaxClauses = 1024;
constexpr uint32_t kMaxSlop = 100;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// An identifier's prefix as its whole is indexed: without '_'.
std::string FoldPrefix(const Analyzer& analyzer, std::string_view word) {
  std::string folded = analyzer.Fold(word);
  std::erase(folded, '_');
  return folded;
}

class QueryParser {
 public:
  QueryParser(std::string_view text, const Analyzer& analyzer, const TextSchema* schema)
      : text_(text), analyzer_(analyzer), schema_(schema) {}

  TextQuery Parse() {
    while (query_.clauses.size() < kMaxClauses) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      if (at_ >= text_.size()) break;
      ReadOne();
    }
    DropStopWords();
    return std::move(query_);
  }

  // Everything is words.
  TextQuery Words() {
    AddWords(text_);
    DropStopWords();
    return std::move(query_);
  }

 private:
  void ReadOne() {
    occur_ = Occur::kShould;
    field_ = -1;
    if ((text_[at_] == '+' || text_[at_] == '-') && at_ + 1 < text_.size() && !IsSpace(text_[at_ + 1])) {
      occur_ = text_[at_] == '+' ? Occur::kMust : Occur::kMustNot;
      ++at_;
    }
    ReadField();
    if (text_[at_] == '"' && ReadPhrase()) return;
    const size_t begin = text_[at_] == '"' ? at_ + 1 : at_;  // a quote that none closes
    size_t end = begin;
    while (end < text_.size() && !IsSpace(text_[end]) && text_[end] != '"') ++end;
    at_ = end;
    ReadChunk(text_.substr(begin, end - begin));
  }

  void ReadField() {
    for (size_t f = 0; f < schema_->fields.size(); ++f) {
      const std::string& name = schema_->fields[f].name;
      const size_t colon = at_ + name.size();
      if (colon + 1 >= text_.size() || text_[colon] != ':' || IsSpace(text_[colon + 1])) continue;
      if (text_.substr(at_, name.size()) != name) continue;
      field_ = static_cast<int32_t>(f);
      at_ = colon + 1;
      return;
    }
  }

  bool ReadPhrase() {
    const size_t close = text_.find('"', at_ + 1);
    if (close == text_.npos) return false;
    const std::string_view phrase = text_.substr(at_ + 1, close - at_ - 1);
    const uint32_t slop = ReadSlop(close + 1);
    AddPhrase(phrase, slop);
    return true;
  }

  // ~N after a phrase; moves on past it.
  uint32_t ReadSlop(size_t from) {
    at_ = from;
    if (at_ >= text_.size() || text_[at_] != '~') return 0;
    ++at_;
    uint32_t slop = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      slop = std::min(slop * 10 + static_cast<uint32_t>(text_[at_] - '0'), kMaxSlop);
    }
    return slop;
  }

  void ReadChunk(std::string_view chunk) {
    const auto ends = [&](std::string_view end) { return chunk.size() > end.size() && chunk.ends_with(end); };
    if (ends("*")) return AddWithLast(chunk.substr(0, chunk.size() - 1), Kind::kPrefix, 1);
    if (ends("~")) return AddWithLast(chunk.substr(0, chunk.size() - 1), Kind::kFuzzy, 1);
    if (ends("~1") || ends("~2")) {
      return AddWithLast(chunk.substr(0, chunk.size() - 2), Kind::kFuzzy, static_cast<uint32_t>(chunk.back() - '0'));
    }
    // What must (not) be there is one thing, of however many words.
    occur_ == Occur::kShould ? AddWords(chunk) : AddPhrase(chunk, 0);
  }

  // Words, the last of them a prefix or fuzzy, if `text` ends in it.
  void AddWithLast(std::string_view text, Kind kind, uint32_t edits) {
    Analyzer::Word last{text.size(), 0, 0, false};
    for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
         word = Analyzer::NextWord(text, word.next)) {
      last = word;
    }
    if (last.end != text.size()) return AddWords(text);
    AddWords(text.substr(0, last.begin));
    const std::string_view word = text.substr(last.begin);
    TextClause& clause = Add(kind);
    clause.edits = edits;
    clause.terms.push_back({kind == Kind::kPrefix ? FoldPrefix(analyzer_, word) : analyzer_.Fold(word), 0});
    const WordTerms stems = analyzer_.Terms(word);
    if (!stems.terms.empty() && stems.terms[0].text != clause.terms[0].text)
      clause.terms.push_back({stems.terms[0].text, 0});
  }

  void AddWords(std::string_view text) {
    for (size_t at = 0; query_.clauses.size() < kMaxClauses;) {
      const Analyzer::Word word = Analyzer::NextWord(text, at);
      if (word.begin >= text.size()) return;
      if (word.cjk) {
        at = AddCjkRun(text, word);
        continue;
      }
      at = word.next;
      const std::string_view bytes = text.substr(word.begin, word.end - word.begin);
      WordTerms found = analyzer_.Terms(bytes);
      if (found.terms.empty()) continue;
      stop_words_.resize(query_.clauses.size());
      TextClause& clause = Add(Kind::kWord);
      for (WordTerms::Term& term : found.terms) clause.terms.push_back({std::move(term.text), 0});
      stop_words_.push_back(clause.occur == Occur::kShould && clause.field < 0 && analyzer_.IsStopWord(bytes));
    }
  }

  // Returns where the run ends.
  size_t AddCjkRun(std::string_view text, Analyzer::Word word) {
    size_t end = word.begin;
    const size_t begin = word.begin;
    while (word.cjk && word.begin == end) {
      end = word.next;
      word = Analyzer::NextWord(text, word.next);
    }
    AddPhrase(text.substr(begin, end - begin), 0);
    return end;
  }

  void AddPhrase(std::string_view text, uint32_t slop) {
    std::vector<TextClause::Term> terms;
    uint32_t position = 0;
    size_t last_next = text.size() + 1;  // where the CJK pair before goes on
    bool lone = false;                   // the last term is a single character of CJK
    for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
         word = Analyzer::NextWord(text, word.next)) {
      const WordTerms found = analyzer_.Terms(text.substr(word.begin, word.end - word.begin));
      // The last character of a run is in the pair before it.
      const bool covered = word.cjk && word.begin == last_next && word.end == word.next;
      lone = word.cjk && word.end == word.next && !covered;
      last_next = word.cjk ? word.next : text.size() + 1;
      for (const WordTerms::Term& term : found.terms) {
        if (!term.whole && !covered) terms.push_back({term.text, position + term.offset});
      }
      position += found.num_places;
    }
    if (terms.empty()) return;
    const Kind kind = terms.size() > 1 ? Kind::kPhrase : lone ? Kind::kPrefix : Kind::kWord;
    const uint32_t first = terms[0].offset;
    for (TextClause::Term& term : terms) term.offset -= first;
    TextClause& clause = Add(kind);
    clause.terms = std::move(terms);
    clause.slop = slop;
  }

  TextClause& Add(Kind kind) {
    TextClause clause;
    clause.kind = kind;
    clause.occur = occur_;
    clause.field = field_;
    query_.clauses.push_back(std::move(clause));
    return query_.clauses.back();
  }

  void DropStopWords() {
    stop_words_.resize(query_.clauses.size());
    const std::vector<TextClause>& all = query_.clauses;
    bool others = false;
    for (size_t i = 0; i < all.size(); ++i) others = others || (!stop_words_[i] && all[i].occur != Occur::kMustNot);
    if (!others) return;
    size_t i = 0;
    std::erase_if(query_.clauses, [&](const TextClause&) { return stop_words_[i++]; });
  }

  std::string_view text_;
  const Analyzer& analyzer_;
  const TextSchema* schema_;
  size_t at_ = 0;
  Occur occur_ = Occur::kShould;
  int32_t field_ = -1;
  TextQuery query_;
  std::vector<bool> stop_words_;  // [clause]
};

}  // namespace

TextQuery ParseTextQuery(std::string_view text, const Analyzer& analyzer, const TextSchema& schema) {
  return QueryParser(text, analyzer, &schema).Parse();
}

TextQuery WordsQuery(std::string_view text, const Analyzer& analyzer) {
  return QueryParser(text, analyzer, nullptr).Words();
}

}  // namespace atelier
