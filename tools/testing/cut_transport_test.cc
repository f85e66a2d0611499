// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/cut_transport.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/socket_pair.h"

namespace kevy_replica {
namespace {

using Kind = CutTransport::Kind;

constexpr absl::Duration kPatience = absl::Seconds(30);

class CutTransportTest : public ::testing::Test {
 protected:
  CutTransportTest() {
    transport_testing::SocketPair pair =
        transport_testing::ConnectPair("127.0.0.1:0");
    replica_ = std::move(pair.client);
    cut_ = std::make_unique<CutTransport>(std::move(pair.server));
  }

  // Reads `size` bytes, or fewer up to the end.
  std::string Read(size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      char buffer[512];
      const absl::StatusOr<size_t> n =
          replica_->Read(absl::MakeSpan(buffer), kPatience);
      EXPECT_TRUE(n.ok()) << n.status();
      if (!n.ok() || *n == 0) break;
      bytes.append(buffer, *n);
    }
    return bytes;
  }

  std::unique_ptr<Transport> replica_;
  std::unique_ptr<CutTransport> cut_;
};

TEST_F(CutTransportTest, WritesWithoutCut) {
  EXPECT_TRUE(cut_->Write("hello", kPatience).ok());
  EXPECT_EQ(Read(5), "hello");
  EXPECT_EQ(cut_->happened(), std::nullopt);
}

TEST_F(CutTransportTest, HalfClosesBehindByte) {
  cut_->CutAfter(7, Kind::kHalfClose);
  EXPECT_TRUE(cut_->Write("hello", kPatience).ok());
  EXPECT_FALSE(cut_->broken());
  EXPECT_TRUE(absl::IsAborted(cut_->Write("world", kPatience)));
  EXPECT_TRUE(cut_->broken());
  EXPECT_EQ(cut_->happened(), Kind::kHalfClose);
  EXPECT_EQ(Read(100), "hellowo");
}

TEST_F(CutTransportTest, StallSendsNoMoreBytes) {
  cut_->CutAfter(2, Kind::kStall);
  EXPECT_TRUE(absl::IsAborted(cut_->Write("hello", kPatience)));
  EXPECT_EQ(Read(2), "he");
  cut_ = nullptr;
  EXPECT_EQ(Read(1), "");
}

TEST_F(CutTransportTest, ResetEndsReads) {
  cut_->CutAfter(2, Kind::kReset);
  EXPECT_TRUE(absl::IsAborted(cut_->Write("hello", kPatience)));
  char buffer[8];
  absl::StatusOr<size_t> n = replica_->Read(absl::MakeSpan(buffer), kPatience);
  // The reset may have destroyed the bytes before it.
  if (n.ok()) n = replica_->Read(absl::MakeSpan(buffer), kPatience);
  EXPECT_TRUE(absl::IsUnavailable(n.status())) << n.status();
}

TEST_F(CutTransportTest, SlowBytesAllArrive) {
  const std::string bytes(1000, 'x');
  cut_->CutAfter(10, Kind::kSlowBytes);
  EXPECT_TRUE(cut_->Write(bytes, kPatience).ok());
  EXPECT_FALSE(cut_->broken());
  EXPECT_EQ(cut_->happened(), Kind::kSlowBytes);
  EXPECT_EQ(Read(1000), bytes);
}

}  // namespace
}  // namespace kevy_replica
