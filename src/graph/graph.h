// Graph: a model as a list of nodes, recorded once at load by an architecture calling Ops (ops.h). It is plain data and
// never changes afterwards, so any number of threads may read it. Readers: Plain (plain.h) runs it as defined, in F32;
// the engine's Plan makes the fast steps of it; training will differentiate it.
//
// Invariants, held by Ops:
// - A node's inputs stand before it, so running nodes in index order is always right.
// - Every weight stands once in `weights`, whoever uses it (tied embeddings: one WeightId in Embed and in Output).
// - Slots are numbered in the order of the attention nodes; the slots are the model's cache layout.
// - result is the last value: logits [O, V] of a decoder, vectors [S, E] of an encoder, scores [S, labels] of a
//   cross-encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/verb/activate.h"
#include "graph/verb/attention.h"
#include "graph/verb/columns.h"
#include "graph/verb/elementwise.h"
#include "graph/verb/embed.h"
#include "graph/verb/linear.h"
#include "graph/verb/norm.h"
#include "graph/verb/pool.h"
#include "graph/verb/rope.h"

namespace atelier {

// What a node makes: an index into Graph::nodes.
struct Value {
  int32_t node = -1;

  bool operator==(const Value&) const = default;
};

using WeightId = int32_t;  // an index into Graph::weights
inline constexpr WeightId kNoWeight = -1;

// A weight as the graph wants it. A vector (norm weight, bias) has rows == 1.
struct WeightRef {
  std::string name;  // GGUF-style: "blk.3.attn_q.weight"
  int64_t rows = 0;
  int64_t cols = 0;
};

enum class SlotKind : uint8_t {
  kAttention,  // K and V of every position, kv_heads * head_dim numbers each
};

struct CacheSlot {
  SlotKind kind = SlotKind::kAttention;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;

  bool operator==(const CacheSlot&) const = default;
};

// One alternative per verb, in the order of Verb.
using NodeSpec = std::variant<EmbedSpec, LinearSpec, NormSpec, AddSpec, MulSpec, ScaleSpec, CapSpec, ActivateSpec,
                              GateSpec, SplitSpec, ConcatSpec, RopeSpec, AttentionSpec, PoolSpec, OutputSpec>;

enum class Verb : uint8_t {
  kEmbed,      // -> [T, E]         weights: table
  kLinear,     // x                 weights: weight, bias
  kNorm,       // x                 weights: weight, bias
  kAdd,        // a, b
  kMul,        // a, b
  kScale,      // x
  kCap,        // x
  kActivate,   // x
  kGate,       // gate, up
  kSplit,      // x
  kConcat,     // any number of parts
  kRope,       // x
  kAttention,  // q, k, v
  kPool,       // x [T, E] -> [S, E]
  kOutput,     // x [T, E] -> [O, V] weights: weight, bias
};

// "Embed", "Linear", ...
std::string_view VerbName(Verb verb);

struct Node {
  NodeSpec spec;
  std::vector<Value> inputs;      // in the order that Verb's comments give
  std::vector<WeightId> weights;  // likewise; kNoWeight where a bias or a norm's weight is absent
  Shape shape;                    // of what the node makes

  Verb verb() const { return static_cast<Verb>(spec.index()); }
  template <class Spec>
  const Spec& As() const {
    return std::get<Spec>(spec);
  }
};

// A value worth looking at (layer outputs, attention inputs), by name: "blk.3.out". A tap is not a node: it costs
// nothing unless a reader is asked for it.
struct Tap {
  std::string name;
  Value value;
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<WeightRef> weights;
  std::vector<CacheSlot> slots;
  std::vector<Tap> taps;
  Value result;

  const Node& node(Value value) const { return nodes[static_cast<size_t>(value.node)]; }
  const WeightRef& weight(WeightId id) const { return weights[static_cast<size_t>(id)]; }
  const Shape& shape(Value value) const { return node(value).shape; }

  // One line per node, for people and for tests: "12 Linear [T, 576] <- 11  blk.0.attn_q.weight [576, 576]".
  std::string ToText() const;
};

}  // namespace atelier
