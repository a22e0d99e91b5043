// From the names of a Hugging Face checkpoint's tensors to ours, by a short table.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace atelier {

// '#' stands for a layer's number. The part after the last dot ("weight", "bias") is carried over. An empty `to` leaves
// the tensor out.
struct RenameRule {
  std::string_view from;  // "layers.#.mlp.up_proj"
  std::string_view to;    // "blk.#.ffn_up"
};

// The first of `prefixes` that the name begins with is taken off before the rules are asked. A name that no rule knows
// comes back whole.
std::string Rename(std::string_view name, std::initializer_list<std::string_view> prefixes,
                   std::span<const RenameRule> rules);

}  // namespace atelier
