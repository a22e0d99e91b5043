// \p{…}: categories from utf8proc; scripts and binary properties from PCRE2, which is asked about every code point.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/text/utf8.h"
#include "engine/grammar/ecma_pattern.h"

namespace atelier {
namespace {

struct Category {
  std::string_view name, long_name;
  std::vector<int> of;  // utf8proc's
};

// General_Category values, with their aliases.          [PropertyValueAliases.txt]
const std::vector<Category>& Categories() {
  static const std::vector<Category> categories = {
      {"Lu", "Uppercase_Letter", {UTF8PROC_CATEGORY_LU}},
      {"Ll", "Lowercase_Letter", {UTF8PROC_CATEGORY_LL}},
      {"Lt", "Titlecase_Letter", {UTF8PROC_CATEGORY_LT}},
      {"LC", "Cased_Letter", {UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT}},
      {"Lm", "Modifier_Letter", {UTF8PROC_CATEGORY_LM}},
      {"Lo", "Other_Letter", {UTF8PROC_CATEGORY_LO}},
      {"L",
       "Letter",
       {UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM, UTF8PROC_CATEGORY_LO}},
      {"Mn", "Nonspacing_Mark", {UTF8PROC_CATEGORY_MN}},
      {"Mc", "Spacing_Mark", {UTF8PROC_CATEGORY_MC}},
      {"Me", "Enclosing_Mark", {UTF8PROC_CATEGORY_ME}},
      {"M", "Mark", {UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ME}},
      {"M", "Combining_Mark", {UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ME}},
      {"Nd", "Decimal_Number", {UTF8PROC_CATEGORY_ND}},
      {"Nd", "digit", {UTF8PROC_CATEGORY_ND}},
      {"Nl", "Letter_Number", {UTF8PROC_CATEGORY_NL}},
      {"No", "Other_Number", {UTF8PROC_CATEGORY_NO}},
      {"N", "Number", {UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NL, UTF8PROC_CATEGORY_NO}},
      {"Pc", "Connector_Punctuation", {UTF8PROC_CATEGORY_PC}},
      {"Pd", "Dash_Punctuation", {UTF8PROC_CATEGORY_PD}},
      {"Ps", "Open_Punctuation", {UTF8PROC_CATEGORY_PS}},
      {"Pe", "Close_Punctuation", {UTF8PROC_CATEGORY_PE}},
      {"Pi", "Initial_Punctuation", {UTF8PROC_CATEGORY_PI}},
      {"Pf", "Final_Punctuation", {UTF8PROC_CATEGORY_PF}},
      {"Po", "Other_Punctuation", {UTF8PROC_CATEGORY_PO}},
      {"P",
       "Punctuation",
       {UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PD, UTF8PROC_CATEGORY_PS, UTF8PROC_CATEGORY_PE, UTF8PROC_CATEGORY_PI,
        UTF8PROC_CATEGORY_PF, UTF8PROC_CATEGORY_PO}},
      {"P",
       "punct",
       {UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PD, UTF8PROC_CATEGORY_PS, UTF8PROC_CATEGORY_PE, UTF8PROC_CATEGORY_PI,
        UTF8PROC_CATEGORY_PF, UTF8PROC_CATEGORY_PO}},
      {"Sm", "Math_Symbol", {UTF8PROC_CATEGORY_SM}},
      {"Sc", "Currency_Symbol", {UTF8PROC_CATEGORY_SC}},
      {"Sk", "Modifier_Symbol", {UTF8PROC_CATEGORY_SK}},
      {"So", "Other_Symbol", {UTF8PROC_CATEGORY_SO}},
      {"S", "Symbol", {UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SC, UTF8PROC_CATEGORY_SK, UTF8PROC_CATEGORY_SO}},
      {"Zs", "Space_Separator", {UTF8PROC_CATEGORY_ZS}},
      {"Zl", "Line_Separator", {UTF8PROC_CATEGORY_ZL}},
      {"Zp", "Paragraph_Separator", {UTF8PROC_CATEGORY_ZP}},
      {"Z", "Separator", {UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZL, UTF8PROC_CATEGORY_ZP}},
      {"Cc", "Control", {UTF8PROC_CATEGORY_CC}},
      {"Cc", "cntrl", {UTF8PROC_CATEGORY_CC}},
      {"Cf", "Format", {UTF8PROC_CATEGORY_CF}},
      {"Cs", "Surrogate", {UTF8PROC_CATEGORY_CS}},
      {"Co", "Private_Use", {UTF8PROC_CATEGORY_CO}},
      {"Cn", "Unassigned", {UTF8PROC_CATEGORY_CN}},
      {"C",
       "Other",
       {UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CF, UTF8PROC_CATEGORY_CS, UTF8PROC_CATEGORY_CO, UTF8PROC_CATEGORY_CN}},
  };
  return categories;
}

const std::array<std::vector<CodePointRange>, 32>& RangesOfCategories() {
  static const auto* const all = [] {
    auto* ranges = new std::array<std::vector<CodePointRange>, 32>();
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
      auto& of = (*ranges)[utf8proc_category(static_cast<utf8proc_int32_t>(c))];
      if (!of.empty() && of.back().last + 1 == c) {
        of.back().last = c;
      } else {
        of.push_back({c, c});
      }
    }
    return ranges;
  }();
  return *all;
}

std::optional<CodePointSet> GeneralCategory(std::string_view name) {
  for (const Category& category : Categories()) {
    if (name != category.name && name != category.long_name) continue;
    std::vector<CodePointRange> ranges;
    for (const int of : category.of) {
      const auto& more = RangesOfCategories()[of];
      ranges.insert(ranges.end(), more.begin(), more.end());
    }
    return CodePointSet(std::move(ranges));
  }
  return std::nullopt;
}

// What a property of PCRE2 matches in a text of every code point, cut into ranges.
std::optional<CodePointSet> FromPcre(const std::string& property) {
  static const auto* const every = [] {
    auto* text = new std::string();
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
      if (c < 0xD800 || c > 0xDFFF) AppendUtf8(*text, c);
    }
    return text;
  }();
  const std::string pattern = "\\p{" + property + "}+";
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &offset, nullptr);
  if (code == nullptr) return std::nullopt;
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // without it the same is only slower
  pcre2_match_data* match = pcre2_match_data_create(1, nullptr);
  std::vector<CodePointRange> ranges;
  size_t at = 0;
  while (pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(every->data()), every->size(), at, PCRE2_NO_UTF_CHECK, match,
                     nullptr) > 0) {
    const size_t begin = pcre2_get_ovector_pointer(match)[0], end = pcre2_get_ovector_pointer(match)[1];
    size_t last = end - 1;
    while ((static_cast<uint8_t>((*every)[last]) & 0xC0) == 0x80) --last;
    ranges.push_back({DecodeUtf8(*every, begin).value, DecodeUtf8(*every, last).value});
    at = end;
  }
  pcre2_match_data_free(match);
  pcre2_code_free(code);
  return CodePointSet(std::move(ranges));
}

// Lone properties of ECMA-262, table 67, that PCRE2 knows by the same name.
bool IsBinaryProperty(std::string_view name) {
  static constexpr std::string_view names[] = {"ASCII_Hex_Digit",
                                               "AHex",
                                               "Alphabetic",
                                               "Alpha",
                                               "Bidi_Control",
                                               "Bidi_C",
                                               "Bidi_Mirrored",
                                               "Bidi_M",
                                               "Case_Ignorable",
                                               "CI",
                                               "Cased",
                                               "Changes_When_Casefolded",
                                               "CWCF",
                                               "Changes_When_Casemapped",
                                               "CWCM",
                                               "Changes_When_Lowercased",
                                               "CWL",
                                               "Changes_When_Titlecased",
                                               "CWT",
                                               "Changes_When_Uppercased",
                                               "CWU",
                                               "Dash",
                                               "Default_Ignorable_Code_Point",
                                               "DI",
                                               "Deprecated",
                                               "Dep",
                                               "Diacritic",
                                               "Dia",
                                               "Emoji",
                                               "Emoji_Component",
                                               "EComp",
                                               "Emoji_Modifier",
                                               "EMod",
                                               "Emoji_Modifier_Base",
                                               "EBase",
                                               "Emoji_Presentation",
                                               "EPres",
                                               "Extended_Pictographic",
                                               "ExtPict",
                                               "Extender",
                                               "Ext",
                                               "Grapheme_Base",
                                               "Gr_Base",
                                               "Grapheme_Extend",
                                               "Gr_Ext",
                                               "Hex_Digit",
                                               "Hex",
                                               "IDS_Binary_Operator",
                                               "IDSB",
                                               "IDS_Trinary_Operator",
                                               "IDST",
                                               "ID_Continue",
                                               "IDC",
                                               "ID_Start",
                                               "IDS",
                                               "Ideographic",
                                               "Ideo",
                                               "Join_Control",
                                               "Join_C",
                                               "Logical_Order_Exception",
                                               "LOE",
                                               "Lowercase",
                                               "Lower",
                                               "Math",
                                               "Noncharacter_Code_Point",
                                               "NChar",
                                               "Pattern_Syntax",
                                               "Pat_Syn",
                                               "Pattern_White_Space",
                                               "Pat_WS",
                                               "Quotation_Mark",
                                               "QMark",
                                               "Radical",
                                               "Regional_Indicator",
                                               "RI",
                                               "Sentence_Terminal",
                                               "STerm",
                                               "Soft_Dotted",
                                               "SD",
                                               "Terminal_Punctuation",
                                               "Term",
                                               "Unified_Ideograph",
                                               "UIdeo",
                                               "Uppercase",
                                               "Upper",
                                               "Variation_Selector",
                                               "VS",
                                               "White_Space",
                                               "space",
                                               "XID_Continue",
                                               "XIDC",
                                               "XID_Start",
                                               "XIDS"};
  return std::ranges::find(names, name) != std::end(names);
}

std::optional<CodePointSet> FindProperty(std::string_view text) {
  if (text == "Any") return CodePointSet::All();
  if (text == "ASCII") return CodePointSet::Of(0, 0x7F);
  if (text == "Assigned") return GeneralCategory("Cn")->Not();
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    if (auto category = GeneralCategory(text)) return category;
    return IsBinaryProperty(text) ? FromPcre(std::string(text)) : std::nullopt;
  }
  const std::string_view name = text.substr(0, equals), value = text.substr(equals + 1);
  if (name == "General_Category" || name == "gc") return GeneralCategory(value);
  if (value.empty() || !std::ranges::all_of(value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      })) {
    return std::nullopt;
  }
  if (name == "Script" || name == "sc") return FromPcre("sc:" + std::string(value));
  if (name == "Script_Extensions" || name == "scx") return FromPcre("scx:" + std::string(value));
  return std::nullopt;
}

}  // namespace

std::optional<CodePointSet> UnicodeProperty(std::string_view text) {
  static std::mutex mutex;
  static std::map<std::string, std::optional<CodePointSet>, std::less<>> known;
  constexpr size_t kMaxKnown = 1000;
  const std::lock_guard lock(mutex);
  if (const auto at = known.find(text); at != known.end()) return at->second;
  auto set = FindProperty(text);
  if (known.size() < kMaxKnown) known.emplace(text, set);
  return set;
}

}  // namespace atelier
