#include "base/net/router.h"

#include <algorithm>
#include <optional>

namespace atelier {
namespace {

// "/a/{b}" is {"a", "{b}"}; "/" is {""}. The number of pieces is bounded: more match nothing.
constexpr size_t kMaxSegments = 64;

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (segments.size() < kMaxSegments) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

bool IsParameter(std::string_view segment) { return segment.starts_with('{'); }
bool IsRest(std::string_view segment) { return segment.ends_with("...}"); }

std::string_view ParameterName(std::string_view segment) {
  return segment.substr(1, segment.size() - (IsRest(segment) ? 5 : 2));
}

// How precise a match is: more is better, compared segment by segment. Nothing: no match.
std::optional<std::string> Rank(const std::vector<std::string>& pattern, std::string_view path,
                                HttpParameters* parameters) {
  const std::vector<std::string_view> segments = Split(path);
  std::string rank;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (i >= segments.size()) return std::nullopt;
    if (!IsParameter(pattern[i])) {
      if (PercentDecode(segments[i], false) != pattern[i]) return std::nullopt;
      rank += '2';
      continue;
    }
    const bool rest = IsRest(pattern[i]);
    const std::string_view from_here(segments[i].data(), static_cast<size_t>(path.end() - segments[i].begin()));
    const std::string_view value = rest ? from_here : segments[i];
    if (value.empty()) return std::nullopt;
    if (parameters) parameters->emplace_back(ParameterName(pattern[i]), PercentDecode(value, false));
    rank += rest ? '0' : '1';
    if (rest) return rank;
  }
  if (segments.size() != pattern.size()) return std::nullopt;
  return rank;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, HttpHandler handler, RouteOptions options) {
  CHECK_MSG(pattern.starts_with('/') && !method.empty() && handler, pattern);
  Route route{std::string(method), std::string(pattern), {}, std::move(handler), std::move(options)};
  for (const std::string_view segment : Split(pattern)) route.segments.emplace_back(segment);
  for (size_t i = 0; i < route.segments.size(); ++i) {
    const std::string& segment = route.segments[i];
    if (!IsParameter(segment)) continue;
    CHECK_MSG(segment.ends_with('}') && !ParameterName(segment).empty(), pattern);
    CHECK_MSG(!IsRest(segment) || i + 1 == route.segments.size(), pattern);
  }
  for (const Route& other : routes_) CHECK_MSG(other.method != method || other.pattern != pattern, pattern);
  routes_.push_back(std::move(route));
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  const Route* best = nullptr;
  std::string best_rank;
  std::vector<std::string> allowed;
  // HEAD is answered by GET's handler, whose body the server leaves out.
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    const std::optional<std::string> rank = Rank(route.segments, path, nullptr);
    if (!rank) continue;
    allowed.push_back(route.method);
    if (route.method != wanted || (best && *rank <= best_rank)) continue;
    best = &route;
    best_rank = *rank;
  }
  Match match;
  if (!allowed.empty()) {
    if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) allowed.push_back("HEAD");
    allowed.push_back("OPTIONS");
    std::sort(allowed.begin(), allowed.end());
    allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
    match.allowed = std::move(allowed);
  }
  if (best) {
    match.handler = &best->handler;
    match.options = &best->options;
    match.pattern = best->pattern;
    (void)Rank(best->segments, path, &match.parameters);
  }
  return match;
}

int64_t Router::max_body_bytes() const {
  int64_t most = 0;
  for (const Route& route : routes_) most = std::max(most, route.options.max_body_bytes);
  return most;
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Route& route : routes_) all.emplace_back(route.method, route.pattern);
  return all;
}

}  // namespace atelier
