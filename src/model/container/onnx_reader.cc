// How an ONNX file is read and checked. Field numbers are those of onnx.proto.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "model/container/onnx.h"
#include "model/container/proto_reader.h"

namespace atelier {
namespace {

// Far above real encoders (a large one has 3,000 nodes); they keep a file of empty messages from filling memory.
constexpr size_t kMaxNodes = 1 << 18;
constexpr size_t kMaxTensors = 1 << 18;
constexpr size_t kMaxEdges = 1024;  // inputs, outputs, attributes of a node
constexpr size_t kMaxDimensions = 8;

struct DataType {
  int id;  // TensorProto.DataType
  Quant format;
};
constexpr DataType kDataTypes[] = {
    {1, Quant::kF32},  {2, Quant::kU8},   {3, Quant::kI8},    {4, Quant::kU16},  {5, Quant::kI16},
    {6, Quant::kI32},  {7, Quant::kI64},  {9, Quant::kBool},  {10, Quant::kF16}, {11, Quant::kF64},
    {12, Quant::kU32}, {13, Quant::kU64}, {16, Quant::kBF16},
};

const QuantFormat* FormatOf(uint64_t data_type) {
  const auto* found = std::ranges::find(kDataTypes, data_type, [](const DataType& t) { return uint64_t(t.id); });
  return found == std::end(kDataTypes) ? nullptr : &QuantOf(found->format);
}

Error WrongWire(std::string_view field) { return Error::Invalid(std::string(field), "protobuf: wrong wire type"); }

Result<std::string_view> TextOf(const ProtoField& field, std::string_view what) {
  if (field.wire != ProtoWire::kBytes) return WrongWire(what);
  return field.text();
}

// A repeated integer comes one by one or packed.
Result<void> AppendIntegers(const ProtoField& field, std::string_view what, size_t max, std::vector<int64_t>& out) {
  if (field.wire == ProtoWire::kVarint) {
    out.push_back(std::bit_cast<int64_t>(field.varint));
  } else if (field.wire == ProtoWire::kBytes) {
    for (ProtoReader packed(field.bytes); !packed.done() && out.size() <= max;) {
      TRY(const uint64_t value, packed.Varint());
      out.push_back(std::bit_cast<int64_t>(value));
    }
  } else {
    return WrongWire(what);
  }
  if (out.size() > max) return Error::TooLarge(std::string(what), "want at most " + std::to_string(max) + " values");
  return {};
}

// The values of a tensor whose bytes are not in raw_data.
struct TypedData {
  std::span<const std::byte> raw;
  std::vector<std::byte> fixed;   // float_data, double_data: as they lie
  std::vector<int64_t> integers;  // int32_data, int64_data, uint64_data
  bool has_raw = false;
};

// int32_data and its sisters carry narrow types as varints; here each becomes as wide as its format.
std::vector<std::byte> Narrow(const std::vector<int64_t>& integers, int64_t width) {
  std::vector<std::byte> out(integers.size() * static_cast<size_t>(width));
  for (size_t i = 0; i < integers.size(); ++i) {
    std::memcpy(out.data() + i * static_cast<size_t>(width), &integers[i], static_cast<size_t>(width));
  }
  return out;
}

}  // namespace

class OnnxReader {
 public:
  explicit OnnxReader(OnnxFile& file) : file_(file) {}

  Result<void> ReadModel(std::span<const std::byte> bytes) {
    std::optional<std::span<const std::byte>> graph;
    for (ProtoReader model(bytes); !model.done();) {
      TRY(const ProtoField field, model.Next());
      if (field.number == 1 && field.wire == ProtoWire::kVarint) {
        file_.ir_version_ = std::bit_cast<int64_t>(field.varint);
      } else if (field.number == 7) {
        if (field.wire != ProtoWire::kBytes || graph) return Error::Invalid("graph", "want exactly one message");
        graph = field.bytes;
      } else if (field.number == 8 && field.wire == ProtoWire::kBytes) {
        TRY_VOID(ReadOpset(field.bytes));
      }
    }
    if (!graph) return Error::Invalid("graph", "there is none: this is no ONNX file");
    TRY_VOID(ReadGraph(*graph));
    TRY_VOID(NameProducts());
    return IndexTensors();
  }

 private:
  Result<void> ReadOpset(std::span<const std::byte> bytes) {
    std::string_view domain;
    int64_t version = 0;
    for (ProtoReader opset(bytes); !opset.done();) {
      TRY(const ProtoField field, opset.Next());
      if (field.number == 1) domain = field.text();
      if (field.number == 2) version = std::bit_cast<int64_t>(field.varint);
    }
    if (domain.empty() || domain == "ai.onnx") file_.opset_ = version;
    return {};
  }

  Result<void> ReadGraph(std::span<const std::byte> bytes) {
    for (ProtoReader graph(bytes); !graph.done();) {
      TRY(const ProtoField field, graph.Next());
      switch (field.number) {
        case 1: TRY_VOID(AddNode(field)); break;
        case 5: TRY_VOID(AddInitializer(field)); break;
        case 11: TRY_VOID(AddName(field, "input", file_.inputs_)); break;
        case 12: TRY_VOID(AddName(field, "output", file_.outputs_)); break;
        case 15: return Error::Unsupported("sparse_initializer", "sparse tensors are not supported");
        default: break;
      }
    }
    return {};
  }

  static Result<void> AddName(const ProtoField& value_info, std::string_view what,
                              std::vector<std::string_view>& names) {
    if (value_info.wire != ProtoWire::kBytes) return WrongWire(what);
    if (names.size() >= kMaxEdges) return Error::TooLarge(std::string(what), "too many");
    for (ProtoReader reader(value_info.bytes); !reader.done();) {
      TRY(const ProtoField field, reader.Next());
      if (field.number == 1) {
        TRY(const auto name, TextOf(field, what));
        names.push_back(name);
        return {};
      }
    }
    return Error::Invalid(std::string(what), "has no name");
  }

  Result<void> AddNode(const ProtoField& field) {
    const std::string where = "node[" + std::to_string(file_.nodes_.size()) + "]";
    if (field.wire != ProtoWire::kBytes) return WrongWire(where);
    if (file_.nodes_.size() >= kMaxNodes) return Error::TooLarge(where, "too many nodes");
    OnnxNode node;
    auto read = ReadNode(field.bytes, node);
    if (!read.ok()) return Within(node.name.empty() ? where : std::string(node.name), std::move(read).error());
    file_.nodes_.push_back(std::move(node));
    return {};
  }

  Result<void> ReadNode(std::span<const std::byte> bytes, OnnxNode& node) {
    for (ProtoReader reader(bytes); !reader.done();) {
      TRY(const ProtoField field, reader.Next());
      if (field.number < 1 || field.number > 5) continue;
      TRY(const auto text, TextOf(field, "node field " + std::to_string(field.number)));
      if (field.number == 1) node.inputs.push_back(text);
      if (field.number == 2) node.outputs.push_back(text);
      if (field.number == 3) node.name = text;
      if (field.number == 4) node.op = text;
      if (field.number == 5) {
        auto read = ReadAttribute(field.bytes, node.attributes.emplace_back());
        if (!read.ok()) return Within("attribute", std::move(read).error());
      }
      if (std::max({node.inputs.size(), node.outputs.size(), node.attributes.size()}) > kMaxEdges) {
        return Error::TooLarge("", "want at most " + std::to_string(kMaxEdges) + " inputs, outputs and attributes");
      }
    }
    if (node.op == "MatMulInteger" || node.op == "QLinearMatMul" || node.op == "DequantizeLinear") {
      return Error::Unsupported("", "the operation " + std::string(node.op) +
                                        " belongs to a quantised export; export the model in F32 or F16");
    }
    return {};
  }

  Result<void> ReadAttribute(std::span<const std::byte> bytes, OnnxAttribute& attribute) {
    for (ProtoReader reader(bytes); !reader.done();) {
      TRY(const ProtoField field, reader.Next());
      if (field.number == 1) {
        TRY(attribute.name, TextOf(field, "name"));
      } else if (field.number == 2) {
        if (field.wire != ProtoWire::kFixed32) return WrongWire("f");
        std::memcpy(&attribute.real, field.bytes.data(), sizeof attribute.real);
      } else if (field.number == 3) {
        if (field.wire != ProtoWire::kVarint) return WrongWire("i");
        attribute.integer = std::bit_cast<int64_t>(field.varint);
      } else if (field.number == 4) {
        TRY(attribute.text, TextOf(field, "s"));
      } else if (field.number == 5) {
        if (field.wire != ProtoWire::kBytes) return WrongWire("t");
        TRY(attribute.tensor, ReadTensor(field.bytes));
      } else if (field.number == 6 || field.number == 11) {
        return Error::Unsupported(std::string(attribute.name), "graphs within attributes are not supported");
      } else if (field.number == 8) {
        TRY_VOID(AppendIntegers(field, "ints", 1 << 20, attribute.integers));
      }
    }
    return {};
  }

  Result<void> AddInitializer(const ProtoField& field) {
    const std::string where = "initializer[" + std::to_string(file_.tensors_.size()) + "]";
    if (field.wire != ProtoWire::kBytes) return WrongWire(where);
    if (file_.tensors_.size() >= kMaxTensors) return Error::TooLarge(where, "too many initializers");
    auto tensor = ReadTensor(field.bytes);
    if (!tensor.ok()) return Within(where, std::move(tensor).error());
    if (tensor->name.empty()) return Error::Invalid(where, "has no name");
    file_.tensors_.push_back(*std::move(tensor));
    return {};
  }

  Result<Tensor> ReadTensor(std::span<const std::byte> bytes) {
    Tensor tensor;
    TypedData data;
    uint64_t data_type = 0;
    auto read = ReadTensorFields(bytes, tensor, data_type, data);
    if (read.ok()) read = FinishTensor(tensor, data_type, std::move(data));
    if (!read.ok()) return tensor.name.empty() ? std::move(read).error() : Within(tensor.name, std::move(read).error());
    return tensor;
  }

  static Result<void> ReadTensorFields(std::span<const std::byte> bytes, Tensor& tensor, uint64_t& data_type,
                                       TypedData& data) {
    for (ProtoReader reader(bytes); !reader.done();) {
      TRY(const ProtoField field, reader.Next());
      switch (field.number) {
        case 1: TRY_VOID(AppendIntegers(field, "dims", kMaxDimensions, tensor.shape)); break;
        case 2:
          if (field.wire != ProtoWire::kVarint) return WrongWire("data_type");
          data_type = field.varint;
          break;
        case 4:   // float_data
        case 10:  // double_data
          if (field.wire == ProtoWire::kVarint) return WrongWire("float_data");
          data.fixed.insert(data.fixed.end(), field.bytes.begin(), field.bytes.end());
          break;
        case 5:   // int32_data
        case 7:   // int64_data
        case 11:  // uint64_data
          TRY_VOID(AppendIntegers(field, "int_data", std::numeric_limits<size_t>::max() - 1, data.integers));
          break;
        case 8: {
          TRY(tensor.name, TextOf(field, "name"));
          break;
        }
        case 9:
          if (field.wire != ProtoWire::kBytes) return WrongWire("raw_data");
          data.raw = field.bytes;
          data.has_raw = true;
          break;
        case 14:
          if (field.varint != 0) {
            return Error::Unsupported("data_location",
                                      "the data lies in another file (external data); "
                                      "export the model as one file");
          }
          break;
        default: break;
      }
    }
    return {};
  }

  Result<void> FinishTensor(Tensor& tensor, uint64_t data_type, TypedData data) {
    tensor.format = FormatOf(data_type);
    if (tensor.format == nullptr) {
      return Error::Unsupported("data_type", "got " + std::to_string(data_type) + ", which no known format has");
    }
    TRY(const int64_t size, TensorBytes(*tensor.format, tensor.shape));
    tensor.bytes = data.raw;
    if (!data.has_raw && size > 0) {
      const bool is_fixed = tensor.format->id == Quant::kF32 || tensor.format->id == Quant::kF64;
      file_.values_.push_back(is_fixed ? std::move(data.fixed) : Narrow(data.integers, tensor.format->block_bytes));
      tensor.bytes = file_.values_.back();
    }
    if (tensor.bytes.size() != static_cast<uint64_t>(size)) {
      return Error::Invalid("data", "got " + std::to_string(tensor.bytes.size()) + " bytes, want the " +
                                        std::to_string(size) + " of " + std::string(tensor.format->name) + " " +
                                        tensor.ShapeText());
    }
    return {};
  }

  // Gives weights of matrix products the names of their biases, and says that they lie transposed.
  Result<void> NameProducts() {
    std::unordered_map<std::string_view, size_t> initializer;
    for (size_t i = 0; i < file_.tensors_.size(); ++i) {
      if (!initializer.emplace(file_.tensors_[i].name, i).second) {
        return Error::Invalid(std::string(file_.tensors_[i].name), "the initializer name stands twice");
      }
    }
    AddAliases(initializer);
    std::unordered_map<std::string_view, std::string_view> bias_of;  // result of a product -> "x.bias"
    std::unordered_map<std::string_view, bool> only_in_products;
    for (const OnnxNode& node : file_.nodes_) {
      if (node.op == "Add" && node.inputs.size() == 2) {
        for (const size_t side : {size_t{0}, size_t{1}}) {
          const std::string_view name = node.inputs[side];
          if (name.ends_with(".bias") && initializer.contains(name)) bias_of.emplace(node.inputs[1 - side], name);
        }
      }
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const bool is_factor = node.op == "MatMul" && i == 1;
        const auto [at, is_new] = only_in_products.emplace(node.inputs[i], is_factor);
        at->second = at->second && is_factor;
      }
    }
    for (const OnnxNode& node : file_.nodes_) {
      if (node.op != "MatMul" || node.inputs.size() != 2 || node.outputs.size() != 1) continue;
      const auto weight = initializer.find(node.inputs[1]);
      if (weight == initializer.end() || !only_in_products.at(node.inputs[1])) continue;
      const auto bias = bias_of.find(node.outputs[0]);
      NameProduct(file_.tensors_[weight->second], bias == bias_of.end() ? std::string_view() : bias->second);
    }
    return {};
  }

  void NameProduct(Tensor& weight, std::string_view bias) {
    if (weight.shape.size() != 2 || weight.transposed || weight.format->block_elements != 1) return;
    std::swap(weight.shape[0], weight.shape[1]);
    weight.transposed = true;
    if (bias.empty()) return;
    constexpr std::string_view kBias = ".bias";
    weight.name = file_.names_.emplace_back(std::string(bias.substr(0, bias.size() - kBias.size())) + ".weight");
  }

  // Exporters store equal tensors once and let Identity nodes give them their other names.
  void AddAliases(std::unordered_map<std::string_view, size_t>& initializer) {
    for (const OnnxNode& node : file_.nodes_) {
      if (node.op != "Identity" || node.inputs.size() != 1 || node.outputs.size() != 1) continue;
      const auto found = initializer.find(node.inputs[0]);
      if (found == initializer.end()) continue;
      if (!initializer.emplace(node.outputs[0], file_.tensors_.size()).second) continue;
      Tensor alias = file_.tensors_[found->second];
      alias.name = node.outputs[0];
      file_.tensors_.push_back(std::move(alias));
    }
  }

  Result<void> IndexTensors() {
    for (size_t i = 0; i < file_.tensors_.size(); ++i) {
      if (!file_.index_.emplace(file_.tensors_[i].name, i).second) {
        return Error::Invalid(std::string(file_.tensors_[i].name), "two tensors have this name");
      }
    }
    return {};
  }

  OnnxFile& file_;
};

Result<std::unique_ptr<OnnxFile>> OnnxFile::Parse(std::span<const std::byte> bytes, const std::string& path) {
  std::unique_ptr<OnnxFile> file(new OnnxFile());
  file->path_ = path;
  auto read = OnnxReader(*file).ReadModel(bytes);
  if (!read.ok()) return Within(path, std::move(read).error());
  return file;
}

Result<std::unique_ptr<OnnxFile>> OnnxFile::Open(const std::string& path) {
  TRY(auto mapped, MappedFile::Open(path));
  TRY(auto file, Parse(mapped.bytes(), path));
  file->file_ = std::move(mapped);
  return file;
}

}  // namespace atelier
