// A model hub on loopback that can misbehave: cuts connections, sends other bytes, ignores ranges, redirects. It
// speaks HTTP/1.1 over plain sockets, one request a connection, because a well-made server would refuse to do such
// things.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace atelier {

class LoopbackHub {
 public:
  struct Faults {
    int64_t cut_after = -1;  // bytes of a body, then the connection ends
    int num_cuts = 0;        // how many answers are cut
    int num_corrupt = 0;     // how many bodies have their middle byte changed
    bool ignore_ranges = false;
    bool wrong_ranges = false;    // 206 with bytes from elsewhere
    int num_unavailable = 0;      // how many answers are 503
    int64_t claim_size = -1;      // Content-Length of files
    bool redirect = false;        // files come from another path ("/cdn/…")
    std::string need_token = {};  // 401 without it
  };

  LoopbackHub();
  ~LoopbackHub();
  LoopbackHub(const LoopbackHub&) = delete;
  LoopbackHub& operator=(const LoopbackHub&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // `large`: listed with its SHA-256, as files in large file storage are; else with its git blob id.
  void Add(std::string_view repository, std::string_view name, std::string content, bool large);
  void SetFaults(const Faults& faults);
  // "GET /path range" of every request for a file, in order.
  std::vector<std::string> Requests();
  void ForgetRequests();
  // Refuses connections from now on.
  void Stop();

 private:
  struct FileEntry {
    std::string content;
    bool large = false;
  };

  void Serve();
  void Answer(int fd);
  void AnswerList(int fd, const std::string& repository);
  void AnswerFile(int fd, const std::string& target, const std::string& head);
  static void Send(int fd, std::string_view bytes);

  std::mutex mutex_;
  std::map<std::string, std::map<std::string, FileEntry>> repositories_;
  Faults faults_;
  std::vector<std::string> requests_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace atelier
