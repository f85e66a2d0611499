// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/key_flag.h"

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {
namespace {

using client_testing::TempFolder;
using ::testing::HasSubstr;

class KeyFlagTest : public ::testing::Test {
 protected:
  KeyFlagTest() {
    std::ofstream(path_) << std::string(64, '1') << "\n";
    EXPECT_EQ(::chmod(path_.c_str(), 0600), 0);
  }
  void Give(const std::string& path) {
    const std::string flag = absl::StrCat("--key_file=", path);
    EXPECT_TRUE(ParseArguments({flag.c_str()}).ok());
  }

  const absl::FlagSaver saver_;
  const TempFolder folder_;
  const std::string path_ = folder_.File("key");
  const std::string query_ = "?key=" + std::string(64, 'a');
};

TEST_F(KeyFlagTest, GoesWithSecureAndEmbeddedPrimary) {
  Give(path_);
  for (const std::string& primary :
       {std::string(), "kevys://a:1" + query_, "kevy://a:1,b:1" + query_}) {
    const auto key = KeyOfFlag(primary);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ((*key)->public_key(),
              PrivateKey::FromHex(std::string(64, '1'))->public_key());
  }
  for (const char* primary : {"a:1", "kevy://a:1", "unix:/s"}) {
    const absl::Status status = KeyOfFlag(primary).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("?key=HEX"));
  }
}

TEST_F(KeyFlagTest, MissingFlagMeansPlainPrimary) {
  for (const char* primary : {"", "a:1", "kevy://a:1"}) {
    const auto key = KeyOfFlag(primary);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(*key, nullptr);
  }
  for (const char* scheme : {"kevys://a:1", "kevy://a:1"}) {
    const absl::Status status = KeyOfFlag(scheme + query_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("give --key_file"));
  }
}

TEST_F(KeyFlagTest, UnusableFileIsBadUsage) {
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  for (const std::string& path : {path_, folder_.File("missing")}) {
    Give(path);
    const absl::Status status = KeyOfFlag("").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("--key_file: "));
  }
}

TEST_F(KeyFlagTest, RefusedPlainLinkHasRemedy) {
  const absl::Status refused =
      ReplicaError(ReplicaErrorKind::kHandshakeRejected, "closed");
  EXPECT_THAT(RemedyOf(refused), HasSubstr("--key_file"));
  EXPECT_EQ(RemedyOf(absl::UnavailableError("closed")), "");
  Give(path_);
  EXPECT_EQ(RemedyOf(refused), "");
}

}  // namespace
}  // namespace kevy_replica
