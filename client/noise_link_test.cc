// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Clients of secure primaries, over sockets.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/locate_primary.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/ports.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using client_testing::RecordingHandler;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::TestKey;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string Hex(const std::shared_ptr<const PrivateKey>& key) {
  return key->public_key().ToHex();
}

std::string Address(const ScriptedPrimary& primary,
                    const std::vector<std::string>& keys) {
  return absl::StrCat("kevys://", primary.address(),
                      "?key=", absl::StrJoin(keys, "&key="));
}

// Listens with `key`, and allows the key of ReplicaKey() alone.
void Listen(ScriptedPrimary* primary,
            const std::shared_ptr<const PrivateKey>& key = PrimaryKey(),
            absl::string_view address = "127.0.0.1:0") {
  NoiseResponderOptions options;
  options.private_key = key;
  options.allow = [](const PublicKey& replica) {
    return replica == ReplicaKey()->public_key();
  };
  primary->SetWrapper(NoiseAcceptor(std::move(options)));
  const absl::Status status = primary->Listen(address);
  ASSERT_TRUE(status.ok()) << status;
}

PrimaryScript Stream(uint64_t first, uint64_t end) {
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t offset = first; offset < end; ++offset) {
    script.Frame(offset, {"SET", "k", absl::StrCat("v", offset)});
  }
  return script;
}

FollowerOptions Options() {
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.retry.random = [] { return 0.0; };  // Without backoff.
  options.secure = NoiseSecurity(ReplicaKey());
  options.role_check_interval = absl::Milliseconds(60);
  return options;
}

// Notes the statuses of the links' ends, too.
class Handler : public RecordingHandler {
 public:
  absl::Status OnLinkDown(const LinkDown& link) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      statuses_.push_back(link.status);
    }
    return RecordingHandler::OnLinkDown(link);
  }
  std::vector<absl::Status> statuses() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return statuses_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<absl::Status> statuses_;
};

// A fleet on a thread of its own.
class Running {
 public:
  Running(const std::vector<std::string>& addresses,
          const std::vector<FollowerHandler*>& handlers,
          FollowerOptions options = Options()) {
    auto fleet = Fleet::Create(addresses, handlers, std::move(options));
    EXPECT_TRUE(fleet.ok()) << fleet.status();
    fleet_ = *std::move(fleet);
    thread_ = std::thread([this] { status_ = fleet_->Run(); });
  }
  ~Running() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  Fleet& fleet() { return *fleet_; }
  absl::Status Stop() {
    fleet_->Stop();
    thread_.join();
    return status_;
  }

 private:
  std::unique_ptr<Fleet> fleet_;
  std::thread thread_;
  absl::Status status_;
};

// The status of a client that connects to `address` and reads one frame.
absl::Status ReadOne(const std::string& address,
                     TransportSecurity secure = NoiseSecurity(ReplicaKey())) {
  ReplicaClientOptions options;
  options.secure = std::move(secure);
  auto client = ReplicaClient::Connect(address, options);
  if (!client.ok()) return client.status();
  return (*client)->NextFrame() != nullptr ? absl::OkStatus()
                                           : (*client)->status();
}

TEST(NoiseLinkTest, FleetFollowsFourSecureShards) {
  std::deque<ScriptedPrimary> primaries(4);
  std::deque<Handler> handlers(4);
  std::vector<std::string> addresses;
  std::vector<FollowerHandler*> pointers;
  for (size_t i = 0; i < 4; ++i) {
    primaries[i].Enqueue(Stream(0, 5 + i).WaitForAck(5 + i));
    primaries[i].Enqueue(Stream(5 + i, 20).Heartbeat(7, 20).Stall());
    Listen(&primaries[i]);
    addresses.push_back(Address(primaries[i], {Hex(PrimaryKey())}));
    pointers.push_back(&handlers[i]);
  }
  Running running(addresses, pointers);
  EXPECT_TRUE(running.fleet().WaitCaughtUp(absl::InfiniteFuture()).ok());
  EXPECT_TRUE(running.Stop().ok());
  for (size_t i = 0; i < 4; ++i) {
    primaries[i].WaitClosed(1);
    const ScriptedPrimary::Connection second = primaries[i].connection(1);
    EXPECT_EQ(second.request->offset, 5 + i);
    EXPECT_EQ(second.end, ScriptedPrimary::End::kFin);
    EXPECT_FALSE(second.left_unread);
    EXPECT_EQ(running.fleet().Stats(i).applied, (FeedPosition{7, 20}));
  }
}

// The connection is cut inside a sealed message.
TEST(NoiseLinkTest, CutLinkResumes) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(0, 3).Frame(3, {"SET", "k", std::string(200, 'x')}));
  primary.Enqueue(Stream(3, 6).Stall());
  Listen(&primary);
  int connections = 0;
  FollowerOptions options = Options();
  options.secure = [&connections,
                    noise = options.secure](absl::Span<const std::string> keys)
      -> absl::StatusOr<TransportWrapper> {
    absl::StatusOr<TransportWrapper> wrap = noise(keys);
    if (!wrap.ok()) return wrap.status();
    return TransportWrapper([&connections,
                             wrap = *wrap](std::unique_ptr<Transport> inner) {
      Faults faults;
      if (++connections == 1) faults.eof_at = 350;
      return wrap(std::make_unique<FaultyTransport>(std::move(inner), faults));
    });
  };
  Handler handler;
  Running running({Address(primary, {Hex(PrimaryKey())})}, {&handler}, options);
  handler.Await("frame 5 v5");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(primary.connection(1).request->offset, 3u);
  EXPECT_TRUE(absl::IsUnavailable(handler.statuses()[0]))
      << handler.statuses()[0];
}

TEST(NoiseLinkTest, ErrorsNameKeysAndCauses) {
  const std::shared_ptr<const PrivateKey> other = TestKey('3');
  ScriptedPrimary primary;
  primary.SetDefault(Stream(0, 1));
  Listen(&primary);
  ScriptedPrimary plain;
  plain.SetDefault(Stream(0, 1));
  ASSERT_TRUE(plain.Listen("127.0.0.1:0").ok());

  EXPECT_TRUE(ReadOne(Address(primary, {Hex(PrimaryKey())})).ok());

  absl::Status status = ReadOne(Address(primary, {Hex(other)}));
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_EQ(RecommendedAction(status), Action::kReconnect);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(Hex(other)), HasSubstr(Hex(ReplicaKey())),
                    HasSubstr("replica_keys"), HasSubstr("plain"),
                    HasSubstr(primary.address())));

  // A key that the primary does not allow looks the same.
  status = ReadOne(Address(primary, {Hex(PrimaryKey())}), NoiseSecurity(other));
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(Hex(other)));

  // And so does a plain primary.
  status = ReadOne(Address(plain, {Hex(PrimaryKey())}));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr(plain.address()));

  status = ReadOne(primary.address(), nullptr);
  EXPECT_EQ(ReplicaErrorKindOf(status), ReplicaErrorKind::kHandshakeRejected)
      << status;
}

TEST(NoiseLinkTest, AddressMustNotHavePrivateKey) {
  const absl::Status status =
      ReadOne("kevys://127.0.0.1:1?key=" + std::string(64, '1'));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("private key"), Not(HasSubstr("1111"))));
}

TEST(NoiseLinkTest, TriesKeysInTurn) {
  ScriptedPrimary primary;
  primary.SetDefault(Stream(0, 3).Stall());
  Listen(&primary);
  const std::string address = Address(
      primary, {Hex(TestKey('3')), Hex(TestKey('4')), Hex(PrimaryKey())});
  EXPECT_TRUE(ReadOne(address).ok());
  Handler handler;
  Running running({address}, {&handler});
  handler.Await("frame 2 v2");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(handler.statuses(), SizeIs(3));
}

// One shard's primary accepts the connection and stays silent.
TEST(NoiseLinkTest, SilentHandshakeLeavesOtherShardsRunning) {
  transport_testing::RawSocket silent;
  silent.Listen(8);
  ScriptedPrimary primary;
  primary.SetDefault(Stream(0, 3).Stall());
  Listen(&primary);
  FollowerOptions options = Options();
  options.link.handshake_timeout = absl::Milliseconds(50);
  Handler stuck, good;
  Running running({absl::StrCat("kevys://127.0.0.1:", silent.address().port(),
                                "?key=", Hex(PrimaryKey())),
                   Address(primary, {Hex(PrimaryKey())})},
                  {&stuck, &good}, options);
  good.Await("frame 2 v2");
  // It tries again and again.
  stuck.Await("down timeout", 2);
  EXPECT_TRUE(running.Stop().ok());
}

// A node with a plain client port and a secure listener.
class Node {
 public:
  Node(ScriptedNode::Role role, const std::shared_ptr<const PrivateKey>& key,
       const std::string& value) {
    listener_.SetDefault(
        PrimaryScript().Generation(7).Frame(0, {"SET", "k", value}).Stall());
    Listen(&listener_, key);
    const std::string address = listener_.address();
    uint32_t port = 0;
    EXPECT_TRUE(
        absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    node_.role = role;
    node_.repl_port_base = static_cast<uint16_t>(port);
    node_.shards = {{7, 0}};
    port_.SetNode(node_);
    EXPECT_TRUE(port_.Listen("127.0.0.1:0").ok());
  }
  std::string address() const { return port_.address(); }
  void SetRole(ScriptedNode::Role role) {
    node_.role = role;
    port_.SetNode(node_);
  }

 private:
  ScriptedNode node_;
  ScriptedPrimary listener_;
  ScriptedClientPort port_;
};

TEST(NoiseLinkTest, LocatedPrimaryIsSecure) {
  Node one(ScriptedNode::Role::kPrimary, PrimaryKey(), "one");
  Node two(ScriptedNode::Role::kReplica, TestKey('5'), "two");
  const std::string url =
      absl::StrCat("kevy://", one.address(), ",", two.address(),
                   "?key=", Hex(PrimaryKey()), "&key=", Hex(TestKey('5')));
  const auto located = LocatePrimary(url);
  ASSERT_TRUE(located.ok()) << located.status();
  EXPECT_EQ(located->node, one.address());
  Handler handler;
  Running running({url}, {&handler});
  handler.Await("frame 0 one");
  one.SetRole(ScriptedNode::Role::kReplica);
  two.SetRole(ScriptedNode::Role::kPrimary);
  // The second node has the second key.
  handler.Await("primary " + two.address());
  handler.Await("frame 0 two");
  EXPECT_TRUE(running.Stop().ok());
}

}  // namespace
}  // namespace kevy_replica
