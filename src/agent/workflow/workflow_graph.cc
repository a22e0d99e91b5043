#include "agent/workflow/workflow_graph.h"

#include <utility>
#include <vector>

#include "agent/workflow/node_entry.h"

namespace atelier {
namespace {

// A quoted text of DOT; line breaks as they are written there.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' || c == '\r' ? std::string(" ") : std::string(1, c);
  }
  return quoted + "\"";
}

// Where a program goes on from: a node, and what is written at the edge.
struct Exit {
  std::string node;
  std::string label;
};
using Exits = std::vector<Exit>;

class Drawing {
 public:
  std::string Draw(const WorkflowConfig& workflow) {
    out_ = "digraph " + Quoted(workflow.name) + " {\n  node [shape=box, style=rounded, fontname=sans];\n";
    out_ += "  edge [fontname=sans, fontsize=10];\n  input [shape=plaintext];\n  output [shape=plaintext];\n";
    const Exits exits = List(workflow.nodes, {{"input", ""}});
    for (const Exit& exit : exits) Edge(exit, "output");
    return out_ + "}\n";
  }

 private:
  void Edge(const Exit& from, const std::string& to, const std::string& style = {}) {
    out_ += "  " + Quoted(from.node) + " -> " + Quoted(to);
    std::string attributes = from.label.empty() ? "" : "label=" + Quoted(from.label);
    if (!style.empty()) attributes += (attributes.empty() ? "" : ", ") + style;
    out_ += (attributes.empty() ? "" : " [" + attributes + "]") + ";\n";
  }

  Exits List(const std::vector<NodeConfig>& nodes, Exits exits) {
    for (const NodeConfig& node : nodes) exits = Node(node, std::move(exits));
    return exits;
  }

  Exits Node(const NodeConfig& node, Exits exits) {
    const NodeEntry* kind = KindOf(node);
    if (!kind) return exits;
    std::string label = node.name + "\\n" + std::string(kind->key);
    if (const std::string more = kind->label(node); !more.empty()) label += ": " + more;
    if (!node.gates.empty())
      label += "\\n" + std::to_string(node.gates.size()) + (node.gates.size() == 1 ? " gate" : " gates");
    out_ += "  " + Quoted(node.name) + " [label=" + Label(label) + Shape(kind->flow) + "];\n";
    for (const Exit& exit : exits) Edge(exit, node.name);
    return kind->lists ? Within(node, *kind) : Exits{{node.name, ""}};
  }

  static std::string Shape(NodeFlow flow) {
    switch (flow) {
      case NodeFlow::kOneOf: return ", shape=diamond, style=solid";
      case NodeFlow::kBeside: return ", shape=parallelogram, style=solid";
      case NodeFlow::kEach: return ", shape=box3d, style=solid";
      case NodeFlow::kAgain: return ", shape=house, style=solid";
      default: return "";
    }
  }

  // As Quoted, with the breaks that Node has put in.
  static std::string Label(const std::string& text) {
    std::string quoted = Quoted(text);
    for (size_t at = quoted.find("\\\\n"); at != std::string::npos; at = quoted.find("\\\\n", at)) quoted.erase(at, 1);
    return quoted;
  }

  Exits Within(const NodeConfig& node, const NodeEntry& kind) {
    Exits exits;
    for (const NodeList& list : kind.lists(node)) {
      if (kind.flow == NodeFlow::kBeside) {
        for (const NodeConfig& one : *list.nodes) Add(exits, Node(one, {{node.name, list.label}}));
      } else {
        Exits ends = List(*list.nodes, {{node.name, list.label}});
        if (kind.flow == NodeFlow::kAgain) {
          for (const Exit& end : ends) Edge({end.node, "again"}, node.name, "style=dashed");
        }
        Add(exits, std::move(ends));
      }
    }
    if (exits.empty()) exits = {{node.name, ""}};
    return exits;
  }

  static void Add(Exits& exits, Exits more) {
    for (Exit& exit : more) exits.push_back(std::move(exit));
  }

  std::string out_;
};

void Outline(const std::vector<NodeConfig>& nodes, int depth, std::string& out) {
  for (const NodeConfig& node : nodes) {
    const NodeEntry* kind = KindOf(node);
    if (!kind) continue;
    std::string line(static_cast<size_t>(depth) * 2, ' ');
    line += node.name;
    line.append(line.size() < 24 ? 24 - line.size() : 1, ' ');
    line += kind->key;
    if (const std::string label = kind->label(node); !label.empty()) line += "  " + label;
    if (!node.gates.empty()) line += "  gates: " + std::to_string(node.gates.size());
    out += line + "\n";
    if (!kind->lists) continue;
    for (const NodeList& list : kind->lists(node)) {
      if (!list.label.empty()) out += std::string(static_cast<size_t>(depth + 1) * 2, ' ') + "[" + list.label + "]\n";
      Outline(*list.nodes, depth + (list.label.empty() ? 1 : 2), out);
    }
  }
}

}  // namespace

std::string DotOf(const WorkflowConfig& workflow) { return Drawing().Draw(workflow); }

std::string OutlineOf(const WorkflowConfig& workflow) {
  std::string out;
  Outline(workflow.nodes, 0, out);
  return out;
}

}  // namespace atelier
