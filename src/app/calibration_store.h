// Calibrations of decisions, a JSON file a model in $ATELIER_HOME/calibrations: `atelier decisions calibrate` writes
// them, and every decision of the model is answered with them from then on, without a restart.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/io/files.h"
#include "provider/calibration.h"

namespace atelier {

class CalibrationStore {
 public:
  // REQUIRES: files outlives the store. Used from one thread.
  CalibrationStore(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  // Null: there is none. A file that cannot be read counts as none and is told to the log.   COST one stat.
  std::shared_ptr<const ModelCalibration> Find(const std::string& model);
  // Replaces the model's. Gives the path.
  Result<std::string> Keep(const ModelCalibration& calibration);

 private:
  struct Known {
    int64_t modified_ns = 0, size = 0;
    std::shared_ptr<const ModelCalibration> calibration;
  };
  std::string PathOf(const std::string& model) const;

  Files& files_;
  const std::string folder_;
  std::map<std::string, Known> known_;
};

}  // namespace atelier
