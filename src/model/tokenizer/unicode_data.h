// Written by tools/unicode_tables.py: tables of code points, packed as unicode_data.cc says.
#pragma once

#include <cstdint>

namespace atelier {

extern const uint32_t kCategoryStarts[4098];
extern const uint32_t kBertControls[90];
extern const uint32_t kBertPunctuation[156];
extern const uint32_t kBertAccents[266];
extern const uint32_t kStripAccents[250];

}  // namespace atelier
