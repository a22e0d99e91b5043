#include "base/process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace atelier {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

ProcessSpec Shell(std::string script) { return ProcessSpec{.args = {"sh", "-c", std::move(script)}}; }

TEST(Process, ArgumentsReachTheProgramAsTheyAre) {
  const auto output = RunProcess({.args = {"printf", "%s|", "a b", "$HOME", "'\"", ""}}).value();
  EXPECT_EQ(output.out, "a b|$HOME|'\"||");
  EXPECT_TRUE(output.succeeded());
}

TEST(Process, StreamsAndExitCodeComeApart) {
  const auto output = RunProcess(Shell("echo out; echo err >&2; exit 3")).value();
  EXPECT_EQ(output.out, "out\n");
  EXPECT_EQ(output.err, "err\n");
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_EQ(output.HowItEnded(), "exited with 3");
  const auto killed = RunProcess(Shell("kill -9 $$")).value();
  EXPECT_EQ(killed.signal, 9);
  EXPECT_FALSE(killed.succeeded());
}

TEST(Process, InputEnvironmentAndFolderAreGiven) {
  ProcessSpec spec = Shell("cat; echo $COLOUR; pwd");
  spec.input = std::string(300'000, 'x');
  spec.extra_env = {{"COLOUR", "blue"}};
  spec.folder = "/";
  const auto output = RunProcess(spec).value();
  EXPECT_EQ(output.out, spec.input + "blue\n/\n");
}

TEST(Process, ChildThatDoesNotReadItsInputIsNoProblem) {
  ProcessSpec spec{.args = {"true"}};
  spec.input = std::string(5'000'000, 'x');
  EXPECT_TRUE(RunProcess(spec).value().succeeded());
}

TEST(Process, OutputOverTheLimitIsDroppedAndSaid) {
  ProcessSpec spec = Shell("head -c 3000000 /dev/zero; echo end >&2");
  spec.max_output_bytes = 1000;
  const auto output = RunProcess(spec).value();
  EXPECT_EQ(output.out.size(), 1000u);
  EXPECT_EQ(output.err, "end\n");
  EXPECT_TRUE(output.truncated);
  EXPECT_TRUE(output.succeeded());
}

TEST(Process, MemoryAndFilesAreLimited) {
  ProcessSpec spec = Shell("x=$(head -c 50000000 /dev/zero | tr '\\0' a); echo ${#x}");
  EXPECT_EQ(RunProcess(spec).value().out, "50000000\n");
  spec.max_memory_bytes = 40'000'000;
  EXPECT_NE(RunProcess(spec).value().out, "50000000\n");
  const std::string path = ::testing::TempDir() + "/process_limit_" + std::to_string(getpid());
  spec = Shell("head -c 300000 /dev/zero > " + path + "; wc -c < " + path + "; rm " + path);
  spec.max_file_bytes = 100'000;
  EXPECT_EQ(RunProcess(spec).value().out, "100000\n");
}

TEST(Process, LinesAreReportedAsTheyCome) {
  ProcessSpec spec = Shell("printf 'one\\ntwo\\rthree'");
  std::vector<std::string> lines;
  spec.on_line = [&](std::string_view line) { lines.emplace_back(line); };
  ASSERT_TRUE(RunProcess(spec).ok());
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST(Process, MissingProgramsAreNamed) {
  EXPECT_EQ(RunProcess({.args = {"no-such-program-here"}}).error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(RunProcess({.args = {"/no/such"}}).error().Message(), HasSubstr("/no/such: spawn: No such file"));
  EXPECT_FALSE(FindProgram("no-such-program-here").has_value());
  EXPECT_TRUE(FindProgram("sh").has_value());
}

TEST(Process, DeadlineEndsTheWholeGroupEvenIfItIgnoresTheFirstSignal) {
  ProcessSpec spec = Shell("trap '' TERM; echo $$; sleep 1000 & wait; sleep 1000");
  spec.timeout = milliseconds(100);
  spec.kill_grace = milliseconds(100);
  std::string pid;
  spec.on_line = [&](std::string_view line) { pid = line; };
  const auto output = RunProcess(spec);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().Message(), "sh: still runs after 100 ms");
  ASSERT_FALSE(pid.empty());
  // Nobody is left in the group once init has reaped the orphans.
  for (int i = 0; i < 1000 && kill(-std::atoi(pid.c_str()), 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_NE(kill(-std::atoi(pid.c_str()), 0), 0);
}

TEST(Process, StopEndsItSoon) {
  std::stop_source source;
  ProcessSpec spec{.args = {"sleep", "1000"}};
  spec.stop = source.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    source.request_stop();
  });
  const auto output = RunProcess(spec);
  stopper.join();
  EXPECT_EQ(output.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(RunProcess(spec).error().kind, ErrorKind::kCancelled);
}

TEST(Process, DescendantThatKeepsThePipeOpenIsNotWaitedFor) {
  const auto output = RunProcess(Shell("echo first; sleep 1000 & exit 0")).value();
  EXPECT_EQ(output.out, "first\n");
}

}  // namespace
}  // namespace atelier
