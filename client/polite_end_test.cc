// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/polite_end.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using Progress = PoliteEnd::Progress;

// Reads of it always find bytes.
class EndlessTransport : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration) override {
    return buffer.size();
  }
};

class PoliteEndTest : public ::testing::Test {
 protected:
  bool PrimarySeesEof() {
    char byte;
    const auto n =
        primary_->Read(absl::MakeSpan(&byte, 1), absl::ZeroDuration());
    return n.ok() && *n == 0;
  }

  absl::Time now_ = absl::UnixEpoch();
  InMemoryTransport::Pair pair_ = InMemoryTransport::CreatePair();
  std::unique_ptr<InMemoryTransport> primary_ = std::move(pair_.second);
};

TEST_F(PoliteEndTest, DropsBytesUntilPrimaryCloses) {
  PoliteEnd end(std::move(pair_.first), now_);
  EXPECT_TRUE(PrimarySeesEof());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(
        primary_->Write(std::string(5000, 'x'), absl::ZeroDuration()).ok());
    EXPECT_EQ(end.Poll(now_), Progress::kIdle);
  }
  primary_->Close();
  EXPECT_EQ(end.Poll(now_), Progress::kDone);
}

TEST_F(PoliteEndTest, EndsAfterASecond) {
  PoliteEnd end(std::move(pair_.first), now_);
  EXPECT_EQ(end.deadline(), now_ + absl::Seconds(1));
  EXPECT_EQ(end.Poll(now_ + absl::Milliseconds(999)), Progress::kIdle);
  EXPECT_EQ(end.Poll(now_ + absl::Seconds(1)), Progress::kDone);
}

TEST_F(PoliteEndTest, AbandonedEndIsDone) {
  PoliteEnd end(std::move(pair_.first), now_);
  EXPECT_EQ(end.Poll(now_), Progress::kIdle);
  end.Abandon();
  EXPECT_EQ(end.Poll(now_), Progress::kDone);
}

TEST_F(PoliteEndTest, EndlessBytesDoNotHoldPoll) {
  PoliteEnd end(std::make_unique<EndlessTransport>(std::move(pair_.first)),
                now_);
  EXPECT_EQ(end.Poll(now_), Progress::kReady);
  EXPECT_EQ(end.Poll(now_ + absl::Seconds(1)), Progress::kDone);
}

TEST_F(PoliteEndTest, BrokenTransportIsDone) {
  pair_.first->Close();
  PoliteEnd end(std::move(pair_.first), now_);
  EXPECT_EQ(end.Poll(now_), Progress::kDone);
}

TEST_F(PoliteEndTest, EarlierInterruptDoesNotCutEnd) {
  pair_.first->Interrupt();
  PoliteEnd end(std::move(pair_.first), now_);
  EXPECT_EQ(end.Poll(now_), Progress::kIdle);
}

TEST_F(PoliteEndTest, BlockingEndReturnsAtEof) {
  EXPECT_TRUE(
      primary_->Write(std::string(100000, 'x'), absl::ZeroDuration()).ok());
  primary_->CloseWrite();
  EndPolitely(std::move(pair_.first));
  EXPECT_TRUE(PrimarySeesEof());
}

TEST_F(PoliteEndTest, BlockingEndIsBounded) {
  EndPolitely(std::make_unique<EndlessTransport>(std::move(pair_.first)));
  EXPECT_TRUE(PrimarySeesEof());
}

}  // namespace
}  // namespace kevy_replica
