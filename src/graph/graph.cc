#include "graph/graph.h"

#include <array>

namespace atelier {

std::string_view VerbName(Verb verb) {
  static constexpr std::array<std::string_view, 15> kNames = {"Embed",  "Linear", "Norm",      "Add",  "Mul",
                                                              "Scale",  "Cap",    "Activate",  "Gate", "Split",
                                                              "Concat", "Rope",   "Attention", "Pool", "Output"};
  static_assert(kNames.size() == std::variant_size_v<NodeSpec>);
  return kNames[static_cast<size_t>(verb)];
}

std::string Graph::ToText() const {
  std::string text;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    text += std::to_string(i) + " " + std::string(VerbName(node.verb())) + " " + ToString(node.shape);
    for (size_t k = 0; k < node.inputs.size(); ++k)
      text += (k == 0 ? " <- " : ", ") + std::to_string(node.inputs[k].node);
    for (const WeightId id : node.weights) {
      if (id == kNoWeight) continue;
      text += "  " + weight(id).name + " [" + std::to_string(weight(id).rows) + ", " + std::to_string(weight(id).cols) +
              "]";
    }
    text += "\n";
  }
  return text;
}

}  // namespace atelier
