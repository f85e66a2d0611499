// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/redis_link.h"

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/testing/ports.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

// Connects to a server that answers everything with `reply`.
absl::Status ConnectTo(absl::string_view reply) {
  const std::unique_ptr<Listener> listener = *Listener::Listen("127.0.0.1:0");
  std::thread server([&] {
    absl::StatusOr<std::unique_ptr<Transport>> client =
        listener->Accept(absl::InfiniteDuration());
    ASSERT_TRUE(client.ok()) << client.status();
    char room[100];
    while (true) {
      const absl::StatusOr<size_t> n =
          (*client)->Read(absl::MakeSpan(room), absl::InfiniteDuration());
      if (!n.ok() || *n == 0) return;
      ASSERT_TRUE((*client)->Write(reply, absl::InfiniteDuration()).ok());
    }
  });
  const absl::StatusOr<TargetAddress> address =
      ParseTargetAddress(absl::StrCat("redis://", listener->address()));
  EXPECT_TRUE(address.ok()) << address.status();
  const absl::Status status =
      RedisLink::Connect(*address, std::make_shared<Interrupter>()).status();
  server.join();
  return status;
}

// Temporary errors are retried, permanent ones are not.
TEST(RedisLinkTest, ConnectRetriesTroubleButNotRefusal) {
  EXPECT_TRUE(ConnectTo("+OK\r\n").ok());
  for (const char* trouble : {"BUSY Redis is busy running a script",
                              "LOADING Redis is loading the dataset in memory",
                              "ERR max number of clients reached"}) {
    const absl::Status status = ConnectTo(absl::StrCat("-", trouble, "\r\n"));
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(trouble));
  }
  for (const char* refusal :
       {"ERR DB index is out of range", "NOAUTH Authentication required."}) {
    const absl::Status status = ConnectTo(absl::StrCat("-", refusal, "\r\n"));
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(refusal));
  }
}

TEST(RedisLinkTest, InterruptedConnectIsCancelled) {
  const transport_testing::RefusingPort port;
  const absl::StatusOr<TargetAddress> address =
      ParseTargetAddress(absl::StrCat("redis://", port.address().ToString()));
  ASSERT_TRUE(address.ok()) << address.status();
  const auto interrupter = std::make_shared<Interrupter>();
  absl::Status status = RedisLink::Connect(*address, interrupter).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  interrupter->Interrupt();
  status = RedisLink::Connect(*address, interrupter).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

// Connects without a timeout, and interrupts once the thread is blocked.
absl::Status InterruptedConnect(const std::string& target) {
  const absl::StatusOr<TargetAddress> address = ParseTargetAddress(target);
  EXPECT_TRUE(address.ok()) << address.status();
  const auto interrupter = std::make_shared<Interrupter>();
  const transport_testing::WhenBlocked interrupt(
      [&](auto&) { interrupter->Interrupt(); });
  return RedisLink::Connect(*address, interrupter, absl::InfiniteDuration())
      .status();
}

TEST(RedisLinkTest, InterruptEndsConnect) {
  SKIP_WITHOUT_BLACK_HOLE();
  const transport_testing::BlackHole port;
  const absl::Status status =
      InterruptedConnect(absl::StrCat("redis://", port.address().ToString()));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

// The server accepts and stays silent.
TEST(RedisLinkTest, InterruptEndsWaitForFirstReply) {
  const std::unique_ptr<Listener> listener = *Listener::Listen("127.0.0.1:0");
  for (const char* scheme : {"redis", "rediss"}) {
    const absl::Status status =
        InterruptedConnect(absl::StrCat(scheme, "://", listener->address()));
    EXPECT_TRUE(absl::IsCancelled(status)) << scheme << ": " << status;
  }
}

// Accepts one connection and answers its first command with `+OK`. Sends then
// `endless` without end, until the connection is closed or this is destroyed.
class EndlessServer {
 public:
  explicit EndlessServer(std::string begin, std::string endless)
      : listener_(*Listener::Listen("127.0.0.1:0")),
        thread_([this, begin = std::move(begin), endless = std::move(endless)] {
          absl::StatusOr<std::unique_ptr<Transport>> client =
              listener_->Accept(absl::InfiniteDuration());
          ASSERT_TRUE(client.ok()) << client.status();
          client_ = *std::move(client);
          accepted_.set_value();
          absl::Status status =
              client_->Write("+OK\r\n" + begin, absl::InfiniteDuration());
          while (status.ok()) {
            status = client_->Write(endless, absl::InfiniteDuration());
          }
        }) {}
  // Some kernels keep a writer waiting whose peer has closed.
  ~EndlessServer() {
    accepted_.get_future().wait();
    client_->Interrupt();
    thread_.join();
  }

  std::unique_ptr<RedisLink> Connect(std::shared_ptr<Interrupter> interrupter) {
    const absl::StatusOr<TargetAddress> address =
        ParseTargetAddress(absl::StrCat("redis://", listener_->address()));
    EXPECT_TRUE(address.ok()) << address.status();
    absl::StatusOr<std::unique_ptr<RedisLink>> link =
        RedisLink::Connect(*address, std::move(interrupter));
    EXPECT_TRUE(link.ok()) << link.status();
    return *std::move(link);
  }

 private:
  const std::unique_ptr<Listener> listener_;
  std::unique_ptr<Transport> client_;  // Set once `accepted_` is.
  std::promise<void> accepted_;
  std::thread thread_;
};

TEST(RedisLinkTest, EndlessReplyEndsLink) {
  const std::string large(size_t{1} << 20, 'x');
  EndlessServer server("$4000000000\r\n", large);
  const std::unique_ptr<RedisLink> link =
      server.Connect(std::make_shared<Interrupter>());
  link->Add({"PING"});
  ASSERT_TRUE(link->Send().ok());
  const absl::Status status = link->Receive(ReplyDetail::kWhole).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

// A reply is always on its way, so that no wait would end by itself.
TEST(RedisLinkTest, EndlessReplyDoesNotDelayInterrupt) {
  const auto interrupter = std::make_shared<Interrupter>();
  EndlessServer server("*1000000\r\n", "$1\r\nx\r\n");
  const std::unique_ptr<RedisLink> link = server.Connect(interrupter);
  interrupter->Interrupt();
  link->Add({"PING"});
  ASSERT_TRUE(link->Send().ok());
  const absl::Time begin = absl::Now();
  const absl::Status status = link->Receive(ReplyDetail::kBrief).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  RecordProperty(
      "milliseconds",
      static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - begin)));
}

}  // namespace
}  // namespace kevy_replica
