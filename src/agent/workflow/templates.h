// The templates of a workflow, parsed once, and what they make of the variables that stand where a node does.
//
// A value carries where it has been: which tools' words from outside went into it (tainted_by), and whether it still is
// such words (outside). What a template makes of values has been where they were, so a tool that is not to be steered
// from outside can be told what its arguments are made of.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/jinja_program.h"
#include "base/text/json.h"

namespace atelier {

struct NodeValue {
  Json value = {};
  std::set<std::string> tainted_by = {};
  bool outside = false;  // it has parts that came from outside as they are

  void Mix(const NodeValue& other) {
    tainted_by.insert(other.tainted_by.begin(), other.tainted_by.end());
    outside = outside || other.outside;
  }
};

// The variables of one place in a program, and where it stands in the journal. `parent` outlives it.
class NodeScope {
 public:
  explicit NodeScope(std::string prefix) : prefix_(std::move(prefix)) {}
  // Below a step of the parent's.
  NodeScope(const NodeScope& parent, const std::string& path)
      : parent_(&parent), prefix_(path + "."), tainted_by_(parent.tainted_by_) {}

  void Set(const std::string& name, NodeValue value) { values_[name] = std::move(value); }
  const NodeValue* Find(std::string_view name) const;
  const std::map<std::string, NodeValue, std::less<>>& values() const { return values_; }
  std::string PathOf(std::string_view name) const { return prefix_ + std::string(name); }
  // What decided that the program is here.
  const std::set<std::string>& tainted_by() const { return tainted_by_; }
  void Taint(const NodeValue& by) { tainted_by_.insert(by.tainted_by.begin(), by.tainted_by.end()); }

 private:
  const NodeScope* parent_ = nullptr;
  std::string prefix_;
  std::map<std::string, NodeValue, std::less<>> values_;
  std::set<std::string> tainted_by_;
};

class Templates {
 public:
  // Errors: those of the template.
  Result<const JinjaProgram*> Add(const std::string& source);

  // All below: REQUIRES Add of each text of the template. Errors: those of rendering.
  Result<NodeValue> Text(const std::string& source, const NodeScope& scope) const;
  // The same for a model: what came from outside stands between marks (tool_output.h).
  Result<NodeValue> Prompt(const std::string& source, const NodeScope& scope) const;
  // Objects and arrays of templates; a text that is one expression gives its value.
  Result<NodeValue> Value(const Json& source, const NodeScope& scope) const;
  Result<NodeValue> PromptValue(const Json& source, const NodeScope& scope) const;
  // A text that is one expression: whether its value is true as Jinja has it. An empty one is not.
  Result<bool> IsTrue(const std::string& source, const NodeScope& scope) const;

 private:
  Result<NodeValue> Render(const std::string& source, const NodeScope& scope, bool mark, bool as_text) const;
  Result<NodeValue> RenderAll(const Json& source, const NodeScope& scope, bool mark) const;

  std::map<std::string, JinjaProgram, std::less<>> parsed_;
};

// A text as it is, anything else as JSON.
std::string TextOfValue(const Json& value);

}  // namespace atelier
