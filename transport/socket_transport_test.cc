// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/socket_transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
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
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/resolver.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/ports.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
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
using transport_testing::CanListen;
using transport_testing::CodeOf;
using transport_testing::ConnectPair;
using transport_testing::FdLimit;
using transport_testing::RandomBytes;
using transport_testing::RandomSizes;
using transport_testing::RawSocket;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::RefusingPort;
using transport_testing::SignalsWhenBlocked;
using transport_testing::SocketPair;
using transport_testing::TempDir;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

int GetOption(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

TEST(TcpTransportTest, ConnectsByAddressAndByName) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    if (!CanListen(absl::StrCat(host, ":0"))) continue;
    const auto listener = Listener::Listen(absl::StrCat(host, ":0"));
    ASSERT_TRUE(listener.ok()) << listener.status();
    const auto address = ParseAddress((*listener)->address());
    ASSERT_TRUE(address.ok()) << address.status();
    const auto client = TcpTransport::Connect(host, address->port);
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_THAT((*client)->peer(), HasSubstr(absl::StrCat(":", address->port)));
  }
}

TEST(TcpTransportTest, PeersNameTheirAddress) {
  if (!CanListen("localhost:0")) GTEST_SKIP() << "this machine lacks localhost";
  SocketPair pair = ConnectPair("localhost:0");
  for (const Transport* end :
       {static_cast<Transport*>(pair.client.get()), pair.server.get()}) {
    const auto address = ParseAddress(end->peer());
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_TRUE(address->host == "127.0.0.1" || address->host == "::1")
        << end->peer();
    EXPECT_NE(address->port, 0);
  }
}

TEST(TcpTransportTest, ConnectsOverIpv6) {
  if (!CanListen("[::1]:0")) GTEST_SKIP() << "this machine lacks IPv6";
  SocketPair pair = ConnectPair("[::1]:0");
  EXPECT_THAT(pair.client->peer(), HasSubstr("[::1]:"));
  ASSERT_TRUE(pair.server->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(*pair.client, 1), "x");
}

TEST(TcpTransportTest, SetsSocketOptions) {
  ConnectOptions options;
  options.keepalive_idle = absl::Seconds(60);
  options.receive_buffer_bytes = 1 << 16;
  const SocketPair pair = ConnectPair("127.0.0.1:0", options);
  const int fd = pair.client->fd();
  EXPECT_NE(GetOption(fd, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(GetOption(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
#ifdef TCP_KEEPIDLE
  EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
#else
  EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPALIVE), 60);
#endif
  EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL), 20);
  EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
  const int size = GetOption(fd, SOL_SOCKET, SO_RCVBUF);
  EXPECT_TRUE(size == 1 << 16 || size == 1 << 17) << size;  // Linux doubles it.
  const auto* server = static_cast<SocketTransport*>(pair.server.get());
  EXPECT_NE(GetOption(server->fd(), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(TcpTransportTest, KeepaliveIsRoundedUpAndClamped) {
#ifdef TCP_KEEPIDLE
  constexpr int kIdleOption = TCP_KEEPIDLE;
#else
  constexpr int kIdleOption = TCP_KEEPALIVE;
#endif
  const struct {
    absl::Duration idle;
    int idle_seconds;
    int interval_seconds;
  } kCases[] = {
      {absl::Nanoseconds(1), 1, 1},
      {absl::Milliseconds(1500), 2, 1},
      {absl::Seconds(3), 3, 1},
      {absl::Seconds(4), 4, 2},
      {absl::Seconds(32767), 32767, 10923},
      {absl::Seconds(32768), 32767, 10923},
      {absl::Hours(1000), 32767, 32767},
      {absl::InfiniteDuration(), 32767, 32767},
  };
  for (const auto& c : kCases) {
    ConnectOptions options;
    options.keepalive_idle = c.idle;
    const SocketPair pair = ConnectPair("127.0.0.1:0", options);
    const int fd = pair.client->fd();
    EXPECT_NE(GetOption(fd, SOL_SOCKET, SO_KEEPALIVE), 0) << c.idle;
    EXPECT_EQ(GetOption(fd, IPPROTO_TCP, kIdleOption), c.idle_seconds)
        << c.idle;
    EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL), c.interval_seconds)
        << c.idle;
    EXPECT_EQ(GetOption(fd, IPPROTO_TCP, TCP_KEEPCNT), 3) << c.idle;
  }
}

TEST(TcpTransportTest, KeepaliveOfZeroOrLessIsOff) {
  for (const absl::Duration idle :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    ConnectOptions options;
    options.keepalive_idle = idle;
    EXPECT_EQ(GetOption(ConnectPair("127.0.0.1:0", options).client->fd(),
                        SOL_SOCKET, SO_KEEPALIVE),
              0);
  }
}

TEST(TcpTransportTest, ReceiveBufferOfZeroOrLessIsLeftToSystem) {
  const int plain = GetOption(RawSocket().fd(), SOL_SOCKET, SO_RCVBUF);
  const auto size_with = [](int receive_buffer_bytes) {
    ConnectOptions options;
    options.receive_buffer_bytes = receive_buffer_bytes;
    return GetOption(ConnectPair("127.0.0.1:0", options).client->fd(),
                     SOL_SOCKET, SO_RCVBUF);
  };
  EXPECT_GE(size_with(0), plain);
  EXPECT_GE(size_with(-1), plain);
  EXPECT_LT(size_with(1), plain);
}

TEST(ConnectOptionsTest, CompareMemberByMember) {
  EXPECT_EQ(ConnectOptions(), ConnectOptions());
  for (const auto& change : std::vector<void (*)(ConnectOptions*)>{
           [](ConnectOptions* o) { o->connect_timeout = absl::Seconds(1); },
           [](ConnectOptions* o) { o->keepalive_idle = absl::Seconds(1); },
           [](ConnectOptions* o) { o->receive_buffer_bytes = 1; },
           [](ConnectOptions* o) {
             o->interrupter = std::make_shared<Interrupter>();
           },
           [](ConnectOptions* o) {
             o->resolver = std::make_shared<Resolver>();
           }}) {
    ConnectOptions changed;
    change(&changed);
    EXPECT_NE(changed, ConnectOptions());
    EXPECT_EQ(changed, ConnectOptions(changed));
  }
}

TEST(TcpTransportTest, RefusingPortIsUnavailable) {
  const RefusingPort port;
  const auto client = TcpTransport::Connect("127.0.0.1", port.address().port());
  EXPECT_EQ(CodeOf(client), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(client.status().message()),
      HasSubstr(absl::StrCat("connect to ", port.address().ToString())));
}

TEST(TcpTransportTest, UnknownNameIsUnavailable) {
  // A label has 63 characters at most, so this fails without a resolver.
  const std::string name(64, 'a');
  const auto client = TcpTransport::Connect(name, 1);
  EXPECT_EQ(CodeOf(client), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr(name));
}

TEST(TcpTransportTest, SilentPortIsDeadlineExceeded) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), absl::Milliseconds(1)}) {
    ConnectOptions options;
    options.connect_timeout = timeout;
    const auto client =
        TcpTransport::Connect("127.0.0.1", hole.address().port(), options);
    EXPECT_EQ(CodeOf(client), absl::StatusCode::kDeadlineExceeded)
        << client.status();
  }
}

TEST(TcpTransportTest, InterruptEndsBlockedConnect) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  ConnectOptions options;
  options.connect_timeout = kForEver;
  options.interrupter = std::make_shared<Interrupter>();
  WhenBlocked interrupt([&](auto&) { options.interrupter->Interrupt(); });
  EXPECT_EQ(CodeOf(TcpTransport::Connect("127.0.0.1", hole.address().port(),
                                         options)),
            absl::StatusCode::kCancelled);
}

TEST(TcpTransportTest, ConnectSurvivesSignals) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  ConnectOptions options;
  options.connect_timeout = kForEver;
  options.interrupter = std::make_shared<Interrupter>();
  SignalsWhenBlocked signals(3, [&] { options.interrupter->Interrupt(); });
  EXPECT_EQ(CodeOf(TcpTransport::Connect("127.0.0.1", hole.address().port(),
                                         options)),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(signals.count(), 3);
}

class AwaitConnectionTest : public testing::Test {
 protected:
  absl::StatusOr<Connection> Connect(std::vector<SocketAddress> addresses) {
    return ConnectAttempts(addresses, options_, interrupter_).Await();
  }

  RefusingPort refusing_;
  ConnectOptions options_;
  Interrupter interrupter_;
};

TEST_F(AwaitConnectionTest, ReturnsFirstThatAccepts) {
  RawSocket good, other;
  good.Listen(1);
  other.Listen(1);
  const auto connection =
      Connect({refusing_.address(), good.address(), other.address()});
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->peer, good.address().ToString());
}

TEST_F(AwaitConnectionTest, ReturnsLastError) {
  const RefusingPort last;
  const auto connection = Connect({refusing_.address(), last.address()});
  EXPECT_EQ(CodeOf(connection), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(connection.status().message()),
              HasSubstr(last.address().ToString()));
}

TEST_F(AwaitConnectionTest, SilentAddressLeavesTimeForNext) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  RawSocket good;
  good.Listen(1);
  options_.connect_timeout = absl::Seconds(2);
  const auto connection = Connect({hole.address(), good.address()});
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->peer, good.address().ToString());
}

TEST_F(AwaitConnectionTest, InterruptEndsTrying) {
  SKIP_WITHOUT_BLACK_HOLE();
  const BlackHole hole;
  WhenBlocked interrupt([&](auto&) { interrupter_.Interrupt(); });
  const auto connection = Connect({hole.address(), refusing_.address()});
  EXPECT_EQ(CodeOf(connection), absl::StatusCode::kCancelled);
}

// The options of TCP belong to both families.
TEST(ResolveTest, NumericAddressesAreTcp) {
  for (const char* text : {"127.0.0.1:7", "[::1]:7"}) {
    const auto address =
        transport_internal::ResolveNumeric(*ParseAddress(text));
    ASSERT_TRUE(address.ok()) << address.status();
    ASSERT_TRUE(address->has_value());
    EXPECT_TRUE((*address)->is_tcp());
    EXPECT_EQ((*address)->port(), 7);
    EXPECT_EQ((*address)->ToString(), text);
  }
}

TEST(ResolveTest, FindsAddressOfLocalhost) {
  if (!CanListen("localhost:0")) GTEST_SKIP() << "this machine lacks localhost";
  const auto addresses =
      transport_internal::Resolve(*ParseAddress("localhost:7"));
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  ASSERT_FALSE(addresses->empty());
  for (const SocketAddress& address : *addresses) {
    EXPECT_TRUE(address.is_tcp());
    EXPECT_EQ(address.port(), 7);
  }
}

TEST(ConnectTransportTest, EarlierInterruptSkipsConnecting) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  options.interrupter->Interrupt();
  EXPECT_EQ(CodeOf(ConnectTransport((*listener)->address(), options)),
            absl::StatusCode::kCancelled);
}

TEST(ConnectTransportTest, OneInterrupterEndsAll) {
  ConnectOptions options;
  options.interrupter = std::make_shared<Interrupter>();
  const SocketPair a = ConnectPair("127.0.0.1:0", options);
  const SocketPair b = ConnectPair("127.0.0.1:0", options);
  a.client->Interrupt();
  EXPECT_TRUE(options.interrupter->interrupted());
  EXPECT_EQ(CodeOf(ReadOnce(*b.client)), absl::StatusCode::kCancelled);
}

TEST(ConnectTransportTest, RejectsBadAddress) {
  EXPECT_EQ(CodeOf(ConnectTransport("localhost")),
            absl::StatusCode::kInvalidArgument);
}

TEST(ConnectTransportTest, FactoryConnectsAnewEachCall) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const TransportFactory factory = ConnectTo((*listener)->address());
  for (const char* text : {"a", "b"}) {
    const auto client = factory();
    ASSERT_TRUE(client.ok()) << client.status();
    const auto server = (*listener)->Accept(kForEver);
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE((*server)->Write(text, kForEver).ok());
    EXPECT_EQ(ReadBytes(**client, 1), text);
  }
}

// Raises the limit one by one, so that each call that needs a descriptor fails
// once, until all succeed.
TEST(ConnectTransportTest, DescriptorLimitIsResourceExhausted) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  int failures = 0;
  for (int more = 0;; ++more) {
    ASSERT_LT(more, 10);
    const FdLimit limit(more);
    const auto client = ConnectTransport((*listener)->address());
    if (client.ok()) break;
    ++failures;
    EXPECT_EQ(CodeOf(client), absl::StatusCode::kResourceExhausted)
        << client.status();
  }
  EXPECT_GT(failures, 0);
}

TEST(UnixTransportTest, Connects) {
  const TempDir dir;
  const std::string name = absl::StrCat("unix:", dir.File("a"));
  SocketPair pair = ConnectPair(name);
  EXPECT_EQ(pair.client->peer(), name);
  EXPECT_EQ(pair.server->peer(), name);
  ASSERT_TRUE(pair.client->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(*pair.server, 1), "x");
}

TEST(UnixTransportTest, PathWithoutListenerIsUnavailable) {
  const TempDir dir;
  std::ofstream(dir.File("b")) << "no socket";
  for (const char* file : {"a", "b"}) {
    const auto client = UnixTransport::Connect(dir.File(file));
    EXPECT_EQ(CodeOf(client), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(client.status().message()),
                HasSubstr(dir.File(file)));
  }
}

TEST(UnixTransportTest, LongPathIsInvalidArgument) {
  const TempDir dir;
  const std::string path = dir.File(std::string(200, 'a'));
  EXPECT_EQ(CodeOf(UnixTransport::Connect(path)),
            absl::StatusCode::kInvalidArgument);
}

TEST(SocketTransportTest, WritesAllToSlowReader) {
  ConnectOptions options;
  options.receive_buffer_bytes = 4096;
  SocketPair pair = ConnectPair("127.0.0.1:0", options);
  const std::string sent = RandomBytes(8 << 20, 1);
  std::string got;
  std::thread reader([&] {
    got = ReadBytes(*pair.client, sent.size(), RandomSizes(8000, 2));
    if (got.size() != sent.size()) pair.client->Interrupt();
  });
  EXPECT_TRUE(pair.server->Write(sent, kForEver).ok());
  reader.join();
  EXPECT_TRUE(got == sent);
}

TEST(SocketTransportTest, ReadSurvivesSignals) {
  SocketPair pair = ConnectPair("127.0.0.1:0");
  SignalsWhenBlocked signals(
      3, [&] { pair.server->Write("x", kForEver).IgnoreError(); });
  const auto read = ReadOnce(*pair.client);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "x");
  EXPECT_EQ(signals.count(), 3);
}

TEST(SocketTransportTest, WriteSurvivesSignals) {
  ConnectOptions options;
  options.receive_buffer_bytes = 4096;
  SocketPair pair = ConnectPair("127.0.0.1:0", options);
  // More than the system buffers before it waits for the reader.
  const std::string sent = RandomBytes(32 << 20, 1);
  std::string got;
  {
    SignalsWhenBlocked signals(
        3, [&] { got = ReadBytes(*pair.client, sent.size()); });
    EXPECT_TRUE(pair.server->Write(sent, kForEver).ok());
    pair.server->Close();  // Ends the reader if bytes are missing.
    EXPECT_EQ(signals.count(), 3);
  }
  EXPECT_TRUE(got == sent);
}

TEST(SocketTransportTest, CloseEndsPeersBlockedWrite) {
  SocketPair pair = ConnectPair("127.0.0.1:0");
  // The buffers are full by then. Without the reset the write would go on for a
  // minute, which exceeds the timeout of a small test.
  const WhenBlocked destroyed([&](WhenBlocked&) { pair.client.reset(); });
  const absl::Status status =
      pair.server->Write(std::string(64 << 20, 'x'), kForEver);
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kUnavailable) << status;
}

#ifdef __linux__
// Other systems may still accept bytes for a socket that is shut down.
TEST(SocketTransportTest, CloseEndsPeersWrites) {
  const TempDir dir;
  for (const std::string& address :
       {std::string("127.0.0.1:0"), absl::StrCat("unix:", dir.File("a"))}) {
    SocketPair pair = ConnectPair(address);
    pair.client->Close();
    absl::Status status;
    while (status.ok()) status = pair.server->Write("x", absl::ZeroDuration());
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kUnavailable) << status;
  }
}
#endif

TEST(SocketTransportTest, ResetIsUnavailable) {
  RawSocket port;
  port.Listen(1);
  const auto client = TcpTransport::Connect("127.0.0.1", port.address().port());
  ASSERT_TRUE(client.ok()) << client.status();
  {
    const UniqueFd server = port.Accept();
    const linger reset = {1, 0};
    ASSERT_EQ(::setsockopt(server.get(), SOL_SOCKET, SO_LINGER, &reset,
                           sizeof(reset)),
              0);
  }
  const auto read = ReadOnce(**client);
  EXPECT_EQ(CodeOf(read), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(read.status().message()),
              HasSubstr(absl::StrCat("read from ", (*client)->peer())));
}

TEST(SocketTransportTest, TakesOverBlockingSocket) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  SocketTransport a(fds[0], "a", std::make_shared<Interrupter>());
  const UniqueFd b(fds[1]);
  EXPECT_EQ(a.fd(), fds[0]);
  EXPECT_EQ(a.peer(), "a");
  EXPECT_EQ(CodeOf(ReadOnce(a, 1, absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(SocketTransportTest, ReportsSystemErrors) {
  // A pipe in place of a socket.
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  SocketTransport a(fds[0], "a", std::make_shared<Interrupter>());
  const UniqueFd b(fds[1]);
  EXPECT_EQ(CodeOf(ReadOnce(a)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(a.Write("x", kForEver)), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kevy_replica
