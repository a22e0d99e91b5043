#include "app/access.h"

#include <algorithm>
#include <utility>

#include "base/text/glob.h"
#include "knowledge/corpus/corpus_record.h"

namespace atelier {
namespace {

constexpr std::string_view kEveryone = "*";

bool MatchesAny(const std::vector<std::string>& globs, std::string_view name) {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return GlobMatches(glob, name); });
}

Filter AllOf(std::vector<Filter> parts) {
  if (parts.empty()) return {};
  return parts.size() == 1 ? std::move(parts[0]) : Filter::And(std::move(parts));
}

}  // namespace

Fields AccessRule::Describe() {
  using R = AccessRule;
  static constexpr Field fields[] = {
      Key<&R::to>("to", "users and groups of API keys; \"*\": every key").Required(),
      Key<&R::corpora>("corpora", "globs of names of corpora and ids of vector stores; without, all"),
      Key<&R::documents>("documents", "globs of documents' ids, as docs/**; without, all"),
      Key<&R::filter>("filter", "of attributes, as {type: eq, key: level, value: open}"),
      Key<&R::readers>("readers", "an attribute of documents that names the users and groups who may see them"),
      Key<&R::change>("change", "they may change vector stores too; of rules that give whole corpora"),
  };
  return fields;
}

Result<Access::Rule> Access::MakeRule(const AccessRule& config) {
  Rule rule;
  rule.to = config.to, rule.corpora = config.corpora, rule.readers = config.readers, rule.change = config.change;
  if (rule.to.empty()) return Error::Invalid("to", "got nobody, want users, groups or \"*\"");
  std::vector<Filter> parts, documents;
  for (const std::string& glob : config.documents) {
    documents.push_back(Filter::Compare(Filter::Op::kGlob, std::string(kDocumentAttribute), glob));
  }
  if (!documents.empty()) parts.push_back(Filter::Or(std::move(documents)));
  if (!config.filter.is_null()) {
    Result<Filter> filter = ReadFilter(config.filter);
    if (!filter.ok()) return std::move(filter).error().Under("filter");
    parts.push_back(std::move(*filter));
  }
  if (rule.change && (!parts.empty() || !rule.readers.empty())) {
    return Error::Invalid("change", "got true for a part of the documents, want it where whole corpora are given");
  }
  rule.given = AllOf(std::move(parts));
  return rule;
}

Result<Access> Access::Create(const std::vector<KeyConfig>& keys, const std::vector<AccessRule>& rules,
                              std::shared_ptr<const TokenGroups> groups) {
  Access access;
  access.restricted_ = !rules.empty();
  access.groups_ = std::move(groups);
  if (access.restricted_ && keys.empty() && !access.groups_) {
    return Error::Invalid("access", "got rules and no server.keys, want keys that tell who asks");
  }
  for (const KeyConfig& key : keys) {
    Asker asker;
    asker.user = key.user.empty() ? key.name : key.user;
    asker.names = key.groups;
    asker.names.push_back(asker.user);
    access.askers_.emplace(key.name, std::move(asker));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    Result<Rule> rule = MakeRule(rules[i]);
    if (!rule.ok()) return std::move(rule).error().Under("access[" + std::to_string(i) + "]");
    access.rules_.push_back(std::move(*rule));
  }
  return access;
}

std::optional<Access::Asker> Access::Find(std::string_view key) const {
  if (const auto found = askers_.find(key); found != askers_.end()) return found->second;
  if (!groups_ || !key.starts_with(kTokenUser)) return std::nullopt;
  Asker asker{.user = std::string(key), .names = groups_->Of(key)};
  asker.names.push_back(asker.user);
  return asker;
}

std::string Access::UserOf(std::string_view key) const {
  const std::optional<Asker> asker = Find(key);
  return asker ? asker->user : "";
}

bool Access::Owns(std::string_view key, std::string_view owner) const {
  if (!restricted_) return true;
  return !owner.empty() && UserOf(key) == owner;
}

bool Access::Fits(const Rule& rule, const Asker& asker, std::string_view corpus) {
  const bool is_named = std::ranges::any_of(rule.to, [&](const std::string& name) {
    return name == kEveryone || std::ranges::find(asker.names, name) != asker.names.end();
  });
  return is_named && (rule.corpora.empty() || MatchesAny(rule.corpora, corpus));
}

std::optional<Access::View> Access::ViewOf(std::string_view key, std::string_view corpus,
                                           std::string_view owner) const {
  if (Owns(key, owner)) return View{.visible = {}, .may_change = true};
  const std::optional<Asker> asker = Find(key);
  if (!asker) return std::nullopt;
  View view;
  bool sees_all = false;
  std::vector<Filter> given;
  for (const Rule& rule : rules_) {
    if (!Fits(rule, *asker, corpus)) continue;
    std::vector<Filter> parts;
    if (rule.given.op != Filter::Op::kAll) parts.push_back(rule.given);
    if (!rule.readers.empty()) {
      parts.push_back(Filter::In(rule.readers, std::vector<Json>(asker->names.begin(), asker->names.end())));
    }
    sees_all |= parts.empty();
    view.may_change |= rule.change;
    given.push_back(AllOf(std::move(parts)));
  }
  if (given.empty()) return std::nullopt;
  if (!sees_all) view.visible = given.size() == 1 ? std::move(given[0]) : Filter::Or(std::move(given));
  return view;
}

}  // namespace atelier
