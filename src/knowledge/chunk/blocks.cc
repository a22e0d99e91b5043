#include "knowledge/chunk/blocks.h"

#include <algorithm>

#include "base/text/unicode.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

class BlockReader {
 public:
  explicit BlockReader(std::string_view text) : text_(text) {}

  std::vector<Block> Run(const std::vector<TextMark>& marks) {
    for (const TextMark& mark : marks) {
      if (mark.kind == Kind::kPage) continue;
      if (mark.kind == Kind::kMessage) {
        Unmarked(mark.span.begin);
        message_ = mark.span.begin;
      } else if (mark.span.begin < done_) {
        Within(mark);
      } else if (!mark.span.empty()) {
        Unmarked(mark.span.begin);
        Add(mark.kind, mark.span, mark.number);
        if (mark.kind == Kind::kCode) blocks_.back().label = mark.label;
      }
    }
    Unmarked(static_cast<int64_t>(text_.size()));
    for (Block& block : blocks_) {
      if (block.kind == Kind::kCode) Lines(block);
      std::ranges::sort(block.inner);
    }
    return std::move(blocks_);
  }

 private:
  void Add(Kind kind, TextSpan span, int32_t number) {
    done_ = span.end;
    const bool begins_message = message_ >= 0 && message_ <= span.begin;
    if (begins_message) message_ = -1;
    if (!blocks_.empty() && !begins_message && Joins(blocks_.back().kind, kind)) {
      Block& before = blocks_.back();
      before.inner.push_back(span.begin);
      before.span.end = span.end;
      if (kind == Kind::kTable) before.kind = kind;
      return;
    }
    Block block;
    block.kind = kind, block.span = span, block.level = number, block.begins_message = begins_message;
    blocks_.push_back(std::move(block));
  }

  static bool Joins(Kind before, Kind kind) {
    if (before == Kind::kListItem) return kind == Kind::kListItem;
    return (before == Kind::kCaption && kind == Kind::kTable) || (before == Kind::kTable && kind == Kind::kCaption) ||
           (before == Kind::kTableRow && kind == Kind::kTableRow);
  }

  // A row of a table, an item of an item.
  void Within(const TextMark& mark) {
    if (blocks_.empty()) return;
    Block& block = blocks_.back();
    const bool is_part = mark.kind == Kind::kTableRow || mark.kind == Kind::kListItem || mark.kind == Kind::kParagraph;
    if (is_part && mark.span.begin > block.span.begin) block.inner.push_back(mark.span.begin);
  }

  // What no mark covers, up to `end`, by blank lines.
  void Unmarked(int64_t end) {
    while (done_ < end) {
      const std::string_view rest = TextOf(text_, {done_, end});
      const std::string_view text = TrimLeft(rest);
      if (text.empty()) break;
      size_t size = text.find('\n');
      for (; size != std::string_view::npos; size = text.find('\n', size + 1)) {
        const size_t next = text.find_first_not_of(" \t\r", size + 1);
        if (next == std::string_view::npos || text[next] == '\n') break;
      }
      const int64_t begin = done_ + static_cast<int64_t>(rest.size() - text.size());
      const auto bytes = static_cast<int64_t>(TrimRight(text.substr(0, size)).size());
      Add(Kind::kParagraph, {begin, begin + bytes}, 0);
    }
    done_ = std::max(done_, end);
  }

  void Lines(Block& block) const {
    const std::string_view code = TextOf(text_, block.span);
    for (size_t at = code.find('\n'); at != std::string_view::npos; at = code.find('\n', at + 1)) {
      block.inner.push_back(block.span.begin + static_cast<int64_t>(at) + 1);
    }
  }

  const std::string_view text_;
  int64_t done_ = 0;
  int64_t message_ = -1;  // where a message begins whose first block is still to come; -1: none
  std::vector<Block> blocks_;
};

}  // namespace

std::vector<Block> BlocksOf(std::string_view text, const std::vector<TextMark>& marks) {
  return BlockReader(text).Run(marks);
}

}  // namespace atelier
