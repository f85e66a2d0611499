// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replica_id.h"

#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using client_internal::ReplicaIdOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ReplicaIdTest, NamesProgramHostAndProcess) {
  EXPECT_EQ(ReplicaIdOf("indexer", "web-1", 4711, 1), "indexer#web-1:4711");
  EXPECT_EQ(ReplicaIdOf("indexer", "web-1", 4711, 2), "indexer#web-1:4711.2");
}

TEST(ReplicaIdTest, ProgramDoesNotEndInPort) {
  EXPECT_EQ(ReplicaIdOf("worker-2", "h", 1, 1), "worker_2#h:1");
  EXPECT_EQ(ReplicaIdOf("worker-", "h", 1, 1), "worker_#h:1");
  EXPECT_EQ(ReplicaIdOf("7", "h", 1, 1), "7#h:1");
  // The cut may make one.
  EXPECT_EQ(ReplicaIdOf(std::string(30, 'a') + "-2x", "h", 1, 1),
            std::string(30, 'a') + "_2#h:1");
}

TEST(ReplicaIdTest, OtherBytesAreReplaced) {
  EXPECT_EQ(ReplicaIdOf("a#b c", "h\xffst\r\n\xc3\xa9", 1, 1),
            "a_b_c#h_st____:1");
  EXPECT_EQ(ReplicaIdOf("", "", 1, 1), "unknown#unknown:1");
}

TEST(ReplicaIdTest, LengthIsBounded) {
  EXPECT_LE(ReplicaIdOf(std::string(1000, 'p'), std::string(1000, 'h'),
                        std::numeric_limits<int32_t>::max(),
                        std::numeric_limits<uint32_t>::max())
                .size(),
            128u);
}

TEST(ReplicaIdTest, EachCallReturnsAnotherId) {
  const std::string first = UniqueReplicaId();
  EXPECT_THAT(first, StartsWith("replica_id_test#"));
  EXPECT_THAT(first, HasSubstr(absl::StrCat(":", ::getpid())));
  EXPECT_NE(UniqueReplicaId(), first);
}

}  // namespace
}  // namespace kevy_replica
