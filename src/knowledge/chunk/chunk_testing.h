// For tests of this folder: a counter of tokens, documents of many kinds, and a way to run methods that wait.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/task/manual_loop.h"
#include "base/text/utf8.h"
#include "base/tree_testing.h"
#include "knowledge/chunk/chunker.h"
#include "provider/scripted_model.h"

namespace atelier {

// Counts as word pieces do: a word, a sign, and four letters more of a long word are a token each; emoji are two.
class PieceCounter final : public TokenCounter {
 public:
  int64_t Count(std::string_view text) const override {
    int64_t count = 0, letters = 0;
    for (size_t at = 0; at < text.size();) {
      const DecodedCodePoint point = DecodeUtf8(text, at);
      at += static_cast<size_t>(std::max(1, point.num_bytes));
      const bool is_letter =
          point.value > 0x7F ? point.value < 0x3000 : std::isalnum(static_cast<int>(point.value)) != 0;
      if (!is_letter) letters = 0;
      if (is_letter && letters++ % 4 == 0) ++count;
      if (!is_letter && point.value > ' ') count += point.value > 0xFFFF ? 2 : 1;
    }
    return count;
  }
};

// Vectors by what words say: each word counts in one of eight places. Tokens are the words.
class WordEmbedder : public Embedder {
 public:
  static constexpr size_t kSize = 8;

  Task<Result<Embeddings>> Embed(Call /*call*/, EmbeddingRequest request) override {
    Embeddings embeddings;
    for (const Prompt& input : request.inputs) {
      const std::string& text = std::get<TextPrompt>(input).text;
      texts.push_back(text);
      TokenVectors tokens = TokensOf(text);
      std::vector<float> sum(kSize);
      for (size_t i = 0; i < tokens.values.size(); ++i) sum[i % kSize] += tokens.values[i];
      embeddings.vectors.push_back(std::move(sum));
      if (request.token_vectors) embeddings.tokens.push_back(std::move(tokens));
    }
    co_return embeddings;
  }
  Task<Result<EmbedderDetails>> DescribeEmbedder(Call /*call*/, std::string /*model*/) override { co_return details; }

  static size_t PlaceOf(std::string_view word) {
    size_t hash = 0;
    for (const char c : word) hash = hash * 31 + static_cast<uint8_t>(c);
    return hash % kSize;
  }

  EmbedderDetails details{.max_tokens = 64,
                          .vector_size = kSize,
                          .token_vectors = true,
                          .pools_by_mean = true,
                          .counter = std::make_shared<PieceCounter>()};
  std::vector<std::string> texts;  // that were embedded

 private:
  static TokenVectors TokensOf(const std::string& text) {
    TokenVectors tokens;
    tokens.spans.push_back({0, 0});
    tokens.values.resize(kSize);
    for (size_t at = text.find_first_not_of(" \n"); at < text.size(); at = text.find_first_not_of(" \n", at)) {
      const size_t end = std::min(text.find_first_of(" \n", at), text.size());
      tokens.spans.push_back({static_cast<int64_t>(at), static_cast<int64_t>(end)});
      tokens.values.resize(tokens.values.size() + kSize);
      tokens.values[tokens.values.size() - kSize + PlaceOf(std::string_view(text).substr(at, end - at))] = 1;
      at = end;
    }
    return tokens;
  }
};

// Answers as it is told, and keeps what it was asked.
class NotingModel final : public LanguageModel {
 public:
  NotingModel(Loop& loop, std::string answer, int64_t context_length)
      : says_(loop, [answer](const std::string&) { return ScriptedModel::Line{.deltas = {answer}}; }),
        context_length_(context_length) {}

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override {
    prompts.push_back(std::get<ChatPrompt>(request.prompt).messages[0]["content"].AsString());
    return says_.Generate(std::move(call), std::move(request));
  }
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override {
    return says_.Decide(std::move(call), std::move(request));
  }
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override {
    return says_.Prepare(std::move(call), std::move(request));
  }
  Task<Result<ModelDetails>> Describe(Call /*call*/, std::string /*model*/) override {
    ModelDetails details;
    details.context_length = context_length_;
    co_return details;
  }
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override {
    return says_.Spell(std::move(call), std::move(model), std::move(tokens));
  }

  std::vector<std::string> prompts;

 private:
  ScriptedModel says_;
  const int64_t context_length_;
};

inline Document DocumentOf(std::string text, std::string media_type = "text/plain") {
  Document document;
  document.id = "test";
  document.media_type = std::move(media_type);
  document.text = std::move(text);
  return document;
}

inline std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Texts that break splitters, some at random.
inline std::string OddText(uint64_t seed) {
  Random random(seed);
  static const std::vector<std::string> pieces = {"a",
                                                  "word",
                                                  "sentence ends here. ",
                                                  "Dr. Who said \"No!\" and left. ",
                                                  "\n",
                                                  "\r\n",
                                                  "\n\n",
                                                  "\r\n\r\n",
                                                  "  ",
                                                  "\t",
                                                  "\u00e9",
                                                  "e\u0301\u0302\u0303",
                                                  "\u4f60\u597d\u3002",
                                                  "\u300c\u884c\u304f\u3002\u300d\u3068\u8a00\u3046\u3002",
                                                  "\U0001F468\u200D\U0001F469\u200D\U0001F467",
                                                  "\U0001F1E9\U0001F1EA",
                                                  "\u00a0",
                                                  "\u3000",
                                                  "# Heading\n",
                                                  "- item\n",
                                                  "```\ncode\n```\n",
                                                  "| a | b |\n|---|---|\n| 1 | 2 |\n",
                                                  "Supercalifragilisticexpialidocious",
                                                  "...",
                                                  "?! ",
                                                  "<p>text</p>",
                                                  "<h2>Title</h2>",
                                                  "3.14",
                                                  "\u2028",
                                                  "; }\n",
                                                  "{",
                                                  "def f():\n    pass\n",
                                                  "'",
                                                  "\"",
                                                  "/*",
                                                  "*/"};
  std::string text;
  const uint64_t kind = random.Below(8);
  const uint64_t size = random.Below(kind == 0 ? 5 : 400);
  if (kind == 1) return std::string(random.Below(3000), 'x');
  if (kind == 2) {
    for (uint64_t i = 0; i < size; ++i) text += random.Below(2) == 0 ? "\n" : " \u3000";
    return text;
  }
  if (kind == 3) {  // one letter under very many accents
    text = "z";
    for (uint64_t i = 0; i < size * 2; ++i) text += "\u0301";
    return text;
  }
  for (uint64_t i = 0; i < size; ++i) {
    text += kind == 4 ? "word " : pieces[random.Below(pieces.size())];
    if (kind >= 6 && random.Below(3) == 0) text += ' ';
  }
  return text;
}

// The documents of docs/, and Markdown, HTML and code of this tree.
inline std::vector<Document> TreeDocuments() {
  std::vector<Document> documents;
  for (const auto& file : std::filesystem::directory_iterator(SourcePath("/docs"))) {
    if (file.path().extension() != ".md") continue;
    Document document = DocumentOf(FileText(file.path()), "text/markdown");
    document.title = file.path().stem();
    documents.push_back(std::move(document));
  }
  documents.push_back(DocumentOf(FileText(SourcePath("/src/serve/page/home.html")), "text/html"));
  documents.push_back(DocumentOf(FileText(SourcePath("/src/base/text/jinja_eval.cc")), "text/x-c++"));
  documents.push_back(DocumentOf(FileText(SourcePath("/LICENSE")), "text/plain"));
  return documents;
}

inline std::string TextAt(const Document& document, TextSpan span) { return std::string(TextOf(document.text, span)); }

}  // namespace atelier
