// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/in_memory_transport.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::IsReadable;
using transport_testing::RandomBytes;
using transport_testing::RandomSizes;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

TEST(InMemoryTransportTest, CarriesBytesAcrossThreads) {
  for (const size_t capacity : {size_t{1}, size_t{7}, size_t{100000}}) {
    auto [a, b] = InMemoryTransport::CreatePair(capacity);
    const std::string sent =
        RandomBytes(std::min<size_t>(1000 * capacity, 1 << 20), 1);
    std::thread writer([&sent, end = a.get()] {
      auto sizes = RandomSizes(10000, 2);
      for (absl::string_view rest = sent; !rest.empty();) {
        const absl::string_view piece = rest.substr(0, sizes());
        ASSERT_TRUE(end->Write(piece, kForEver).ok());
        rest.remove_prefix(piece.size());
      }
      end->Close();
    });
    // Asks for one byte more, to read the end.
    const std::string got =
        ReadBytes(*b, sent.size() + 1, RandomSizes(10000, 3));
    if (got.size() < sent.size()) b->Close();  // Ends the writer.
    writer.join();
    EXPECT_TRUE(got == sent) << capacity;
  }
}

TEST(InMemoryTransportTest, UnboundedWriteDoesNotWait) {
  auto [a, b] = InMemoryTransport::CreatePair();
  const std::string sent = RandomBytes(10 << 20, 1);
  ASSERT_TRUE(a->Write(sent, absl::ZeroDuration()).ok());
  EXPECT_TRUE(ReadBytes(*b, sent.size()) == sent);
}

TEST(InMemoryTransportTest, CapacityIsExact) {
  auto [a, b] = InMemoryTransport::CreatePair(4);
  EXPECT_TRUE(a->Write("1234", absl::ZeroDuration()).ok());
  EXPECT_EQ(CodeOf(a->Write("5", absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(a->Write("", absl::ZeroDuration()).ok());
  // The other direction has a capacity of its own.
  EXPECT_TRUE(b->Write("1234", absl::ZeroDuration()).ok());
  EXPECT_EQ(ReadBytes(*b, 1), "1");
  EXPECT_TRUE(a->Write("5", absl::ZeroDuration()).ok());
  EXPECT_EQ(ReadBytes(*b, 4), "2345");
}

TEST(InMemoryTransportTest, CapacityOfZeroIsOne) {
  for (const size_t capacity : {0, 1}) {
    auto [a, b] = InMemoryTransport::CreatePair(capacity);
    EXPECT_TRUE(a->Write("1", absl::ZeroDuration()).ok());
    EXPECT_EQ(CodeOf(a->Write("2", absl::ZeroDuration())),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(ReadBytes(*b, 1), "1");
  }
}

TEST(InMemoryTransportTest, ReadWakesWriter) {
  auto [a, b] = InMemoryTransport::CreatePair(1);
  std::string got;
  {
    WhenBlocked read([&, end = b.get()](auto&) { got = ReadBytes(*end, 3); });
    EXPECT_TRUE(a->Write("123", kForEver).ok());
  }
  EXPECT_EQ(got, "123");
}

TEST(InMemoryTransportTest, CloseWakesWriter) {
  auto [a, b] = InMemoryTransport::CreatePair(1);
  WhenBlocked close([end = b.get()](auto&) { end->Close(); });
  EXPECT_EQ(CodeOf(a->Write("123", kForEver)), absl::StatusCode::kUnavailable);
}

TEST(InMemoryTransportTest, WriteToClosedPeerFailsAtOnce) {
  auto [a, b] = InMemoryTransport::CreatePair();
  b->Close();
  EXPECT_EQ(CodeOf(a->Write("x", kForEver)), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(a->Write("", kForEver)), absl::StatusCode::kUnavailable);
}

TEST(InMemoryTransportTest, ClosedEndReadsEnd) {
  auto [a, b] = InMemoryTransport::CreatePair();
  ASSERT_TRUE(a->Write("x", kForEver).ok());
  b->Close();
  const auto read = ReadOnce(*b);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "");
}

TEST(InMemoryTransportTest, FdFollowsEachChange) {
  auto [a, b] = InMemoryTransport::CreatePair();
  ASSERT_TRUE(b->Write("12", kForEver).ok());
  EXPECT_TRUE(IsReadable(a->fd()));  // Made after the bytes came.
  EXPECT_EQ(ReadBytes(*a, 1), "1");
  EXPECT_TRUE(IsReadable(a->fd()));
  EXPECT_EQ(ReadBytes(*a, 1), "2");
  EXPECT_FALSE(IsReadable(a->fd()));
  ASSERT_TRUE(b->Write("", kForEver).ok());
  EXPECT_FALSE(IsReadable(a->fd()));
  ASSERT_TRUE(b->Write("3", kForEver).ok());
  ASSERT_TRUE(b->Write("4", kForEver).ok());
  EXPECT_EQ(ReadBytes(*a, 2), "34");
  EXPECT_FALSE(IsReadable(a->fd()));
  // The written bytes belong to the other end's descriptor.
  ASSERT_TRUE(a->Write("x", kForEver).ok());
  EXPECT_FALSE(IsReadable(a->fd()));
  EXPECT_TRUE(IsReadable(b->fd()));
}

TEST(InMemoryTransportTest, FdStaysReadableAtEnd) {
  using End = InMemoryTransport;
  const auto interrupt = [](End& a, End&) { a.Interrupt(); };
  const auto close = [](End& a, End&) { a.Close(); };
  const auto peer_close = [](End&, End& b) { b.CloseWrite(); };
  for (void (*end)(End&, End&) : {+interrupt, +close, +peer_close}) {
    for (const bool asked_before : {true, false}) {
      auto [a, b] = InMemoryTransport::CreatePair();
      if (asked_before) {
        EXPECT_FALSE(IsReadable(a->fd()));
      }
      end(*a, *b);
      for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(IsReadable(a->fd()));
        EXPECT_NE(CodeOf(ReadOnce(*a, 1, absl::ZeroDuration())),
                  absl::StatusCode::kDeadlineExceeded);
      }
      EXPECT_TRUE(IsReadable(a->fd()));
    }
  }
}

TEST(InMemoryTransportTest, AwaitReadTellsUnreadBytes) {
  auto [a, b] = InMemoryTransport::CreatePair();
  EXPECT_EQ(a->AwaitRead(absl::ZeroDuration()).value_or(9), 0u);
  ASSERT_TRUE(a->Write("12345", kForEver).ok());
  EXPECT_EQ(CodeOf(a->AwaitRead(absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReadBytes(*b, 2), "12");
  a->CloseWrite();
  {
    WhenBlocked close([end = b.get()](auto&) { end->Close(); });
    EXPECT_EQ(a->AwaitRead(kForEver).value_or(9), 3u);
  }
  a->Interrupt();
  EXPECT_EQ(CodeOf(a->AwaitRead(kForEver)), absl::StatusCode::kCancelled);
}

TEST(InMemoryTransportTest, PairNeedsNoDescriptors) {
  const FdLimit limit(0);
  auto [a, b] = InMemoryTransport::CreatePair();
  ASSERT_TRUE(b->Write("1", kForEver).ok());
  EXPECT_EQ(ReadBytes(*a, 1), "1");
}

TEST(InMemoryTransportTest, FdRecoversFromDescriptorLimit) {
  auto [a, b] = InMemoryTransport::CreatePair();
  {
    const FdLimit limit(1);  // A pipe takes two.
    EXPECT_EQ(a->fd(), -1);
    ASSERT_TRUE(b->Write("1", kForEver).ok());
  }
  EXPECT_TRUE(IsReadable(a->fd()));  // The limit is lifted.
}

TEST(InMemoryTransportTest, EventsWakeFiniteWaits) {
  auto [a, b] = InMemoryTransport::CreatePair(1);
  {
    WhenBlocked write(
        [end = a.get()](auto&) { end->Write("x", kForEver).IgnoreError(); });
    const auto read = ReadOnce(*b, 1, absl::Hours(1));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, "x");
  }
  WhenBlocked interrupt([end = b.get()](auto&) { end->Interrupt(); });
  EXPECT_EQ(CodeOf(ReadOnce(*b, 1, absl::Hours(1))),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace kevy_replica
