// The inside of a TextView.
#pragma once

#include "knowledge/index/text/text_view.h"
#include "knowledge/index/text/view_statistics.h"

namespace atelier {

struct TextView::State {
  ViewStatistics statistics;
};

}  // namespace atelier
