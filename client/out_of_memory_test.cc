// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A peer's sizes that the process has no memory for.

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || \
    defined(ABSL_HAVE_MEMORY_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
constexpr bool kSanitized = true;  // Its shadow needs the address space.
#else
constexpr bool kSanitized = false;
#endif

// Returns a beginning once, then a piece again and again.
class EndlessTransport : public Transport {
 public:
  EndlessTransport(std::string beginning, std::string piece)
      : left_(std::move(beginning)), piece_(std::move(piece)) {}
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration) override {
    if (left_.empty()) left_ = piece_;
    const size_t n = std::min(buffer.size(), left_.size());
    std::copy_n(left_.begin(), n, buffer.begin());
    left_.erase(0, n);
    return n;
  }
  absl::Status Write(absl::string_view, absl::Duration) override {
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void Close() override {}
  std::string peer() const override { return "endless"; }

 private:
  std::string left_;
  const std::string piece_;
};

// Leaves the process 64 MiB more of memory.
void LimitMemory() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t bytes = (pages * 4096) + (64 << 20);
  const rlimit limit = {bytes, bytes};
  if (pages == 0 || ::setrlimit(RLIMIT_AS, &limit) != 0) std::abort();
}

// Ends the process, with 0 if `status` tells the lack of memory.
[[noreturn]] void ExitWith(const absl::Status& status, ReplicaErrorKind kind) {
  std::cerr << status;
  std::_Exit(absl::IsResourceExhausted(status) &&
                     ReplicaErrorKindOf(status) == kind &&
                     WireErrorOf(status) == WireError::kOutOfMemory
                 ? 0
                 : 1);
}

ReplicaClientOptions Options() {
  ReplicaClientOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.from = {7, 8};
  return options;
}

constexpr absl::string_view kHugeFrame =
    "+ACK 7 8\r\n*2\r\n:8\r\n*2\r\n$3\r\nGET\r\n$500000000\r\n";

class OutOfMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer needs the address space";
  }
};

TEST_F(OutOfMemoryTest, HugeFrameEndsClient) {
  EXPECT_EXIT(
      {
        LimitMemory();
        auto client = ReplicaClient::Connect(
            std::make_unique<EndlessTransport>(std::string(kHugeFrame),
                                               std::string(65536, 'x')),
            Options());
        while ((*client)->NextFrame() != nullptr) {
        }
        ExitWith((*client)->status(), ReplicaErrorKind::kFrame);
      },
      ::testing::ExitedWithCode(0), "no memory is left");
}

TEST_F(OutOfMemoryTest, HugePayloadStringEndsClient) {
  // A record of a string of 400 MB.
  std::string payload("KEVYSNAP\x04", 9);
  payload.append("\x01\x00\x01\x00\x00\x00k\x00\x84\xd7\x17", 11);
  const std::string piece = "$65536\r\n" + std::string(65536, 'x') + "\r\n";
  EXPECT_EXIT(
      {
        LimitMemory();
        ReplicaClientOptions options = Options();
        options.snapshots.policy = SnapshotPolicy::kRecords;
        options.on_payload = [](const PayloadEvent&) {
          return absl::OkStatus();
        };
        auto client = ReplicaClient::Connect(
            std::make_unique<EndlessTransport>(
                "+ACK 7 8\r\n+SNAPSHOT\r\n$20\r\n" + payload + "\r\n", piece),
            options);
        while ((*client)->NextFrame() != nullptr) {
        }
        ExitWith((*client)->status(), ReplicaErrorKind::kPayload);
      },
      ::testing::ExitedWithCode(0), "out_of_memory");
}

// Ends the process, with 0 if the follower has connected again.
[[noreturn]] void FollowHugeFrames() {
  client_testing::RecordingHandler handler;
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.from = {7, 8};
  std::unique_ptr<Follower> follower;
  int connections = 0;
  const TransportFactory factory = [&] {
    if (++connections == 2) follower->Stop();
    return absl::StatusOr<std::unique_ptr<Transport>>(
        std::make_unique<EndlessTransport>(std::string(kHugeFrame),
                                           std::string(65536, 'x')));
  };
  follower = *Follower::Create(factory, &handler, options);
  LimitMemory();
  const absl::Status status = follower->Run();
  std::cerr << status << "\n" << follower->StatsText();
  std::_Exit(status.ok() && connections == 2 ? 0 : 1);
}

TEST_F(OutOfMemoryTest, HugeFrameEndsOnlyTheLinkOfFollower) {
  EXPECT_EXIT(FollowHugeFrames(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kevy_replica
