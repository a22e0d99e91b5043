#include "cli/models.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace atelier {
namespace {

std::string TimeText(double seconds) {
  const auto whole = static_cast<int64_t>(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(whole / 60),
                static_cast<long long>(whole % 60));
  return text;
}

std::string DownloadLine(const PullProgress& progress) {
  constexpr int kBarWidth = 24;
  std::string line = progress.file + "  ";
  if (progress.total_bytes > 0) {
    const double share = static_cast<double>(progress.bytes) / static_cast<double>(progress.total_bytes);
    const int filled = static_cast<int>(share * kBarWidth);
    line += "[" + std::string(static_cast<size_t>(filled), '#') +
            std::string(static_cast<size_t>(kBarWidth - filled), '.') + "] ";
    line += std::to_string(static_cast<int>(share * 100)) + "%  ";
  }
  line += SizeText(progress.bytes);
  if (progress.bytes_per_second > 0) line += "  " + SizeText(static_cast<int64_t>(progress.bytes_per_second)) + "/s";
  if (progress.seconds_left >= 0) line += "  " + TimeText(progress.seconds_left) + " left";
  return line;
}

std::string LineOf(const PullProgress& progress) {
  switch (progress.stage) {
    case PullStage::kResolving: return "asking " + progress.source;
    case PullStage::kDownloading: return DownloadLine(progress);
    case PullStage::kPackage: return progress.source + ": " + progress.text;
    case PullStage::kVerifying: return "verifying " + progress.file;
    case PullStage::kInstalling: return "installing";
    case PullStage::kNote: return progress.text;
  }
  return {};
}

}  // namespace

PullProgressFunction ShowProgress() {
  auto last_stage = std::make_shared<int>(-1);
  const bool terminal = isatty(STDERR_FILENO) == 1;
  return [last_stage, terminal](const PullProgress& progress) {
    const int stage = static_cast<int>(progress.stage);
    const bool note = progress.stage == PullStage::kNote;
    if (terminal) {
      std::fprintf(stderr, "\r\033[K%s%s", LineOf(progress).c_str(), note ? "\n" : "");
    } else if (note || stage != *last_stage) {
      std::fprintf(stderr, "%s\n", LineOf(progress).c_str());
    }
    std::fflush(stderr);
    *last_stage = stage;
  };
}

std::string SizeText(int64_t bytes) {
  const char* unit = "kB";
  double size = static_cast<double>(bytes) / 1e3;
  if (size >= 1e6)
    size /= 1e6, unit = "GB";
  else if (size >= 1e3)
    size /= 1e3, unit = "MB";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", size, unit);
  return text;
}

}  // namespace atelier
