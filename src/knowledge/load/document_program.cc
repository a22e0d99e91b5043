#include "knowledge/load/document_program.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/io/os_error.h"
#include "base/process/process.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

std::string PackageOf(std::string_view program) { return program == "tesseract" ? "tesseract-ocr" : "poppler-utils"; }

// The first line of what a program complained of, without control characters.
std::string Complaint(std::string_view err) {
  std::string line(Trim(err.substr(0, err.find('\n'))));
  line = ReplaceInvalidUtf8(line.substr(0, 200));
  std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return line;
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::Create() {
  std::error_code fault;
  std::string path = (std::filesystem::temp_directory_path(fault) / "atelier_load_XXXXXX").string();
  if (fault || mkdtemp(path.data()) == nullptr) return OsError(path, "mkdtemp", errno);
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<std::string> TemporaryFolder::Write(std::string_view name, std::string_view bytes) const {
  std::string path = path_ + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  if (!file) return OsError(path, "write", errno);
  return path;
}

Result<std::string> RunDocumentProgram(const DocumentProgram& program, const LoadContext& context) {
  const std::string& name = program.args[0];
  ProcessSpec spec{.args = program.args};
  // One thread: faster for one page, and nothing else on the machine is starved.
  spec.extra_env = {{"OMP_THREAD_LIMIT", "1"}, {"LC_ALL", "C.UTF-8"}};
  spec.input = program.input;
  spec.folder = program.folder;
  spec.max_output_bytes = program.max_output_bytes;
  spec.max_memory_bytes = context.limits().program_memory_bytes;
  spec.max_file_bytes = context.limits().source_bytes;
  spec.timeout = context.limits().program_time;
  spec.stop = context.options().stop;
  auto run = RunProcess(spec);
  if (!run.ok() && run.error().kind == ErrorKind::kNotFound) {
    return Error::Unavailable({}, name + " is not installed: want the Debian package " + PackageOf(name));
  }
  if (!run.ok()) {
    Error error = std::move(run).error();
    error.what = name + ": " + error.what;
    error.where.clear();
    return error;
  }
  if (run->truncated) {
    return Error::TooLarge({}, name + " wrote more than " + std::to_string(program.max_output_bytes) + " bytes");
  }
  if (!run->succeeded()) {
    const std::string complaint = Complaint(run->err);
    return Error::Invalid({}, name + " " + run->HowItEnded() + (complaint.empty() ? "" : ": " + complaint));
  }
  return std::move(run->out);
}

}  // namespace atelier
