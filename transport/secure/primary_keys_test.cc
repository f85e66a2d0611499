// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/primary_keys.h"

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using secure_testing::TestKey;

TEST(PrimaryKeysTest, NoKeyFails) {
  EXPECT_TRUE(absl::IsInvalidArgument(PrimaryKeys::Create({}).status()));
}

TEST(PrimaryKeysTest, FailureMovesOnAndAround) {
  const PublicKey a = TestKey('a')->public_key();
  const PublicKey b = TestKey('b')->public_key();
  const std::shared_ptr<PrimaryKeys> keys = Must(PrimaryKeys::Create({a, b}));
  EXPECT_EQ(keys->size(), size_t{2});
  EXPECT_EQ(keys->current(), a);
  keys->Failed(a);
  EXPECT_EQ(keys->current(), b);
  keys->Failed(a);  // Of another link that began with it.
  EXPECT_EQ(keys->current(), b);
  keys->Failed(b);
  EXPECT_EQ(keys->current(), a);
}

TEST(PrimaryKeysTest, SingleKeyStays) {
  const PublicKey a = TestKey('a')->public_key();
  const std::shared_ptr<PrimaryKeys> keys = Must(PrimaryKeys::Create({a}));
  keys->Failed(a);
  EXPECT_EQ(keys->current(), a);
}

}  // namespace
}  // namespace kevy_replica
