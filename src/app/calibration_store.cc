#include "app/calibration_store.h"

#include <cctype>
#include <utility>

#include "base/text/describe_json.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = 16 << 20;  // some thousands of questions

Result<ModelCalibration> Read(Files& files, const std::string& path) {
  TRY(const std::string text, ReadWholeFile(files, path, kMaxFileBytes));
  TRY(const Json json, Json::Parse(text));
  return ReadJson<ModelCalibration>(json);
}

}  // namespace

// Letters, digits, '-', '_' and '.' stay; other bytes become %XX, so that "provider/model" is no folder.
std::string CalibrationStore::PathOf(const std::string& model) const {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string name;
  for (const char c : model) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.') {
      name += c;
    } else {
      name += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return JoinPath(folder_, name + ".json");
}

std::shared_ptr<const ModelCalibration> CalibrationStore::Find(const std::string& model) {
  const std::string path = PathOf(model);
  const auto info = files_.Stat(path);
  if (!info.ok()) return nullptr;
  Known& known = known_[model];
  if (known.modified_ns == info->modified_ns && known.size == info->size) return known.calibration;
  known = {info->modified_ns, info->size, nullptr};
  auto read = Read(files_, path);
  if (read.ok()) {
    known.calibration = std::make_shared<const ModelCalibration>(std::move(*read));
  } else {
    LogWarn("decisions of " + model + " are not calibrated: " + path + ": " + read.error().Message());
  }
  return known.calibration;
}

Result<std::string> CalibrationStore::Keep(const ModelCalibration& calibration) {
  TRY_VOID(files_.MakeFolders(folder_));
  std::string path = PathOf(calibration.model);
  TRY_VOID(WriteAtomically(files_, path, WriteJson(calibration).DumpPretty() + "\n"));
  return path;
}

}  // namespace atelier
