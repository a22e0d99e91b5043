#include "serve/tiny_model.h"

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/text/json.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kWidth = 48;

// A safetensors file: 8 bytes of the header's length, a JSON header, the data.
class TensorWriter {
 public:
  explicit TensorWriter(uint64_t seed) : random_(seed) {}

  void Add(const std::string& name, const std::vector<int64_t>& shape, float mean, float spread) {
    int64_t size = 1;
    Json dimensions = Json::Array();
    for (const int64_t n : shape) size *= n, dimensions.Push(n);
    const size_t begin = data_.size();
    for (int64_t i = 0; i < size; ++i) {
      const float value = mean + spread * (2 * static_cast<float>(random_.Uniform()) - 1);
      data_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    Json entry = Json::Object({{"dtype", "F32"}, {"shape", std::move(dimensions)}});
    entry.Set("data_offsets", Json::Array({Json(begin), Json(data_.size())}));
    header_.Set(name, std::move(entry));
  }
  void Matrix(const std::string& name, int64_t rows, int64_t columns) {
    Add(name, {rows, columns}, 0, 1.7F / std::sqrt(static_cast<float>(columns)));
  }
  void Norm(const std::string& name) { Add(name, {kWidth}, 1, 0.3F); }
  void Bias(const std::string& name, int64_t size) { Add(name, {size}, 0, 0.2F); }

  void Write(const std::string& path) const {
    const std::string header = header_.Dump();
    const uint64_t size = header.size();
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&size), sizeof size);
    out << header << data_;
    CHECK_MSG(out.good(), path);
  }

 private:
  Random random_;
  Json header_ = Json::Object();
  std::string data_;
};

void WriteText(const std::string& path, const Json& json) {
  std::ofstream out(path, std::ios::binary);
  out << json.Dump();
  CHECK_MSG(out.good(), path);
}

Json SpecialToken(int64_t id, std::string_view text) {
  return Json::Object({{"id", id},
                       {"content", text},
                       {"special", true},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false}});
}

// How byte-level vocabularies spell a byte: printable ones as themselves, the others from U+0100 on.
std::string SpellingOf(int byte) {
  int num_before = 0;
  for (int b = 0; b <= byte; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    if (b == byte) {
      std::string text;
      AppendUtf8(text, static_cast<char32_t>(printable ? b : 256 + num_before));
      return text;
    }
    num_before += printable ? 0 : 1;
  }
  return {};
}

constexpr std::string_view kLlamaSpecials[] = {"<|endoftext|>",  "<|im_start|>",   "<|im_end|>",    "<|fim_prefix|>",
                                               "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>"};
constexpr int64_t kNumBytes = 256;
constexpr int64_t kLlamaVocabulary = kNumBytes + static_cast<int64_t>(std::size(kLlamaSpecials));

Json LlamaTokenizer() {
  Json vocabulary = Json::Object();
  for (int byte = 0; byte < kNumBytes; ++byte) vocabulary.Set(SpellingOf(byte), byte);
  Json added = Json::Array();
  int64_t id = kNumBytes;
  for (const std::string_view text : kLlamaSpecials) added.Push(SpecialToken(id++, text));
  Json byte_level =
      Json::Object({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}});
  Json model = Json::Object({{"type", "BPE"},
                             {"dropout", nullptr},
                             {"unk_token", nullptr},
                             {"continuing_subword_prefix", nullptr},
                             {"end_of_word_suffix", nullptr},
                             {"fuse_unk", false}});
  model.Set("vocab", std::move(vocabulary));
  model.Set("merges", Json::Array());
  Json tokenizer = Json::Object({{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}});
  tokenizer.Set("added_tokens", std::move(added));
  tokenizer.Set("normalizer", Json());
  tokenizer.Set("pre_tokenizer", byte_level);
  tokenizer.Set("post_processor", Json());
  tokenizer.Set("decoder", std::move(byte_level));
  tokenizer.Set("model", std::move(model));
  return tokenizer;
}

constexpr std::string_view kBertSpecials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
constexpr int64_t kBertVocabulary = 4 + 2 * 26;

Json BertTokenizer() {
  Json vocabulary = Json::Object();
  Json added = Json::Array();
  int64_t id = 0;
  for (const std::string_view text : kBertSpecials) {
    added.Push(SpecialToken(id, text));
    vocabulary.Set(std::string(text), id++);
  }
  for (char c = 'a'; c <= 'z'; ++c) vocabulary.Set(std::string(1, c), id++);
  for (char c = 'a'; c <= 'z'; ++c) vocabulary.Set("##" + std::string(1, c), id++);
  Json model = Json::Object({{"type", "WordPiece"},
                             {"unk_token", "[UNK]"},
                             {"continuing_subword_prefix", "##"},
                             {"max_input_chars_per_word", 100}});
  model.Set("vocab", std::move(vocabulary));
  Json tokenizer = Json::Object({{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}});
  tokenizer.Set("added_tokens", std::move(added));
  tokenizer.Set("normalizer", Json::Object({{"type", "BertNormalizer"},
                                            {"clean_text", true},
                                            {"handle_chinese_chars", true},
                                            {"strip_accents", nullptr},
                                            {"lowercase", true}}));
  tokenizer.Set("pre_tokenizer", Json::Object({{"type", "BertPreTokenizer"}}));
  Result<Json> pairs = Json::Parse(R"({"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                       "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}})");
  CHECK(pairs.ok());
  tokenizer.Set("post_processor", std::move(*pairs));
  tokenizer.Set("decoder", Json::Object({{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}));
  tokenizer.Set("model", std::move(model));
  return tokenizer;
}

}  // namespace

std::string TinyModelFolder(const std::string& name) {
  return std::filesystem::temp_directory_path() / ("serve_test_" + name + "_" + std::to_string(getpid()));
}

void MakeTinyLlama(const std::string& folder) {
  constexpr int64_t kFeedForward = 56, kKeyValue = 24;
  std::filesystem::create_directories(folder);
  WriteText(folder + "/config.json", Json::Object({{"architectures", Json::Array({"LlamaForCausalLM"})},
                                                   {"model_type", "llama"},
                                                   {"hidden_act", "silu"},
                                                   {"hidden_size", kWidth},
                                                   {"intermediate_size", kFeedForward},
                                                   {"num_hidden_layers", 1},
                                                   {"num_attention_heads", 4},
                                                   {"num_key_value_heads", 2},
                                                   {"head_dim", 12},
                                                   {"max_position_embeddings", 1024},
                                                   {"rms_norm_eps", 1e-5},
                                                   {"rope_theta", 10000},
                                                   {"tie_word_embeddings", true},
                                                   {"eos_token_id", kNumBytes + 2},
                                                   {"vocab_size", kLlamaVocabulary}}));
  WriteText(folder + "/tokenizer.json", LlamaTokenizer());
  WriteText(folder + "/tokenizer_config.json", Json::Object({{"eos_token", "<|im_end|>"}, {"add_bos_token", false}}));
  TensorWriter tensors(1);
  tensors.Matrix("model.embed_tokens.weight", kLlamaVocabulary, kWidth);
  const std::string layer = "model.layers.0.";
  tensors.Norm(layer + "input_layernorm.weight");
  tensors.Norm(layer + "post_attention_layernorm.weight");
  tensors.Matrix(layer + "self_attn.q_proj.weight", kWidth, kWidth);
  tensors.Matrix(layer + "self_attn.k_proj.weight", kKeyValue, kWidth);
  tensors.Matrix(layer + "self_attn.v_proj.weight", kKeyValue, kWidth);
  tensors.Matrix(layer + "self_attn.o_proj.weight", kWidth, kWidth);
  tensors.Matrix(layer + "mlp.gate_proj.weight", kFeedForward, kWidth);
  tensors.Matrix(layer + "mlp.up_proj.weight", kFeedForward, kWidth);
  tensors.Matrix(layer + "mlp.down_proj.weight", kWidth, kFeedForward);
  tensors.Norm("model.norm.weight");
  tensors.Write(folder + "/model.safetensors");
}

void MakeTinyCrossEncoder(const std::string& folder) {
  constexpr int64_t kFeedForward = 80, kPositions = 64;
  std::filesystem::create_directories(folder);
  WriteText(folder + "/config.json", Json::Object({{"architectures", Json::Array({"BertForSequenceClassification"})},
                                                   {"model_type", "bert"},
                                                   {"hidden_act", "gelu"},
                                                   {"hidden_size", kWidth},
                                                   {"intermediate_size", kFeedForward},
                                                   {"num_hidden_layers", 1},
                                                   {"num_attention_heads", 4},
                                                   {"max_position_embeddings", kPositions},
                                                   {"type_vocab_size", 2},
                                                   {"layer_norm_eps", 1e-12},
                                                   {"id2label", Json::Object({{"0", "LABEL_0"}})},
                                                   {"vocab_size", kBertVocabulary}}));
  WriteText(folder + "/tokenizer.json", BertTokenizer());
  TensorWriter tensors(2);
  tensors.Matrix("bert.embeddings.word_embeddings.weight", kBertVocabulary, kWidth);
  tensors.Matrix("bert.embeddings.position_embeddings.weight", kPositions, kWidth);
  tensors.Matrix("bert.embeddings.token_type_embeddings.weight", 2, kWidth);
  const std::string layer = "bert.encoder.layer.0.";
  for (const std::string& norm :
       {std::string("bert.embeddings.LayerNorm"), layer + "attention.output.LayerNorm", layer + "output.LayerNorm"}) {
    tensors.Norm(norm + ".weight");
    tensors.Bias(norm + ".bias", kWidth);
  }
  for (const std::string& square :
       {layer + "attention.self.query", layer + "attention.self.key", layer + "attention.self.value",
        layer + "attention.output.dense", std::string("bert.pooler.dense")}) {
    tensors.Matrix(square + ".weight", kWidth, kWidth);
    tensors.Bias(square + ".bias", kWidth);
  }
  tensors.Matrix(layer + "intermediate.dense.weight", kFeedForward, kWidth);
  tensors.Bias(layer + "intermediate.dense.bias", kFeedForward);
  tensors.Matrix(layer + "output.dense.weight", kWidth, kFeedForward);
  tensors.Bias(layer + "output.dense.bias", kWidth);
  tensors.Matrix("classifier.weight", 1, kWidth);
  tensors.Bias("classifier.bias", 1);
  tensors.Write(folder + "/model.safetensors");
}

}  // namespace atelier
