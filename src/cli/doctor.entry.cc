// atelier doctor
#include "cli/doctor.h"

#include <cstdio>

namespace atelier {

void Examination::Ok(std::string check, std::string what) {
  findings.push_back({std::move(check), Health::kOk, std::move(what), {}});
}
void Examination::Warn(std::string check, std::string what, std::string mend) {
  findings.push_back({std::move(check), Health::kWarn, std::move(what), std::move(mend)});
}
void Examination::Fail(std::string check, std::string what, std::string mend) {
  findings.push_back({std::move(check), Health::kFail, std::move(what), std::move(mend)});
}

namespace {

const char* HealthName(Health health) {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarn: return "warn";
    case Health::kFail: return "fail";
  }
  return "";
}

class DoctorCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Flag("--full", full_, "hash every file of every model instead of looking at sizes");
  }

  Result<void> Run(const Invocation& invocation) override {
    Examination examination(invocation, full_);
    for (const auto examine : {ExamineMachine, ExamineData, ExamineService}) {
      const size_t begin = examination.findings.size();
      examine(examination);
      if (examination.interrupt.requested()) return Error::Cancelled("", "stopped by Ctrl-C");
      if (!invocation.json) Show(examination.findings, begin);
    }
    int num_failed = 0;
    Json checks = Json::Array();
    for (const Finding& finding : examination.findings) {
      num_failed += finding.health == Health::kFail ? 1 : 0;
      Json check = Json::Object({{"check", finding.check}, {"health", HealthName(finding.health)}});
      check.Set("what", finding.what);
      if (!finding.mend.empty()) check.Set("mend", finding.mend);
      checks.Push(std::move(check));
    }
    if (invocation.json) {
      invocation.Print(Json::Object({{"ok", num_failed == 0}, {"checks", std::move(checks)}}));
    }
    if (num_failed == 0) return {};
    return Error::Unavailable("", std::to_string(num_failed) + (num_failed == 1 ? " check" : " checks") + " failed");
  }

 private:
  static void Show(const std::vector<Finding>& findings, size_t begin) {
    for (size_t i = begin; i < findings.size(); ++i) {
      const Finding& finding = findings[i];
      std::printf("%-5s %-28s %s\n", HealthName(finding.health), finding.check.c_str(), finding.what.c_str());
      if (!finding.mend.empty()) std::printf("%-5s %-28s to mend it: %s\n", "", "", finding.mend.c_str());
    }
    std::fflush(stdout);
  }

  bool full_ = false;
};

}  // namespace

extern const CommandEntry command_doctor{
    "doctor", "Say what is wrong with this machine or installation, and how to mend it",
    "Looks at the processor, threads, memory, disk, huge pages and the limit on open files; at the data folder, its "
    "databases and the models; at the configuration, the server's port, and the programs that pulls need. Each line is "
    "ok, warn (works, but slowly or not for everything) or fail. The exit code is 1 where one failed.\n"
    "\n"
    "  atelier doctor\n"
    "  atelier doctor --full\n"
    "  atelier doctor --json | jq '.checks[] | select(.health != \"ok\")'",
    []() -> std::unique_ptr<Command> { return std::make_unique<DoctorCommand>(); }, /*runs_without_config=*/true};

}  // namespace atelier
