#include "provider/slots.h"

#include <algorithm>

#include "base/task/patience.h"

namespace atelier {
namespace {

using Answer = std::move_only_function<void(Result<void>)>;

}  // namespace

struct Slots::State : std::enable_shared_from_this<State> {
  const std::string where;
  const int64_t max_running;
  const int64_t max_waiting;
  int64_t running = 0;
  std::deque<std::shared_ptr<Answer>> waiting;

  State(std::string name, int64_t most_running, int64_t most_waiting)
      : where(std::move(name)), max_running(most_running), max_waiting(most_waiting) {}

  std::shared_ptr<void> Place() {
    return {nullptr, [state = shared_from_this()](void*) { state->Release(); }};
  }
  // The next in line takes the place over.
  void Release() {
    if (waiting.empty()) {
      --running;
      return;
    }
    const std::shared_ptr<Answer> next = waiting.front();
    waiting.pop_front();
    (*next)(Result<void>());
  }
  void GiveUp(const std::shared_ptr<Answer>& who, Error error) {
    const auto found = std::find(waiting.begin(), waiting.end(), who);
    if (found == waiting.end()) return;
    waiting.erase(found);
    (*who)(std::move(error));
  }
};

Slots::Slots(Loop& loop, std::string where, int64_t max_running, int64_t max_waiting)
    : loop_(loop), state_(std::make_shared<State>(std::move(where), max_running, max_waiting)) {}

int64_t Slots::num_running() const { return state_->running; }

Task<Result<std::shared_ptr<void>>> Slots::Take(Call call) {
  const std::shared_ptr<State> state = state_;
  if (state->max_running == 0 || state->running < state->max_running) {
    ++state->running;
    co_return state->Place();
  }
  const Patience patience{call.deadline, call.stop};
  if (auto over = AlreadyOver(loop_, state->where, "waiting for a place", patience)) co_return *over;
  if (static_cast<int64_t>(state->waiting.size()) >= state->max_waiting) {
    co_return Error::Exhausted(state->where, "got " + std::to_string(state->waiting.size()) +
                                                 " requests waiting, want at most " +
                                                 std::to_string(state->max_waiting))
        .WithCode("too_many_requests");
  }
  const auto who = std::make_shared<Answer>();
  const PatienceWatch watch(loop_, state->where, "waiting for a place", patience,
                            [&](Error error) { state->GiveUp(who, std::move(error)); });
  auto start = [&](Answer done) {
    *who = std::move(done);
    state->waiting.push_back(who);
  };
  auto waiting = AwaitCallback<Result<void>>(loop_, start);
  const Result<void> placed = co_await waiting;
  if (!placed) co_return placed.error();
  co_return state->Place();
}

}  // namespace atelier
