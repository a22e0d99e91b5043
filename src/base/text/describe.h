// A described struct says once, row by row, what each of its fields is called, what it is for and what
// becomes of it; readers, writers, OpenAPI, reference pages and command-line flags are walkers over the
// same rows.
//
//   struct Point { double x = 0; std::optional<std::string> label; static Fields Describe(); };
//   Fields Point::Describe() {
//     static constexpr Field fields[] = {
//         Key<&Point::x>("x", "metres to the right").Between(0, 100).Required(),
//         Key<&Point::label>("label", "shown beside the point"),
//         Ignored("colour", "accepted without effect"),
//         Unsupported("z", "points here are flat")};
//     return fields;
//   }
//
// Members may be bool, integers, floating point, std::string, Json (any value), described structs,
// std::vector and std::optional of these, std::map<std::string, T>, and OneOrMany<T>.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/text/field.h"
#include "base/text/walker.h"

namespace atelier {

namespace describe_internal {
// What rows point at. `Struct` is named as a type: g++ 12 takes a template over a member of an unnamed namespace's
// struct alone for one and the same in the whole program, so that two structs `Options` of different files would share
// the first one's.
template <class Struct, auto kMember>
Result<void> VisitMember(Walker& walker, void* object) {
  return WalkValue(walker, static_cast<Struct*>(object)->*kMember);
}
template <class Struct, auto kMember>
void* MemberOf(void* object) {
  return &(static_cast<Struct*>(object)->*kMember);
}
}  // namespace describe_internal

// A row for a member: its key on the wire and a sentence for the reference.
template <auto kMember>
constexpr Field Key(std::string_view key, std::string_view sentence) {
  using Struct = decltype(describe_internal::StructOf(kMember));
  Field field;
  field.key = key;
  field.sentence = sentence;
  field.visit = &describe_internal::VisitMember<Struct, kMember>;
  return field;
}
// The rows of a member struct, as if they were the struct's own: what several bodies share stands once.
template <auto kMember>
constexpr Field Inline() {
  using Struct = decltype(describe_internal::StructOf(kMember));
  using Member = std::remove_cvref_t<decltype(std::declval<Struct&>().*kMember)>;
  Field field;
  field.inlined = &Member::Describe;
  field.member = &describe_internal::MemberOf<Struct, kMember>;
  return field;
}
constexpr Field Ignored(std::string_view key, std::string_view sentence) {
  Field field;
  field.key = key, field.sentence = sentence, field.fate = Fate::kIgnored;
  return field;
}
constexpr Field Unsupported(std::string_view key, std::string_view sentence) {
  Field field;
  field.key = key, field.sentence = sentence, field.fate = Fate::kUnsupported;
  return field;
}

// A row and the object it is a row of, with inlined rows in their place.
struct BoundField {
  const Field* field;
  void* object;
};
std::vector<BoundField> Bind(Fields fields, void* object);

// The names of a field's OneOf.
std::vector<std::string_view> Choices(const Field& field);

// Insertions, deletions and substitutions of bytes between two texts.   COST: the product of lengths.
int EditDistance(std::string_view a, std::string_view b);
// The known name that `key` was most likely meant to be; empty if none is near.
std::string_view Nearest(std::string_view key, std::span<const std::string_view> known);

}  // namespace atelier
