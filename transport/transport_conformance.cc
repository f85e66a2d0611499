// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/transport_conformance.h"

#include <cstddef>
#include <string>
#include <thread>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

TransportConformance::TransportConformance()
    : watchdog_(testing::UnitTest::GetInstance()->current_test_info()->name(),
                absl::Seconds(120)) {}

void TransportConformance::SetUp() {
  std::tie(transport_, peer_) = GetParam().make();
  ASSERT_NE(transport_, nullptr);
  ASSERT_NE(peer_, nullptr);
}

bool TransportConformance::ReadsNothing() {
  return absl::IsDeadlineExceeded(
      transport_testing::ReadOnce(*transport_, 1, absl::ZeroDuration())
          .status());
}

void TransportConformance::ExpectEnd() {
  const auto end = transport_testing::ReadOnce(*transport_);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, "");
}

TEST_P(TransportConformance, NamesPeer) { EXPECT_NE(transport_->peer(), ""); }

TEST_P(TransportConformance, BytesArriveInOrder) {
  using transport_testing::ReadBytes;
  ASSERT_TRUE(peer_->Write("one", kForEver).ok());
  ASSERT_TRUE(peer_->Write("", kForEver).ok());
  ASSERT_TRUE(peer_->Write("two", kForEver).ok());
  ASSERT_TRUE(transport_->Write("three", kForEver).ok());
  EXPECT_EQ(ReadBytes(*transport_, 6, [] { return 1; }), "onetwo");
  EXPECT_EQ(ReadBytes(*peer_, 5), "three");
}

TEST_P(TransportConformance, ReadReturnsWithPartOfBuffer) {
  const std::string sent = "abc";
  ASSERT_TRUE(peer_->Write(sent, kForEver).ok());
  const auto read = transport_testing::ReadOnce(*transport_, 1000);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_GE(read->size(), size_t{1});
  EXPECT_EQ(*read, sent.substr(0, read->size()));
}

// Both ends read and write at once, more bytes than the buffers between them
// hold.
TEST_P(TransportConformance, MovesMegabytesBothWaysAtOnce) {
  using transport_testing::RandomBytes;
  using transport_testing::RandomSizes;
  using transport_testing::ReadBytes;
  constexpr size_t kSize = 5 << 20;
  const std::string to_peer = RandomBytes(kSize, 1);
  const std::string from_peer = RandomBytes(kSize, 2);
  const auto write = [](Transport& transport, absl::string_view bytes,
                        unsigned seed) {
    auto sizes = RandomSizes(1 << 20, seed);
    while (!bytes.empty()) {
      const absl::string_view piece = bytes.substr(0, sizes());
      ASSERT_TRUE(transport.Write(piece, kForEver).ok());
      bytes.remove_prefix(piece.size());
    }
  };
  std::thread writer([&] { write(*transport_, to_peer, 3); });
  std::thread peer_writer([&] { write(*peer_, from_peer, 4); });
  std::string got_by_peer;
  std::thread peer_reader(
      [&] { got_by_peer = ReadBytes(*peer_, kSize, RandomSizes(20000, 5)); });
  const std::string got = ReadBytes(*transport_, kSize, RandomSizes(20000, 6));
  // After a failure a writer would stay blocked.
  if (got.size() != kSize) peer_->Interrupt();
  peer_reader.join();
  if (got_by_peer.size() != kSize) transport_->Interrupt();
  writer.join();
  peer_writer.join();
  EXPECT_TRUE(got == from_peer);
  EXPECT_TRUE(got_by_peer == to_peer);
}

TEST_P(TransportConformance, EndFollowsBytesAndRepeats) {
  ASSERT_TRUE(peer_->Write("last", kForEver).ok());
  peer_->Close();
  peer_->Close();
  EXPECT_EQ(transport_testing::ReadBytes(*transport_, 4), "last");
  for (int i = 0; i < 3; ++i) ExpectEnd();
}

TEST_P(TransportConformance, CloseWriteEndsPeersRead) {
  ASSERT_TRUE(peer_->Write("last", kForEver).ok());
  peer_->CloseWrite();
  EXPECT_EQ(transport_testing::ReadBytes(*transport_, 4), "last");
  ExpectEnd();
}

TEST_P(TransportConformance, DestructorCloses) {
  ASSERT_TRUE(peer_->Write("last", kForEver).ok());
  peer_.reset();
  EXPECT_EQ(transport_testing::ReadBytes(*transport_, 4), "last");
  ExpectEnd();
}

// A peer that leaves unread bytes behind must still deliver its own last bytes.
TEST_P(TransportConformance, LastBytesSurviveUnreadOnes) {
  ASSERT_TRUE(transport_->Write("xy", kForEver).ok());
  ASSERT_EQ(transport_testing::ReadBytes(*peer_, 1), "x");
  ASSERT_TRUE(peer_->Write("last", kForEver).ok());
  peer_.reset();
  EXPECT_EQ(transport_testing::ReadBytes(*transport_, 4), "last");
  if (GetParam().drains) {
    ExpectEnd();
    return;
  }
  const auto end = transport_testing::ReadOnce(*transport_);
  EXPECT_TRUE(end.ok() ? end->empty() : absl::IsUnavailable(end.status()))
      << end.status();
}

TEST_P(TransportConformance, EndWakesBlockedRead) {
  transport_testing::WhenBlocked close([this](auto&) { peer_->Close(); });
  ExpectEnd();
}

TEST_P(TransportConformance, BytesWakeBlockedRead) {
  transport_testing::WhenBlocked write(
      [this](auto&) { peer_->Write("x", kForEver).IgnoreError(); });
  const auto read = transport_testing::ReadOnce(*transport_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "x");
}

// The first writes may succeed, until the transport learns of the end. SIGPIPE
// would end the program here.
TEST_P(TransportConformance, WriteToGonePeerFails) {
  peer_.reset();
  absl::Status status;
  while (status.ok()) status = transport_->Write("x", kForEver);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST_P(TransportConformance, WriteAfterCloseFails) {
  transport_->Close();
  EXPECT_FALSE(transport_->Write("x", kForEver).ok());
}

TEST_P(TransportConformance, ReadTimeoutKeepsBytes) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), absl::Microseconds(1),
        absl::Milliseconds(2)}) {
    EXPECT_EQ(
        transport_testing::ReadOnce(*transport_, 10, timeout).status().code(),
        absl::StatusCode::kDeadlineExceeded)
        << timeout;
  }
  ASSERT_TRUE(peer_->Write("abc", kForEver).ok());
  EXPECT_EQ(transport_testing::ReadBytes(*transport_, 3), "abc");
}

// Each write is smaller than the buffers, so the loop ends when they are full.
TEST_P(TransportConformance, WriteTimesOutOnUnreadBytes) {
  if (!GetParam().bounded) GTEST_SKIP() << "its Write() does not wait";
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), absl::Milliseconds(1)}) {
    absl::Status status;
    while (status.ok()) {
      status = transport_->Write(std::string(1 << 20, 'x'), timeout);
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  }
}

TEST_P(TransportConformance, InterruptEndsBlockedRead) {
  transport_testing::WhenBlocked interrupt(
      [this](auto&) { transport_->Interrupt(); });
  EXPECT_EQ(transport_testing::ReadOnce(*transport_).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_P(TransportConformance, InterruptEndsBlockedWrite) {
  if (!GetParam().bounded) GTEST_SKIP() << "its Write() does not wait";
  transport_testing::WhenBlocked interrupt(
      [this](auto&) { transport_->Interrupt(); });
  absl::Status status;
  while (status.ok()) {
    status = transport_->Write(std::string(1 << 20, 'x'), kForEver);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
}

// A decorator may hold bytes of an earlier read.
TEST_P(TransportConformance, InterruptLastsAndPrecedesBytes) {
  ASSERT_TRUE(peer_->Write("xyz", kForEver).ok());
  ASSERT_EQ(transport_testing::ReadBytes(*transport_, 1, [] { return 1; }),
            "x");
  transport_->Interrupt();
  transport_->Interrupt();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(transport_testing::ReadOnce(*transport_).status().code(),
              absl::StatusCode::kCancelled);
    for (const absl::string_view bytes : {"", "x"}) {
      EXPECT_EQ(transport_->Write(bytes, kForEver).code(),
                absl::StatusCode::kCancelled);
    }
  }
  peer_->Close();
  EXPECT_EQ(transport_testing::ReadOnce(*transport_).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_P(TransportConformance, InterruptLeavesPeerAlone) {
  transport_->Interrupt();
  ASSERT_TRUE(peer_->Write("x", kForEver).ok());
  EXPECT_EQ(transport_testing::ReadOnce(*peer_, 1, absl::ZeroDuration())
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

// The contract of fd(), for transports that have a descriptor.

TEST_P(TransportConformance, FdIsReadableForBytesAndEnd) {
  using transport_testing::IsReadable;
  for (const absl::string_view sent : {"abc", "d"}) {
    ASSERT_TRUE(ReadsNothing());
    if (transport_->fd() < 0) GTEST_SKIP() << "it has no descriptor";
    EXPECT_FALSE(IsReadable(transport_->fd()));
    ASSERT_TRUE(peer_->Write(sent, kForEver).ok());
    transport_testing::WaitUntilReadable(transport_->fd());
    EXPECT_TRUE(IsReadable(transport_->fd()));
    EXPECT_EQ(transport_testing::ReadBytes(*transport_, sent.size()), sent);
  }
  ASSERT_TRUE(ReadsNothing());
  EXPECT_FALSE(IsReadable(transport_->fd()));
  peer_->Close();
  for (int i = 0; i < 2; ++i) {
    transport_testing::WaitUntilReadable(transport_->fd());
    const auto end =
        transport_testing::ReadOnce(*transport_, 1, absl::ZeroDuration());
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(*end, "");
  }
}

TEST_P(TransportConformance, FdReportsEarlierBytes) {
  ASSERT_TRUE(peer_->Write("x", kForEver).ok());
  peer_.reset();
  if (transport_->fd() < 0) GTEST_SKIP() << "it has no descriptor";
  transport_testing::WaitUntilReadable(transport_->fd());
}

TEST_P(TransportConformance, FdReportsPeersCloseWrite) {
  ASSERT_TRUE(ReadsNothing());
  const int fd = transport_->fd();
  if (fd < 0) GTEST_SKIP() << "it has no descriptor";
  transport_testing::WhenBlocked close([this](auto&) { peer_->CloseWrite(); });
  transport_testing::WaitUntilReadable(fd);
}

// Waits for fd() only. A transport whose descriptor misses an event hangs here.
TEST_P(TransportConformance, WaitingForFdFindsAllBytes) {
  ASSERT_TRUE(ReadsNothing());
  if (transport_->fd() < 0) GTEST_SKIP() << "it has no descriptor";
  const std::string sent = transport_testing::RandomBytes(1 << 19, 1);
  std::thread writer([&] {
    auto sizes = transport_testing::RandomSizes(500, 2);
    for (absl::string_view rest = sent; !rest.empty();) {
      const absl::string_view piece = rest.substr(0, sizes());
      if (!peer_->Write(piece, kForEver).ok()) break;
      rest.remove_prefix(piece.size());
    }
    peer_->Close();
  });
  std::string got;
  const auto sizes = transport_testing::RandomSizes(800, 3);
  for (;;) {
    const auto read =
        transport_testing::ReadOnce(*transport_, sizes(), absl::ZeroDuration());
    if (absl::IsDeadlineExceeded(read.status())) {
      transport_testing::WaitUntilReadable(transport_->fd());
      continue;
    }
    EXPECT_TRUE(read.ok()) << read.status();
    if (!read.ok() || read->empty()) break;
    got += *read;
  }
  transport_->Close();  // Ends the writer.
  writer.join();
  EXPECT_TRUE(got == sent);
}

}  // namespace kevy_replica
