// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The library's tests of the contract test PipeTransport, too. The example runs
// over a child process.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/examples/pipe_transport.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/transport/transport_conformance.h"

namespace {

using kevy_replica::TransportConformance;  // The macro wants it unqualified.

kevy_replica::ConformancePair::Ends MakePipes() {
  signal(SIGPIPE, SIG_IGN);
  int there[2], back[2];
  EXPECT_EQ(pipe(there), 0);
  EXPECT_EQ(pipe(back), 0);
  for (const int fd : {there[0], there[1], back[0], back[1]}) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  return {std::make_unique<PipeTransport>(back[0], there[1]),
          std::make_unique<PipeTransport>(there[0], back[1])};
}

INSTANTIATE_TEST_SUITE_P(Pipes, TransportConformance,
                         testing::Values(kevy_replica::ConformancePair{
                             "Pipes", MakePipes}),
                         kevy_replica::ConformancePairName);

constexpr char kOwnTransport[] = "examples/own_transport";

// Joins its own input and output to a TCP connection, as nc does.
constexpr char kJoin[] =
    "exec 3<>/dev/tcp/127.0.0.1/$0; cat <&3 & exec cat >&3";

TEST(OwnTransportTest, ReadsStreamOverChild) {
  kevy_replica::ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  primary.Enqueue(kevy_replica::PrimaryScript()
                      .Snapshot("KEVYSNAP", 3)
                      .Frame(3, {"SET", "a", "1"})
                      .Frame(4, {"DEL", "a"})
                      .WaitForAck(5));
  const std::string address = primary.address();
  const kevy_replica::ChildResult result = kevy_replica::RunChild(
      kOwnTransport,
      {"bash", "-c", kJoin, address.substr(address.rfind(':') + 1)});
  EXPECT_EQ(result.out, "3 \"SET\" \"a\" \"1\"\n4 \"DEL\" \"a\"\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.status, 0);
}

TEST(OwnTransportTest, MissingCommandIsError) {
  const kevy_replica::ChildResult result =
      kevy_replica::RunChild(kOwnTransport, {"/no/such/command"});
  EXPECT_THAT(result.err, testing::HasSubstr("/no/such/command"));
  EXPECT_EQ(result.status, 1);
}

}  // namespace
