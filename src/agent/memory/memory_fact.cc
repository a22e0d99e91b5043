#include "agent/memory/memory_fact.h"

namespace atelier {

Fields MemoryFact::Describe() {
  using F = MemoryFact;
  static constexpr Field fields[] = {
      Key<&F::id>("id", "the memory's"),
      Key<&F::user>("user", "whom it is about"),
      Key<&F::agent>("agent", "whose memory it is"),
      Key<&F::session>("session", "in which it was learnt"),
      Key<&F::kind>("kind", "what sort of thing is remembered").OneOf(kFactKinds),
      Key<&F::text>("text", "in words").Required(),
      Key<&F::sources>("sources", "ids of the turns that it stands on"),
      Key<&F::importance>("importance", "0 to 1").Between(0, 1),
      Key<&F::valid_from_ms>("valid_from_ms", "since when it is so; 0: not known"),
      Key<&F::valid_to_ms>("valid_to_ms", "until when it was; 0: still"),
      Key<&F::recorded_ms>("recorded_ms", "when the memory learnt it"),
      Key<&F::withdrawn_ms>("withdrawn_ms", "when the memory stopped to believe it; 0: it does"),
      Key<&F::replaced_by>("replaced_by", "the fact that took its place"),
  };
  return fields;
}

}  // namespace atelier
