// The part that arrays and objects share: from a schema (or its negation) to the list of shapes of which a value must
// satisfy at least one. In-place keywords become unions and products of such lists; what a product makes impossible at
// a glance is dropped at once, which keeps `oneOf` with a discriminator as small as it looks.
//
// Where the document speaks of unevaluated items or properties, alternatives are made disjoint (each subschema of an
// `anyOf` holds or does not), so that a shape knows exactly which subschemas hold and what they evaluated.
#pragma once

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/grammar/json_goal.h"
#include "engine/grammar/json_shape_order.h"

namespace atelier {

inline constexpr size_t kMaxShapes = 512;  // of one schema; beyond, the schema is refused

// What copying and comparing a shape costs, about.
inline int64_t Work(const ObjectShape& shape) { return 1 + std::ssize(shape.rules); }
inline int64_t Work(const ArrayShape& shape) { return 1 + std::ssize(shape.prefix) + std::ssize(shape.counts); }

template <class Shape>
class ShapeForms {
 public:
  using List = std::vector<Shape>;

  ShapeForms(JsonGoals& goals, bool disjoint) : goals_(&goals), disjoint_(disjoint) {}
  virtual ~ShapeForms() = default;

  // The shapes of values of this type that satisfy the literal.
  const List& Of(SchemaLiteral literal) {
    if (const auto found = lists_.find(literal); found != lists_.end()) return found->second;
    const SchemaDepth depth(*goals_, *literal.node, depth_);
    List list;
    if (depth.ok()) list = literal.positive ? Satisfying(*literal.node) : Violating(*literal.node);
    Absorb(list);
    if (too_many_ || list.size() > kMaxShapes) {
      goals_->Refuse(*literal.node, TooManyKeyword(*literal.node), "got too many combinations of alternatives");
      list.clear();
    }
    return lists_.insert_or_assign(literal, std::move(list)).first->second;
  }

  List Product(const List& a, const List& b) {
    List product;
    for (const Shape& x : a) {
      if (goals_->refusal()) break;  // it is over
      for (const Shape& y : b) {
        too_many_ |= !goals_->Spend(Work(x) + Work(y));
        if (too_many_) return product;
        if (auto both = Merge(x, y)) product.push_back(std::move(*both));
        if (product.size() <= kMaxShapes) continue;
        Absorb(product);
        too_many_ |= product.size() > kMaxShapes / 2;
        if (too_many_) return product;  // the caller refuses
      }
    }
    return product;
  }

  bool too_many() const { return too_many_; }

 protected:
  // What a node's own keywords say: those that speak of this type and are not in place.
  virtual List Own(const SchemaNode& node) = 0;
  virtual List OwnViolated(const SchemaNode& node) = 0;
  // Both at once; nothing where no value can be both.
  virtual std::optional<Shape> Merge(const Shape& a, const Shape& b) const = 0;
  // `unevaluated*` of the node, over what all its other keywords left.
  virtual void AddUnevaluated(const SchemaNode& node, List& list) = 0;
  // Keeps those of the list in which something unevaluated violates it.
  virtual void ViolateUnevaluated(const SchemaNode& node, List& list) = 0;

  // The document speaks of what is unevaluated: what evaluates must be known.
  bool disjoint() const { return disjoint_; }

  // Leaves out shapes that imply another. Which subschemas hold is no matter then.
  void Absorb(List& list) const {
    if (disjoint_) return;
    List kept;
    for (Shape& shape : list) {
      if (std::ranges::any_of(kept, [&](const Shape& other) { return Implies(shape, other); })) continue;
      std::erase_if(kept, [&](const Shape& other) { return Implies(other, shape); });
      kept.push_back(std::move(shape));
    }
    list = std::move(kept);
  }

  static void Append(List& list, const List& more) {
    if (list.size() <= kMaxShapes) list.insert(list.end(), more.begin(), more.end());
  }

  JsonGoals* goals_;

 private:
  static std::string_view TooManyKeyword(const SchemaNode& node) {
    if (!node.one_of.empty()) return "oneOf";
    if (!node.any_of.empty()) return "anyOf";
    if (!node.all_of.empty()) return "allOf";
    return node.not_schema != nullptr ? "not" : "if";
  }

  const List& Of(const SchemaNode* node, bool positive = true) { return Of(SchemaLiteral{node, positive}); }

  List Satisfying(const SchemaNode& node) {
    List list = WithoutUnevaluated(node);
    AddUnevaluated(node, list);
    return list;
  }

  List WithoutUnevaluated(const SchemaNode& node) {
    List list = Own(node);
    if (list.empty()) return list;
    if (node.ref != nullptr) list = Product(list, Of(node.ref));
    for (const SchemaNode* part : node.all_of) list = Product(list, Of(part));
    if (!node.any_of.empty()) list = Product(list, AnyOf(node));
    if (!node.one_of.empty()) list = OneOf(list, node);
    if (node.not_schema != nullptr) list = Product(list, Unannotated(Of(node.not_schema, false)));
    if (node.if_schema != nullptr && (node.then_schema != nullptr || node.else_schema != nullptr || disjoint_)) {
      List when = Product(list, Of(node.if_schema));
      if (node.then_schema != nullptr) when = Product(when, Of(node.then_schema));
      List otherwise = Product(list, Of(node.if_schema, false));
      if (node.else_schema != nullptr) otherwise = Product(otherwise, Of(node.else_schema));
      list = std::move(when);
      Append(list, otherwise);
    }
    return list;
  }

  List AnyOf(const SchemaNode& node) {
    List any;
    List none = {Shape{}};
    for (const SchemaNode* part : node.any_of) {
      if (!disjoint_) {
        Append(any, Of(part));
        continue;
      }
      List now = Product(any, Of(part));  // holds too
      Append(now, Product(any, Of(part, false)));
      Append(now, Product(none, Of(part)));
      none = Product(none, Of(part, false));
      any = std::move(now);
    }
    return any;
  }

  // Each alternative without the others; the negation of one that can't hold at the same time changes nothing.
  List OneOf(const List& base, const SchemaNode& node) {
    List one;
    for (const SchemaNode* part : node.one_of) {
      for (const Shape& shape : Product(base, Of(part))) {
        if (one.size() > kMaxShapes || goals_->refusal()) return one;
        List only = {shape};
        for (const SchemaNode* other : node.one_of) {
          if (other == part || Product(only, Of(other)).empty()) continue;
          only = Product(only, Of(other, false));
        }
        Append(one, only);
      }
    }
    return one;
  }

  List Violating(const SchemaNode& node) {
    if (node.never) return {Shape{}};
    List list = OwnViolated(node);
    if (node.ref != nullptr) Append(list, Of(node.ref, false));
    for (const SchemaNode* part : node.all_of) Append(list, Of(part, false));
    if (!node.any_of.empty()) Append(list, NoneOf(node.any_of));
    if (!node.one_of.empty()) {
      Append(list, NoneOf(node.one_of));
      for (size_t i = 0; i < node.one_of.size(); ++i) {
        for (size_t j = 0; j < i; ++j) Append(list, Product(Of(node.one_of[i]), Of(node.one_of[j])));
      }
    }
    if (node.not_schema != nullptr) Append(list, Of(node.not_schema));
    if (node.if_schema != nullptr) {
      if (node.then_schema != nullptr) Append(list, Product(Of(node.if_schema), Of(node.then_schema, false)));
      if (node.else_schema != nullptr) Append(list, Product(Of(node.if_schema, false), Of(node.else_schema, false)));
    }
    if (node.unevaluated_properties != nullptr || node.unevaluated_items != nullptr) {
      List all = WithoutUnevaluated(node);
      ViolateUnevaluated(node, all);
      Append(list, all);
    }
    return Unannotated(list);
  }

  List NoneOf(const std::vector<const SchemaNode*>& parts) {
    List none = {Shape{}};
    for (const SchemaNode* part : parts) none = Product(none, Of(part, false));
    return none;
  }

  static List Unannotated(List list) {
    for (Shape& shape : list) DropAnnotations(shape);
    return list;
  }

  bool disjoint_;
  bool too_many_ = false;  // a product was given up
  std::map<SchemaLiteral, List> lists_;
  int depth_ = 0;
};

inline void DropAnnotations(ObjectShape& shape) {
  for (MemberRule& rule : shape.rules) rule.annotates = false;
}
inline void DropAnnotations(ArrayShape& shape) {
  shape.evaluated = 0;
  shape.evaluating.clear();
}

class ObjectForms final : public ShapeForms<ObjectShape> {
 public:
  using ShapeForms::ShapeForms;

 protected:
  List Own(const SchemaNode& node) override;
  List OwnViolated(const SchemaNode& node) override;
  std::optional<ObjectShape> Merge(const ObjectShape& a, const ObjectShape& b) const override;
  void AddUnevaluated(const SchemaNode& node, List& list) override;
  void ViolateUnevaluated(const SchemaNode& node, List& list) override;

 private:
  std::optional<MemberRule> Unevaluated(const ObjectShape& shape, SchemaLiteral value) const;
  ObjectShape Keywords(const SchemaNode& node);
  ObjectShape Constant(const Json& value);
  List NotConstant(const Json& value);
  LanguageId OtherNames(const SchemaNode& node);
  bool Possible(const ObjectShape& shape) const;
};

class ArrayForms final : public ShapeForms<ArrayShape> {
 public:
  using ShapeForms::ShapeForms;

 protected:
  List Own(const SchemaNode& node) override;
  List OwnViolated(const SchemaNode& node) override;
  std::optional<ArrayShape> Merge(const ArrayShape& a, const ArrayShape& b) const override;
  void AddUnevaluated(const SchemaNode& node, List& list) override;
  void ViolateUnevaluated(const SchemaNode& node, List& list) override;

 private:
  ArrayShape Constant(const Json& value);
  List NotConstant(const Json& value);
  SchemaLiteral Allowed(const SchemaNode& node, const ArrayShape& shape) const;
};

}  // namespace atelier
