// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_security.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using secure_testing::MustBeOk;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::ResponderOptions;
using secure_testing::TestKey;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Hex(const std::shared_ptr<const PrivateKey>& key) {
  return key->public_key().ToHex();
}

std::string Error(std::shared_ptr<const PrivateKey> key,
                  const std::vector<std::string>& keys) {
  const absl::Status status = NoiseSecurity(std::move(key))(keys).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

// Connects by `wrap` to PrimaryKey(). Returns the first read of the replica
// after both have written.
absl::StatusOr<std::string> Exchange(const TransportWrapper& wrap) {
  InMemoryTransport::Pair ends = InMemoryTransport::CreatePair();
  const auto replica = Must(wrap(std::move(ends.first)));
  const auto primary =
      Must(NoiseAcceptor(ResponderOptions())(std::move(ends.second)));
  MustBeOk(replica->Write("request", absl::ZeroDuration()));
  char room[64];
  // Message 1 comes before the request, which waits for message 2.
  EXPECT_FALSE(primary->Read(absl::MakeSpan(room), absl::ZeroDuration()).ok());
  absl::StatusOr<size_t> size =
      replica->Read(absl::MakeSpan(room), absl::ZeroDuration());
  if (!absl::IsDeadlineExceeded(size.status())) return size.status();
  size = primary->Read(absl::MakeSpan(room), absl::ZeroDuration());
  if (!size.ok()) return size.status();
  EXPECT_EQ(std::string(room, *size), "request");
  MustBeOk(primary->Write("answer", absl::ZeroDuration()));
  size = replica->Read(absl::MakeSpan(room), absl::ZeroDuration());
  if (!size.ok()) return size.status();
  return std::string(room, *size);
}

TEST(NoiseSecurityTest, RejectsUnusableKeys) {
  EXPECT_THAT(Error(nullptr, {Hex(PrimaryKey())}), HasSubstr("is null"));
  EXPECT_THAT(Error(ReplicaKey(), {}), HasSubstr("kevys://host:port?key=HEX"));
  EXPECT_FALSE(Error(ReplicaKey(), {"12"}).empty());
  EXPECT_FALSE(Error(ReplicaKey(), {Hex(PrimaryKey()), ""}).empty());
}

TEST(NoiseSecurityTest, RejectsPrivateKeyInAddress) {
  EXPECT_THAT(Error(ReplicaKey(), {Hex(PrimaryKey()), std::string(64, '1')}),
              AllOf(HasSubstr("private key"), Not(HasSubstr("111"))));
}

TEST(NoiseSecurityTest, LinksOfOneAddressShareTheKeyThatWorks) {
  const TransportWrapper wrap =
      Must(NoiseSecurity(ReplicaKey())({Hex(TestKey('3')), Hex(PrimaryKey())}));
  const absl::Status wrong = Exchange(wrap).status();
  EXPECT_TRUE(absl::IsUnauthenticated(wrong)) << wrong;
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<std::string> answer = Exchange(wrap);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(*answer, "answer");
  }
}

}  // namespace
}  // namespace kevy_replica
