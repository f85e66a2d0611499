// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/threaded_transport.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

std::unique_ptr<ThreadedTransport> Wrap(std::unique_ptr<Transport> inner) {
  auto transport = ThreadedTransport::Create(std::move(inner));
  EXPECT_TRUE(transport.ok()) << transport.status();
  return *std::move(transport);
}

// Waits for the descriptor, then reads.
absl::StatusOr<std::string> ReadWhenReady(ThreadedTransport* transport) {
  pollfd waiting = {transport->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 60'000), 1);
  std::string bytes(100, '\0');
  const absl::StatusOr<size_t> n = transport->Read(
      absl::MakeSpan(&bytes[0], bytes.size()), absl::ZeroDuration());
  if (!n.ok()) return n.status();
  bytes.resize(*n);
  return bytes;
}

TEST(ThreadedTransportTest, BytesAndEofMakeDescriptorReadable) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto transport = Wrap(std::move(pair.first));
  ASSERT_GE(transport->fd(), 0);
  ASSERT_TRUE(pair.second->Write("abc", absl::InfiniteDuration()).ok());
  EXPECT_EQ(*ReadWhenReady(transport.get()), "abc");
  ASSERT_TRUE(transport->Write("def", absl::InfiniteDuration()).ok());
  std::string got(3, '\0');
  EXPECT_EQ(*pair.second->Read(absl::MakeSpan(&got[0], 3), absl::Minutes(1)),
            3u);
  EXPECT_EQ(got, "def");
  pair.second->Close();
  EXPECT_EQ(*ReadWhenReady(transport.get()), "");
  EXPECT_EQ(*ReadWhenReady(transport.get()), "");
}

TEST(ThreadedTransportTest, InnerErrorIsReturned) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  Faults faults;
  faults.error_at = 0;
  auto transport =
      Wrap(std::make_unique<FaultyTransport>(std::move(pair.first), faults));
  const absl::StatusOr<std::string> read = ReadWhenReady(transport.get());
  EXPECT_TRUE(absl::IsUnavailable(read.status())) << read.status();
}

TEST(ThreadedTransportTest, InterruptEndsReads) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto transport = Wrap(std::move(pair.first));
  transport->Interrupt();
  char byte;
  EXPECT_TRUE(absl::IsCancelled(
      transport->Read(absl::MakeSpan(&byte, 1), absl::InfiniteDuration())
          .status()));
}

TEST(ThreadedTransportTest, DestructorEndsWaitingThread) {
  {
    InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
    Wrap(std::move(pair.first));  // Reading.
  }
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto transport = Wrap(std::move(pair.first));
  // More than the sockets hold, so that the thread waits to write.
  const std::string much(8 << 20, 'x');
  const absl::Status status = pair.second->Write(much, absl::ZeroDuration());
  EXPECT_TRUE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
  EXPECT_NE(*ReadWhenReady(transport.get()), "");
}

TEST(ThreadedTransportTest, CloseWriteEndsOnlyDirectionToPeer) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto transport = Wrap(std::move(pair.first));
  transport->CloseWrite();
  char byte;
  EXPECT_EQ(
      *pair.second->Read(absl::MakeSpan(&byte, 1), absl::InfiniteDuration()),
      0u);
  ASSERT_TRUE(pair.second->Write("abc", absl::InfiniteDuration()).ok());
  EXPECT_EQ(*ReadWhenReady(transport.get()), "abc");
  pair.second->Close();
  EXPECT_EQ(*ReadWhenReady(transport.get()), "");
}

TEST(ThreadedTransportTest, CloseEndsThreadThatHalfCloses) {
  for (int i = 0; i < 1000; ++i) {
    InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
    auto transport = Wrap(std::move(pair.first));
    transport->CloseWrite();
    transport->Close();
    char byte;
    EXPECT_EQ(
        *pair.second->Read(absl::MakeSpan(&byte, 1), absl::InfiniteDuration()),
        0u);
  }
}

TEST(ThreadedTransportTest, DescriptorClosesOnExec) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto transport = Wrap(std::move(pair.first));
  EXPECT_NE(::fcntl(transport->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

// Gives up reads after a millisecond.
class ImpatientTransport : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    ++reads;
    return inner().Read(buffer, std::min(timeout, absl::Milliseconds(1)));
  }

  std::atomic<int> reads{0};
};

TEST(ThreadedTransportTest, EarlyTimeoutOfInnerReadIsRepeated) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  auto impatient = std::make_unique<ImpatientTransport>(std::move(pair.first));
  const std::atomic<int>& reads = impatient->reads;
  auto transport = Wrap(std::move(impatient));
  while (reads < 3) std::this_thread::yield();
  ASSERT_TRUE(pair.second->Write("abc", absl::InfiniteDuration()).ok());
  EXPECT_EQ(*ReadWhenReady(transport.get()), "abc");
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
