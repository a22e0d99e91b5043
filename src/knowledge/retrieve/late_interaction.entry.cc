// Late interaction (max_sim_scores.h).
#include "knowledge/retrieve/max_sim_scores.h"

namespace atelier {

extern const RankerEntry ranker_late_interaction{
    "late_interaction", "each token of the question finds its nearest in the passage (MaxSim)", MaxSimScores};

}  // namespace atelier
