// What llama.cpp's own reader of GBNF says, for tools/golden_gbnf.py, which builds this against the peer's sources.
//
//   in   G SIZE\n and a grammar, then T SIZE\n and a text, as many as one likes
//   out  a line each: ok or bad; whole, begun or wrong
#include <iostream>
#include <string>

#include "../src/llama-grammar.h"
#include "../src/unicode.h"

int main() {
  std::string grammar;
  char kind = 0;
  size_t size = 0;
  while (std::cin >> kind >> size) {
    std::string bytes(size, '\0');
    std::cin.get();
    std::cin.read(bytes.data(), static_cast<std::streamsize>(size));
    if (kind == 'G') grammar = bytes;
    llama_grammar* reader =
        llama_grammar_init_impl(nullptr, grammar.c_str(), "root", false, nullptr, 0, nullptr, 0);
    const char* verdict = reader == nullptr ? "bad" : kind == 'G' ? "ok" : "begun";
    if (reader != nullptr && kind == 'T') {
      const auto& stacks = llama_grammar_get_stacks(reader);
      for (const uint32_t c : unicode_cpts_from_utf8(bytes)) {
        llama_grammar_accept(reader, c);
        if (stacks.empty()) break;
      }
      if (stacks.empty()) verdict = "wrong";
      for (const auto& stack : stacks) {
        if (stack.empty()) verdict = "whole";
      }
    }
    if (reader != nullptr) llama_grammar_free_impl(reader);
    std::cout << verdict << std::endl;
  }
}
