#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <thread>

#include "base/io/files.h"
#include "cli/doctor.h"
#include "cli/models.h"
#include "compute/kernel/isa.h"

namespace atelier {
namespace {

// A small file of /proc or /sys without its last line end; empty where it cannot be read.
std::string SystemText(const std::string& path) {
  constexpr int64_t kMostBytes = 1 << 20;
  std::string text;
  // Sizes of such files are not told: they are read to their end.
  if (std::FILE* file = std::fopen(path.c_str(), "r"); file != nullptr) {
    char buffer[4096];
    while (const size_t num = std::fread(buffer, 1, sizeof buffer, file)) {
      text.append(buffer, num);
      if (static_cast<int64_t>(text.size()) > kMostBytes) break;
    }
    std::fclose(file);
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// What stands after "name" and a colon on its line of /proc/cpuinfo or /proc/meminfo.
std::string ValueIn(const std::string& text, std::string_view name) {
  const size_t at = ("\n" + text).find("\n" + std::string(name));
  if (at == std::string::npos) return {};
  const size_t colon = text.find(':', at);
  if (colon == std::string::npos) return {};
  const size_t begin = text.find_first_not_of(" \t", colon + 1);
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

int64_t NumberIn(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void ExamineProcessor(Examination& examination) {
  std::string name = ValueIn(SystemText("/proc/cpuinfo"), "model name");
  if (name.empty()) name = "unknown processor";
  const Isa best = BestIsa();
  std::string forced = examination.config().engine.isa;
  if (const char* variable = std::getenv("ATELIER_ISA"); variable != nullptr && forced.empty()) forced = variable;
  if (!forced.empty()) {
    const std::optional<Isa> isa = ParseIsa(forced);
    if (!isa || !Supports(*isa)) {
      return examination.Fail("processor", name + ": '" + forced + "' is forced, which it does not have",
                              "unset ATELIER_ISA or engine.isa; the best here is " + std::string(IsaName(best)));
    }
    return examination.Ok("processor", name + ": " + forced + ", forced");
  }
  if (best == Isa::kPlain) {
    return examination.Warn("processor", name + ": no AVX2, plain kernels run", "expect a tenth of the usual speed");
  }
  examination.Ok("processor", name + ": " + std::string(IsaName(best)));
}

// Processors that this process may use at once: by affinity and by the control group's quota.
double UsableProcessors() {
  cpu_set_t set;
  double usable = std::thread::hardware_concurrency();
  if (sched_getaffinity(0, sizeof set, &set) == 0) usable = CPU_COUNT(&set);
  const std::string quota = SystemText("/sys/fs/cgroup/cpu.max");  // "150000 100000", or "max 100000"
  const size_t blank = quota.find(' ');
  if (blank != std::string::npos && !quota.starts_with("max")) {
    const auto period = static_cast<double>(NumberIn(std::string_view(quota).substr(blank + 1)));
    if (period > 0) usable = std::min(usable, static_cast<double>(NumberIn(quota)) / period);
  }
  return usable;
}

void ExamineThreads(Examination& examination) {
  const double usable = UsableProcessors();
  const int32_t configured = examination.config().engine.threads;
  const auto threads = configured > 0 ? configured : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const std::string what =
      std::to_string(threads) + " compute, " + Json(std::round(usable * 100) / 100).Dump() + " processors usable";
  if (threads > usable + 0.01) {
    return examination.Warn("threads", what,
                            "set engine.threads in atelier.yaml (or --threads) to " +
                                std::to_string(std::max(1, static_cast<int>(usable))) +
                                ": threads that wait for each other are slower than fewer");
  }
  examination.Ok("threads", what);
}

void ExamineMemory(Examination& examination) {
  constexpr int64_t kKb = 1024, kMb = 1 << 20;
  constexpr int64_t kBesideModel = 512 * kMb;  // cache of a few conversations, buffers, the program
  const std::string meminfo = SystemText("/proc/meminfo");
  const int64_t total = NumberIn(ValueIn(meminfo, "MemTotal")) * kKb;
  int64_t available = NumberIn(ValueIn(meminfo, "MemAvailable")) * kKb;
  const std::string limit = SystemText("/sys/fs/cgroup/memory.max");
  if (!limit.empty() && limit != "max") {
    available = std::min(available, NumberIn(limit) - NumberIn(SystemText("/sys/fs/cgroup/memory.current")));
  }
  int64_t largest = 0;
  const ModelStore store = OpenStore(examination.config());
  if (const Result<std::vector<InstalledModel>> models = store.List(); models.ok()) {
    for (const InstalledModel& model : *models) largest = std::max(largest, model.bytes);
  }
  const std::string what = SizeText(available) + " available of " + SizeText(total);
  if (available < largest + kBesideModel) {
    return examination.Warn("memory", what + "; the largest model wants about " + SizeText(largest + kBesideModel),
                            "end other programs, or use a smaller model; kv-cache q8_0 and engine.context save memory");
  }
  examination.Ok("memory", what);
}

void ExamineHugePages(Examination& examination) {
  const std::string modes = SystemText("/sys/kernel/mm/transparent_hugepage/enabled");
  if (modes.empty()) {
    return examination.Warn("huge pages", "this kernel has none", "nothing; some more time goes into page tables");
  }
  if (modes.find("[never]") != std::string::npos) {
    return examination.Warn("huge pages", "turned off",
                            "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
  }
  const size_t begin = modes.find('[') + 1;
  examination.Ok("huge pages", modes.substr(begin, modes.find(']') - begin));
}

void ExamineOpenFiles(Examination& examination) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto wanted = static_cast<rlim_t>(examination.config().server.max_connections);
  const std::string what =
      limit.rlim_max == RLIM_INFINITY ? "no limit" : "up to " + std::to_string(limit.rlim_max) + " at once";
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
    return examination.Warn("open files", what + ", server.max_connections is " + std::to_string(wanted),
                            "raise the hard limit (ulimit -Hn, or LimitNOFILE of the service), or lower "
                            "server.max_connections");
  }
  examination.Ok("open files", what);
}

}  // namespace

void ExamineMachine(Examination& examination) {
  ExamineProcessor(examination);
  ExamineThreads(examination);
  ExamineMemory(examination);
  ExamineHugePages(examination);
  ExamineOpenFiles(examination);
}

}  // namespace atelier
