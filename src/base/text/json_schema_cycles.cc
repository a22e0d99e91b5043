// A schema that applies itself to the same value, by whatever way of $ref, allOf, anyOf, not, …, says nothing: to know
// whether a value is valid one would have to know it already. Validators run out of stack on these; here they are
// errors.
#include <algorithm>

#include "base/text/json_schema_reader.h"

namespace atelier {
namespace {

constexpr int kMaxInPlaceDepth = 256;  // schemas applied to one value within each other; largest seen: 12

template <class Visit>
void ForEachInPlace(const SchemaNode& node, const Visit& visit) {
  for (const SchemaNode::Ref one : {node.ref, node.not_schema, node.if_schema, node.then_schema, node.else_schema}) {
    if (one != nullptr) visit(one);
  }
  for (const auto* several : {&node.all_of, &node.any_of, &node.one_of}) std::ranges::for_each(*several, visit);
  for (const auto& [name, schema] : node.dependent_schemas) visit(schema);
}

class CycleCheck {
 public:
  // Depth first over what is not known yet; the stack is a vector.
  Result<void> From(const SchemaNode& start) {
    Push(&start);
    while (!stack_.empty()) {
      Visit& visit = stack_.back();
      if (visit.next == visit.targets.size()) {
        TRY_VOID(Pop());
        continue;
      }
      const SchemaNode::Ref target = visit.targets[visit.next++];
      const auto found = depths_.find(target);
      if (found == depths_.end()) {
        if (IsLeaf(*target)) continue;
        Push(target);
      } else if (found->second == kOpen) {
        return Error::Invalid(visit.node->path, "got a schema that leads back to itself without going into a value (" +
                                                    target->path + ")");
      } else {
        visit.depth = std::max(visit.depth, found->second + 1);
      }
    }
    return {};
  }

  static bool IsLeaf(const SchemaNode& node) {
    return node.ref == nullptr && node.not_schema == nullptr && node.if_schema == nullptr && node.all_of.empty() &&
           node.any_of.empty() && node.one_of.empty() && node.dependent_schemas.empty();
  }
  bool IsKnown(const SchemaNode& node) const { return depths_.contains(&node); }

 private:
  static constexpr int kOpen = -1;  // on the stack

  struct Visit {
    const SchemaNode* node = nullptr;
    std::vector<SchemaNode::Ref> targets;
    size_t next = 0;
    int depth = 1;  // of what was seen below
  };

  void Push(const SchemaNode* node) {
    depths_[node] = kOpen;
    Visit visit;
    visit.node = node;
    ForEachInPlace(*node, [&](SchemaNode::Ref target) { visit.targets.push_back(target); });
    stack_.push_back(std::move(visit));
  }

  Result<void> Pop() {
    const auto [node, targets, next, depth] = std::move(stack_.back());
    stack_.pop_back();
    if (depth > kMaxInPlaceDepth) {
      return Error::TooLarge(node->path, "got over " + std::to_string(kMaxInPlaceDepth) +
                                             " schemas within each other that apply to one value");
    }
    depths_[node] = depth;
    if (!stack_.empty()) stack_.back().depth = std::max(stack_.back().depth, depth + 1);
    return {};
  }

  std::unordered_map<const SchemaNode*, int> depths_;
  std::vector<Visit> stack_;
};

}  // namespace

Result<void> CheckSchemaCycles(const std::deque<SchemaNode>& nodes) {
  CycleCheck check;
  for (const SchemaNode& node : nodes) {
    if (!CycleCheck::IsLeaf(node) && !check.IsKnown(node)) TRY_VOID(check.From(node));
  }
  return {};
}

}  // namespace atelier
