// What an ONNX graph of a BERT encoder tells.
#include "model/container/onnx.h"

#include <algorithm>
#include <cstring>

#include "base/text/json.h"
#include "model/container/byte_reader.h"

namespace atelier {
namespace {

// What stands before "embeddings." and "encoder." in names: often nothing, or "bert.".
Result<std::string> PrefixOf(const OnnxFile& file) {
  constexpr std::string_view kWords = "embeddings.word_embeddings.weight";
  for (const Tensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kWords)) continue;
    const std::string_view prefix = tensor.name.substr(0, tensor.name.size() - kWords.size());
    if (prefix.empty() || prefix.ends_with('.')) return std::string(prefix);
  }
  return Error::Unsupported(file.path(), "this is no BERT encoder: there is no " + std::string(kWords));
}

Result<const Tensor*> Need(const OnnxFile& file, const std::string& name, size_t num_dimensions) {
  const Tensor* tensor = file.Find(name);
  if (tensor == nullptr) return Error::Unsupported(file.path(), "this is no BERT encoder: there is no " + name);
  if (tensor->shape.size() != num_dimensions) {
    return Error::Invalid(file.path() + ": " + name, "got shape " + tensor->ShapeText() + ", want " +
                                                         std::to_string(num_dimensions) + " dimensions");
  }
  return tensor;
}

// Who makes and who reads each value of the graph.
class Wiring {
 public:
  explicit Wiring(const OnnxFile& file) : file_(file) {
    for (const OnnxNode& node : file.nodes()) {
      for (const auto& output : node.outputs) maker_.emplace(output, &node);
      for (const auto& input : node.inputs) readers_.emplace(input, &node);
    }
  }

  const OnnxNode* Maker(std::string_view value) const {
    const auto found = maker_.find(value);
    return found == maker_.end() ? nullptr : found->second;
  }
  // The first node of kind `op` that reads `value`.
  const OnnxNode* Reader(std::string_view value, std::string_view op) const {
    const auto [begin, end] = readers_.equal_range(value);
    const auto found = std::find_if(begin, end, [&](const auto& entry) { return entry.second->op == op; });
    return found == end ? nullptr : found->second;
  }
  // An initialiser, or the value of a Constant node.
  const Tensor* Constant(std::string_view value) const {
    if (const Tensor* tensor = file_.Find(value)) return tensor;
    const OnnxNode* maker = Maker(value);
    if (maker == nullptr || maker->op != "Constant") return nullptr;
    const OnnxAttribute* attribute = maker->FindAttribute("value");
    return attribute != nullptr && attribute->tensor ? &*attribute->tensor : nullptr;
  }
  // Integers of a constant, or of a Concat of constants; what is computed at run time counts as -1.
  std::vector<int64_t> Integers(std::string_view value) const {
    std::vector<int64_t> out;
    if (const Tensor* tensor = Constant(value)) {
      if (tensor->format->id != Quant::kI64 || tensor->num_elements() > 16) return {};
      out.resize(tensor->bytes.size() / sizeof(int64_t));
      if (!out.empty()) std::memcpy(out.data(), tensor->bytes.data(), tensor->bytes.size());
      return out;
    }
    const OnnxNode* maker = Maker(value);
    if (maker == nullptr || maker->op != "Concat") return {};
    for (const auto& input : maker->inputs) {
      const Tensor* part = Constant(input);
      int64_t number = -1;
      if (part != nullptr && part->format->id == Quant::kI64 && part->num_elements() == 1) {
        std::memcpy(&number, part->bytes.data(), sizeof number);
      }
      out.push_back(number);
    }
    return out;
  }

 private:
  const OnnxFile& file_;
  std::unordered_map<std::string_view, const OnnxNode*> maker_;
  std::unordered_multimap<std::string_view, const OnnxNode*> readers_;
};

// The query is cut into heads by a Reshape to [batch, length, heads, head size].
int64_t NumHeads(const Wiring& wiring, std::string_view query_bias, int64_t hidden_size) {
  const OnnxNode* add = wiring.Reader(query_bias, "Add");
  if (add == nullptr || add->outputs.empty()) return 0;
  const OnnxNode* reshape = wiring.Reader(add->outputs[0], "Reshape");
  if (reshape == nullptr || reshape->inputs.size() != 2) return 0;
  const std::vector<int64_t> shape = wiring.Integers(reshape->inputs[1]);
  if (shape.size() != 4) return 0;
  const int64_t heads = shape[2];
  const int64_t head_size = shape[3];
  if (heads > 0 && heads <= hidden_size && hidden_size % heads == 0) return heads;
  if (head_size > 0 && head_size <= hidden_size && hidden_size % head_size == 0) return hidden_size / head_size;
  return 0;
}

// Of a LayerNormalization node, or what is added below the root of a norm that is spelt out.
double LayerNormEps(const OnnxFile& file, const Wiring& wiring) {
  for (const OnnxNode& node : file.nodes()) {
    if (node.op == "LayerNormalization") {
      const OnnxAttribute* eps = node.FindAttribute("epsilon");
      return eps != nullptr ? static_cast<double>(eps->real) : 1e-5;  // the operation's own default
    }
    if (node.op != "Sqrt" || node.inputs.size() != 1) continue;
    const OnnxNode* add = wiring.Maker(node.inputs[0]);
    if (add == nullptr || add->op != "Add" || add->inputs.size() != 2) continue;
    for (const auto& input : add->inputs) {
      const Tensor* value = wiring.Constant(input);
      if (value == nullptr || value->num_elements() != 1) continue;
      const auto eps = ReadF32(*value);
      if (eps.ok()) return static_cast<double>(eps->front());
    }
  }
  return 0;
}

int64_t CountLayers(const OnnxFile& file, const std::string& prefix) {
  int64_t layers = 0;
  while (file.Find(prefix + "encoder.layer." + std::to_string(layers) + ".attention.self.query.bias") != nullptr) {
    ++layers;
  }
  return layers;
}

}  // namespace

const OnnxAttribute* OnnxNode::FindAttribute(std::string_view attribute_name) const {
  const auto found = std::ranges::find(attributes, attribute_name, &OnnxAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

const Tensor* OnnxFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

Result<OnnxBertConfig> OnnxFile::BertConfig() const {
  OnnxBertConfig config;
  TRY(const std::string prefix, PrefixOf(*this));
  TRY(const Tensor* words, Need(*this, prefix + "embeddings.word_embeddings.weight", 2));
  TRY(const Tensor* positions, Need(*this, prefix + "embeddings.position_embeddings.weight", 2));
  TRY(const Tensor* types, Need(*this, prefix + "embeddings.token_type_embeddings.weight", 2));
  TRY(const Tensor* query_bias, Need(*this, prefix + "encoder.layer.0.attention.self.query.bias", 1));
  TRY(const Tensor* up_bias, Need(*this, prefix + "encoder.layer.0.intermediate.dense.bias", 1));
  const Wiring wiring(*this);
  config.vocab_size = words->shape[0];
  config.hidden_size = words->shape[1];
  config.max_positions = positions->shape[0];
  config.type_vocab_size = types->shape[0];
  config.intermediate_size = up_bias->shape[0];
  config.num_layers = CountLayers(*this, prefix);
  config.num_heads = NumHeads(wiring, query_bias->name, config.hidden_size);
  config.layer_norm_eps = LayerNormEps(*this, wiring);
  if (config.num_heads == 0) {
    return Error::Unsupported(path_, "cannot tell the number of heads: want a Reshape of the query to 4 dimensions");
  }
  if (!(config.layer_norm_eps > 0 && config.layer_norm_eps < 1)) {
    return Error::Unsupported(path_, "cannot tell the epsilon of the norms");
  }
  return config;
}

std::string OnnxBertConfig::ToConfigJson() const {
  return Json::Object({{"model_type", "bert"},
                       {"architectures", Json::Array({"BertModel"})},
                       {"vocab_size", vocab_size},
                       {"hidden_size", hidden_size},
                       {"num_hidden_layers", num_layers},
                       {"num_attention_heads", num_heads},
                       {"intermediate_size", intermediate_size},
                       {"max_position_embeddings", max_positions},
                       {"type_vocab_size", type_vocab_size},
                       {"layer_norm_eps", layer_norm_eps},
                       {"hidden_act", "gelu"},
                       {"position_embedding_type", "absolute"}})
             .DumpPretty() +
         "\n";
}

}  // namespace atelier
