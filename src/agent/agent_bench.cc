// What the runtime itself costs a step: a model that answers at once and a tool that does nothing, so that all that is
// left is conversation, checks, journal. A step is an answer or a call.
//
//   cpu_us     processor time of all threads of the process, a step, SQLite's included
//   commit_us  of these, what the thread that commits took: SQLite, and the kernel for its durable writes
//   wall_us    by the clock: commits are durable (synchronous FULL), so the disk is in it
//   bytes      of the database's file, a step
#include <benchmark/benchmark.h>

#include <chrono>
#include <ctime>

#include "agent/agent_testing.h"

namespace atelier {
namespace {

double CpuSeconds(clockid_t of = CLOCK_PROCESS_CPUTIME_ID) {
  timespec time{};
  clock_gettime(of, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Agent Worker() {
  Agent agent;
  agent.config.name = "worker", agent.config.model = "m";
  agent.config.limits.max_steps = agent.config.limits.max_tool_calls = 0;
  agent.config.limits.max_repeats = 0, agent.config.limits.max_seconds = 0;
  ToolSpec spec;
  spec.name = "note", spec.outside = false;
  Json text = Json::Object({{"type", "string"}});
  spec.parameters = Json::Object({{"type", "object"}, {"properties", Json::Object({{"x", std::move(text)}})}});
  agent.tools.push_back(std::make_shared<FunctionTool>(
      std::move(spec), [](const ToolCallInfo&, const Json&) { return ToolOutput{.text = "noted"}; }));
  return agent;
}

void BM_Steps(benchmark::State& state) {
  const int64_t num_calls = state.range(0);
  double cpu = 0, own = 0, wall = 0, steps = 0;
  uintmax_t bytes = 0;
  for (auto _ : state) {
    TestFolder folder;
    int64_t made = 0;
    {
      AgentLife tables(folder.path(), Worker(), [](const GenerationRequest&) { return Said{}; });
    }
    const uintmax_t empty = std::filesystem::file_size(folder.path() / "atelier.db");
    auto life = std::make_unique<AgentLife>(folder.path(), Worker(), [&](const GenerationRequest&) {
      if (made++ == num_calls) return Said{.text = "done"};
      return Said::Calling("note", R"({"x":"number )" + std::to_string(made) + "\"}");
    });
    const double before = CpuSeconds();
    const double own_before = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
    const auto began = std::chrono::steady_clock::now();
    const auto row = life->Start("go");
    cpu += CpuSeconds() - before;
    own += CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - own_before;
    wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    CHECK_MSG(row.ok() && row->status == RunStatus::kCompleted, "the run did not end well");
    steps += static_cast<double>(row->num_steps);
    life = nullptr;  // what waits in the write-ahead log goes to the file
    bytes += std::filesystem::file_size(folder.path() / "atelier.db") - empty;
  }
  state.counters["cpu_us"] = cpu / steps * 1e6;
  state.counters["commit_us"] = (cpu - own) / steps * 1e6;
  state.counters["wall_us"] = wall / steps * 1e6;
  state.counters["bytes"] = static_cast<double>(bytes) / steps;
}
BENCHMARK(BM_Steps)->Arg(10)->Arg(50)->Arg(200)->Unit(benchmark::kMillisecond)->UseRealTime();

// The program again from the journal, to where it stands: what a crash costs.
void BM_Replay(benchmark::State& state) {
  const int64_t num_calls = state.range(0);
  TestFolder folder;
  int64_t made = 0;
  AgentLife life(folder.path(), Worker(), [&](const GenerationRequest&) {
    if (made++ == num_calls) return Said{.text = "done"};
    return Said::Calling("note", R"({"x":"number )" + std::to_string(made) + "\"}");
  });
  const auto row = life.Start("go");
  CHECK_MSG(row.ok(), "the run did not begin");
  for (auto _ : state) CHECK_MSG(life.Wait(life.runs().Replay(Call(), row->id)).ok(), "it differs");
}
BENCHMARK(BM_Replay)->Arg(50)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atelier
