#include "model/catalog/download.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <thread>

#include "base/io/sha256.h"
#include "base/text/json.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kProgressEvery{100};
constexpr milliseconds kMaxRetryDelay{8'000};
constexpr std::chrono::seconds kRateWindow{5};

// Tells how fast it goes, at most ten times a second.
class Meter {
 public:
  explicit Meter(const DownloadSpec& spec) : spec_(spec) {}

  void Begin(int64_t bytes) {
    marks_.clear();
    marks_.push_back({SteadyClock::now(), bytes});
    Tell(bytes, marks_.back().when);
  }
  void Advance(int64_t bytes, int64_t total_bytes) {
    total_bytes_ = total_bytes;
    const auto now = SteadyClock::now();
    if (now - told_ < kProgressEvery) return;
    marks_.push_back({now, bytes});
    while (marks_.size() > 2 && now - marks_.front().when > kRateWindow) marks_.pop_front();
    Tell(bytes, now);
  }
  void Stage(PullStage stage, std::string text, int64_t bytes) {
    if (!spec_.progress) return;
    spec_.progress({.stage = stage,
                    .source = spec_.source,
                    .file = spec_.path,
                    .text = std::move(text),
                    .bytes = bytes,
                    .total_bytes = std::max(spec_.size, total_bytes_)});
  }

 private:
  struct Mark {
    SteadyClock::time_point when;
    int64_t bytes;
  };

  void Tell(int64_t bytes, SteadyClock::time_point now) {
    told_ = now;
    if (!spec_.progress) return;
    PullProgress progress{.stage = PullStage::kDownloading, .source = spec_.source, .file = spec_.path};
    progress.bytes = bytes;
    progress.total_bytes = std::max(spec_.size, total_bytes_);
    const double seconds = std::chrono::duration<double>(now - marks_.front().when).count();
    if (seconds > 0) progress.bytes_per_second = static_cast<double>(bytes - marks_.front().bytes) / seconds;
    if (progress.bytes_per_second > 0 && progress.total_bytes >= bytes && progress.total_bytes > 0) {
      progress.seconds_left = static_cast<double>(progress.total_bytes - bytes) / progress.bytes_per_second;
    }
    spec_.progress(progress);
  }

  const DownloadSpec& spec_;
  std::deque<Mark> marks_;
  SteadyClock::time_point told_{};
  int64_t total_bytes_ = 0;
};

// "bytes 100-199/200" begins at 100 and has 200 in all (0 where the server does not say).
struct ContentRange {
  int64_t begin = -1;
  int64_t total = 0;
};
ContentRange ParseContentRange(std::string_view text) {
  ContentRange range;
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return range;
  text.remove_prefix(kUnit.size());
  std::from_chars(text.data(), text.data() + text.size(), range.begin);
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), range.total);
  }
  return range;
}

bool IsStrongTag(std::string_view tag) { return tag.size() > 2 && tag.front() == '"'; }

class Downloader {
 public:
  Downloader(HttpClient& http, Files& files, const DownloadSpec& spec)
      : http_(http), files_(files), spec_(spec), partial_(spec.path + ".partial"), meter_(spec) {}

  Result<DownloadedFile> Run() {
    TRY_VOID(Recall());
    resumed_from_ = have_;
    meter_.Begin(have_);
    TRY_VOID(Fetch());
    // What is damaged was damaged on the way or at rest; fetching it once more from its first byte settles which.
    auto checked = Check();
    if (!checked.ok() && checked.error().kind == ErrorKind::kCorrupt) {
      meter_.Stage(PullStage::kNote, checked.error().Message() + "; fetching it again", have_);
      TRY_VOID(Discard());
      resumed_from_ = 0;
      TRY_VOID(Fetch());
      checked = Check();
      if (!checked.ok()) TRY_VOID(Discard());
    }
    TRY(DownloadedFile done, std::move(checked));
    TRY_VOID(file_->Sync());
    file_.reset();
    TRY_VOID(files_.Rename(partial_, spec_.path));
    (void)files_.Remove(NotePath());  // stale at worst: it speaks of a file that is no more
    TRY_VOID(files_.SyncFolder(FolderOf(spec_.path)));
    return done;
  }

 private:
  std::string NotePath() const { return partial_ + ".json"; }

  // Takes up what an earlier call left, if it is of the same content.
  Result<void> Recall() {
    const auto text = ReadWholeFile(files_, NotePath(), 1 << 16);
    if (text.ok() && !spec_.content_id.empty()) {
      const auto note = Json::Parse(*text);
      if (note.ok() && (*note)["content_id"] == Json(spec_.content_id)) {
        if ((*note)["etag"].is_string()) etag_ = (*note)["etag"].AsString();
        usable_ = true;
      }
    }
    TRY(file_, files_.Open(partial_, usable_ ? FileMode::kUpdate : FileMode::kReplace));
    TRY(have_, file_->Size());
    if (spec_.size > 0 && have_ > spec_.size) return Discard();
    return {};
  }

  Result<void> Discard() {
    have_ = 0;
    etag_.clear();
    return file_->Truncate(0);
  }

  // Goes on until all bytes are there. Fails after max_attempts in a row without a byte.
  Result<void> Fetch() {
    milliseconds delay = spec_.retry_delay;
    for (int attempt = 1;; ++attempt) {
      if (spec_.stop.stop_requested()) return Error::Cancelled(spec_.url, "stopped on request");
      if (spec_.size > 0 && have_ == spec_.size) return {};
      const int64_t before = have_;
      auto sent = Attempt();
      if (sent.ok()) return {};
      const ErrorKind kind = sent.error().kind;
      if (kind != ErrorKind::kUnavailable && kind != ErrorKind::kTimeout) return sent;
      if (have_ > before) {
        attempt = 0;
        delay = spec_.retry_delay;
      }
      if (attempt >= spec_.max_attempts) return sent;
      meter_.Stage(PullStage::kNote, sent.error().Message() + "; going on from byte " + std::to_string(have_), have_);
      Sleep(delay);
      delay = std::min(2 * delay, kMaxRetryDelay);
    }
  }

  void Sleep(milliseconds duration) const {
    const auto until = SteadyClock::now() + duration;
    while (SteadyClock::now() < until && !spec_.stop.stop_requested()) {
      std::this_thread::sleep_for(std::min<SteadyClock::duration>(milliseconds(20), until - SteadyClock::now()));
    }
  }

  Result<void> Attempt() {
    ClientRequest request;
    request.url = spec_.url;
    request.headers = spec_.headers;
    request.connect_timeout = spec_.connect_timeout;
    request.read_timeout = spec_.read_timeout;
    request.stop = spec_.stop;
    if (have_ > 0) {
      request.range_start = have_;
      if (IsStrongTag(etag_)) request.headers.Add("If-Range", etag_);
    }
    request.on_head = [&](const ClientResponse& head) { return Accept(head); };
    request.on_body = [&](std::string_view piece) { return Write(piece); };
    TRY(const ClientResponse response, http_.Send(request));
    if (response.status == 200 || response.status == 206) return {};
    return StatusError(response);
  }

  // Decides what the bytes of an answer are part of.
  Result<void> Accept(const ClientResponse& head) {
    if (head.status != 200 && head.status != 206) return {};
    const ContentRange range = ParseContentRange(head.headers.Get("Content-Range"));
    if (head.status == 206) {
      if (range.begin != have_) {
        // Other bytes than were asked for: nothing of it can be trusted.
        TRY_VOID(Discard());
        return Error::Unavailable(spec_.url, "Content-Range: got one that begins at " + std::to_string(range.begin));
      }
      total_ = range.total;
    } else {
      if (have_ > 0) TRY_VOID(Discard());
      const std::string_view length = head.headers.Get("Content-Length");
      total_ = 0;
      std::from_chars(length.data(), length.data() + length.size(), total_);
    }
    etag_ = head.headers.Get("ETag");
    if (spec_.size > 0 && total_ > 0 && total_ != spec_.size) {
      return Error::Corrupt(spec_.url,
                            "size: got " + std::to_string(total_) + " bytes, want " + std::to_string(spec_.size));
    }
    return Remember();
  }

  Result<void> Remember() {
    if (spec_.content_id.empty()) return {};
    const Json note = Json::Object({{"content_id", spec_.content_id}, {"etag", etag_}, {"url", spec_.url}});
    return WriteAtomically(files_, NotePath(), note.Dump());
  }

  Result<void> Write(std::string_view piece) {
    const auto size = static_cast<int64_t>(piece.size());
    if (spec_.size > 0 && size > spec_.size - have_) {
      return Error::Corrupt(spec_.url, "got more than the " + std::to_string(spec_.size) + " bytes wanted");
    }
    TRY_VOID(file_->WriteAt(have_, std::as_bytes(std::span(piece))));
    have_ += size;
    meter_.Advance(have_, total_);
    return {};
  }

  Result<void> StatusError(const ClientResponse& response) {
    const std::string got = "got HTTP " + std::to_string(response.status);
    switch (response.status) {
      case 404:
      case 410: return Error::NotFound(spec_.url, got);
      case 401:
      case 403: return Error::Denied(spec_.url, got + ": accept the model's licence on the hub and set HF_TOKEN");
      case 416:
        // What we have goes beyond what there is: another content.
        TRY_VOID(Discard());
        return Error::Unavailable(spec_.url, got + " (range not satisfiable)");
      case 408:
      case 425:
      case 429: return Error::Unavailable(spec_.url, got);
      default: break;
    }
    return response.status >= 500 ? Error::Unavailable(spec_.url, got) : Error::Invalid(spec_.url, got);
  }

  Result<DownloadedFile> Check() {
    if (spec_.size > 0 && have_ != spec_.size) {
      return Error::Corrupt(spec_.url, "got " + std::to_string(have_) + " bytes, want " + std::to_string(spec_.size));
    }
    meter_.Stage(PullStage::kVerifying, {}, have_);
    DownloadedFile done{.size = have_, .sha256 = {}, .resumed_from = resumed_from_};
    TRY(done.sha256, Sha256OfFile(files_, partial_));
    if (!spec_.sha256.empty() && done.sha256 != spec_.sha256) {
      return Error::Corrupt(spec_.url, "SHA-256: got " + done.sha256 + ", want " + spec_.sha256);
    }
    if (!spec_.git_blob_id.empty()) {
      TRY(const std::string blob, GitBlobIdOfFile(files_, partial_));
      if (blob != spec_.git_blob_id) {
        return Error::Corrupt(spec_.url, "git blob: got " + blob + ", want " + spec_.git_blob_id);
      }
    }
    return done;
  }

  HttpClient& http_;
  Files& files_;
  const DownloadSpec& spec_;
  const std::string partial_;
  Meter meter_;
  std::unique_ptr<File> file_;
  int64_t have_ = 0;   // bytes in the partial file
  int64_t total_ = 0;  // of the whole, as the server says; 0: it does not
  int64_t resumed_from_ = 0;
  std::string etag_;
  bool usable_ = false;
};

}  // namespace

Result<DownloadedFile> Download(HttpClient& http, Files& files, const DownloadSpec& spec) {
  return Downloader(http, files, spec).Run();
}

}  // namespace atelier
