// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract of Transport, for each transport of the library.

#include "kevy_replica/transport/transport_conformance.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/recording_transport.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using Ends = ConformancePair::Ends;
using transport_testing::CanListen;
using transport_testing::ConnectPair;
using transport_testing::RandomSizes;
using transport_testing::SocketPair;
using transport_testing::TempDir;

Ends InMemory(size_t capacity = std::numeric_limits<size_t>::max()) {
  auto pair = InMemoryTransport::CreatePair(capacity);
  return {std::move(pair.first), std::move(pair.second)};
}

Ends Sockets(const std::string& address, int receive_buffer_bytes = 0) {
  ConnectOptions options;
  options.receive_buffer_bytes = receive_buffer_bytes;
  SocketPair pair = ConnectPair(address, options);
  return {std::move(pair.client), std::move(pair.server)};
}

Ends Unix() {
  const TempDir dir;
  return Sockets(absl::StrCat("unix:", dir.File("a")));
}

Ends Faulty(Ends ends, Faults faults) {
  return {std::make_unique<FaultyTransport>(std::move(ends.first),
                                            std::move(faults)),
          std::move(ends.second)};
}

Ends Recording(Ends ends) {
  auto recording =
      RecordingTransport::Create(std::move(ends.first), "/dev/null");
  EXPECT_TRUE(recording.ok()) << recording.status();
  return {*std::move(recording), std::move(ends.second)};
}

// A small transport over a descriptor, as a user would write it. Its Close()
// leaves the drain out.
class PlainSocketTransport : public Transport {
 public:
  explicit PlainSocketTransport(int fd) : fd_(fd) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    absl::Status ready = interrupter_.WaitFor(fd_.get(), POLLIN, timeout);
    if (!ready.ok()) return ready;
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return absl::ErrnoToStatus(errno, "read");
    return static_cast<size_t>(size);
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    do {
      absl::Status ready = interrupter_.WaitFor(fd_.get(), POLLOUT, timeout);
      if (!ready.ok()) return ready;
      const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0) return absl::UnavailableError("write: the peer has gone");
      bytes.remove_prefix(static_cast<size_t>(size));
    } while (!bytes.empty());
    return absl::OkStatus();
  }
  void Interrupt() override { interrupter_.Interrupt(); }
  void CloseWrite() override { ::shutdown(fd_.get(), SHUT_WR); }
  void Close() override { ::shutdown(fd_.get(), SHUT_RDWR); }
  std::string peer() const override { return "socket pair"; }
  int fd() const override { return fd_.get(); }

 private:
  const transport_internal::UniqueFd fd_;
  Interrupter interrupter_;
};

// Makes the two ends of socketpair().
Ends SocketPairOf(std::unique_ptr<Transport> (*make)(int fd)) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  return {make(fds[0]), make(fds[1])};
}

std::unique_ptr<Transport> PlainSocket(int fd) {
  return std::make_unique<PlainSocketTransport>(fd);
}

std::unique_ptr<Transport> LibrarySocket(int fd) {
  return std::make_unique<SocketTransport>(fd, "socket pair",
                                           std::make_shared<Interrupter>());
}

std::vector<ConformancePair> AllTransports() {
  std::vector<ConformancePair> all = {
      {"InMemory", [] { return InMemory(); }, /*bounded=*/false},
      {"InMemoryBounded", [] { return InMemory(1000); }},
      {"TcpV4", [] { return Sockets("127.0.0.1:0"); }},
      {"TcpSmallBuffer", [] { return Sockets("127.0.0.1:0", 4096); }},
      {"Unix", Unix},
      {"FaultyWithoutFaults", [] { return Faulty(InMemory(1000), {}); }},
      {"FaultyShortReads",
       [] {
         Faults faults;
         faults.read_size = RandomSizes(5000, 7);
         return Faulty(Sockets("127.0.0.1:0"), std::move(faults));
       }},
      {"RecordingOverInMemory", [] { return Recording(InMemory(1000)); }},
      {"RecordingOverUnix", [] { return Recording(Unix()); }},
      {"SocketPair", [] { return SocketPairOf(LibrarySocket); }},
      {"PlainSocketPair", [] { return SocketPairOf(PlainSocket); },
       /*bounded=*/true, /*drains=*/false},
  };
  if (CanListen("localhost:0")) {
    all.push_back({"TcpByName", [] { return Sockets("localhost:0"); }});
  }
  if (CanListen("[::1]:0")) {
    all.push_back({"TcpV6", [] { return Sockets("[::1]:0"); }});
  }
  return all;
}

TEST(ConformancePairTest, PrintsItsName) {
  EXPECT_EQ(testing::PrintToString(ConformancePair{"Mine", nullptr}), "Mine");
}

// The contract lets CloseWrite() close both directions. These transports keep
// the other one open.
TEST(CloseWriteTest, KeepsReadDirection) {
  for (const ConformancePair& pair : AllTransports()) {
    SCOPED_TRACE(pair.name);
    const Ends ends = pair.make();
    ends.first->CloseWrite();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
  }
}

// The contract makes ResumeReads() optional. The library's transports have it.
TEST(ResumeReadsTest, LaterInterruptCounts) {
  for (const ConformancePair& pair : AllTransports()) {
    if (pair.name == "PlainSocketPair") continue;
    SCOPED_TRACE(pair.name);
    const Ends ends = pair.make();
    char byte;
    ends.first->ResumeReads();  // No effect yet.
    ends.first->Interrupt();
    EXPECT_TRUE(absl::IsCancelled(
        ends.first->Read({&byte, 1}, absl::InfiniteDuration()).status()));
    ends.first->ResumeReads();
    ASSERT_TRUE(ends.second->Write("late", absl::InfiniteDuration()).ok());
    EXPECT_EQ(transport_testing::ReadBytes(*ends.first, 4), "late");
    EXPECT_TRUE(
        absl::IsCancelled(ends.first->Write("x", absl::ZeroDuration())));
    const transport_testing::WhenBlocked interrupt(
        [&](auto&) { ends.first->Interrupt(); });
    EXPECT_TRUE(absl::IsCancelled(
        ends.first->Read({&byte, 1}, absl::InfiniteDuration()).status()));
  }
}

// The contract makes fd() optional. These transports all have one.
TEST(FdTest, ExistsForEachTransport) {
  for (const ConformancePair& pair : AllTransports()) {
    EXPECT_GE(pair.make().first->fd(), 0) << pair.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TransportConformance,
                         testing::ValuesIn(AllTransports()),
                         ConformancePairName);

}  // namespace
}  // namespace kevy_replica
