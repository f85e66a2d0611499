// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A process without standard input gets 0 for its next descriptor.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/file_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using transport_testing::CodeOf;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::TempDir;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

bool IsZeroOpen() { return ::fcntl(0, F_GETFD) != -1; }

class DescriptorZeroTest : public testing::Test {
 protected:
  ~DescriptorZeroTest() override { RestoreZero(); }

  // Makes 0 the next descriptor.
  void FreeZero() {
    saved_ = ::dup(0);
    ASSERT_GE(saved_, 0);
    ::close(0);
  }

  // Expects that the owner of 0 has closed it.
  void RestoreZero() {
    if (saved_ < 0) return;
    EXPECT_FALSE(IsZeroOpen());
    ::dup2(saved_, 0);
    ::close(saved_);
    saved_ = -1;
  }

 private:
  int saved_ = -1;  // Standard input.
};

TEST_F(DescriptorZeroTest, ListenerListens) {
  FreeZero();
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  ASSERT_TRUE(IsZeroOpen());
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE((*listener)->Accept(kForEver).ok());
}

TEST_F(DescriptorZeroTest, AcceptedSocketIsRead) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto client = ConnectTransport((*listener)->address());
  ASSERT_TRUE(client.ok()) << client.status();
  FreeZero();
  const auto server = (*listener)->Accept(kForEver);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->fd(), 0);
  ASSERT_TRUE((*client)->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(**server, 1), "x");
}

TEST_F(DescriptorZeroTest, ConnectedSocketIsRead) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  FreeZero();
  const auto client = ConnectTransport((*listener)->address(), options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->fd(), 0);
  const auto server = (*listener)->Accept(kForEver);
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE((*server)->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(**client, 1), "x");
  EXPECT_EQ(CodeOf(ReadOnce(**client, 1, absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(DescriptorZeroTest, FileIsRead) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  const auto interrupter = std::make_shared<Interrupter>();
  FreeZero();
  const auto file = FileTransport::Open(dir.File("a"), interrupter);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->fd(), 0);
  EXPECT_EQ(ReadBytes(**file, 1), "x");
}

TEST_F(DescriptorZeroTest, InterruptEndsWait) {
  FreeZero();
  Interrupter interrupter;
  ASSERT_EQ(interrupter.fd(), 0);
  Wakeup other;
  EXPECT_EQ(
      interrupter.WaitFor(other.fd(), POLLIN, absl::ZeroDuration()).code(),
      absl::StatusCode::kDeadlineExceeded);
  interrupter.Interrupt();
  EXPECT_EQ(interrupter.WaitFor(other.fd(), POLLIN, kForEver).code(),
            absl::StatusCode::kCancelled);
}

TEST_F(DescriptorZeroTest, PollerWatches) {
  for (const bool with_poll : {false, true}) {
    Wakeup first;
    FreeZero();
    {
      // The poller's own, or else the watched one.
      std::unique_ptr<Poller> poller;
      if (with_poll) {
        poller = Poller::CreateWithPoll();
      } else {
        auto created = Poller::Create();
        ASSERT_TRUE(created.ok()) << created.status();
        poller = *std::move(created);
      }
      Wakeup second;
      EXPECT_TRUE(IsZeroOpen());
      ASSERT_TRUE(poller->Set(first.fd(), POLLIN, 1).ok());
      ASSERT_TRUE(poller->Set(second.fd(), POLLIN, 2).ok());
      second.Notify();
      const auto ready = poller->Wait(kForEver);
      ASSERT_TRUE(ready.ok()) << ready.status();
      EXPECT_THAT(*ready, ElementsAre(2));
      poller->Remove(second.fd());
    }
    RestoreZero();
  }
}

}  // namespace
}  // namespace kevy_replica
