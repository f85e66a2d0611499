// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/redis_link.h"

#include <cstddef>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/testing/ports.h"
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

}  // namespace
}  // namespace kevy_replica
