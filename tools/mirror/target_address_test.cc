// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

std::string Parsed(const std::string& text) {
  const absl::StatusOr<TargetAddress> address = ParseTargetAddress(text);
  return address.ok() ? address->ToString()
                      : std::string(address.status().message());
}

TEST(TargetAddressTest, ParsesAllForms) {
  EXPECT_EQ(Parsed("redis://localhost"), "redis://localhost:6379/0");
  EXPECT_EQ(Parsed("redis://localhost/"), "redis://localhost:6379/0");
  EXPECT_EQ(Parsed("redis://localhost/3"), "redis://localhost:6379/3");
  EXPECT_EQ(Parsed("redis://10.0.0.1:7000"), "redis://10.0.0.1:7000/0");
  EXPECT_EQ(Parsed("redis://10.0.0.1:7000/15"), "redis://10.0.0.1:7000/15");
  EXPECT_EQ(Parsed("redis://[::1]:7000/1"), "redis://[::1]:7000/1");
  EXPECT_EQ(Parsed("redis://[::1]/1"), "redis://[::1]:6379/1");
  EXPECT_EQ(Parsed("redis://a/2147483647"), "redis://a:6379/2147483647");
  EXPECT_EQ(Parsed("unix:/run/redis"), "unix:/run/redis?db=0");
  EXPECT_EQ(Parsed("unix:/run/redis?db=4"), "unix:/run/redis?db=4");
}

TEST(TargetAddressTest, ParsesOwnToString) {
  for (const char* text : {"redis://[::1]:7000/1", "unix:/run/redis?db=4"}) {
    EXPECT_EQ(Parsed(Parsed(text)), text);
  }
}

TEST(TargetAddressTest, RejectsOtherForms) {
  for (const char* text :
       {"", "localhost:6379", "redis://", "redis://:6379", "redis://a:x",
        "redis://a:70000", "redis://a/x", "redis://a/-1",
        "redis://a/2147483648", "redis://a/1/2", "redis://u:p@a", "rediss://a",
        "unix:", "unix:/a?x=1", "unix:/a?db=", "unix:/a?db=x"}) {
    const absl::StatusOr<TargetAddress> address = ParseTargetAddress(text);
    EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << text;
    EXPECT_THAT(std::string(address.status().message()),
                HasSubstr("expected redis://HOST[:PORT][/DB] or unix:"))
        << text;
  }
  EXPECT_THAT(Parsed("redis://u:p@a"), HasSubstr("credentials"));
  EXPECT_THAT(Parsed("rediss://a"), HasSubstr("TLS"));
}

}  // namespace
}  // namespace kevy_replica
