// The inside of Languages. Nodes are made by language_build.cc and language_union.cc (the laws that keep derivatives
// few and small), interned by language_nodes.cc, stepped by language_step.cc and searched by language_search.cc.
//
// Laws: Concat leans right; Or and And are flat, sorted sets; counters of the same body add up where they meet; text
// that kChars covers disappears in a union; equal heads of a union are factored out. A language with kRecursive in it
// is kept as a union of intersections. So every expression has finitely many derivatives.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/grammar/code_points.h"
#include "engine/grammar/language.h"
#include "engine/grammar/language_node.h"

namespace atelier {

class Languages::Impl {
 public:
  using Node = language::Node;
  using NodeKind = language::NodeKind;
  using Edge = language::Edge;
  using Ids = std::vector<LanguageId>;

  Impl();

  // Building.
  LanguageId Bytes(const ByteSet& bytes);
  LanguageId Literal(std::string_view bytes);
  LanguageId Words(std::vector<std::string> words);
  LanguageId Listed(std::unique_ptr<ListedLanguage> language);
  LanguageId Chars(int64_t min, int64_t max, language::Utf8State state = language::kUtf8Whole);
  LanguageId OneOf(const CodePointSet& set);  // one character
  LanguageId Concat(LanguageId first, LanguageId second);
  LanguageId Or(Ids parts);
  LanguageId And(Ids parts);
  LanguageId Complement(LanguageId part);
  LanguageId Not(LanguageId part);
  LanguageId Repeat(LanguageId part, int64_t min, int64_t max);
  LanguageId WithoutEmpty(LanguageId part);
  // A language that is defined later, before anything is stepped. Its definition steps to it only behind a byte.
  LanguageId MakeRecursive(bool accepts);
  void Define(LanguageId recursive, LanguageId definition);

  // Stepping and searching.
  LanguageId Next(LanguageId state, uint8_t byte) {
    const language::Row& row = rows_[state];
    if (row.next != nullptr) {
      if (const LanguageId next = row.next[row.classes[byte]]; next >= 0) return next;
    }
    return MakeNext(state, byte);
  }
  const language::ByteClasses& ClassesOf(LanguageId state) { return classes_[ClassesIndex(state)]; }
  bool Accepts(LanguageId state) const { return nodes_[state].accepts; }
  bool IsNothing(LanguageId state) { return !IsAlive(state, 0); }
  std::optional<std::string> Shortest(LanguageId state);
  std::optional<int64_t> Count(LanguageId state, int64_t limit);
  LanguageId Near(LanguageId state, int64_t num_bytes, int depth = 0);
  bool TakesAnyText(LanguageId state, int depth) const;

  const Node& node(LanguageId id) const { return nodes_[id]; }
  WordList AsWords(LanguageId state) const;
  int64_t num_nodes() const { return static_cast<int64_t>(nodes_.size()); }
  bool over_budget() const { return over_budget_; }
  void GiveUp() { over_budget_ = true; }

  // Patterns that were compiled, by text and anchoring.
  std::unordered_map<std::string, LanguageId> patterns;

 private:
  struct WordTable {
    std::vector<std::string> words = {};
    bool is_text = false;
    language::LengthBounds length = {};
  };
  // head{lo,hi} tail; `whole` is that language where it was made already, else -1.
  struct Term {
    LanguageId head;
    int64_t lo, hi;
    LanguageId tail;
    LanguageId whole = -1;
  };
  // Characters that finish a member: at best from its beginning, and from the worst place within.
  struct Completion {
    int64_t shortest, longest;
  };
  class Search;

  std::span<const LanguageId> Parts(const Node& node) const { return {&parts_[node.a], static_cast<size_t>(node.b)}; }
  std::span<const Edge> Edges(const Node& node) const { return {&edges_[node.a], static_cast<size_t>(node.b)}; }

  // language_nodes.cc
  LanguageId Intern(Node node, std::span<const LanguageId> parts, std::span<const Edge> edges);
  bool Same(const Node& node, std::span<const LanguageId> parts, std::span<const Edge> edges, LanguageId other) const;
  void GrowTable();
  int32_t InternBytes(const ByteSet& bytes);
  void Describe(Node& node, std::span<const LanguageId> parts, std::span<const Edge> edges) const;
  void DescribeBranch(Node& node, std::span<const Edge> edges) const;
  void DescribeConcat(Node& node) const;
  void DescribeSet(Node& node, std::span<const LanguageId> parts) const;
  void DescribeRepeat(Node& node) const;

  // language_chars.cc
  LanguageId WordRange(int32_t table, int64_t first, int64_t last, int32_t depth);
  LanguageId CharTail(int num_bytes, char32_t base, std::span<const CodePointRange> ranges);
  LanguageId Branch(std::vector<Edge> edges);

  // language_build.cc
  Term TermOf(LanguageId id) const;  // of a head alone: the tail is kEmpty
  LanguageId Counted(LanguageId head, int64_t lo, int64_t hi);
  LanguageId PrependTerm(LanguageId first, LanguageId second);
  bool CanFlatten(const Node& inner, int64_t lo, int64_t hi) const;
  LanguageId StripForStar(LanguageId part, bool star);
  bool SimplifyAnd(Ids& parts);
  bool IntersectChars(Ids& parts);
  bool Has(LanguageId id, const std::string& word);
  std::optional<LanguageId> WordsLeft(const Ids& parts);
  LanguageId Distribute(const Ids& parts, size_t index);

  // language_union.cc
  bool Simplify(Ids& parts);
  bool MergeChars(Ids& parts);
  bool MergeBranches(Ids& parts);
  bool MergeTerms(Ids& parts);
  LanguageId FactorTerms(std::span<const Term> terms);

  // language_step.cc
  LanguageId MakeNext(LanguageId state, uint8_t byte);
  LanguageId Derive(LanguageId state, uint8_t byte);
  LanguageId DeriveWords(const Node& node, uint8_t byte);
  int32_t ClassesIndex(LanguageId state);
  int32_t MakeClasses(LanguageId state);
  int32_t MeetClasses(int32_t a, int32_t b);
  int32_t InternClasses(const std::array<uint8_t, 256>& of);
  int32_t InternInOrder(const std::array<uint8_t, 256>& of);
  int32_t ClassesOfSets(std::span<const ByteSet> sets);
  LanguageId* NewRow(size_t size);

  // language_near.cc
  LanguageId MakeNear(const Node& node, LanguageId state, int64_t num_bytes, int depth);
  bool TakesLongTexts(const Node& node) const;
  LanguageId NearOfAnd(const Node& node, LanguageId state, int64_t num_bytes, int depth);
  Completion CompletionOf(LanguageId id, int depth);

  // language_search.cc
  enum class Life : uint8_t { kUnknown, kAlive, kDead };
  bool IsAlive(LanguageId state, int depth);
  Life QuickLife(LanguageId state) const;

  std::deque<Node> nodes_;
  std::vector<language::Row> rows_;
  std::vector<int32_t> class_index_;  // -1: not made yet
  std::vector<Life> life_;
  std::vector<uint64_t> hashes_;
  std::vector<LanguageId> table_;  // open addressing; -1 is free
  std::vector<LanguageId> parts_;
  std::vector<Edge> edges_;
  std::vector<ByteSet> byte_sets_;
  std::unordered_map<ByteSet, int32_t> byte_set_index_;
  std::deque<WordTable> words_;
  std::unordered_multimap<size_t, int32_t> words_by_hash_;
  std::map<std::vector<CodePointRange>, LanguageId> one_of_;
  std::vector<std::unique_ptr<ListedLanguage>> listed_;

  std::deque<language::ByteClasses> classes_;
  std::unordered_map<std::string, int32_t> classes_by_bytes_, classes_by_numbering_;
  std::unordered_map<uint64_t, int32_t> meets_;
  std::unordered_map<uint64_t, LanguageId> near_;
  std::deque<std::vector<LanguageId>> row_chunks_;
  int64_t row_ints_ = 0;

  int64_t work_ = 0;  // states stepped and their parts, as they are first made
  int union_depth_ = 0;
  bool over_budget_ = false;
};

}  // namespace atelier
