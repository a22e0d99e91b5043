// Recursive summaries: a model sums up neighbouring chunks, then neighbouring summaries, until one says what the whole
// document does. Each is found by what it says and cited by the text that it sums up.
//   [after RAPTOR, Sarthi et al., arXiv:2401.18059; here neighbours are grouped, not what is alike, so that a summary
//    stands for one span of one document: it is deleted with it, and who may see the document may see it]
#include <algorithm>

#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/chunk/asking.h"

namespace atelier {
namespace {

constexpr size_t kFanout = 6;
constexpr int64_t kDefaultSummaryTokens = 100;
constexpr size_t kSilentBytes = 300;  // of the first text, that stands for a summary that the model did not write

// A node of the level under way: what it says, and where.
struct Node {
  TextSpan span;
  std::string says;
};

std::string PromptOf(const std::vector<Node>& nodes, size_t begin, size_t end, size_t bytes_each) {
  std::string prompt = "Here are passages that follow each other in a document:\n";
  for (size_t i = begin; i < end; ++i) prompt += "\n" + CutToBytes(nodes[i].says, bytes_each) + "\n";
  return prompt +
         "\nSay in two or three sentences what they tell, with the names and figures that matter. Answer with these "
         "sentences alone.";
}

// What all of the chunks within a span share of their headings.
std::vector<std::string> CommonHeadings(const std::vector<Chunk>& chunks, TextSpan span) {
  std::optional<std::vector<std::string>> common;
  for (const Chunk& chunk : chunks) {
    if (chunk.span.begin < span.begin || chunk.span.end > span.end) continue;
    if (!common) common = chunk.heading_path;
    const auto [ours, theirs] = std::ranges::mismatch(*common, chunk.heading_path);
    common->erase(ours, common->end());
  }
  return common.value_or(std::vector<std::string>());
}

Chunk SummaryChunk(const std::vector<Chunk>& leaves, Node node) {
  Chunk chunk;
  chunk.span = chunk.shown = node.span;
  chunk.heading_path = CommonHeadings(leaves, node.span);
  for (const Chunk& leaf : leaves) {
    if (leaf.span.begin < node.span.begin || leaf.span.end > node.span.end || leaf.first_page == 0) continue;
    chunk.first_page = chunk.first_page == 0 ? leaf.first_page : std::min(chunk.first_page, leaf.first_page);
    chunk.last_page = std::max(chunk.last_page, leaf.last_page);
  }
  chunk.context = std::move(node.says);
  chunk.sums_up = true;
  return chunk;
}

Task<Result<Chunking>> SplitIntoTree(Call call, ChunkInput input) {
  CO_TRY(Chunking chunking, ChunksToAskAbout(input, "summary_tree"));
  const int64_t tokens = input.options.context_tokens.value_or(kDefaultSummaryTokens);
  CO_TRY(const int64_t room, co_await PromptBytes(call, input.tools, tokens));
  const std::vector<Chunk> leaves = chunking.chunks;
  std::vector<Node> level;
  for (const Chunk& leaf : leaves) level.push_back({leaf.span, std::string(TextOf(input.document.text, leaf.span))});
  while (level.size() > 1) {
    std::vector<Node> above;
    std::vector<Asked> asked;
    // Groups as even as can be: the last is no single leftover.
    const size_t num_groups = (level.size() + kFanout - 1) / kFanout;
    for (size_t g = 0; g < num_groups; ++g) {
      const size_t begin = g * level.size() / num_groups, end = (g + 1) * level.size() / num_groups;
      asked.push_back({"", PromptOf(level, begin, end, static_cast<size_t>(room) / (end - begin)), tokens});
      above.push_back(
          {{level[begin].span.begin, level[end - 1].span.end}, CutToBytes(level[begin].says, kSilentBytes)});
    }
    auto asking = AskAll(call, input, std::move(asked), chunking);
    CO_TRY(const std::vector<std::string> said, co_await asking);
    for (size_t g = 0; g < num_groups; ++g) {
      std::string summary = WhitespaceTidied(said[g]);
      if (!summary.empty()) above[g].says = std::move(summary);
      chunking.chunks.push_back(SummaryChunk(leaves, above[g]));
    }
    level = std::move(above);
  }
  co_return chunking;
}

constexpr std::string_view kKeys[] = {"base", "context_tokens", "overlap_sentences", "separators"};

}  // namespace

extern const ChunkerEntry chunker_summary_tree{
    "summary_tree", "a model sums up neighbouring chunks, and these summaries again", kKeys, 0, nullptr, SplitIntoTree};

}  // namespace atelier
