// For tests: a grammar of text, asked about texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/mask_walk.h"

namespace atelier {

class TestGrammar {
 public:
  using Reader = Result<int32_t> (*)(std::string_view, Cfg&);

  static Result<TestGrammar> Create(Reader read, std::string_view text) {
    Cfg cfg;
    TRY(const int32_t root, read(text, cfg));
    TestGrammar grammar;
    TRY(grammar.machine_, CfgMachine::Create(std::move(cfg), root));
    return grammar;
  }
  // REQUIRES: the text is a grammar.
  static TestGrammar Of(Reader read, std::string_view text) {
    Result<TestGrammar> grammar = Create(read, text);
    CHECK_MSG(grammar.ok(), grammar.ok() ? "" : grammar.error().Message());
    return std::move(*grammar);
  }
  // The message of what is wrong with it; empty where nothing is.
  static std::string Fault(Reader read, std::string_view text) {
    const Result<TestGrammar> grammar = Create(read, text);
    return grammar.ok() ? "" : grammar.error().Message();
  }

  bool Accepts(std::string_view text) {
    MachineReader<CfgMachine> reader(*machine_, machine_->Start());
    if (!reader.Read(text)) return false;
    for (const CfgThread& thread : reader.threads()) {
      if (machine_->Accepts(thread)) return true;
    }
    return false;
  }
  // Some text that the grammar matches begins so.
  bool Begins(std::string_view text) { return MachineReader<CfgMachine>(*machine_, machine_->Start()).Read(text); }
  size_t NumThreads(std::string_view text) {
    MachineReader<CfgMachine> reader(*machine_, machine_->Start());
    return reader.Read(text) ? reader.threads().size() : 0;
  }
  CfgMachine& machine() { return *machine_; }

 private:
  std::unique_ptr<CfgMachine> machine_;
};

}  // namespace atelier
