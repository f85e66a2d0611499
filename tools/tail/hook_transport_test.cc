// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/hook_transport.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"

namespace kevy_replica {
namespace {

class HookTransportTest : public ::testing::Test {
 protected:
  HookTransportTest() : HookTransportTest(InMemoryTransport::CreatePair()) {}
  explicit HookTransportTest(InMemoryTransport::Pair pair)
      : peer_(std::move(pair.second)),
        transport_(std::move(pair.first), [this] {
          ++calls_;
          return hook_status_;
        }) {}

  absl::StatusOr<size_t> Read() {
    return transport_.Read(absl::MakeSpan(room_), absl::ZeroDuration());
  }
  absl::Status Write() { return transport_.Write("abc", absl::ZeroDuration()); }

  const std::unique_ptr<InMemoryTransport> peer_;
  int calls_ = 0;
  absl::Status hook_status_;
  char room_[10];
  HookTransport transport_;
};

TEST_F(HookTransportTest, CallsHookBeforeReadAndWrite) {
  ASSERT_TRUE(peer_->Write("abcd", absl::ZeroDuration()).ok());
  EXPECT_EQ(*Read(), 4u);
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Read().status()));
  EXPECT_EQ(calls_, 2);
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(*peer_->Read(absl::MakeSpan(room_), absl::ZeroDuration()), 3u);
  EXPECT_EQ(transport_.peer(), "memory");
}

TEST_F(HookTransportTest, ReturnsErrorOfHook) {
  ASSERT_TRUE(peer_->Write("abcd", absl::ZeroDuration()).ok());
  hook_status_ = absl::AbortedError("stop");
  EXPECT_EQ(Read().status(), hook_status_);
  EXPECT_EQ(Write(), hook_status_);
  hook_status_ = absl::OkStatus();
  EXPECT_EQ(*Read(), 4u);  // All bytes are still there.
}

TEST(HookTransportReadTest, GivesBytesOfReads) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  std::string seen;
  absl::Status status;
  HookTransport transport(std::move(pair.first), /*before_wait=*/nullptr,
                          [&](absl::string_view bytes) {
                            seen.append(bytes.data(), bytes.size());
                            return status;
                          });
  char room[2];
  ASSERT_TRUE(pair.second->Write("abc", absl::ZeroDuration()).ok());
  EXPECT_EQ(*transport.Read(absl::MakeSpan(room), absl::ZeroDuration()), 2u);
  EXPECT_EQ(seen, "ab");
  EXPECT_TRUE(transport.Write("x", absl::ZeroDuration()).ok());
  status = absl::ResourceExhaustedError("full");
  EXPECT_EQ(transport.Read(absl::MakeSpan(room), absl::ZeroDuration()).status(),
            status);
  EXPECT_EQ(seen, "abc");
}

TEST_F(HookTransportTest, EndOfLinkNeedsNoHook) {
  hook_status_ = absl::AbortedError("stop");
  transport_.CloseWrite();
  peer_->Close();
  EXPECT_EQ(*Read(), 0u);
}

TEST_F(HookTransportTest, PassesOtherCallsOn) {
  transport_.Close();
  EXPECT_EQ(*peer_->Read(absl::MakeSpan(room_), absl::ZeroDuration()), 0u);
  transport_.Interrupt();
  EXPECT_TRUE(absl::IsCancelled(Read().status()));
  EXPECT_EQ(calls_, 1);
}

TEST(HookTransportFdTest, FdIsInnerFd) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  const int fd = pair.first->fd();
  EXPECT_GE(fd, 0);
  const HookTransport transport(std::move(pair.first),
                                [] { return absl::OkStatus(); });
  EXPECT_EQ(transport.fd(), fd);
}

}  // namespace
}  // namespace kevy_replica
