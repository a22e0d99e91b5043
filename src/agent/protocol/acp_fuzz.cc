// Lines as a strange editor sends them: each is answered by messages or passed over, nothing hangs, and when the editor
// goes all that was under way ends.
#include <cstddef>
#include <cstdint>

#include "agent/protocol/acp_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  AcpEditor editor;
  size_t num_lines = 0;
  while (!text.empty() && num_lines++ < 64) {
    const size_t end = std::min(text.find('\n'), text.size());
    const size_t num_said = editor.said.size();
    editor.Say(text.substr(0, end));
    // A line begins one request: an update, a question and an answer at most, and the answers of those it cancelled.
    CHECK(editor.said.size() <= num_said + 3 + num_lines);
    for (size_t i = num_said; i < editor.said.size(); ++i) CHECK(editor.said[i]["jsonrpc"] == Json("2.0"));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  editor.connection->Close();
  editor.loop.RunUntilIdle();
  Call parting;
  parting.deadline = editor.loop.Now();
  const size_t num_said = editor.said.size();
  editor.Say(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}})");
  CHECK(editor.said.size() == num_said);
  return 0;
}
