// From the block formats of model files to panels. One row of the table per format; a format that names a
// panel kind no kernel could multiply does not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "compute/kernel/panel.h"

namespace atelier {

// The kind that a block format (by its GGML name: "Q4_0", "F16", ...) packs into; nothing if unknown.
std::optional<PanelKind> PanelKindOf(std::string_view format_name);

// Packs rows of W into one panel, filling missing rows and columns with zeros.
//   rows   [num_rows] rows in the block format, each row_bytes long, k elements    num_rows <= 16
//   panel  PanelLayoutOf(*PanelKindOf(format_name), k).panel_bytes, on 64 bytes; written whole
// The panel's weights equal the format's dequantised values.
// REQUIRES: the format is known, k is a multiple of its block size.
void PackPanel(std::string_view format_name, const std::byte* rows, int64_t row_bytes, int64_t num_rows, int64_t k,
               std::byte* panel);

}  // namespace atelier
