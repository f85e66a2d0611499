// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/tls_options.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
  EXPECT_EQ(Parsed("rediss://localhost"), "rediss://localhost:6379/0");
  EXPECT_EQ(Parsed("rediss://u:p@[::1]/1"), "rediss://[::1]:6379/1");
  EXPECT_EQ(Parsed("unix:/run/redis"), "unix:/run/redis?db=0");
  EXPECT_EQ(Parsed("unix:/run/redis?db=4"), "unix:/run/redis?db=4");
}

TEST(TargetAddressTest, ParsesOwnToString) {
  for (const char* text : {"redis://[::1]:7000/1", "rediss://[::1]:7000/1",
                           "unix:/run/redis?db=4"}) {
    EXPECT_EQ(Parsed(Parsed(text)), text);
  }
}

TEST(TargetAddressTest, RejectsOtherForms) {
  for (const char* text : {"",
                           "localhost:6379",
                           "redis://",
                           "redis://:6379",
                           "redis://a:x",
                           "redis://a:70000",
                           "redis://a/x",
                           "redis://a/-1",
                           "redis://a/2147483648",
                           "redis://a/1/2",
                           "rediss://",
                           "rediss:a",
                           "redisss://a",
                           "redis@",
                           "redis:@",
                           "redis://u:%zz@a",
                           "redis://u:%1@a",
                           "redis://u:p@",
                           "redis://unix:6379",
                           "rediss://unix/1",
                           "unix:",
                           "unix:/a?x=1",
                           "unix:/a?db=",
                           "unix:/a?db=x"}) {
    const absl::StatusOr<TargetAddress> address = ParseTargetAddress(text);
    EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << text;
    EXPECT_THAT(std::string(address.status().message()),
                HasSubstr("expected redis://[[USER]:PASSWORD@]HOST"))
        << text;
  }
  EXPECT_THAT(Parsed(""), HasSubstr("rediss://... for TLS"));
}

TEST(TargetAddressTest, MessagesEscapeTheAddress) {
  EXPECT_THAT(Parsed("redis://a\x1b?2J/x"),
              HasSubstr("\"redis://a\\x1b?2J/x\": the database must be"));
  EXPECT_THAT(Parsed("\n"), HasSubstr("\"\\n\": unknown form"));
}

TEST(TargetAddressTest, OnlyRedissHasTls) {
  EXPECT_FALSE(ParseTargetAddress("redis://a")->tls.has_value());
  EXPECT_FALSE(ParseTargetAddress("unix:/a")->tls.has_value());
  const TargetAddress address = *ParseTargetAddress("rediss://joe:pw@a");
  EXPECT_EQ(address.tls, TlsOptions());
  EXPECT_EQ(address.user, "joe");
  EXPECT_EQ(address.password, "pw");
}

TEST(TargetAddressTest, FilesOfTlsNeedRediss) {
  TlsOptions tls;
  TargetAddress plain = *ParseTargetAddress("redis://a");
  TargetAddress secure = *ParseTargetAddress("rediss://a");
  EXPECT_TRUE(TakeTargetTls(tls, &plain).ok());
  EXPECT_FALSE(plain.tls.has_value());
  tls.ca_file = "ca.pem";
  EXPECT_TRUE(absl::IsInvalidArgument(TakeTargetTls(tls, &plain)));
  EXPECT_TRUE(TakeTargetTls(tls, &secure).ok());
  EXPECT_EQ(secure.tls, tls);
}

TEST(TargetAddressTest, CredentialsAreParsedAndNeverShown) {
  TargetAddress address = *ParseTargetAddress("redis://joe:s%40c:ret@a:7/2");
  EXPECT_EQ(address.user, "joe");
  EXPECT_EQ(address.password, "s@c:ret");
  EXPECT_EQ(address.ToString(), "redis://a:7/2");
  address = *ParseTargetAddress("redis://:a@b@c");
  EXPECT_EQ(address.user, "");
  EXPECT_EQ(address.password, "a@b");
  address = *ParseTargetAddress("redis://joe@c");
  EXPECT_EQ(address.user, "joe");
  EXPECT_EQ(address.password, "");
  for (const char* text :
       {"redis://u:secret@", "redis://u:secret@a/x", "redis://u:secret%@a",
        "rediss://u:secret@a/x", "redis:u:secret@a", "redis@secret@a:x",
        "redis://u:secret@a:b:c"}) {
    const std::string message = Parsed(text);
    EXPECT_THAT(message, HasSubstr("expected redis://")) << text;
    EXPECT_THAT(message, Not(HasSubstr("secret"))) << text;
  }
}

}  // namespace
}  // namespace kevy_replica
