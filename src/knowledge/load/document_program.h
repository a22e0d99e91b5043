// Programs that read what is too intricate to be read within this process: poppler's and tesseract. Each runs alone,
// with a limit to its time, memory, output and files, and can only read what stands in a folder of its own, which goes
// with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/load/load_context.h"

namespace atelier {

// A folder under the system's for temporary files, readable by us alone; removed with all in it.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> Create();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }
  // Writes a file into it; returns its path.
  Result<std::string> Write(std::string_view name, std::string_view bytes) const;

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct DocumentProgram {
  std::vector<std::string> args;
  std::string input = {};
  std::string folder = {};
  int64_t max_output_bytes = 64 << 20;
};

// What it wrote to its output. Errors: kUnavailable (not installed: names the package), kInvalid (it failed: with what
// it said), kTooLarge (output), kTimeout, kCancelled.
Result<std::string> RunDocumentProgram(const DocumentProgram& program, const LoadContext& context);

}  // namespace atelier
