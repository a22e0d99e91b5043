#include "base/net/http_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace atelier {
namespace {

namespace beast = boost::beast;
using beast::http::error;

constexpr std::string_view kHeadTooLong = "head_too_long";
constexpr std::string_view kBadVersion = "bad_http_version";

Error FaultOf(const beast::error_code& code, const HttpParser::Limits& limits) {
  if (code == error::header_limit) {
    return Error::TooLarge("head", "got more than " + std::to_string(limits.head_bytes) + " bytes")
        .WithCode(std::string(kHeadTooLong));
  }
  if (code == error::body_limit) {
    return Error::TooLarge("body", "got more than " + std::to_string(limits.body_bytes) + " bytes");
  }
  if (code == error::bad_version) {
    return Error::Invalid("HTTP version", "got another, want HTTP/1.1 or HTTP/1.0").WithCode(std::string(kBadVersion));
  }
  return Error::Invalid("HTTP message", "got " + code.message() + ", want a message as RFC 9112 has it");
}

}  // namespace

class HttpParser::State {
 public:
  State(Limits limits, BodySink sink) : limits(limits), sink(std::move(sink)) {}
  virtual ~State() = default;
  virtual size_t Put(std::string_view bytes, beast::error_code& code) = 0;
  virtual void PutEof(beast::error_code& code) = 0;
  virtual void Skip() = 0;
  virtual bool HeadDone() const = 0;
  virtual bool Done() const = 0;
  virtual bool GotSome() const = 0;

  size_t Body(std::string_view piece, beast::error_code& code) {
    body_bytes += static_cast<int64_t>(piece.size());
    // Beast checks Content-Length against the limit before, and chunks as they come; this is the last word.
    if (body_bytes > limits.body_bytes) {
      code = error::body_limit;
    } else if (!sink) {
      body.append(piece);
    } else if (Result<void> taken = sink(piece); !taken) {
      sink_error = std::move(taken).error();
      code = error::end_of_stream;
    }
    return piece.size();
  }

  Limits limits;
  BodySink sink;
  HttpHead head;
  std::string body;
  int64_t body_bytes = 0;
  int64_t head_bytes = 0;
  std::optional<Error> sink_error;
};

template <bool is_request>
class HttpParser::Parser final : public HttpParser::State, public beast::http::basic_parser<is_request> {
  using Base = beast::http::basic_parser<is_request>;

 public:
  Parser(Limits limits, BodySink sink) : State(limits, std::move(sink)) {
    Base::header_limit(static_cast<uint32_t>(limits.head_bytes));
    Base::body_limit(static_cast<uint64_t>(limits.body_bytes));
  }
  size_t Put(std::string_view bytes, beast::error_code& code) override {
    return Base::put(boost::asio::const_buffer(bytes.data(), bytes.size()), code);
  }
  void PutEof(beast::error_code& code) override { Base::put_eof(code); }
  void Skip() override { Base::skip(true); }
  bool HeadDone() const override { return Base::is_header_done(); }
  bool Done() const override { return Base::is_done(); }
  bool GotSome() const override { return Base::got_some(); }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code& code) override {
    if (version != 10 && version != 11) code = error::bad_version;
    head.method.assign(method.data(), method.size());
    head.target.assign(target.data(), target.size());
    head.version = version;
  }
  void on_response_impl(int status, beast::string_view, int version, beast::error_code& code) override {
    if (version != 10 && version != 11) code = error::bad_version;
    head.status = status;
    head.version = version;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    if (Base::is_header_done()) return;  // trailers carry nothing that we act on
    head.headers.Add(std::string(name), std::string(value));
  }
  void on_header_impl(beast::error_code& code) override {
    if (is_request && HasDoubtfulLength()) code = error::bad_transfer_encoding;
    head.keep_alive = Base::keep_alive();
    if (const auto length = Base::content_length()) head.content_length = static_cast<int64_t>(*length);
    head.expects_continue = head.version == 11 && head.headers.HasToken("Expect", "100-continue");
  }
  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}
  size_t on_body_impl(beast::string_view piece, beast::error_code& code) override {
    return Body({piece.data(), piece.size()}, code);
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, beast::error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, beast::string_view piece, beast::error_code& code) override {
    return Body({piece.data(), piece.size()}, code);
  }
  void on_finish_impl(beast::error_code&) override {}

  // A request whose transfer coding does not end its body has no length: what follows must not be taken for the
  // next request. No coding but "chunked" is known here.   [RFC 9112, 6.1 and 6.3]
  bool HasDoubtfulLength() const {
    return head.headers.Find("Transfer-Encoding") != nullptr && (head.version == 10 || !Base::chunked());
  }
};

HttpParser::HttpParser(Kind kind, Limits limits, BodySink body) {
  if (kind == Kind::kRequest) {
    state_ = std::make_unique<Parser<true>>(limits, std::move(body));
  } else {
    state_ = std::make_unique<Parser<false>>(limits, std::move(body));
  }
}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

Result<void> HttpParser::BeginBody(int64_t max_bytes, BodySink sink) {
  CHECK(head_done() && state_->body_bytes == 0);
  state_->limits.body_bytes = max_bytes;
  state_->sink = std::move(sink);
  if (state_->head.content_length.value_or(0) <= max_bytes) return {};
  return FaultOf(error::body_limit, state_->limits);
}

void HttpParser::ExpectNoBody() { state_->Skip(); }

Result<int64_t> HttpParser::Feed(std::string_view bytes) {
  const bool had_head = state_->HeadDone();
  size_t used = 0;
  // Without "eager" Beast returns after each part; the loop goes on until it wants more bytes.
  while (used < bytes.size() && !state_->Done() && state_->HeadDone() == had_head) {
    beast::error_code code;
    const size_t taken = state_->Put(bytes.substr(used), code);
    used += taken;
    if (state_->sink_error) return *std::move(state_->sink_error);
    if (code == error::need_more) break;
    if (code) return FaultOf(code, state_->limits);
  }
  if (!had_head) state_->head_bytes += static_cast<int64_t>(used);
  // Beast holds its limit against a single call; this one holds for the sum, trailers and chunk lines too.
  const bool head_too_long = state_->head_bytes > state_->limits.head_bytes;
  const bool stuck = !state_->Done() && static_cast<int64_t>(bytes.size() - used) > state_->limits.head_bytes &&
                     state_->HeadDone() == had_head;
  if (head_too_long || stuck) return FaultOf(error::header_limit, state_->limits);
  return static_cast<int64_t>(used);
}

Result<void> HttpParser::FeedEnd() {
  if (state_->Done()) return {};
  if (!state_->GotSome()) return Error::Unavailable("HTTP message", "got the end of the connection, want a message");
  beast::error_code code;
  state_->PutEof(code);
  if (!code) return {};
  std::string got = "got " + std::to_string(state_->body_bytes) + " bytes of body";
  if (!state_->HeadDone()) got = "got part of a head";
  if (state_->head.content_length) got += ", want " + std::to_string(*state_->head.content_length);
  return Error::Unavailable("HTTP message", "cut off: " + got);
}

bool HttpParser::head_done() const { return state_->HeadDone(); }
bool HttpParser::done() const { return state_->Done(); }
const HttpHead& HttpParser::head() const { return state_->head; }
HttpHead& HttpParser::head() { return state_->head; }
std::string& HttpParser::body() { return state_->body; }
int64_t HttpParser::body_bytes() const { return state_->body_bytes; }

int HttpFaultStatus(const Error& fault) {
  if (fault.code == kHeadTooLong) return 431;
  if (fault.code == kBadVersion) return 505;
  return HttpStatus(fault.kind);
}

}  // namespace atelier
