#include "model/tokenizer/random_text.h"

#include <iterator>

#include "base/random.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr uint64_t kSeed = 20261124;

// As in tools/random_text.py, in its order.
constexpr uint32_t kRanges[][2] = {
    {0x21, 0x2F},       {0x30, 0x39},       {0x3A, 0x40},       {0x41, 0x5A},       {0x5B, 0x60},
    {0x61, 0x7A},       {0x7B, 0x7E},       {0x0, 0x1F},        {0x7F, 0xA0},       {0xA1, 0xFF},
    {0x100, 0x17F},     {0x180, 0x24F},     {0x250, 0x2FF},     {0x300, 0x36F},     {0x370, 0x3FF},
    {0x400, 0x52F},     {0x531, 0x58F},     {0x591, 0x5F4},     {0x600, 0x6FF},     {0x900, 0x97F},
    {0x980, 0x9FE},     {0xE01, 0xE5B},     {0x10A0, 0x10FF},   {0x1100, 0x11FF},   {0x1E00, 0x1FFF},
    {0x2000, 0x206F},   {0x2070, 0x20BF},   {0x2100, 0x218F},   {0x2190, 0x22FF},   {0x2460, 0x24FF},
    {0x2500, 0x25FF},   {0x2581, 0x2581},   {0x2600, 0x27BF},   {0x2E80, 0x2FD5},   {0x3000, 0x303F},
    {0x3041, 0x30FF},   {0x3105, 0x318E},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xAC00, 0xD7A3},
    {0xE000, 0xF8FF},   {0xF900, 0xFAD9},   {0xFB00, 0xFB06},   {0xFB1D, 0xFB4F},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE4F},   {0xFF01, 0xFF9F},   {0x1D400, 0x1D7FF}, {0x1F1E6, 0x1F1FF}, {0x1F300, 0x1F64F},
    {0x1F900, 0x1F9FF}, {0x20000, 0x2A6DF}, {0x2F800, 0x2FA1D}, {0x200D, 0x200D}};
constexpr std::string_view kSpaces[] = {" ",
                                        " ",
                                        " ",
                                        "  ",
                                        "    ",
                                        "\x0A",
                                        "\x0A\x0A",
                                        "\x0D\x0A",
                                        "\x09",
                                        "\x0D",
                                        "\x0B",
                                        "\x0C",
                                        "\xC2\x85",
                                        "\xC2\xA0",
                                        "\xE2\x80\x83",
                                        "\xE2\x80\xA8",
                                        "\xE3\x80\x80",
                                        "\xE2\x80\x8B",
                                        "\xEF\xBB\xBF"};
constexpr std::string_view kSnippets[] = {"the",
                                          "Hello",
                                          " world",
                                          "'s",
                                          "'S",
                                          "'LL",
                                          "'re",
                                          "'\xC5\xBF",
                                          "don't",
                                          "DON'T",
                                          "I'VE",
                                          "HTTPServer",
                                          "camelCase",
                                          "iPhone",
                                          "return x;",
                                          "!=",
                                          "...",
                                          "?!",
                                          "//",
                                          "/*",
                                          "://",
                                          "\\n",
                                          "3.14",
                                          "1,000,000",
                                          "2024-01-31",
                                          "0x1F",
                                          "caf\xC3\xA9",
                                          "cafe\xCC\x81",
                                          "na\xC3\xAFve",
                                          "\xC3\x85ngstr\xC3\xB6m",
                                          "\xC4\xB0stanbul",
                                          "stra\xC3\x9F"
                                          "e",
                                          "\xEF\xAC\x81n",
                                          "\xE4\xBD\xA0\xE5\xA5\xBD",
                                          "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
                                          "\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4",
                                          "\xD1\x80\xD1\x83\xD1\x81\xD1\x81\xD0\xBA\xD0\xB8\xD0\xB9",
                                          "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7",
                                          "\xE0\xA4\xA8\xE0\xA4\xAE\xE0\xA4\xB8\xE0\xA5\x8D\xE0\xA4\xA4\xE0\xA5\x87",
                                          "\xF0\x9F\x98\x80",
                                          "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
                                          "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",
                                          "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",
                                          "<|im_start|>",
                                          "<|im_end|>",
                                          "<|endoftext|>",
                                          "<s>",
                                          "</s>",
                                          "<unk>",
                                          "[MASK]",
                                          "[CLS]",
                                          "[UNK]",
                                          "<0x41>",
                                          "<added>",
                                          "mask",
                                          "\xE2\x96\x81",
                                          "aaaaaaaa",
                                          "==========",
                                          "zzzz"};

template <class Table>
const auto& OneOf(const Table& table, Random& random) {
  return table[random.Below(std::size(table))];
}

void AppendRun(Random& random, uint64_t longest, char first, uint64_t letters, std::string& out) {
  for (uint64_t n = 1 + random.Below(longest); n > 0; --n)
    out += static_cast<char>(first + static_cast<char>(random.Below(letters)));
}

}  // namespace

std::string RandomText(uint64_t number) {
  Random random(kSeed, number);
  std::string out;
  for (uint64_t n = 1 + random.Below(24); n > 0; --n) {
    const uint64_t kind = random.Below(100);
    if (kind < 25) {
      out += static_cast<char>(0x20 + random.Below(95));
    } else if (kind < 40) {
      AppendRun(random, 8, 'a', 26, out);
    } else if (kind < 55) {
      out += OneOf(kSpaces, random);
    } else if (kind < 62) {
      AppendRun(random, 6, '0', 10, out);
    } else if (kind < 72) {
      out += OneOf(kSnippets, random);
    } else if (kind < 97) {
      const auto& range = OneOf(kRanges, random);
      AppendUtf8(out, static_cast<char32_t>(range[0] + random.Below(range[1] - range[0] + 1)));
    } else {
      const uint64_t code = random.Below(0x110000 - 0x800);
      AppendUtf8(out, static_cast<char32_t>(code < 0xD800 ? code : code + 0x800));
    }
  }
  return out;
}

}  // namespace atelier
