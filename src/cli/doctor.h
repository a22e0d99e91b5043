// What `atelier doctor` looks at: each examination adds findings, one a thing, with how to mend what is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/interrupt.h"

namespace atelier {

enum class Health : uint8_t {
  kOk,
  kWarn,  // works, but slowly, or not for everything
  kFail,  // something will not work
};

struct Finding {
  std::string check;  // "disk", "model smollm2-135m-instruct"
  Health health = Health::kOk;
  std::string what;  // what was found
  std::string mend;  // what to do; empty where nothing need be done
};

class Examination {
 public:
  Examination(const Invocation& invocation, bool full) : invocation(invocation), full(full) {}

  const Invocation& invocation;
  const bool full;  // hash every file
  Interrupt interrupt;
  std::vector<Finding> findings;

  const Config& config() const { return invocation.config; }
  void Ok(std::string check, std::string what);
  void Warn(std::string check, std::string what, std::string mend);
  void Fail(std::string check, std::string what, std::string mend);
  void Fail(std::string check, const Error& error, std::string mend) {
    Fail(std::move(check), error.Message(), std::move(mend));
  }
};

void ExamineMachine(Examination& examination);  // processor, threads, memory, huge pages, open files
void ExamineData(Examination& examination);     // folder, disk, databases, models
void ExamineService(Examination& examination);  // configuration, port, programs that pulls need, sandbox

}  // namespace atelier
