#include "base/net/net_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <future>

namespace atelier {

TestServer::TestServer(ServerOptions options, const std::function<void(IoLoop&, Router&)>& add_routes) {
  options.port = 0;
  Router router;
  add_routes(loop_, router);
  auto server = HttpServer::Listen(loop_, std::move(options), std::move(router));
  CHECK_MSG(server.ok(), server ? "" : server.error().Message());
  server_ = std::move(*server);
  port_ = server_->port();
  thread_ = std::thread([this] { loop_.Run(); });
}

TestServer::~TestServer() {
  Drain(std::chrono::milliseconds(0), std::chrono::milliseconds(2000));
  loop_.Stop();
  thread_.join();
}

std::string TestServer::url(std::string_view path) const { return server_->url() + std::string(path); }

ServerStats TestServer::stats() {
  ServerStats stats;
  OnLoop([&] { stats = server_->stats(); });
  return stats;
}

void TestServer::OnLoop(std::function<void()> function) {
  std::promise<void> done;
  loop_.Post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

bool TestServer::Drain(std::chrono::milliseconds deadline, std::chrono::milliseconds grace) {
  std::promise<bool> done;
  loop_.Post([&] { Spawn(server_->Drain(loop_.Now() + deadline, grace), [&](bool clean) { done.set_value(clean); }); });
  return done.get_future().get();
}

RawClient::RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::~RawClient() { Close(); }

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawClient::Fill() {
  char piece[16384];
  const ssize_t got = recv(fd_, piece, sizeof piece, 0);
  if (got <= 0) return false;
  buffer_.append(piece, static_cast<size_t>(got));
  return true;
}

std::string RawClient::ReadAll() {
  while (Fill()) {
  }
  return std::exchange(buffer_, {});
}

std::string RawClient::ReadUntil(std::string_view mark) {
  size_t at = 0;
  while ((at = buffer_.find(mark)) == std::string::npos) {
    if (!Fill()) return std::exchange(buffer_, {});
  }
  std::string text = buffer_.substr(0, at + mark.size());
  buffer_.erase(0, text.size());
  return text;
}

std::string RawClient::ReadResponse() {
  std::string response = ReadUntil("\r\n\r\n");
  const size_t at = response.find("Content-Length: ");
  if (at == std::string::npos) return response;
  size_t length = 0;
  std::from_chars(response.data() + at + 16, response.data() + response.size(), length);
  while (buffer_.size() < length && Fill()) {
  }
  response += buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

void RawClient::EndWrites() { shutdown(fd_, SHUT_WR); }

void RawClient::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void RawClient::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

void RawClient::ShrinkReceiveBuffer(int bytes) { setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

int StatusOf(std::string_view response) {
  int status = 0;
  if (response.starts_with("HTTP/1.1 "))
    std::from_chars(response.data() + 9, response.data() + response.size(), status);
  return status;
}

std::string BodyOf(std::string_view response) {
  const size_t at = response.find("\r\n\r\n");
  return at == std::string_view::npos ? "" : std::string(response.substr(at + 4));
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

TestCertificate MakeTestCertificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  TestCertificate made;
  const auto text = [](BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string pem(bytes, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
  };
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  made.certificate = text(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  made.key = text(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

}  // namespace atelier
