// Who may see which documents: the rules of atelier.yaml over API keys, their users and groups.
//
// Without rules whoever may call sees and changes everything. With rules a key sees what its user has made (vector
// stores, files) and what rules give to its user or one of its groups; all else is as if it were not there: the filter
// goes into the index with every query, and ids, scores and counts are those of an index without the rest. Nothing of
// it is stored with documents, so another rule, key or attribute holds from the next query on.
// Users of tokens (token_groups.h) are named "oauth:NAME" and are in the groups that their last token said.
// Immutable but for those, so thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/token_groups.h"
#include "base/result.h"
#include "knowledge/index/filter.h"

namespace atelier {

class Access {
 public:
  // `groups`: null where no tokens are accepted. Errors: a filter that is none, rules without keys or tokens, a
  // `change` of parts of corpora.
  static Result<Access> Create(const std::vector<KeyConfig>& keys, const std::vector<AccessRule>& rules,
                               std::shared_ptr<const TokenGroups> groups = nullptr);

  bool restricted() const { return restricted_; }
  // Whose a key is; empty: nobody's.
  std::string UserOf(std::string_view key) const;

  struct View {
    Filter visible;
    bool may_change = false;
    bool sees_all() const { return visible.op == Filter::Op::kAll; }
  };
  // What `key` (a key's name) may know of a corpus or vector store that the user `owner` has made (empty: nobody);
  // none: not even that it is there.
  std::optional<View> ViewOf(std::string_view key, std::string_view corpus, std::string_view owner) const;
  // Whether `key` may see what the user `owner` has made, and nobody is given by rules.
  bool Owns(std::string_view key, std::string_view owner) const;

 private:
  struct Asker {
    std::string user;
    std::vector<std::string> names;  // user and groups
  };
  struct Rule {
    std::vector<std::string> to, corpora;
    Filter given;
    std::string readers;
    bool change = false;
  };

  static Result<Rule> MakeRule(const AccessRule& config);
  static bool Fits(const Rule& rule, const Asker& asker, std::string_view corpus);
  std::optional<Asker> Find(std::string_view key) const;

  bool restricted_ = false;
  std::map<std::string, Asker, std::less<>> askers_;  // by name of the key
  std::vector<Rule> rules_;
  std::shared_ptr<const TokenGroups> groups_;
};

}  // namespace atelier
