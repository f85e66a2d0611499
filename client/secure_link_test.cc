// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The option `secure` of the clients, with a toy encryption.
// noise_link_test.cc has kevy's own.

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using client_testing::RecordingHandler;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kKeyA(64, 'a');
const std::string kKeyB(64, 'b');
const std::string kKeyC(64, 'c');

// Flips the bits of `mask` in every byte, both ways.
class MaskTransport : public ForwardingTransport {
 public:
  MaskTransport(std::unique_ptr<Transport> inner, char mask)
      : ForwardingTransport(std::move(inner)), mask_(mask) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
    for (size_t i = 0; i < size.value_or(0); ++i) buffer[i] ^= mask_;
    return size;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    std::string masked(bytes);
    for (char& byte : masked) byte ^= mask_;
    return inner().Write(masked, timeout);
  }

 private:
  const char mask_;
};

// Fails every read as a refused handshake does.
class RefusedTransport : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> /*buffer*/,
                              absl::Duration /*timeout*/) override {
    return absl::UnauthenticatedError("not this key");
  }
};

TransportWrapper Masked(char mask) {
  return [mask](std::unique_ptr<Transport> inner)
             -> absl::StatusOr<std::unique_ptr<Transport>> {
    return std::make_unique<MaskTransport>(std::move(inner), mask);
  };
}

// Notes the keys of each address, and masks its links by the first key's first
// digit. Refuses an address without keys.
class MaskSecurity {
 public:
  TransportSecurity Get() {
    return [this](absl::Span<const std::string> keys)
               -> absl::StatusOr<TransportWrapper> {
      if (keys.empty()) return absl::InvalidArgumentError("no key");
      calls_.push_back(absl::StrJoin(keys, ","));
      return Masked(keys[0][0]);
    };
  }
  const std::vector<std::string>& calls() const { return calls_; }

 private:
  std::vector<std::string> calls_;
};

FollowerOptions Options() {
  FollowerOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.retry.random = [] { return 0.0; };  // Without backoff.
  return options;
}

std::string SecureAddress(const ScriptedPrimary& primary,
                          absl::string_view key) {
  return absl::StrCat("kevys://", primary.address(), "?key=", key);
}

void Listen(ScriptedPrimary* primary, char mask) {
  primary->SetWrapper(Masked(mask));
  ASSERT_TRUE(primary->Listen("127.0.0.1:0").ok());
}

TEST(SecureLinkTest, KeyWithoutSecurityIsAnError) {
  RecordingHandler handler;
  const std::string listener = "kevys://127.0.0.1:1?key=" + kKeyA;
  for (const std::string& address :
       {listener, "kevy://127.0.0.1:1?key=" + kKeyA}) {
    const absl::Status status =
        Follower::Create(address, &handler, Options()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("NoiseSecurity()"));
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReplicaClient::Connect(listener, {}).status()));
  auto plain = Follower::Create("127.0.0.1:1", &handler, Options());
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE(absl::IsInvalidArgument((*plain)->SetPrimary(listener)));
}

TEST(SecureLinkTest, SecurityMayRejectPlainLinks) {
  RecordingHandler handler;
  ScriptedPrimary primary;
  MaskSecurity security;
  FollowerOptions options = Options();
  options.secure = security.Get();
  ReplicaClientOptions client;
  client.secure = security.Get();
  for (const absl::Status& status :
       {Follower::Create("127.0.0.1:1", &handler, options).status(),
        Follower::Create("kevy://127.0.0.1:1", &handler, options).status(),
        Follower::Create(primary.InMemory(), &handler, options).status(),
        ReplicaClient::Connect("127.0.0.1:1", client).status(),
        ReplicaClient::Connect(primary.InMemory(), client).status(),
        ReplicaClient::Connect(*primary.InMemory()(), client).status()}) {
    EXPECT_EQ(status, absl::InvalidArgumentError("no key"));
  }
  EXPECT_THAT(security.calls(), IsEmpty());
}

TEST(SecureLinkTest, ShardsWithSameKeysShareWrapper) {
  MaskSecurity security;
  FollowerOptions options = Options();
  options.secure = security.Get();
  RecordingHandler handlers[3];
  const auto address = [](int port, const std::string& keys) {
    return absl::StrCat("kevys://127.0.0.1:", port, "?key=", keys);
  };
  auto fleet =
      Fleet::Create({address(1, kKeyA), address(2, kKeyA),
                     address(3, kKeyB + "&key=" + kKeyA)},
                    {&handlers[0], &handlers[1], &handlers[2]}, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_THAT(security.calls(), ElementsAre(kKeyA, kKeyB + "," + kKeyA));
}

TEST(SecureLinkTest, ReplicaClientReadsSecureStream) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Frame(0, {"SET", "a", "b"}));
  Listen(&primary, 'a');
  MaskSecurity security;
  ReplicaClientOptions options;
  options.secure = security.Get();
  auto client = ReplicaClient::Connect(SecureAddress(primary, kKeyA), options);
  ASSERT_TRUE(client.ok()) << client.status();
  const FrameView* frame = (*client)->NextFrame();
  ASSERT_NE(frame, nullptr) << (*client)->status();
  EXPECT_EQ(frame->argv()[2], "b");
}

// The wrapper goes on to the next key with each connection.
TEST(SecureLinkTest, ReplicaClientTriesKeysInTurn) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Frame(0, {"SET", "a", "b"}));
  Listen(&primary, 'c');
  int connections = 0;
  ReplicaClientOptions options;
  options.secure = [&](absl::Span<const std::string> keys)
      -> absl::StatusOr<TransportWrapper> {
    return TransportWrapper([&connections, keys = std::vector<std::string>(
                                               keys.begin(), keys.end())](
                                std::unique_ptr<Transport> inner)
                                -> absl::StatusOr<std::unique_ptr<Transport>> {
      const std::string& key = keys[connections++ % keys.size()];
      if (key == kKeyC) return Masked('c')(std::move(inner));
      return std::make_unique<RefusedTransport>(std::move(inner));
    });
  };
  const auto address = [&primary](const std::vector<std::string>& keys) {
    return SecureAddress(primary, absl::StrJoin(keys, "&key="));
  };
  auto client = ReplicaClient::Connect(address({kKeyA, kKeyB, kKeyC}), options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(connections, 3);
  connections = 0;
  const absl::Status status =
      ReplicaClient::Connect(address({kKeyA, kKeyB}), options).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_EQ(connections, 2);
}

// Runs a follower on a thread of its own.
class Running {
 public:
  Running(const std::string& address, RecordingHandler* handler,
          FollowerOptions options) {
    auto follower = Follower::Create(address, handler, std::move(options));
    EXPECT_TRUE(follower.ok()) << follower.status();
    follower_ = *std::move(follower);
    thread_ = std::thread([this] { status_ = follower_->Run(); });
  }
  ~Running() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  Follower& follower() { return *follower_; }
  absl::Status Stop() {
    follower_->Stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    return status_;
  }

 private:
  std::unique_ptr<Follower> follower_;
  std::thread thread_;
  absl::Status status_;
};

// kevy encrypts protocol 2 alone, and anybody on the path can cut a link.
TEST(SecureLinkTest, CutLinkDoesNotLeadToProtocol1) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Refuse());
  Listen(&primary, 'a');
  MaskSecurity security;
  ReplicaClientOptions client_options;
  client_options.secure = security.Get();
  EXPECT_FALSE(
      ReplicaClient::Connect(SecureAddress(primary, kKeyA), client_options)
          .ok());
  EXPECT_EQ(primary.connections(), size_t{1});

  FollowerOptions options = Options();
  options.link.protocol = ProtocolChoice::kAuto;
  options.secure = security.Get();
  RecordingHandler handler;
  Running running(SecureAddress(primary, kKeyA), &handler, options);
  primary.WaitFinished(2);
  EXPECT_TRUE(running.Stop().ok());
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(primary.connection(i).request->protocol, Protocol::kV2) << i;
  }
}

TEST(SecureLinkTest, NewPrimaryHasItsOwnKeys) {
  ScriptedPrimary one, two;
  one.SetDefault(
      PrimaryScript().Generation(7).Frame(0, {"SET", "k", "one"}).Stall());
  two.SetDefault(
      PrimaryScript().Generation(7).Frame(1, {"SET", "k", "two"}).Stall());
  Listen(&one, 'a');
  Listen(&two, 'b');
  MaskSecurity security;
  FollowerOptions options = Options();
  options.secure = security.Get();
  RecordingHandler handler;
  Running running(SecureAddress(one, kKeyA), &handler, options);
  handler.Await("frame 0 one");
  EXPECT_TRUE(running.follower().SetPrimary(SecureAddress(two, kKeyB)).ok());
  handler.Await("frame 1 two");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_THAT(security.calls(), ElementsAre(kKeyA, kKeyB));
}

TEST(SecureLinkTest, FailedWrapperIsAFailedConnection) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"SET", "k", "v"}).Stall());
  Listen(&primary, 'a');
  std::atomic<int> wrapped{0};
  FollowerOptions options = Options();
  options.secure = [&wrapped](absl::Span<const std::string> /*keys*/)
      -> absl::StatusOr<TransportWrapper> {
    return TransportWrapper([&wrapped](std::unique_ptr<Transport> inner)
                                -> absl::StatusOr<std::unique_ptr<Transport>> {
      if (++wrapped == 1) return absl::UnavailableError("no entropy");
      return Masked('a')(std::move(inner));
    });
  };
  RecordingHandler handler;
  Running running(SecureAddress(primary, kKeyA), &handler, options);
  handler.Await("frame 0 v");
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(wrapped, 2);
}

TEST(SecureLinkTest, InvalidWrapperEndsFollower) {
  ScriptedPrimary primary;
  Listen(&primary, 'a');
  FollowerOptions options = Options();
  options.secure = [](absl::Span<const std::string> /*keys*/)
      -> absl::StatusOr<TransportWrapper> {
    return TransportWrapper([](std::unique_ptr<Transport> /*inner*/)
                                -> absl::StatusOr<std::unique_ptr<Transport>> {
      return absl::InvalidArgumentError("unusable");
    });
  };
  RecordingHandler handler;
  Running running(SecureAddress(primary, kKeyA), &handler, options);
  EXPECT_TRUE(absl::IsInvalidArgument(running.Join()));
}

}  // namespace
}  // namespace kevy_replica
