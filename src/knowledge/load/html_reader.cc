#include "knowledge/load/html_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/text/unicode.h"
#include "knowledge/load/html_tree.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

std::string_view AttributeOf(const GumboNode* node, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&node->v.element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

const GumboVector* ChildrenOf(const GumboNode* node) {
  const bool has = node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
  return has ? &node->v.element.children : node->type == GUMBO_NODE_DOCUMENT ? &node->v.document.children : nullptr;
}

const GumboNode* ChildAt(const GumboVector* children, size_t index) {
  return static_cast<const GumboNode*>(children->data[index]);
}

bool IsElement(const GumboNode* node, GumboTag tag) {
  return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

bool IsLeftOut(const GumboNode* node) {
  static constexpr auto kTags = std::to_array<GumboTag>(
      {GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,  GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_NAV,
       GUMBO_TAG_MENU,     GUMBO_TAG_BUTTON, GUMBO_TAG_SELECT,   GUMBO_TAG_TEXTAREA, GUMBO_TAG_INPUT,
       GUMBO_TAG_DATALIST, GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT,   GUMBO_TAG_EMBED,    GUMBO_TAG_CANVAS,
       GUMBO_TAG_SVG,      GUMBO_TAG_AUDIO,  GUMBO_TAG_VIDEO,    GUMBO_TAG_HEAD,     GUMBO_TAG_RP});
  if (std::ranges::find(kTags, node->v.element.tag) != kTags.end()) return true;
  if (gumbo_get_attribute(&node->v.element.attributes, "hidden") != nullptr) return true;
  const std::string_view role = AttributeOf(node, "role");
  if (role == "navigation" || role == "menu" || role == "menubar" || role == "search") return true;
  std::string style(AttributeOf(node, "style"));
  std::erase(style, ' ');
  return style.find("display:none") != std::string::npos;
}

bool IsBlock(GumboTag tag) {
  static constexpr auto kTags = std::to_array<GumboTag>(
      {GUMBO_TAG_ADDRESS,  GUMBO_TAG_ARTICLE,    GUMBO_TAG_ASIDE,  GUMBO_TAG_BODY,    GUMBO_TAG_CENTER,
       GUMBO_TAG_DD,       GUMBO_TAG_DETAILS,    GUMBO_TAG_DIV,    GUMBO_TAG_DL,      GUMBO_TAG_DT,
       GUMBO_TAG_FIELDSET, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIGURE, GUMBO_TAG_FOOTER,  GUMBO_TAG_FORM,
       GUMBO_TAG_HEADER,   GUMBO_TAG_HGROUP,     GUMBO_TAG_HR,     GUMBO_TAG_HTML,    GUMBO_TAG_LEGEND,
       GUMBO_TAG_MAIN,     GUMBO_TAG_OL,         GUMBO_TAG_P,      GUMBO_TAG_SECTION, GUMBO_TAG_SUMMARY,
       GUMBO_TAG_UL,       GUMBO_TAG_TABLE,      GUMBO_TAG_TBODY,  GUMBO_TAG_THEAD,   GUMBO_TAG_TFOOT,
       GUMBO_TAG_TR,       GUMBO_TAG_TD,         GUMBO_TAG_TH,     GUMBO_TAG_CAPTION});
  return std::ranges::find(kTags, tag) != kTags.end();
}

int HeadingLevel(GumboTag tag) {
  return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? static_cast<int>(tag) - static_cast<int>(GUMBO_TAG_H1) + 1 : 0;
}

int NumberOr(std::string_view text, int otherwise) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end != text.data() ? value : otherwise;
}

// "language-cpp" or "lang-cpp" among classes, of a pre or of the code in it.
std::string CodeLanguage(const GumboNode* pre) {
  const GumboVector* children = ChildrenOf(pre);
  for (const GumboNode* node : {pre, children->length > 0 ? ChildAt(children, 0) : pre}) {
    if (node->type != GUMBO_NODE_ELEMENT) continue;
    const std::string_view classes = AttributeOf(node, "class");
    for (const std::string_view prefix : {"language-", "lang-", "brush: "}) {
      const size_t at = classes.find(prefix);
      if (at == std::string_view::npos) continue;
      const std::string_view name = classes.substr(at + prefix.size());
      return std::string(name.substr(0, name.find_first_of(" ;")));
    }
  }
  return {};
}

// Walks without recursion: a page may nest as deep as it likes.
template <class Enter, class Leave>
void Walk(const GumboNode* root, const Enter& enter, const Leave& leave) {
  struct Place {
    const GumboNode* node;
    size_t next_child;
  };
  std::vector<Place> path;
  if (enter(root)) path.push_back({root, 0});
  while (!path.empty()) {
    const GumboVector* children = ChildrenOf(path.back().node);
    if (children == nullptr || path.back().next_child >= children->length) {
      leave(path.back().node);
      path.pop_back();
      continue;
    }
    const GumboNode* child = ChildAt(children, path.back().next_child++);
    if (enter(child)) path.push_back({child, 0});
  }
}

// Tables that hold tables: layout.
std::unordered_set<const GumboNode*> LayoutTables(const GumboNode* root) {
  std::unordered_set<const GumboNode*> layout;
  std::vector<const GumboNode*> open;
  Walk(
      root,
      [&](const GumboNode* node) {
        if (!IsElement(node, GUMBO_TAG_TABLE)) return true;
        if (!open.empty()) layout.insert(open.back());
        open.push_back(node);
        return true;
      },
      [&](const GumboNode* node) {
        if (IsElement(node, GUMBO_TAG_TABLE)) open.pop_back();
      });
  return layout;
}

class PageWriter {
 public:
  PageWriter(DocumentBuilder& out, std::unordered_set<const GumboNode*> layout)
      : out_(out), layout_(std::move(layout)) {}

  void Write(const GumboNode* root) {
    Walk(root, [&](const GumboNode* node) { return Enter(node); }, [&](const GumboNode* node) { Leave(node); });
    EndAnonymous();
  }

 private:
  // Whether its children are to be read.
  bool Enter(const GumboNode* node) {
    if (out_.over_limit()) return false;
    switch (node->type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_WHITESPACE:
      case GUMBO_NODE_CDATA: Text(node->v.text.text); return false;
      case GUMBO_NODE_DOCUMENT: return true;
      case GUMBO_NODE_ELEMENT: return !IsLeftOut(node) && EnterElement(node);
      default: return false;
    }
  }

  void Text(std::string_view text) {
    if (pre_ > 0) return out_.Raw(text);
    if (leaves_ == 0 && !anonymous_ && text.find_first_not_of(" \t\n\r\f") != std::string_view::npos) {
      anonymous_ = true;
      out_.Begin(Kind::kParagraph);
    }
    out_.Inline(text);
  }
  void EndAnonymous() {
    if (anonymous_) out_.End();
    anonymous_ = false;
  }

  bool EnterElement(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_BR) return pre_ > 0 ? out_.Raw("\n") : out_.Break(1), false;
    if (tag == GUMBO_TAG_IMG) return Text(AttributeOf(node, "alt")), false;
    Frame frame = FrameOf(node);
    if (!frame.block) return frames_.push_back(frame), true;
    EndAnonymous();
    if (frame.mark) {
      out_.Begin(frame.kind, frame.number, std::move(frame.label));
    } else if (leaves_ == 0) {
      out_.Break(frame.row ? 1 : 2);
    } else {
      out_.Break(1);
    }
    if (tag == GUMBO_TAG_LI) out_.Inline(MarkerOf(node));
    leaves_ += frame.leaf;
    pre_ += tag == GUMBO_TAG_PRE;
    frames_.push_back(frame);
    return true;
  }

  void Leave(const GumboNode* node) {
    if (node->type != GUMBO_NODE_ELEMENT) return;
    const Frame frame = frames_.back();
    frames_.pop_back();
    if (node->v.element.tag == GUMBO_TAG_TABLE) tables_.pop_back();
    if (!frame.block) return;
    EndAnonymous();
    leaves_ -= frame.leaf;
    pre_ -= node->v.element.tag == GUMBO_TAG_PRE;
    if (frame.mark) {
      out_.End();
    } else {
      out_.Break(leaves_ == 0 && !frame.row ? 2 : 1);
    }
    if (frame.kind == Kind::kTableCell && frame.mark) out_.Separate(" | ");
  }

  struct Frame {
    bool block = false;
    bool mark = false;
    bool leaf = false;  // text within it needs no paragraph of its own
    bool row = false;
    Kind kind = Kind::kParagraph;
    int32_t number = 0;
    std::string label = {};
  };

  static Frame Marked(Kind kind, bool leaf, int32_t number = 0, std::string label = {}) {
    return {true, true, leaf, false, kind, number, std::move(label)};
  }

  Frame FrameOf(const GumboNode* node) {
    const GumboTag tag = node->v.element.tag;
    if (const int level = HeadingLevel(tag); level > 0) return Marked(Kind::kHeading, true, level);
    const bool in_data_table = !tables_.empty() && tables_.back().data;
    switch (tag) {
      case GUMBO_TAG_P: return leaves_ > 0 ? Frame{.block = true} : Marked(Kind::kParagraph, true);
      case GUMBO_TAG_LI: ++items_of_list_[node->parent]; return Marked(Kind::kListItem, true);
      case GUMBO_TAG_BLOCKQUOTE: return Marked(Kind::kQuote, false);
      case GUMBO_TAG_PRE: return Marked(Kind::kCode, true, 0, CodeLanguage(node));
      case GUMBO_TAG_FIGCAPTION: return Marked(Kind::kCaption, true);
      case GUMBO_TAG_TABLE:
        tables_.push_back({!layout_.contains(node), 0});
        return tables_.back().data ? Marked(Kind::kTable, false) : Frame{.block = true};
      case GUMBO_TAG_CAPTION: return in_data_table ? Marked(Kind::kCaption, true) : Frame{.block = true};
      case GUMBO_TAG_TBODY:
      case GUMBO_TAG_THEAD:
      case GUMBO_TAG_TFOOT: return Frame{.block = true, .row = true};
      case GUMBO_TAG_TR:
        if (!in_data_table) return Frame{.block = true};
        tables_.back().column = 0;
        return Marked(Kind::kTableRow, true);
      case GUMBO_TAG_TD:
      case GUMBO_TAG_TH: {
        if (!in_data_table) return Frame{.block = true};
        const int32_t column = tables_.back().column + 1;
        tables_.back().column += std::clamp(NumberOr(AttributeOf(node, "colspan"), 1), 1, 1000);
        return Marked(Kind::kTableCell, true, column);
      }
      default: return Frame{.block = IsBlock(tag)};
    }
  }

  // "- ", "3. "
  std::string MarkerOf(const GumboNode* item) {
    const GumboNode* list = item->parent;
    if (list == nullptr || !IsElement(list, GUMBO_TAG_OL)) return "- ";
    const int64_t start = NumberOr(AttributeOf(list, "start"), 1);
    return std::to_string(start + items_of_list_[list] - 1) + ". ";
  }

  struct Table {
    bool data = false;
    int32_t column = 0;
  };
  DocumentBuilder& out_;
  const std::unordered_set<const GumboNode*> layout_;
  std::vector<Frame> frames_;
  std::vector<Table> tables_;
  std::unordered_map<const GumboNode*, int64_t> items_of_list_;
  int64_t leaves_ = 0;
  int64_t pre_ = 0;
  bool anonymous_ = false;
};

std::string TextWithin(const GumboNode* node) {
  std::string text;
  const GumboVector* children = ChildrenOf(node);
  for (size_t i = 0; i < children->length; ++i) {
    const GumboNode* child = ChildAt(children, i);
    if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE) text += child->v.text.text;
  }
  return text;
}

// One line, at most 1,000 bytes or so.
std::string Tidy(std::string_view text) {
  DocumentBuilder line(1000);
  line.Inline(text);
  return std::string(line.text());
}

HtmlFacts FactsOf(const GumboNode* root) {
  HtmlFacts facts;
  facts.attributes = Json::Object();
  if (const std::string language = Tidy(AttributeOf(root, "lang")); !language.empty()) {
    facts.attributes.Set("language", language);
  }
  const GumboVector* parts = ChildrenOf(root);
  for (size_t i = 0; i < parts->length; ++i) {
    if (!IsElement(ChildAt(parts, i), GUMBO_TAG_HEAD)) continue;
    const GumboVector* head = ChildrenOf(ChildAt(parts, i));
    for (size_t j = 0; j < head->length; ++j) {
      const GumboNode* node = ChildAt(head, j);
      if (IsElement(node, GUMBO_TAG_TITLE) && facts.title.empty()) facts.title = Tidy(TextWithin(node));
      if (!IsElement(node, GUMBO_TAG_META)) continue;
      const std::string name = LowerCase(AttributeOf(node, "name"));
      const std::string content = Tidy(AttributeOf(node, "content"));
      if (content.empty()) continue;
      if (name == "author" || name == "description" || name == "date") facts.attributes.Set(name, content);
    }
  }
  return facts;
}

}  // namespace

Result<HtmlFacts> ReadHtml(std::string_view html, std::chrono::milliseconds time, DocumentBuilder& builder) {
  TRY(const HtmlTree tree, HtmlTree::Parse(html, time));
  HtmlFacts facts = FactsOf(tree.root());
  PageWriter(builder, LayoutTables(tree.root())).Write(tree.root());
  return facts;
}

std::string_view DeclaredHtmlEncoding(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 4096);
  for (size_t at = head.find("charset"); at != std::string_view::npos; at = head.find("charset", at + 1)) {
    size_t from = head.find_first_not_of(" \t\n\r", at + 7);
    if (from == std::string_view::npos || head[from] != '=') continue;
    from = head.find_first_not_of(" \t\n\r\"'", from + 1);
    if (from == std::string_view::npos) break;
    return head.substr(from, head.find_first_of(" \t\n\r\"'/>;", from) - from);
  }
  return {};
}

}  // namespace atelier
