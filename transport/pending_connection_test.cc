// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/pending_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/connect.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/poll_timeout.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/resolver.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/ports.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_internal::ConnectAttempts;
using transport_internal::Connection;
using transport_internal::SocketAddress;
using transport_internal::UniqueFd;
using transport_testing::BlackHole;
using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::RawSocket;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::RefusingPort;
using transport_testing::TempDir;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

// Waits for the descriptor or the timeout, as a caller should.
template <typename Pending>
void WaitFor(const Pending& pending) {
  ASSERT_GE(pending.fd(), 0);
  pollfd poll_fd = {pending.fd(), POLLOUT, 0};
  ::poll(&poll_fd, 1, transport_internal::PollTimeoutMs(pending.timeout()));
}

absl::StatusOr<std::unique_ptr<SocketTransport>> Await(
    PendingConnection& pending) {
  for (;;) {
    auto transport = pending.Poll();
    if (!transport.ok() || *transport != nullptr) return transport;
    WaitFor(pending);
  }
}

std::unique_ptr<Listener> Listen(const std::string& address) {
  auto listener = Listener::Listen(address);
  EXPECT_TRUE(listener.ok()) << listener.status();
  return *std::move(listener);
}

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(PendingConnectionTest, Connects) {
  const TempDir dir;
  for (const std::string& address :
       {std::string("127.0.0.1:0"), absl::StrCat("unix:", dir.File("a"))}) {
    const auto listener = Listen(address);
    PendingConnection pending(listener->address());
    EXPECT_EQ(pending.fd(), -1);
    EXPECT_EQ(pending.timeout(), absl::ZeroDuration());
    const auto client = Await(pending);
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_EQ((*client)->peer(), listener->address());
    const auto server = listener->Accept(kForEver);
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE((*client)->Write("x", kForEver).ok());
    EXPECT_EQ(ReadBytes(**server, 1), "x");
    // The options had a null interrupter: it made one.
    (*client)->Interrupt();
    EXPECT_EQ(CodeOf(ReadOnce(**client)), absl::StatusCode::kCancelled);

    EXPECT_EQ(pending.fd(), -1);
    EXPECT_EQ(CodeOf(pending.Poll()), absl::StatusCode::kFailedPrecondition);
  }
}

TEST(PendingConnectionTest, PollDoesNotWait) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  for (const absl::Duration timeout : {absl::Hours(1), kForEver}) {
    ConnectOptions options;
    options.connect_timeout = timeout;
    std::optional<PendingConnection> pending;
    pending.emplace(hole.address().ToString(), options);
    for (int i = 0; i < 3; ++i) {
      const auto transport = pending->Poll();
      ASSERT_TRUE(transport.ok()) << transport.status();
      EXPECT_EQ(*transport, nullptr);
      EXPECT_TRUE(IsOpen(pending->fd()));
      EXPECT_GT(pending->timeout(), absl::ZeroDuration());
      EXPECT_LE(pending->timeout(), timeout);
      pollfd poll_fd = {pending->fd(), POLLOUT, 0};
      EXPECT_EQ(::poll(&poll_fd, 1, 0), 0);
    }
    PendingConnection moved = *std::move(pending);
    const int fd = moved.fd();
    EXPECT_TRUE(IsOpen(fd));
    moved = PendingConnection("nowhere");  // Gives up.
    EXPECT_FALSE(IsOpen(fd));
  }
}

TEST(PendingConnectionTest, SilentPortIsDeadlineExceeded) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  for (const absl::Duration timeout :
       {-absl::Seconds(1), absl::ZeroDuration(), absl::Milliseconds(1)}) {
    ConnectOptions options;
    options.connect_timeout = timeout;
    PendingConnection pending(hole.address().ToString(), options);
    const auto transport = Await(pending);
    EXPECT_EQ(CodeOf(transport), absl::StatusCode::kDeadlineExceeded);
    EXPECT_THAT(
        std::string(transport.status().message()),
        HasSubstr(absl::StrCat("connect to ", hole.address().ToString())));
    EXPECT_EQ(pending.fd(), -1);
    EXPECT_EQ(pending.Poll().status(), transport.status());
  }
}

TEST(PendingConnectionTest, RefusingPortIsUnavailable) {
  const RefusingPort port;
  PendingConnection pending(port.address().ToString());
  const auto transport = Await(pending);
  EXPECT_EQ(CodeOf(transport), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(transport.status().message()),
      HasSubstr(absl::StrCat("connect to ", port.address().ToString())));
  EXPECT_EQ(pending.fd(), -1);
  EXPECT_EQ(pending.timeout(), absl::ZeroDuration());
  EXPECT_EQ(pending.Poll().status(), transport.status());
}

TEST(PendingConnectionTest, RejectsBadAddresses) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CodeOf(PendingConnection("localhost").Poll()),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(
        CodeOf(PendingConnection(absl::StrCat("unix:/", std::string(200, 'a')))
                   .Poll()),
        absl::StatusCode::kInvalidArgument);
  }
}

TEST(PendingConnectionTest, UnixPathWithoutListenerIsUnavailable) {
  const TempDir dir;
  PendingConnection pending(absl::StrCat("unix:", dir.File("a")));
  const auto transport = pending.Poll();
  EXPECT_EQ(CodeOf(transport), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(transport.status().message()),
              HasSubstr(dir.File("a")));
}

#ifdef __linux__
// The error comes at once: the system does not go on by itself.
TEST(PendingConnectionTest, FullUnixQueueIsUnavailable) {
  const TempDir dir;
  const auto address = ParseAddress(absl::StrCat("unix:", dir.File("a")));
  ASSERT_TRUE(address.ok()) << address.status();
  const auto addresses = transport_internal::Resolve(*address);
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(fd.get(), addresses->front().get(), addresses->front().size),
            0);
  ASSERT_EQ(::listen(fd.get(), 0), 0);
  std::vector<std::unique_ptr<SocketTransport>> clients;
  absl::Status status;
  while (status.ok()) {
    auto transport = PendingConnection(address->ToString()).Poll();
    status = transport.status();
    if (!status.ok()) break;
    ASSERT_NE(*transport, nullptr);
    clients.push_back(*std::move(transport));
  }
  EXPECT_GE(clients.size(), size_t{1});
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kUnavailable) << status;
}
#endif

TEST(PendingConnectionTest, EarlierInterruptSkipsConnecting) {
  const RefusingPort port;
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  PendingConnection begun_before(port.address().ToString(), options);
  options.interrupter->Interrupt();
  // Both return before they reach the port or the resolver.
  EXPECT_EQ(CodeOf(begun_before.Poll()), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(PendingConnection(absl::StrCat(std::string(64, 'a'), ":1"),
                                     options)
                       .Poll()),
            absl::StatusCode::kCancelled);
}

std::shared_ptr<Resolver> ResolverOf(Resolver::Addresses addresses) {
  return std::make_shared<Resolver>(
      [addresses](const std::string& host) -> Resolver::Addresses {
        if (host != "db") return absl::UnavailableError("another host");
        return addresses;
      });
}

TEST(PendingConnectionTest, ConnectsByName) {
  RawSocket good;
  good.Listen(1);
  ConnectOptions options;
  // Nothing listens at the first address, which is this machine, too.
  options.resolver =
      ResolverOf(std::vector<std::string>{"127.0.0.2", "127.0.0.1"});
  PendingConnection pending(absl::StrCat("db:", good.address().port()),
                            options);
  const auto transport = Await(pending);
  ASSERT_TRUE(transport.ok()) << transport.status();
  EXPECT_EQ((*transport)->peer(), good.address().ToString());
}

TEST(PendingConnectionTest, ResolverErrorsAreReported) {
  ConnectOptions options;
  for (const auto& [addresses, message] :
       std::vector<std::pair<Resolver::Addresses, std::string>>{
           {absl::UnavailableError("no such host"), "no such host"},
           {std::vector<std::string>{}, "no address"},
           {std::vector<std::string>{"db\x01"}, "returned \"db\\x01\""}}) {
    options.resolver = ResolverOf(addresses);
    PendingConnection pending("db:1", options);
    const auto transport = Await(pending);
    EXPECT_EQ(CodeOf(transport), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(transport.status().message()), HasSubstr(message));
  }
}

// A resolver that does not answer before the test's end.
class SilentResolver {
 public:
  ~SilentResolver() { released_.set_value(); }
  std::shared_ptr<Resolver> get() const { return resolver_; }

 private:
  std::promise<void> released_;
  const std::shared_ptr<Resolver> resolver_ = std::make_shared<Resolver>(
      [released = released_.get_future().share()](
          const std::string&) -> Resolver::Addresses {
        released.wait();
        return absl::UnavailableError("released");
      });
};

TEST(PendingConnectionTest, ConnectTimeoutCoversLookup) {
  const SilentResolver silent;
  ConnectOptions options;
  options.resolver = silent.get();
  options.connect_timeout = absl::Milliseconds(20);
  PendingConnection pending("db:1", options);
  EXPECT_EQ(*pending.Poll(), nullptr);
  EXPECT_GE(pending.fd(), 0);
  const auto transport = Await(pending);
  EXPECT_EQ(CodeOf(transport), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(transport.status().message()),
              HasSubstr("resolve db"));
}

TEST(PendingConnectionTest, InterruptEndsLookup) {
  const SilentResolver silent;
  ConnectOptions options;
  options.resolver = silent.get();
  options.interrupter = std::make_shared<Interrupter>();
  PendingConnection pending("db:1", options);
  EXPECT_EQ(*pending.Poll(), nullptr);
  options.interrupter->Interrupt();
  EXPECT_EQ(CodeOf(pending.Poll()), absl::StatusCode::kCancelled);
}

TEST(PendingConnectionTest, InterruptEndsBlockingLookup) {
  const SilentResolver silent;
  ConnectOptions options;
  options.resolver = silent.get();
  options.interrupter = std::make_shared<Interrupter>();
  const WhenBlocked interrupt([&](auto&) { options.interrupter->Interrupt(); });
  EXPECT_EQ(CodeOf(ConnectTransport("db:1", options)),
            absl::StatusCode::kCancelled);
}

TEST(PendingConnectionTest, InterruptEndsUndecidedConnection) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  PendingConnection pending(hole.address().ToString(), options);
  EXPECT_TRUE(pending.Poll().ok());
  options.interrupter->Interrupt();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CodeOf(pending.Poll()), absl::StatusCode::kCancelled);
    EXPECT_EQ(pending.fd(), -1);
  }
}

TEST(PendingConnectionTest, TransportSharesInterrupter) {
  const auto listener = Listen("127.0.0.1:0");
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  PendingConnection pending(listener->address(), options);
  const auto client = Await(pending);
  ASSERT_TRUE(client.ok()) << client.status();
  options.interrupter->Interrupt();
  EXPECT_EQ(CodeOf(ReadOnce(**client)), absl::StatusCode::kCancelled);
}

TEST(PendingConnectionTest, DescriptorLimitIsResourceExhausted) {
  const auto listener = Listen("127.0.0.1:0");
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  PendingConnection pending(listener->address(), options);
  const FdLimit limit(0);
  EXPECT_EQ(CodeOf(pending.Poll()), absl::StatusCode::kResourceExhausted);
}

// One thread connects to many ports, some of which refuse.
TEST(PendingConnectionTest, OneThreadConnectsMany) {
  constexpr uint64_t kMany = 60;
  for (const bool best : {true, false}) {
    RawSocket good;
    good.Listen(static_cast<int>(kMany));
    const RefusingPort refusing;
    std::unique_ptr<Poller> poller = Poller::CreateWithPoll();
    if (best) {
      auto created = Poller::Create();
      ASSERT_TRUE(created.ok()) << created.status();
      poller = *std::move(created);
    }
    ConnectOptions options;
    options.interrupter = std::make_shared<Interrupter>();
    std::vector<PendingConnection> pending;
    std::vector<std::unique_ptr<SocketTransport>> connected;
    uint64_t refused = 0;
    const auto poll = [&](uint64_t i) {
      poller->Remove(pending[i].fd());
      auto transport = pending[i].Poll();
      if (!transport.ok()) {
        EXPECT_EQ(CodeOf(transport), absl::StatusCode::kUnavailable);
        ++refused;
      } else if (*transport != nullptr) {
        connected.push_back(*std::move(transport));
      } else {
        EXPECT_TRUE(poller->Set(pending[i].fd(), POLLOUT, i).ok());
      }
    };
    for (uint64_t i = 0; i < kMany; ++i) {
      const RawSocket& port = i % 3 == 0 ? refusing : good;
      pending.emplace_back(port.address().ToString(), options);
      poll(i);
    }
    while (connected.size() + refused < kMany) {
      const auto ready = poller->Wait(kForEver);
      ASSERT_TRUE(ready.ok()) << ready.status();
      for (const uint64_t i :
           std::vector<uint64_t>(ready->begin(), ready->end())) {
        poll(i);
      }
    }
    EXPECT_EQ(refused, kMany / 3);
  }
}

class ConnectAttemptsTest : public testing::Test {
 protected:
  ConnectAttempts Attempts(std::vector<SocketAddress> addresses) {
    return ConnectAttempts(addresses, options_, interrupter_);
  }

  ConnectOptions options_;
  Interrupter interrupter_;
};

TEST_F(ConnectAttemptsTest, AddressesShareTheTime) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  options_.connect_timeout = absl::Hours(1);
  ConnectAttempts attempts =
      Attempts({hole.address(), hole.address(), hole.address()});
  const auto result = attempts.Poll();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->has_value());
  EXPECT_LE(attempts.timeout(), absl::Minutes(20));
  EXPECT_GT(attempts.timeout(), absl::ZeroDuration());
}

TEST_F(ConnectAttemptsTest, FailedAddressLeavesItsShare) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  SocketAddress nowhere;  // An unknown family: it fails at once.
  nowhere.storage.ss_family = AF_UNSPEC;
  options_.connect_timeout = absl::Hours(1);
  ConnectAttempts attempts = Attempts({nowhere, hole.address()});
  const auto result = attempts.Poll();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->has_value());
  EXPECT_LE(attempts.timeout(), absl::Hours(1));
  EXPECT_GT(attempts.timeout(), absl::Minutes(30));
  EXPECT_EQ(attempts.operation().object, hole.address().ToString());
}

TEST_F(ConnectAttemptsTest, TriesNextAddressAfterShare) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  RawSocket good;
  good.Listen(1);
  options_.connect_timeout = absl::Seconds(2);
  ConnectAttempts attempts = Attempts({hole.address(), good.address()});
  for (;;) {
    const auto result = attempts.Poll();
    ASSERT_TRUE(result.ok()) << result.status();
    if (result->has_value()) {
      EXPECT_EQ((*result)->peer, good.address().ToString());
      break;
    }
    WaitFor(attempts);
  }
}

// Each address gets a share of the time, down to a poll for each.
TEST_F(ConnectAttemptsTest, HundredsOfAddressesShareTheTime) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  options_.connect_timeout = absl::Seconds(1);
  ConnectAttempts attempts =
      Attempts(std::vector<SocketAddress>(500, hole.address()));
  int polls = 0;
  std::set<int> descriptors;
  absl::StatusOr<std::optional<Connection>> result;
  while ((result = attempts.Poll()).ok() && polls < 10'000) {
    ASSERT_FALSE(result->has_value());
    descriptors.insert(attempts.fd());
    WaitFor(attempts);
    ++polls;
  }
  EXPECT_EQ(CodeOf(result), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LE(polls, 2 * 500);
  EXPECT_GE(polls, 2);
  EXPECT_LE(descriptors.size(), 2u);  // One connection at a time.
}

TEST_F(ConnectAttemptsTest, HundredsOfRefusingAddressesFailAtOnce) {
  const RefusingPort port;
  ConnectAttempts attempts =
      Attempts(std::vector<SocketAddress>(500, port.address()));
  int polls = 0;
  absl::StatusOr<std::optional<Connection>> result;
  while ((result = attempts.Poll()).ok() && polls < 10'000) {
    ASSERT_FALSE(result->has_value());
    WaitFor(attempts);
    ++polls;
  }
  EXPECT_EQ(CodeOf(result), absl::StatusCode::kUnavailable);
  EXPECT_LE(polls, 2 * 500);
}

TEST_F(ConnectAttemptsTest, StopsWhenTimeIsOver) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  RawSocket good;
  good.Listen(1);
  options_.connect_timeout = absl::ZeroDuration();
  ConnectAttempts attempts = Attempts({hole.address(), good.address()});
  const auto result = attempts.Poll();
  EXPECT_EQ(CodeOf(result), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr(hole.address().ToString()));
}

}  // namespace
}  // namespace kevy_replica
