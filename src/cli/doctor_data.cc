#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/store/db.h"
#include "cli/doctor.h"
#include "cli/models.h"
#include "model/arch/model.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;

// Whether a file can be made in `folder`, which is made first; the system's words where it cannot.
std::optional<std::string> WhyNotWritable(const std::string& folder) {
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) return fault.message();
  std::string path = folder + "/.doctor-XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) return std::error_code(errno, std::generic_category()).message();
  close(file);
  unlink(path.c_str());
  return std::nullopt;
}

void ExamineHome(Examination& examination, const std::string& home) {
  if (const auto why = WhyNotWritable(home)) {
    return examination.Fail("home", home + ": cannot be written: " + *why,
                            "make it writable (chown, chmod), or set ATELIER_HOME to a folder that is");
  }
  examination.Ok("home", home + " can be written");
}

void ExamineDisk(Examination& examination, const std::string& home) {
  constexpr int64_t kTight = int64_t{2} << 30;  // a 1B model and its packed weights
  constexpr int64_t kFull = 256 << 20;          // less than the default models
  struct statvfs figures{};
  if (statvfs(home.c_str(), &figures) != 0) {
    return examination.Warn("disk", home + ": free space is not known", "look at it with df -h");
  }
  const auto free = static_cast<int64_t>(figures.f_bavail) * static_cast<int64_t>(figures.f_frsize);
  const std::string what = SizeText(free) + " free under " + home;
  const std::string mend = "remove models (`atelier models rm NAME`), or the folder panels, which is made anew";
  if (free < kFull) return examination.Fail("disk", what, mend);
  if (free < kTight) return examination.Warn("disk", what, mend);
  examination.Ok("disk", what);
}

void ExamineDatabase(Examination& examination, const std::string& path) {
  const std::string check = "database " + fs::path(path).filename().string();
  std::error_code fault;
  if (!fs::exists(path, fault)) return;
  const std::string mend =
      "stop Atelier, move the file away with those that have its name and -wal or -shm after it, and "
      "start again: what it held is lost, the rest works";
  Result<Db> db = Db::Open(path, {.synchronous = Synchronous::kNormal});
  if (!db.ok()) return examination.Fail(check, db.error(), mend);
  if (const Result<void> sound = CheckIntegrity(*db); !sound.ok()) return examination.Fail(check, sound.error(), mend);
  const auto size = static_cast<int64_t>(fs::file_size(path, fault));
  examination.Ok(check, "sound, " + SizeText(fault ? 0 : size));
}

// A model's files, by sizes or hashes, and whether the engine can read them.
void ExamineModel(Examination& examination, const ModelStore& store, const InstalledModel& model) {
  const std::string check = "model " + model.name;
  const std::string again = "`atelier models pull --again " + model.name + "` fetches it anew; `atelier models rm " +
                            model.name + "` removes it";
  if (!model.problem.empty()) return examination.Fail(check, model.problem, again);
  if (examination.full && model.manifest) {
    const auto files = store.Verify(model.name, {}, examination.interrupt.token());
    if (!files.ok()) return examination.Fail(check, files.error(), again);
    for (const VerifiedFile& file : *files) {
      if (!file.problem.empty()) return examination.Fail(check, file.name + ": " + file.problem, again);
    }
  }
  const Result<ModelContents> contents = store.Contents(model);
  if (!contents.ok()) return examination.Fail(check, contents.error(), again);
  const std::string loadable = contents->container == "safetensors" ? model.folder : contents->file;
  const Result<std::unique_ptr<Model>> loaded = LoadModel(loadable);
  if (!loaded.ok()) {
    return examination.Warn(check, "cannot run here: " + loaded.error().Message(), "use another model");
  }
  const std::string verified = !model.manifest    ? "not pulled, so nothing to hold it against"
                               : examination.full ? "hashes right"
                                                  : "sizes right (--full checks hashes)";
  examination.Ok(check,
                 std::string(ModelTaskName((*loaded)->summary.task)) + ", " + SizeText(model.bytes) + ", " + verified);
}

void ExamineModels(Examination& examination) {
  const ModelStore store = OpenStore(examination.config());
  const Result<std::vector<InstalledModel>> models = store.List();
  if (!models.ok()) return examination.Fail("models", models.error(), "look at the folder models under home");
  if (models->empty() && examination.config().models.empty()) {
    return examination.Fail("models", "there is none", "`atelier models pull --defaults`");
  }
  for (const InstalledModel& model : *models) {
    if (examination.interrupt.requested()) return;
    ExamineModel(examination, store, model);
  }
  for (const ModelConfig& model : examination.config().models) {
    const Result<std::unique_ptr<Model>> loaded = LoadModel(model.path);
    if (loaded.ok()) {
      examination.Ok("model " + model.id, model.path);
    } else {
      examination.Fail("model " + model.id, loaded.error(), "mend models in atelier.yaml");
    }
  }
}

}  // namespace

void ExamineData(Examination& examination) {
  const std::string home = HomeDirectory(examination.config());
  ExamineHome(examination, home);
  ExamineDisk(examination, home);
  ExamineDatabase(examination, home + "/atelier.db");
  ExamineDatabase(examination, home + "/traces.db");
  ExamineModels(examination);
}

}  // namespace atelier
