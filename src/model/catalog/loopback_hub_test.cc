#include "model/catalog/loopback_hub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/io/files.h"
#include "base/io/sha256.h"
#include "base/text/json.h"

namespace atelier {
namespace {

constexpr std::string_view kCommit = "0123456789abcdef0123456789abcdef01234567";

// The value of a header, or "".
std::string HeaderOf(const std::string& head, std::string_view name) {
  std::string lower = head;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t at = lower.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string GitBlobIdOf(const std::string& content) {
  std::string path = "/tmp/atelier_blob_XXXXXX";
  const int fd = mkstemp(path.data());
  CHECK(fd >= 0);
  close(fd);
  CHECK(WriteAtomically(Files::Real(), path, content).ok());
  auto id = GitBlobIdOfFile(Files::Real(), path);
  CHECK(Files::Real().Remove(path).ok());
  return *std::move(id);
}

}  // namespace

LoopbackHub::LoopbackHub() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(listen(listener_, 16) == 0);
  socklen_t size = sizeof address;
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

LoopbackHub::~LoopbackHub() { Stop(); }

void LoopbackHub::Stop() {
  if (stopping_.exchange(true)) return;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void LoopbackHub::Add(std::string_view repository, std::string_view name, std::string content, bool large) {
  const std::lock_guard lock(mutex_);
  repositories_[std::string(repository)][std::string(name)] = {std::move(content), large};
}

void LoopbackHub::SetFaults(const Faults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

std::vector<std::string> LoopbackHub::Requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void LoopbackHub::ForgetRequests() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
}

void LoopbackHub::Serve() {
  while (!stopping_) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    Answer(fd);
    close(fd);
  }
}

void LoopbackHub::Send(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void LoopbackHub::Answer(int fd) {
  std::string head;
  char buffer[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return;
    head.append(buffer, static_cast<size_t>(got));
  }
  const size_t begin = head.find(' ') + 1;
  const std::string target = head.substr(begin, head.find(' ', begin) - begin);
  const std::lock_guard lock(mutex_);
  if (!faults_.need_token.empty() && HeaderOf(head, "authorization") != "Bearer " + faults_.need_token) {
    return Send(fd, "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  const std::string api = "/api/models/";
  const std::string ending = "/revision/main?blobs=true";
  if (target.starts_with(api) && target.ends_with(ending)) {
    return AnswerList(fd, target.substr(api.size(), target.size() - api.size() - ending.size()));
  }
  AnswerFile(fd, target, head);
}

void LoopbackHub::AnswerList(int fd, const std::string& repository) {
  const auto found = repositories_.find(repository);
  if (found == repositories_.end()) {
    return Send(fd, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  Json siblings = Json::Array();
  for (const auto& [name, file] : found->second) {
    const auto size = static_cast<int64_t>(file.content.size());
    Json sibling = Json::Object({{"rfilename", name}, {"size", size}});
    if (file.large) {
      sibling.Set("lfs", Json::Object({{"sha256", Sha256Hex(file.content)}, {"size", size}, {"pointerSize", 134}}));
    } else {
      sibling.Set("blobId", GitBlobIdOf(file.content));
    }
    siblings.Push(std::move(sibling));
  }
  const std::string body = Json::Object({{"id", repository},
                                         {"sha", kCommit},
                                         {"cardData", Json::Object({{"license", "mit"}})},
                                         {"siblings", std::move(siblings)}})
                               .Dump();
  Send(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
}

void LoopbackHub::AnswerFile(int fd, const std::string& target, const std::string& head) {
  const std::string range = HeaderOf(head, "range");
  requests_.push_back("GET " + target + (range.empty() ? "" : " " + range));
  if (faults_.num_unavailable > 0) {
    --faults_.num_unavailable;
    return Send(fd, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  const std::string mark = "/resolve/" + std::string(kCommit) + "/";
  const size_t at = target.find(mark);
  const bool from_cdn = target.starts_with("/cdn/");
  const std::string repository = target.substr(from_cdn ? 5 : 1, at == std::string::npos ? 0 : at - (from_cdn ? 5 : 1));
  const auto files = repositories_.find(repository);
  const std::string name = at == std::string::npos ? "" : target.substr(at + mark.size());
  if (files == repositories_.end() || !files->second.contains(name)) {
    return Send(fd, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  if (faults_.redirect && !from_cdn) {
    return Send(fd,
                "HTTP/1.1 302 Found\r\nLocation: /cdn" + target + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
  std::string body = files->second.at(name).content;
  const std::string etag = "\"" + Sha256Hex(body).substr(0, 16) + "\"";
  const auto total = static_cast<int64_t>(body.size());
  if (faults_.num_corrupt > 0) {
    --faults_.num_corrupt;
    body[body.size() / 2] ^= 1;
  }
  std::string answer = "HTTP/1.1 200 OK\r\n";
  const bool tag_fits = HeaderOf(head, "if-range").empty() || HeaderOf(head, "if-range") == etag;
  if (range.starts_with("bytes=") && !faults_.ignore_ranges && tag_fits) {
    int64_t begin = std::strtoll(range.c_str() + 6, nullptr, 10);
    if (begin >= total) {
      return Send(fd, "HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    if (faults_.wrong_ranges) begin = begin / 2;
    body.erase(0, static_cast<size_t>(begin));
    answer = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(begin) + "-" +
             std::to_string(total - 1) + "/" + std::to_string(total) + "\r\n";
  }
  const int64_t length = faults_.claim_size >= 0 ? faults_.claim_size : static_cast<int64_t>(body.size());
  answer += "ETag: " + etag + "\r\nConnection: close\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  if (faults_.num_cuts > 0 && faults_.cut_after >= 0) {
    --faults_.num_cuts;
    body.resize(std::min(body.size(), static_cast<size_t>(faults_.cut_after)));
  }
  Send(fd, answer + body);
}

}  // namespace atelier
