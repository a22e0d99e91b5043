#include "base/net/multipart.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/net/net_testing.h"

namespace atelier {
namespace {

struct Field {
  MultipartPart part;
  std::string data;
};

class Collector final : public MultipartSink {
 public:
  Result<void> OnPart(const MultipartPart& part) override { return fields.push_back({part, ""}), Result<void>(); }
  Result<void> OnData(std::string_view piece) override { return fields.back().data += piece, Result<void>(); }
  Result<void> OnPartEnd() override { return {}; }
  std::vector<Field> fields;
};

Result<std::vector<Field>> Read(std::string_view body, size_t piece) {
  Collector collector;
  MultipartReader reader("B0", collector);
  for (size_t at = 0; at < body.size(); at += piece) TRY_VOID(reader.Feed(body.substr(at, piece)));
  TRY_VOID(reader.End());
  return std::move(collector.fields);
}

TEST(Multipart, FieldsAndFilesComeWholeWhereverTheBytesWereCut) {
  const std::string body =
      "--B0\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
      "--B0\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a%22b\\\\c.txt\"\r\nContent-Type: "
      "text/x\r\n\r\n"
      "one\r\n--B\r\n-\r\n\r\n--B0--\r\nepilogue";
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    const auto fields = Read(body, piece);
    ASSERT_TRUE(fields.ok()) << fields.error().Message();
    ASSERT_EQ(fields->size(), 2U);
    EXPECT_EQ((*fields)[0].part.name, "purpose");
    EXPECT_FALSE((*fields)[0].part.filename.has_value());
    EXPECT_EQ((*fields)[0].data, "batch");
    EXPECT_EQ((*fields)[1].part.filename, "a\"b\\c.txt");
    EXPECT_EQ((*fields)[1].part.content_type, "text/x");
    EXPECT_EQ((*fields)[1].data, "one\r\n--B\r\n-\r\n");
  }
}

TEST(Multipart, AnEmptyPartIsEmptyAndExtendedNamesAreDecoded) {
  const auto fields =
      Read("before\r\n--B0\t\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%C3%A9\r\n\r\n\r\n--B0--", 7);
  ASSERT_TRUE(fields.ok()) << fields.error().Message();
  EXPECT_EQ((*fields)[0].data, "");
  EXPECT_EQ((*fields)[0].part.filename, "\xC3\xA9");
}

TEST(Multipart, BlanksBehindABoundaryMeanTheSameWhereverTheBytesWereCut) {
  const std::string head = "Content-Disposition: form-data; name=f\r\n\r\nx\r\n--B0";
  for (const size_t piece : {1, 2, 3, 5, 100}) {
    EXPECT_TRUE(Read("--B0 \t \r\n" + head + "--", piece).ok()) << piece;
    EXPECT_FALSE(Read("--B0\r\n" + head + " \t --", piece).ok()) << piece;
  }
}

TEST(Multipart, WhatIsNoFormIsRefused) {
  for (const std::string_view body :
       {std::string_view(""), std::string_view("--B0\r\n"), std::string_view("--B0\r\nx\r\n\r\n--B0--"),
        std::string_view("--B0\r\nContent-Type: a\r\n\r\n\r\n--B0--"), std::string_view("--B0junk\r\n"),
        std::string_view("--B0\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--B0--")}) {
    EXPECT_FALSE(Read(body, 3).ok()) << body;
  }
  EXPECT_FALSE(Read("--B0\r\nContent-Disposition: " + std::string(64 << 10, 'x'), 4096).ok());
}

TEST(Multipart, TheBoundaryIsReadFromTheType) {
  EXPECT_EQ(*MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(*MultipartBoundary("Multipart/Form-Data; charset=utf-8; boundary=\"a b;c\""), "a b;c");
  for (const char* type : {"", "multipart/mixed; boundary=a", "multipart/form-data",
                           "multipart/form-data; boundary=", "application/json"}) {
    EXPECT_FALSE(MultipartBoundary(type).ok()) << type;
  }
}

// Counts what it is given; refuses the byte '!'.
class Counter final : public BodyTaker {
 public:
  Result<void> Take(std::string_view piece) override {
    num_bytes += piece.size();
    if (piece.find('!') == std::string_view::npos) return {};
    return Error::Invalid("body", "got '!'");
  }
  size_t num_bytes = 0;
};

TEST(BodyTaker, TakesABodyLongerThanTheServerHoldsAndRefusesInItsMiddle) {
  ServerOptions options;
  options.max_body_bytes = 1024;
  TestServer server(options, [](IoLoop&, Router& router) {
    RouteOptions long_bodies;
    long_bodies.max_body_bytes = 1 << 20;
    long_bodies.make_taker = [](const HttpRequest&) { return std::make_shared<Counter>(); };
    router.Add(
        "POST", "/count",
        [](HttpRequest request) -> Task<HttpResponse> {
          const auto& counter = static_cast<const Counter&>(*request.taker);
          co_return HttpResponse::Text(std::to_string(counter.num_bytes) + " " + std::to_string(request.body.size()));
        },
        long_bodies);
    router.Add("POST", "/hold", [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse::Text("held"); });
  });
  const auto post = [&](const std::string& path, size_t length, const std::string& body) {
    RawClient client(server.port());
    client.Send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" +
                body);
    return client.ReadResponse();
  };
  EXPECT_EQ(BodyOf(post("/count", 500'000, std::string(500'000, 'x'))), "500000 0");
  EXPECT_EQ(StatusOf(post("/count", (1 << 20) + 1, "")), 413);
  EXPECT_EQ(StatusOf(post("/count", 100'000, std::string(50'000, 'x') + "!")), 400);
  EXPECT_EQ(StatusOf(post("/hold", 2000, "")), 413);
  RawClient chunked(server.port());
  chunked.Send("POST /hold HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(2048, 'x') +
               "\r\n0\r\n\r\n");
  EXPECT_EQ(StatusOf(chunked.ReadResponse()), 413);
}

}  // namespace
}  // namespace atelier
