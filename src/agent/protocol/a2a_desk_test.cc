#include "agent/protocol/a2a_desk.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/net/io_loop.h"

namespace atelier {
namespace {

// Begins a task when the test lets it.
class HeldBegin final : public A2aExecutor {
 public:
  explicit HeldBegin(Loop& loop) : begins_(Channel<int>::Create(loop, 8)), gate_(Channel<int>::Create(loop, 8)) {}
  Task<Result<void>> Begin(A2aRow, std::vector<A2aTask>) override {
    begins_->Push(++num_begun_);
    (void)co_await gate_->NextBatch();
    co_return Result<void>();
  }
  Task<Result<void>> Continue(A2aRow, A2aMessage) override { co_return Result<void>(); }
  Task<Result<void>> Cancel(A2aRow) override { co_return Result<void>(); }
  Task<void> Work(Call, A2aRow, OnA2aUpdate tell) override {
    tell(A2aStatus{.state = std::string(A2aStateName(A2aState::kCompleted))});
    co_return;
  }

  std::shared_ptr<Channel<int>> begins_, gate_;
  int num_begun_ = 0;
};

TEST(A2aDesk, TasksThatBeginWhileItStartsAreNotBegunTwice) {
  std::string folder = testing::TempDir() + "a2a_desk_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  IoLoop loop;
  Pool pool(loop, 2);
  const auto database = Database::Open(folder + "/a2a.db").value();
  const auto store = A2aStore::Open(*database).value();
  const auto executor = std::make_shared<HeldBegin>(loop);
  A2aDesk::Parts parts{
      .loop = loop, .pool = pool, .clock = Clock::Real(), .store = *store, .agent = "clerk", .executor = executor};
  A2aDesk desk(std::move(parts));
  std::string state;
  auto send = [&]() -> Task<void> {
    A2aSend request{.message = {.message_id = "m", .parts = {A2aText("hello")}}};
    auto sending = desk.Send(A2aCaller(), std::move(request));
    const Result<A2aReply> reply = co_await sending;
    if (reply.ok()) state = std::get<A2aTask>(*reply).status.state;
    loop.Stop();
  };
  auto start = [&]() -> Task<void> {
    (void)co_await executor->begins_->NextBatch();
    EXPECT_TRUE((co_await desk.Resume()).ok());
    executor->gate_->Push(0);
  };
  Spawn(send());
  Spawn(start());
  loop.Run();
  EXPECT_EQ(executor->num_begun_, 1);
  EXPECT_EQ(state, "TASK_STATE_COMPLETED");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace atelier
