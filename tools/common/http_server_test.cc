// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/http_server.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/testing/http_client.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Serves "/a" with the body "page\n", and "/large" with 64 MiB.
std::unique_ptr<HttpServer> StartServer(
    const HttpServer::Options& options = HttpServer::Options()) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(
      ":0",
      [](absl::string_view path) {
        HttpPage page;
        if (path == "/a") page = {200, "page\n"};
        if (path == "/large") page = {200, std::string(64 << 20, 'x')};
        return page;
      },
      options);
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

TEST(HttpServerTest, AnswersGet) {
  const auto server = StartServer();
  const HttpAnswer answer = HttpGet(server->address(), "/a");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "page\n");
  EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(HttpExchange(server->address(), "GET /a?b=c HTTP/1.0\r\n\r\n").body,
            "page\n");
}

TEST(HttpServerTest, AnswersHeadWithoutBody) {
  const auto server = StartServer();
  const HttpAnswer answer =
      HttpExchange(server->address(), "HEAD /a HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Length: 5\r\n"));
}

TEST(HttpServerTest, OtherPathsAreNotFound) {
  const auto server = StartServer();
  for (const char* path :
       {"/", "/b", "/a/", "//a", "/%61", "/../a", "/b/../a", "/a%00", "/A"}) {
    const HttpAnswer answer = HttpGet(server->address(), path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body, "Not Found\n");
  }
}

TEST(HttpServerTest, OtherMethodsAreRefused) {
  const auto server = StartServer();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE",
                             "CONNECT", "get", "NOSUCH"}) {
    const HttpAnswer answer = HttpExchange(
        server->address(),
        absl::StrCat(method, " /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"));
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_THAT(answer.head, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  }
}

TEST(HttpServerTest, MalformedRequestsAreRefused) {
  const auto server = StartServer();
  for (const absl::string_view request : {
           absl::string_view("GET /a\0 HTTP/1.1\r\n\r\n", 21),
           absl::string_view("GET /a HTTP/1.1\r\nHost: \0\r\n\r\n", 28),
           absl::string_view("\x16\x03\x01\x02\x00\x01\x00", 7),  // TLS.
           absl::string_view("GET /a HTTP/1.1\n\n"),
           absl::string_view("GET /a HTTP/1.1\r\r\n"),
           absl::string_view("GET /a HTTP/1.1\r\nA: \x1b[31m\r\n\r\n"),
           absl::string_view("\r\n\r\n"),
           absl::string_view("GET /a\r\n\r\n"),
           absl::string_view("GET  /a HTTP/1.1\r\n\r\n"),
           absl::string_view("GET /a b HTTP/1.1\r\n\r\n"),
           absl::string_view("GET a HTTP/1.1\r\n\r\n"),
           absl::string_view("GET http://x/a HTTP/1.1\r\n\r\n"),
           absl::string_view("GET /a HTTP/2.0\r\n\r\n"),
           absl::string_view("GET /a HTTP/1.1 \r\n\r\n"),
           absl::string_view(" /a HTTP/1.1\r\n\r\n"),
       }) {
    const HttpAnswer answer = HttpExchange(server->address(), request);
    EXPECT_EQ(answer.status, 400) << testing::PrintToString(request);
    EXPECT_EQ(answer.body, "Bad Request\n");
  }
}

TEST(HttpServerTest, RequestInPiecesIsAnswered) {
  const auto server = StartServer();
  const auto transport = ConnectForTest(server->address());
  for (const char c : absl::string_view("GET /a HTTP/1.1\r\nA: b\r\n\r\n")) {
    ASSERT_TRUE(
        transport->Write(absl::string_view(&c, 1), absl::Seconds(60)).ok());
  }
  EXPECT_THAT(ReadToEnd(transport.get()), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServerTest, PipelinedRequestsGetOneAnswer) {
  const auto server = StartServer();
  const auto transport = ConnectForTest(server->address());
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET /a HTTP/1.1\r\n\r\n";
  ASSERT_TRUE(transport->Write(requests, absl::Seconds(60)).ok());
  const std::string answers = ReadToEnd(transport.get());
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(answers.rfind("HTTP/1.1 "), 0u);
}

TEST(HttpServerTest, LongHeaderIsRefused) {
  const auto server = StartServer();
  const HttpAnswer answer = HttpExchange(
      server->address(),
      absl::StrCat("GET /a HTTP/1.1\r\nA: ", std::string(9000, 'a')));
  EXPECT_EQ(answer.status, 431);
  // The longest request that fits.
  const std::string head = "GET /a HTTP/1.1\r\nA: ";
  EXPECT_EQ(
      HttpExchange(server->address(),
                   absl::StrCat(head, std::string(8192 - 4 - head.size(), 'a'),
                                "\r\n\r\n"))
          .status,
      200);
}

TEST(HttpServerTest, EndlessHeaderEndsConnection) {
  const auto server = StartServer();
  const auto transport = ConnectForTest(server->address());
  const std::string line(1 << 16, 'a');
  absl::Status status;
  while (status.ok()) status = transport->Write(line, absl::Seconds(60));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(HttpGet(server->address(), "/a").status, 200);
}

TEST(HttpServerTest, SlowRequestTimesOut) {
  HttpServer::Options options;
  options.patience = absl::Milliseconds(100);
  const auto server = StartServer(options);
  const auto silent = ConnectForTest(server->address());
  const auto slow = ConnectForTest(server->address());
  EXPECT_THAT(ReadToEnd(silent.get()),
              StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  // Each byte comes in time, but the request does not.
  std::string answer;
  while (answer.empty()) {
    char buffer[1024];
    slow->Write("a", absl::Seconds(60)).IgnoreError();
    const absl::StatusOr<size_t> size =
        slow->Read(absl::MakeSpan(buffer), absl::Milliseconds(10));
    if (absl::IsDeadlineExceeded(size.status())) continue;
    ASSERT_TRUE(size.ok()) << size.status();
    answer.assign(buffer, *size);
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServerTest, SlowReaderIsClosed) {
  HttpServer::Options options;
  options.patience = absl::Milliseconds(100);
  const auto server = StartServer(options);
  const auto slow = ConnectForTest(server->address());
  ASSERT_TRUE(
      slow->Write("GET /large HTTP/1.1\r\n\r\n", absl::Seconds(60)).ok());
  // Others are served meanwhile. Each takes its turn of the one thread, so the
  // deadline has passed after some of them.
  const absl::Time begin = absl::Now();
  while (absl::Now() < begin + absl::Milliseconds(300)) {
    EXPECT_EQ(HttpGet(server->address(), "/a").status, 200);
  }
  EXPECT_LT(ReadToEnd(slow.get()).size(), size_t{64} << 20);
}

TEST(HttpServerTest, NewConnectionReplacesOldest) {
  HttpServer::Options options;
  options.max_connections = 4;
  options.patience = absl::Hours(1);
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<Transport>> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(ConnectForTest(server->address()));
  EXPECT_EQ(HttpGet(server->address(), "/a").status, 200);
  EXPECT_EQ(ReadToEnd(idle[0].get()), "");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(HttpGet(server->address(), "/a").status, 200);
  }
}

TEST(HttpServerTest, ManyClientsAreAnswered) {
  const auto server = StartServer();
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        answered += HttpGet(server->address(), "/a").body == "page\n" ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 200);
}

// Neither a silent client nor one that takes no answer keeps the server.
TEST(HttpServerTest, StopsWithOpenConnections) {
  HttpServer::Options options;
  options.patience = absl::Hours(1);
  auto server = StartServer(options);
  const auto silent = ConnectForTest(server->address());
  const auto slow = ConnectForTest(server->address());
  ASSERT_TRUE(
      slow->Write("GET /large HTTP/1.1\r\n\r\n", absl::Seconds(60)).ok());
  ASSERT_EQ(HttpGet(server->address(), "/a").status, 200);
  server.reset();
  EXPECT_EQ(ReadToEnd(silent.get()), "");
}

TEST(HttpServerTest, PortAloneBindsLoopback) {
  for (const char* address : {"0", ":0"}) {
    const auto server = HttpServer::Start(
        address, [](absl::string_view) { return HttpPage(); });
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_THAT((*server)->address(), StartsWith("127.0.0.1:"));
    EXPECT_FALSE(absl::EndsWith((*server)->address(), ":0"));
  }
}

TEST(HttpServerTest, BadAddressIsError) {
  const auto pages = [](absl::string_view) { return HttpPage(); };
  for (const char* address :
       {"", ":", "host", "unix:/x", "::1:2", "65536", "127.0.0.1:x"}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(HttpServer::Start(address, pages).status()))
        << address;
  }
  const auto server = StartServer();
  EXPECT_TRUE(absl::IsUnavailable(
      HttpServer::Start(server->address(), pages).status()));
}

}  // namespace
}  // namespace kevy_replica
