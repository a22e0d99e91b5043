// A pattern becomes the language of the whole strings that it matches.
//
// Compiling a node takes the language of what may follow its match up to the end of the string, and gives the language
// of what may follow where its match begins. So an assertion is an intersection with what follows: `$` with the empty
// string, (?=x) with "x, then anything", (?!x) with the complement of that. What assertions ask of the character before
// is told apart by a context: the start of the string, or the class of that character, among as many classes as the
// pattern's \b and lookbehinds distinguish. A repetition with an assertion in it is a language defined by itself.
#include <algorithm>

#include "engine/grammar/ecma_pattern.h"
#include "engine/grammar/language_impl.h"

namespace atelier {
namespace {

using Kind = PatternNode::Kind;
using Ids = std::vector<LanguageId>;

constexpr int64_t kMaxWork = 70'000;  // nodes compiled, copies of repeated ones included
constexpr LanguageId kNothing = Languages::kNothing, kEmpty = Languages::kEmpty, kAnyText = Languages::kAnyText;

// What may follow, by context: 0 is the start of the string, i is "the character before is in classes_[i - 1]". `used`
// holds where the innermost repetition has consumed something in its present turn, `fresh` where it has not: a turn
// that consumes nothing is none.
struct Rest {
  Ids fresh, used;
};

class Compiler {
 public:
  Compiler(Languages::Impl& all, const EcmaPattern& pattern) : all_(all), pattern_(pattern) {
    pure_.resize(pattern.nodes.size(), -1);
  }

  Result<LanguageId> Compile(Languages::Anchoring anchoring) {
    TRY_VOID(FindClasses());
    const bool searched = anchoring == Languages::Anchoring::kSearched;
    const Ids starts = Follow(pattern_.root, Everywhere(searched ? kAnyText : kEmpty)).fresh;
    LanguageId whole = starts[0];
    if (searched && IsUniform(starts)) {
      const bool same = starts[0] == starts[1];
      whole = same ? all_.Concat(kAnyText, whole)
                   : all_.Or({whole, all_.Concat(all_.Chars(1, language::kInfinite), starts[1])});
    } else if (searched) {
      Ids parts{whole};
      for (size_t c = 1; c < starts.size(); ++c) {
        parts.push_back(all_.Concat(kAnyText, all_.Concat(all_.OneOf(classes_[c - 1]), starts[c])));
      }
      whole = all_.Or(std::move(parts));
    }
    if (work_ > kMaxWork || all_.over_budget()) {
      return Error::TooLarge("", "got a pattern that takes too many states, want a simpler one");
    }
    return whole;
  }

 private:
  const PatternNode& At(int32_t node) const { return pattern_.nodes[node]; }
  size_t num_contexts() const { return classes_.size() + 1; }

  // Splits all characters by what the pattern asks about the one before.
  Result<void> FindClasses() {
    for (const PatternNode& node : pattern_.nodes) {
      if (node.kind == Kind::kWordBoundary) Split(EcmaWordCharacters());
      if (node.kind == Kind::kLookBehind) TRY_VOID(SplitBehind(node.children[0]));
    }
    return {};
  }

  void Split(const CodePointSet& by) {
    std::vector<CodePointSet> split;
    for (const CodePointSet& part : classes_) {
      for (CodePointSet piece : {part.And(by), part.Minus(by)}) {
        if (!piece.empty()) split.push_back(std::move(piece));
      }
    }
    classes_ = std::move(split);
  }

  Result<void> SplitBehind(int32_t index) {
    const PatternNode& node = At(index);
    switch (node.kind) {
      case Kind::kClass: Split(node.set); return {};
      case Kind::kStart: return {};
      case Kind::kChoice:
        for (const int32_t child : node.children) TRY_VOID(SplitBehind(child));
        return {};
      default:
        return Error::Unsupported("", "got a lookbehind of other than one character, which is not kept exactly here");
    }
  }

  // Whether a lookbehind's inside matches in this context.
  bool Behind(int32_t index, size_t context) const {
    const PatternNode& node = At(index);
    if (node.kind == Kind::kStart) return context == 0;
    if (node.kind == Kind::kClass) return context > 0 && node.set.Contains(classes_[context - 1].ranges()[0].first);
    return std::ranges::any_of(node.children, [&](int32_t child) { return Behind(child, context); });
  }

  Rest Everywhere(LanguageId id) const {
    Rest rest{Ids(num_contexts(), id), Ids(num_contexts(), id)};
    rest.used[0] = kNothing;
    return rest;
  }

  // The same whatever the character before, where there is one.
  static bool IsUniform(const Ids& rest) {
    return std::all_of(rest.begin() + 1, rest.end(), [&rest](LanguageId id) { return id == rest[1]; });
  }

  // A node without assertions, by itself.
  LanguageId Pure(int32_t index) {
    if (pure_[index] < 0) {
      const LanguageId made = MakePure(At(index));
      pure_[index] = made;
    }
    return pure_[index];
  }

  LanguageId MakePure(const PatternNode& node) {
    switch (node.kind) {
      case Kind::kClass: return all_.OneOf(node.set);
      case Kind::kRepeat:
        return all_.Repeat(Pure(node.children[0]), node.min,
                           node.max == PatternNode::kNoMax ? language::kInfinite : node.max);
      case Kind::kChoice: {
        Ids parts;
        for (const int32_t child : node.children) parts.push_back(Pure(child));
        return all_.Or(std::move(parts));
      }
      default: {
        LanguageId sequence = kEmpty;
        for (size_t i = node.children.size(); i-- > 0;) sequence = all_.Concat(Pure(node.children[i]), sequence);
        return sequence;
      }
    }
  }

  Rest Follow(int32_t index, const Rest& rest) {
    const PatternNode& node = At(index);
    work_ += node.pure ? 1 : 4;
    if (work_ > kMaxWork || all_.over_budget()) return Everywhere(kNothing);
    if (node.pure && IsUniform(rest.used)) {
      const LanguageId pure = Pure(index), next = rest.used[1];
      return Consume(pure, all_.Concat(pure, next), rest, next);
    }
    switch (node.kind) {
      case Kind::kSequence: {
        Rest all = rest;
        for (size_t i = node.children.size(); i-- > 0;) all = Follow(node.children[i], all);
        return all;
      }
      case Kind::kChoice: return FollowChoice(node, rest);
      case Kind::kClass: return Everywhere(ByLast(index, rest));
      case Kind::kRepeat: return node.pure ? FollowPureRepeat(index, rest) : FollowRepeat(node, rest);
      case Kind::kLookAhead: return FollowLookAhead(node, rest);
      default: return Restrict(node, rest);
    }
  }

  // Where `pure` is followed by `next` however it ends; `both` is its concatenation with that.
  Rest Consume(LanguageId pure, LanguageId both, const Rest& rest, LanguageId next) {
    Rest result = Everywhere(both);
    for (size_t c = 0; c < num_contexts(); ++c) {
      if (rest.fresh[c] == next || !all_.Accepts(pure)) continue;
      result.fresh[c] = all_.Or({rest.fresh[c], all_.Concat(all_.WithoutEmpty(pure), next)});
    }
    return result;
  }

  Rest FollowChoice(const PatternNode& node, const Rest& rest) {
    std::vector<Ids> fresh(num_contexts()), used(num_contexts());
    for (const int32_t child : node.children) {
      const Rest part = Follow(child, rest);
      for (size_t c = 0; c < num_contexts(); ++c) {
        fresh[c].push_back(part.fresh[c]);
        used[c].push_back(part.used[c]);
      }
    }
    Rest result = Everywhere(kNothing);
    for (size_t c = 0; c < num_contexts(); ++c) {
      result.fresh[c] = all_.Or(std::move(fresh[c]));
      result.used[c] = all_.Or(std::move(used[c]));
    }
    return result;
  }

  // The pure node consumes something, and what follows depends on its last character.
  LanguageId ByLast(int32_t index, const Rest& rest) {
    Ids parts;
    for (size_t c = 1; c < num_contexts(); ++c) {
      parts.push_back(all_.Concat(EndingIn(index, classes_[c - 1]), rest.used[c]));
    }
    return all_.Or(std::move(parts));
  }

  LanguageId EndingIn(int32_t index, const CodePointSet& last) {
    const PatternNode& node = At(index);
    if (node.kind == Kind::kClass) return all_.OneOf(node.set.And(last));
    const PatternNode& body = At(node.children[0]);
    if (node.kind == Kind::kRepeat && body.kind == Kind::kClass) {
      const int64_t max = node.max == PatternNode::kNoMax ? language::kInfinite : node.max;
      const LanguageId before =
          all_.Repeat(Pure(node.children[0]), language::LessOne(node.min), language::LessOne(max));
      return max == 0 ? kNothing : all_.Concat(before, all_.OneOf(body.set.And(last)));
    }
    return all_.And({Pure(index), all_.Concat(kAnyText, all_.OneOf(last))});
  }

  Rest FollowPureRepeat(int32_t index, const Rest& rest) {
    const LanguageId consumed = ByLast(index, rest);
    Rest result = Everywhere(consumed);
    if (!all_.Accepts(Pure(index))) return result;
    for (size_t c = 0; c < num_contexts(); ++c) {
      result.fresh[c] = all_.Or({rest.fresh[c], consumed});
      if (c > 0) result.used[c] = all_.Or({rest.used[c], consumed});
    }
    return result;
  }

  Rest FollowRepeat(const PatternNode& node, const Rest& rest) {
    const int32_t body = node.children[0];
    Rest all = rest;
    if (node.max == PatternNode::kNoMax) {
      all = FollowStar(body, rest);
    } else {
      for (int64_t i = node.min; i < node.max && work_ <= kMaxWork; ++i) {
        all = Follow(body, all);
        for (size_t c = 0; c < num_contexts(); ++c) {
          all.fresh[c] = all_.Or({all.fresh[c], rest.fresh[c]});
          all.used[c] = all_.Or({all.used[c], rest.used[c]});
        }
      }
    }
    for (int64_t i = 0; i < node.min && work_ <= kMaxWork; ++i) all = Follow(body, all);
    return all;
  }

  // X = rest | body X, where a turn of the body consumes at least a character.
  Rest FollowStar(int32_t body, const Rest& rest) {
    Rest turn = Everywhere(kNothing);
    for (size_t c = 1; c < num_contexts(); ++c) turn.used[c] = all_.MakeRecursive(all_.Accepts(rest.used[c]));
    const Rest turns = Follow(body, turn);
    Rest result = Everywhere(kNothing);
    for (size_t c = 0; c < num_contexts(); ++c) {
      result.fresh[c] = all_.Or({rest.fresh[c], turns.fresh[c]});
      if (c == 0) continue;
      all_.Define(turn.used[c], all_.Or({rest.used[c], turns.fresh[c]}));
      result.used[c] = turn.used[c];
      if (rest.fresh[c] == rest.used[c]) result.fresh[c] = turn.used[c];
    }
    return result;
  }

  Rest FollowLookAhead(const PatternNode& node, const Rest& rest) {
    const Rest inside = Follow(node.children[0], Everywhere(kAnyText));
    Rest result = rest;
    for (size_t c = 0; c < num_contexts(); ++c) {
      const LanguageId ahead = node.negative ? all_.Not(inside.fresh[c]) : inside.fresh[c];
      result.fresh[c] = all_.And({ahead, rest.fresh[c]});
      result.used[c] = all_.And({ahead, rest.used[c]});
    }
    return result;
  }

  // Assertions about one place.
  Rest Restrict(const PatternNode& node, const Rest& rest) {
    Rest result = rest;
    for (size_t c = 0; c < num_contexts(); ++c) {
      for (Ids* ids : {&result.fresh, &result.used}) (*ids)[c] = Restricted(node, c, (*ids)[c]);
    }
    return result;
  }

  LanguageId Restricted(const PatternNode& node, size_t context, LanguageId rest) {
    switch (node.kind) {
      case Kind::kStart: return context == 0 ? rest : kNothing;
      case Kind::kEnd: return all_.Accepts(rest) ? kEmpty : kNothing;
      case Kind::kLookBehind: return Behind(node.children[0], context) != node.negative ? rest : kNothing;
      default: {
        const CodePointSet words = EcmaWordCharacters();
        const bool after_word = context > 0 && words.Contains(classes_[context - 1].ranges()[0].first);
        const bool word_next = after_word == node.negative;
        const LanguageId next = all_.Concat(all_.OneOf(word_next ? words : words.Not()), kAnyText);
        return all_.And({word_next ? next : all_.Or({kEmpty, next}), rest});
      }
    }
  }

  Languages::Impl& all_;
  const EcmaPattern& pattern_;
  std::vector<CodePointSet> classes_{CodePointSet::All()};
  Ids pure_;
  int64_t work_ = 0;
};

}  // namespace

Result<LanguageId> Languages::Pattern(std::string_view pattern, Anchoring anchoring) {
  std::string key = (anchoring == Anchoring::kWhole ? "w" : "s") + std::string(pattern);
  if (const auto known = impl_->patterns.find(key); known != impl_->patterns.end()) return known->second;
  TRY(const EcmaPattern parsed, ParseEcmaPattern(pattern));
  TRY(const LanguageId language, Compiler(*impl_, parsed).Compile(anchoring));
  impl_->patterns.emplace(std::move(key), language);
  return language;
}

}  // namespace atelier
