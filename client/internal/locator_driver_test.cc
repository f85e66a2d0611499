// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The descriptors that a driver watches.

#include "kevy_replica/client/internal/locator_driver.h"

#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/client/testing/noting_poller.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using client_testing::NotingPoller;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A driver that asks a node. The test plays the node.
class LocatorDriverTest : public ::testing::Test {
 protected:
  LocatorDriverTest() {
    auto listener = Listener::Listen("127.0.0.1:0");
    EXPECT_TRUE(listener.ok()) << listener.status();
    node_ = *std::move(listener);
    PrimaryLocatorOptions options;
    options.check_timeout = absl::Minutes(1);
    driver_.emplace(std::vector<Address>{*ParseAddress(node_->address())},
                    options, ConnectOptions(), &poller_, /*first_id=*/5,
                    [this] { return now_; });
  }

  // Steps until the driver waits for the node's answer.
  void AwaitQuestion() {
    driver_->Step();
    auto accepted = node_->Accept(absl::Seconds(30));
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    connection_ = *std::move(accepted);
    char byte;
    do {
      driver_->Step();
      ASSERT_THAT(poller_.watched, SizeIs(1));
      pollfd watched = {poller_.watched.begin()->first, POLLOUT, 0};
      ASSERT_EQ(::poll(&watched, 1, 30'000), 1);
    } while (poller_.watched.begin()->second.events != POLLIN);
    EXPECT_EQ(poller_.watched.begin()->second.id, 5u);
    const auto n =
        connection_->Read(absl::MakeSpan(&byte, 1), absl::Seconds(30));
    EXPECT_TRUE(n.ok()) << n.status();
  }

  // Resets the connection without an end before it.
  void Reset() {
    sockaddr nobody = {};
    nobody.sa_family = AF_UNSPEC;
    ASSERT_EQ(::connect(connection_->fd(), &nobody, sizeof(nobody)), 0);
    pollfd hangup = {poller_.watched.begin()->first, 0, 0};
    ASSERT_EQ(::poll(&hangup, 1, 30'000), 1);
  }

  // Expects that the next step fails the node, and the one behind it closes the
  // connection.
  void ExpectFailure(const std::string& text) {
    EXPECT_EQ(driver_->Step(), absl::InfinitePast());
    const std::optional<LocatorEvent> event = driver_->locator().PollEvent();
    ASSERT_TRUE(event.has_value());
    const auto* missing = std::get_if<PrimaryMissing>(&*event);
    ASSERT_NE(missing, nullptr);
    EXPECT_THAT(std::string(missing->status.message()), HasSubstr(text));
    driver_->Step();
    EXPECT_THAT(poller_.watched, IsEmpty());
  }

  absl::Time now_ = absl::UnixEpoch();
  NotingPoller poller_;
  std::unique_ptr<Listener> node_;
  std::unique_ptr<Transport> connection_;
  std::optional<LocatorDriver> driver_;
};

TEST_F(LocatorDriverTest, DestroyedDriverWatchesNothing) {
  AwaitQuestion();
  driver_.reset();
  EXPECT_THAT(poller_.watched, IsEmpty());
}

TEST_F(LocatorDriverTest, ClosedConnectionIsWatchedNoMore) {
  AwaitQuestion();
  const int fd = poller_.watched.begin()->first;
  connection_->Close();
  pollfd closed = {fd, POLLIN, 0};
  ASSERT_EQ(::poll(&closed, 1, 30'000), 1);
  driver_->Step();
  driver_->Step();  // The locator drops the connection.
  EXPECT_THAT(poller_.watched, IsEmpty());
}

TEST_F(LocatorDriverTest, ResetConnectionFailsAtOnce) {
  AwaitQuestion();
  Reset();
  ExpectFailure("read from ");
}

// The answers lie before the reset, so that the next question meets it.
TEST_F(LocatorDriverTest, QuestionOverResetConnectionFailsAtOnce) {
  AwaitQuestion();
  // To ROLE, REPL.TOKEN, INFO replication, INFO server, FEED.SHARDS, DBSIZE.
  ASSERT_TRUE(connection_
                  ->Write("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n*2\r\n:1\r\n:5\r\n"
                          "$11\r\nrole:master\r\n$18\r\nkevy_version:5.4.0\r\n"
                          ":1\r\n:0\r\n",
                          absl::Seconds(30))
                  .ok());
  Reset();
  EXPECT_EQ(driver_->Step(), absl::InfinitePast());
  const std::optional<LocatorEvent> event = driver_->locator().PollEvent();
  ASSERT_TRUE(event.has_value());
  EXPECT_TRUE(std::holds_alternative<PrimaryFound>(*event));
  now_ += absl::Seconds(10);
  ExpectFailure("write to ");
}

TEST_F(LocatorDriverTest, ConnectionThatCannotBeWatchedFails) {
  poller_.status = absl::ResourceExhaustedError("no watches are left");
  std::optional<LocatorEvent> event;
  for (int i = 0; i < 10 && !event.has_value(); ++i) {
    driver_->Step();
    event = driver_->locator().PollEvent();
  }
  ASSERT_TRUE(event.has_value());
  const auto* missing = std::get_if<PrimaryMissing>(&*event);
  ASSERT_NE(missing, nullptr);
  EXPECT_THAT(std::string(missing->status.message()),
              HasSubstr("no watches are left"));
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
