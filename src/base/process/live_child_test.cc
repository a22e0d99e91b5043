#include "base/process/live_child.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

struct Fixture {
  ManualLoop loop{1};
  std::vector<std::string> lines;
  std::optional<Result<void>> end;
  std::unique_ptr<LiveChild> child;

  Result<void> Start(std::string script, int64_t max_line_bytes = 1 << 20) {
    LiveChildSpec spec;
    spec.args = {"sh", "-c", std::move(script)};
    spec.environment = {{"PATH", "/usr/bin:/bin"}, {"GIVEN", "yes"}};
    spec.max_line_bytes = max_line_bytes;
    spec.grace = std::chrono::milliseconds(200);
    auto started = LiveChild::Start(
        loop, spec, [this](std::string line) { lines.push_back(std::move(line)); },
        [this](Result<void> why) { end = std::move(why); });
    if (!started) return std::move(started).error();
    child = *std::move(started);
    return {};
  }
  // Runs the loop until `done`, a minute at most.
  bool Until(const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      // Not until idle: a child may write faster than we read.
      if (!loop.RunOne()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
};

TEST(LiveChild, TalksInLines) {
  Fixture f;
  ASSERT_TRUE(f.Start("while read -r line; do echo \"got $line\"; done"));
  EXPECT_TRUE(f.child->Write("one"));
  EXPECT_TRUE(f.child->Write("two"));
  ASSERT_TRUE(f.Until([&] { return f.lines.size() == 2; }));
  EXPECT_EQ(f.lines, (std::vector<std::string>{"got one", "got two"}));
}

TEST(LiveChild, TakesLongLinesBothWays) {
  Fixture f;
  ASSERT_TRUE(f.Start("cat"));
  const std::string line(700'000, 'x');
  EXPECT_TRUE(f.child->Write(line));
  ASSERT_TRUE(f.Until([&] { return f.lines.size() == 1; }));
  EXPECT_EQ(f.lines[0], line);
}

TEST(LiveChild, KnowsNoVariableThatItWasNotGiven) {
  setenv("A_SECRET_OF_OURS", "key", 1);
  Fixture f;
  ASSERT_TRUE(f.Start("echo \"$A_SECRET_OF_OURS|$GIVEN\""));
  ASSERT_TRUE(f.Until([&] { return f.lines.size() == 1; }));
  EXPECT_EQ(f.lines[0], "|yes");
}

TEST(LiveChild, SaysWhenItEndsAndWhatItComplained) {
  Fixture f;
  ASSERT_TRUE(f.Start("echo broken >&2; exit 3"));
  ASSERT_TRUE(f.Until([&] { return f.end.has_value(); }));
  EXPECT_TRUE(f.end->ok());
  EXPECT_EQ(f.child->complaints(), "broken\n");
  EXPECT_FALSE(f.child->Write("anybody there?"));
}

TEST(LiveChild, ALineWithoutEndIsTooLong) {
  Fixture f;
  ASSERT_TRUE(f.Start("exec cat /dev/zero", 100'000));
  ASSERT_TRUE(f.Until([&] { return f.end.has_value(); }));
  ASSERT_FALSE(f.end->ok());
  EXPECT_EQ(f.end->error().kind, ErrorKind::kTooLarge);
}

TEST(LiveChild, EndlessOutputWaitsUntilItIsTaken) {
  Fixture f;
  ASSERT_TRUE(f.Start("exec yes"));
  // Nobody takes anything: the child is left with what does not fit. Then all of what waits is taken at once.
  ASSERT_TRUE(f.Until([&] { return f.lines.size() > 10'000; }));
  f.child.reset();
  f.loop.RunUntilIdle(100'000'000);
}

TEST(LiveChild, IsEndedWithAllOfItsGroupHoweverItResists) {
  Fixture f;
  ASSERT_TRUE(f.Start("trap '' TERM; sleep 1000 & echo $!; while true; do sleep 1; done"));
  ASSERT_TRUE(f.Until([&] { return f.lines.size() == 1; }));
  const pid_t grandchild = std::stoi(f.lines[0]);
  const pid_t child = f.child->pid();
  f.child.reset();
  EXPECT_NE(kill(child, 0), 0);
  // Reaped by whoever adopts it: soon.
  EXPECT_TRUE(f.Until([&] {
    const std::string path = "/proc/" + std::to_string(grandchild) + "/stat";
    FILE* stat = std::fopen(path.c_str(), "r");
    if (stat == nullptr) return true;
    char state = 'Z';
    const int read = std::fscanf(stat, "%*d (%*[^)]) %c", &state);
    std::fclose(stat);
    return read != 1 || state == 'Z';
  }));
}

TEST(LiveChild, AProgramThatIsNotThereIsSaidByName) {
  ManualLoop loop{1};
  LiveChildSpec spec;
  spec.args = {"no-such-program-anywhere"};
  const auto started = LiveChild::Start(loop, spec, [](std::string) {}, [](Result<void>) {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace atelier
