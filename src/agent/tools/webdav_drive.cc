// A folder of a WebDAV server: PROPFIND, GET, PUT, MKCOL.   [RFC 4918]
//
// PUT over an existing file needs `replace`: else it is sent with "If-None-Match: *", and the listing is looked at
// first, because not every server honours that.
#include "agent/tools/drive_store.h"
#include "agent/tools/webdav_listing.h"

namespace atelier {
namespace {

constexpr int64_t kMaxListingBytes = 16 << 20;
constexpr std::string_view kAsk =
    R"(<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/></prop>)"
    "</propfind>";

std::string EncodedPath(const std::string& path) {
  std::string encoded;
  for (size_t at = 0; at <= path.size() && !path.empty();) {
    const size_t end = std::min(path.find('/', at), path.size());
    encoded += (at == 0 ? "" : "/") + PercentEncode(std::string_view(path).substr(at, end - at));
    at = end + 1;
  }
  return encoded;
}

class WebDav final : public DriveStore {
 public:
  WebDav(std::string url, std::string authorization, ToolNet net)
      : url_(std::move(url)), authorization_(std::move(authorization)), net_(std::move(net)) {}

  Task<Result<std::vector<DriveEntry>>> List(Call call, std::string path) override {
    const std::string url = url_ + EncodedPath(path) + (path.empty() ? "" : "/");
    HttpHeaders headers{{"Depth", "1"}, {"Content-Type", "application/xml; charset=utf-8"}};
    FetchLimits limits;
    limits.body_bytes = kMaxListingBytes;
    CO_TRY(const Fetched fetched, co_await Ask(call, "PROPFIND", url, headers, std::string(kAsk), limits));
    if (fetched.status != 207) co_return Refusal(path, fetched.status);
    co_return ReadWebDavListing(path, fetched.url, fetched.body);
  }

  Task<Result<std::string>> Read(Call call, std::string path, int64_t max_bytes) override {
    FetchLimits limits;
    limits.body_bytes = max_bytes;
    HttpHeaders no_headers;
    CO_TRY(Fetched fetched, co_await Ask(call, "GET", url_ + EncodedPath(path), no_headers, "", limits));
    if (fetched.status != 200) co_return Refusal(path, fetched.status);
    co_return std::move(fetched.body);
  }

  Task<Result<void>> Write(Call call, std::string path, std::string content, bool replace) override {
    CO_TRY_VOID(co_await MakeFolders(call, path));
    HttpHeaders headers{{"Content-Type", "application/octet-stream"}};
    if (!replace) {
      CO_TRY(const bool there, co_await Exists(call, path));
      if (there) co_return Error::Conflict(path, "there is a file already, want replace = true");
      headers.Add("If-None-Match", "*");
    }
    CO_TRY(const Fetched fetched, co_await Ask(call, "PUT", url_ + EncodedPath(path), headers, content));
    if (fetched.status == 412) co_return Error::Conflict(path, "there is a file already, want replace = true");
    if (fetched.status / 100 != 2) co_return Refusal(path, fetched.status);
    co_return Result<void>();
  }

 private:
  Task<Result<Fetched>> Ask(Call call, std::string method, std::string url, HttpHeaders headers = HttpHeaders(),
                            std::string body = "", FetchLimits limits = FetchLimits()) {
    AsyncRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.headers = std::move(headers);
    if (!authorization_.empty()) request.headers.Add("Authorization", authorization_);
    request.body = std::move(body);
    request.egress = net_.egress;
    request.may_repeat = request.method != "MKCOL";
    co_return co_await Fetch(*net_.http, call, std::move(request), limits);
  }

  Task<Result<bool>> Exists(Call call, std::string path) {
    HttpHeaders headers{{"Depth", "0"}, {"Content-Type", "application/xml; charset=utf-8"}};
    CO_TRY(const Fetched fetched, co_await Ask(call, "PROPFIND", url_ + EncodedPath(path), headers, std::string(kAsk)));
    if (fetched.status == 404) co_return false;
    if (fetched.status / 100 != 2) co_return Refusal(path, fetched.status);
    co_return true;
  }

  Task<Result<void>> MakeFolders(Call call, std::string path) {
    for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
      const std::string folder = path.substr(0, at);
      CO_TRY(const bool there, co_await Exists(call, folder));
      if (there) continue;
      CO_TRY(const Fetched made, co_await Ask(call, "MKCOL", url_ + EncodedPath(folder) + "/"));
      // 405: somebody has made it meanwhile.
      if (made.status / 100 != 2 && made.status != 405) co_return Refusal(folder, made.status);
    }
    co_return Result<void>();
  }

  static Error Refusal(const std::string& path, int status) {
    const std::string what = "the server says " + StatusText(status);
    if (status == 404 || status == 409 || status == 410) return Error::NotFound(path, what);
    if (status == 401 || status == 403) return Error::Denied(path, what);
    if (status == 413 || status == 507) return Error::TooLarge(path, what);
    return Error::Unavailable(path, what);
  }

  const std::string url_;
  const std::string authorization_;
  const ToolNet net_;
};

}  // namespace

std::shared_ptr<DriveStore> OpenWebDav(std::string url, std::string authorization, ToolNet net) {
  return std::make_shared<WebDav>(std::move(url), std::move(authorization), std::move(net));
}

}  // namespace atelier
