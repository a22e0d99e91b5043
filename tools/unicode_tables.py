#!/usr/bin/env python3
"""Writes src/model/tokenizer/unicode_data.cc: what each code point is.

Tokenizers were trained with the Unicode tables of the PyPI package `tokenizers`, and what they make of a text
depends on them; so the tables are asked from that package itself, class by class, and not taken from a Unicode
release. It uses two: its regular expressions know a recent Unicode (16 in version 0.23), its BERT parts an old one.

    python3 -m pip install tokenizers==0.23.3
    python3 tools/unicode_tables.py
"""
import pathlib

from tokenizers import Regex, normalizers, pre_tokenizers

CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co").split()
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ROOT = pathlib.Path(__file__).resolve().parent.parent


def matching(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    return [c for c in CODES if not split.pre_tokenize_str(chr(c))]


def categories():
    of = bytearray(0x110000)
    for number, name in enumerate(CATEGORIES, 1):
        for c in matching(r"\p{%s}" % name):
            of[c] = number
    rows = []
    for c in range(0x110000):
        if c == 0 or of[c] != of[c - 1]:
            rows.append((c << 8) | of[c])
    return rows


def ranges(codes):
    rows = []
    for c in codes:
        if rows and rows[-1][1] == c - 1:
            rows[-1][1] = c
        else:
            rows.append([c, c])
    return [(first << 11) | (last - first) for first, last in split_long(rows)]


def split_long(rows):
    for first, last in rows:
        while last - first > 0x7FF:
            yield first, first + 0x7FF
            first += 0x800
        yield first, last


def array(name, comment, rows):
    lines, line = [], "   "
    for row in rows:
        text = " 0x%x," % row
        if len(line) + len(text) > 120:
            lines.append(line)
            line = "   "
        line += text
    lines.append(line)
    return "// %s\nconst uint32_t %s[%d] = {\n%s\n};\n" % (comment, name, len(rows), "\n".join(lines))


def main():
    bert = lambda **on: normalizers.BertNormalizer(
        **({"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False} | on))
    clean, strip, accents = bert(clean_text=True), bert(strip_accents=True), normalizers.StripAccents()
    punctuation = pre_tokenizers.BertPreTokenizer()
    tables = [
        ("kCategoryStarts", "(first code point << 8) | category, up to the next row's first", categories()),
        ("kBertControls", "(first << 11) | (last - first): what BERT's clean-up removes",
         ranges(c for c in CODES if clean.normalize_str(chr(c)) == "")),
        ("kBertPunctuation", "the same: what BERT splits off as punctuation",
         ranges(c for c in CODES if len(punctuation.pre_tokenize_str("a" + chr(c) + "a")) == 3)),
        ("kBertAccents", "the same: what BERT strips as an accent",
         ranges(c for c in CODES if strip.normalize_str(chr(c)) == "")),
        ("kStripAccents", "the same: what StripAccents strips",
         ranges(c for c in CODES if accents.normalize_str(chr(c)) == "")),
    ]
    sizes = {name: len(rows) for name, _, rows in tables}
    body = "\n".join(array(*table) for table in tables)
    (ROOT / "src/model/tokenizer/unicode_data.cc").write_text(
        '// Written by tools/unicode_tables.py.\n// clang-format off\n#include "model/tokenizer/unicode_data.h"\n\n'
        "namespace atelier {\n\n" + body + "\n}  // namespace atelier\n")
    (ROOT / "src/model/tokenizer/unicode_data.h").write_text(
        "// Written by tools/unicode_tables.py: tables of code points, packed as unicode_data.cc says.\n"
        "#pragma once\n\n#include <cstdint>\n\nnamespace atelier {\n\n"
        + "".join("extern const uint32_t %s[%d];\n" % item for item in sizes.items())
        + "\n}  // namespace atelier\n")
    print(sizes)


if __name__ == "__main__":
    main()
