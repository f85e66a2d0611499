// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/listener.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_testing::CanListen;
using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::FileContents;
using transport_testing::ReadBytes;
using transport_testing::SignalsWhenBlocked;
using transport_testing::TempDir;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

TEST(ListenerTest, AddressHasRealPort) {
  for (const char* text : {"127.0.0.1:0", "localhost:0", "[::1]:0"}) {
    if (text[0] != '1' && !CanListen(text)) continue;
    const auto listener = Listener::Listen(text);
    ASSERT_TRUE(listener.ok()) << listener.status();
    const auto address = ParseAddress((*listener)->address());
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->host, ParseAddress(text)->host);
    EXPECT_NE(address->port, 0);
    EXPECT_TRUE(ConnectTransport((*listener)->address()).ok());
  }
}

TEST(ListenerTest, TakenPortIsUnavailable) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto second = Listener::Listen((*listener)->address());
  EXPECT_EQ(CodeOf(second), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr((*listener)->address()));
}

TEST(ListenerTest, RejectsBadAddresses) {
  EXPECT_EQ(CodeOf(Listener::Listen("localhost")),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Listener::Listen(
                absl::StrCat("unix:/tmp/", std::string(200, 'a')))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Listener::Listen(absl::StrCat(std::string(64, 'a'), ":0"))),
            absl::StatusCode::kUnavailable);
  // TEST-NET-1: an address of no machine.
  EXPECT_EQ(CodeOf(Listener::Listen("192.0.2.1:0")),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(Listener::Listen("unix:/no/such/folder/a")),
            absl::StatusCode::kNotFound);
}

TEST(ListenerTest, DestructorRemovesUnixPath) {
  const TempDir dir;
  const std::string name = absl::StrCat("unix:", dir.File("a"));
  for (int i = 0; i < 2; ++i) {
    const auto listener = Listener::Listen(name);
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_EQ((*listener)->address(), name);
    EXPECT_EQ(::access(dir.File("a").c_str(), F_OK), 0);
  }
  EXPECT_NE(::access(dir.File("a").c_str(), F_OK), 0);
}

TEST(ListenerTest, ExistingUnixPathIsKept) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "precious";
  const auto listener = Listener::Listen(absl::StrCat("unix:", dir.File("a")));
  EXPECT_EQ(CodeOf(listener), absl::StatusCode::kUnavailable);
  EXPECT_EQ(FileContents(dir.File("a")), "precious");
}

TEST(ListenerTest, AcceptedTransportsOutliveListener) {
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  const auto server = (*listener)->Accept(kForEver);
  ASSERT_TRUE(server.ok()) << server.status();
  (*listener)->Interrupt();
  listener->reset();
  ASSERT_TRUE((*server)->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(**client, 1), "x");
}

TEST(ListenerTest, AcceptTimesOut) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_EQ(CodeOf((*listener)->Accept(absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf((*listener)->Accept(absl::Milliseconds(1))),
            absl::StatusCode::kDeadlineExceeded);
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE((*listener)->Accept(kForEver).ok());
}

TEST(ListenerTest, InterruptEndsBlockedAccept) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  WhenBlocked interrupt([&](auto&) { (*listener)->Interrupt(); });
  EXPECT_EQ(CodeOf((*listener)->Accept(kForEver)),
            absl::StatusCode::kCancelled);
}

TEST(ListenerTest, InterruptLastsAndPrecedesConnections) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  (*listener)->Interrupt();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CodeOf((*listener)->Accept(kForEver)),
              absl::StatusCode::kCancelled);
  }
}

TEST(ListenerTest, AcceptSurvivesSignals) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  absl::StatusOr<std::unique_ptr<Transport>> client;
  SignalsWhenBlocked signals(
      3, [&] { client = ConnectTransport((*listener)->address()); });
  const auto server = (*listener)->Accept(kForEver);
  EXPECT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(signals.count(), 3);
}

TEST(ListenerTest, DescriptorLimitIsResourceExhausted) {
  {
    const FdLimit limit(0);
    EXPECT_EQ(CodeOf(Listener::Listen("127.0.0.1:0")),
              absl::StatusCode::kResourceExhausted);
  }
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  {
    const FdLimit limit(0);
    EXPECT_EQ(CodeOf((*listener)->Accept(kForEver)),
              absl::StatusCode::kResourceExhausted);
  }
  // The connection stayed in the queue.
  EXPECT_TRUE((*listener)->Accept(kForEver).ok());
}

}  // namespace
}  // namespace kevy_replica
