#include "provider/relay.h"

#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxQueuedEvents = 1 << 16;

using Events = std::shared_ptr<Channel<GenerationEvent>>;

Task<void> Forward(Events from, Events to, std::deque<GenerationEvent> batch,
                   std::function<void(GenerationEvent&)> see) {
  bool ended = false;
  while (true) {
    for (GenerationEvent& event : batch) {
      see(event);
      ended = ended || std::holds_alternative<GenerationEnd>(event);
      to->Push(std::move(event));
    }
    batch = co_await from->NextBatch();
    if (batch.empty()) break;
  }
  if (!ended) {  // the reader between fell behind
    GenerationEnd end;
    end.error = Error::Unavailable("", "got more of an answer than could be passed on in time");
    GenerationEvent event = std::move(end);
    see(event);
    to->Push(std::move(event));
  }
  to->Close();
}

}  // namespace

Generation Relay(Loop& loop, Generation from, std::deque<GenerationEvent> already,
                 std::function<void(GenerationEvent&)> see) {
  Generation relayed = std::move(from);
  Events source = relayed.events;
  relayed.events = Channel<GenerationEvent>::Create(loop, kMaxQueuedEvents);
  Spawn(Forward(std::move(source), relayed.events, std::move(already), std::move(see)));
  return relayed;
}

}  // namespace atelier
