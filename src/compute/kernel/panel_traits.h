// The compile-time side of a PanelLayout, for kernels that are templates over it. Everything here is static, because
// objects compiled for one instruction set must not define symbols that others could link.
#pragma once

#include "compute/kernel/panel.h"

namespace atelier {

struct PanelTraits {
  int bits;
  int offset_shift;  // code_offset = 1 << offset_shift; 0: no offset
  int parts;         // scales per group
  bool has_min;
  bool is_super;
};

// Calls `f.template operator()<kTraits>()` for the traits of a kind. REQUIRES: an integer panel.
template <class F>
static inline void WithTraits(PanelKind kind, F&& f) {
  switch (kind) {
    case PanelKind::kU8Offset128: return f.template operator()<PanelTraits{8, 7, 1, false, false}>();
    case PanelKind::kU4Offset8: return f.template operator()<PanelTraits{4, 3, 1, false, false}>();
    case PanelKind::kU4Min: return f.template operator()<PanelTraits{4, 0, 1, true, false}>();
    case PanelKind::kU4SuperMin: return f.template operator()<PanelTraits{4, 0, 1, true, true}>();
    case PanelKind::kU5SuperMin: return f.template operator()<PanelTraits{5, 0, 1, true, true}>();
    case PanelKind::kU6SuperOffset32: return f.template operator()<PanelTraits{6, 5, 2, false, true}>();
    default: return;
  }
}

}  // namespace atelier
