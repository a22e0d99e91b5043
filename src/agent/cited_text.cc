#include "agent/cited_text.h"

#include <algorithm>
#include <utility>

#include "agent/tool_output.h"
#include "knowledge/citing.h"
#include "knowledge/claim_reader.h"

namespace atelier {
namespace {

constexpr size_t kMaxMaterialBytes = 6000;  // some 1,500 tokens
constexpr double kLeaveOutBelow = 0.5;      // sentences after the first, as a share of the first's relevance

size_t NumberOf(CitedText& cited, size_t origin) {
  auto at = std::ranges::find(cited.origins, origin);
  if (at == cited.origins.end()) at = cited.origins.insert(at, origin);
  return static_cast<size_t>(at - cited.origins.begin()) + 1;
}

void AddClaim(CitedText& cited, CitedText::Claim claim, const char* before) {
  const auto same = [&](const CitedText::Claim& other) { return other.text == claim.text; };
  if (std::ranges::any_of(cited.claims, same)) return;
  std::string line = claim.text;
  std::ranges::replace(line, '\n', ' ');
  cited.text += (cited.text.empty() ? "" : before) + line;
  cited.text += " [" + std::to_string(NumberOf(cited, claim.origin)) + "]";
  cited.claims.push_back(std::move(claim));
}

std::string NothingOn(const ResearchedQuestion& answered, bool is_only_one) {
  std::string searched;
  for (const std::string& source : answered.searched) searched += (searched.empty() ? "" : ", ") + source;
  return "Nothing that was found answers " + (is_only_one ? "this" : "\"" + answered.question + "\"") +
         " (searched: " + (searched.empty() ? "nothing" : searched) + ").";
}

}  // namespace

CitedText Quoted(const std::vector<ResearchedQuestion>& answered) {
  CitedText cited;
  for (const ResearchedQuestion& one : answered) {
    const char* before = one.judgement.sentences.empty() || &one == answered.data() ? " " : "\n";
    if (one.judgement.sentences.empty()) {
      cited.text += (cited.text.empty() ? "" : "\n") + NothingOn(one, answered.size() == 1);
      continue;
    }
    const double least = kLeaveOutBelow * one.judgement.sentences[0].relevance;
    for (const Evidence::Sentence& sentence : one.judgement.sentences) {
      if (sentence.relevance < least) continue;
      AddClaim(cited, {sentence.text, sentence.origin, sentence.text}, before);
      before = " ";
    }
  }
  return cited;
}

std::string WritingPrompt(const std::string& task, const std::vector<ResearchedQuestion>& answered,
                          const Evidence& evidence) {
  std::vector<size_t> wanted;
  for (const ResearchedQuestion& one : answered) {
    for (const Evidence::Sentence& sentence : one.judgement.sentences) {
      if (std::ranges::find(wanted, sentence.origin) == wanted.end()) wanted.push_back(sentence.origin);
    }
  }
  std::string prompt;
  for (const size_t origin : wanted) {
    std::string text;
    for (size_t i = 0; i < evidence.pieces().size(); ++i) {
      const std::string& piece = evidence.pieces()[i].text;
      if (evidence.OriginOf(i) != origin || text.size() + piece.size() > kMaxMaterialBytes / wanted.size()) continue;
      text += (text.empty() ? "" : "\n") + piece;
    }
    prompt += "[" + std::to_string(origin + 1) + "]\n" + MarkedOutside(evidence.origins()[origin].tool, text) + "\n\n";
  }
  return prompt + task +
         "\n\nAnswer from these sources alone, in a few sentences. After each sentence give the number of the source "
         "that says so, such as [" +
         std::to_string(wanted.empty() ? 1 : wanted[0] + 1) + "].";
}

Result<CitedText> Supported(const std::string& written, const Evidence& evidence, double at_least) {
  TRY(const Analyzer analyzer, Analyzer::Create("en"));
  const std::vector<Quotable> quotables = QuotablesOf(evidence.pieces());
  CitedText cited;
  for (const WrittenClaim& claim : ReadClaims(written)) {
    const auto is_named = [&](const Quotable& quotable) {
      const auto number = static_cast<int32_t>(evidence.OriginOf(quotable.passage)) + 1;
      return std::ranges::find(claim.sources, number) != claim.sources.end();
    };
    const Quotable* best = FindSupport(claim.text, quotables, is_named, at_least, analyzer).quotable;
    if (best == nullptr) continue;
    AddClaim(cited, {claim.text, evidence.OriginOf(best->passage), best->text}, " ");
  }
  return cited;
}

std::string WithSources(const CitedText& cited, const Evidence& evidence) {
  std::string text = cited.text;
  for (size_t i = 0; i < cited.origins.size(); ++i) {
    const Origin& origin = evidence.origins()[cited.origins[i]];
    text += (i == 0 ? "\n\n[" : "\n[") + std::to_string(i + 1) + "] " + origin.tool + ": " + origin.id;
    if (!origin.title.empty() && origin.title != origin.id) text += " (" + origin.title + ")";
  }
  return text;
}

Json CitationsJson(const CitedText& cited, const Evidence& evidence) {
  Json citations = Json::Array({});
  for (size_t i = 0; i < cited.origins.size(); ++i) {
    const Origin& origin = evidence.origins()[cited.origins[i]];
    Json quotes = Json::Array({});
    for (const CitedText::Claim& claim : cited.claims) {
      if (claim.origin == cited.origins[i]) quotes.Push(claim.quote);
    }
    citations.Push(Json::Object({{"number", static_cast<int64_t>(i) + 1},
                                 {"tool", origin.tool},
                                 {"id", origin.id},
                                 {"title", origin.title},
                                 {"quotes", std::move(quotes)}}));
  }
  return citations;
}

}  // namespace atelier
