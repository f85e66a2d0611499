// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_password.h"

#include <stdlib.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {
namespace {

TEST(TargetPasswordTest, ComesFromFirstLineOfFile) {
  const client_testing::TempFolder folder;
  const std::string path = folder.path() + "/password";
  std::ofstream(path) << "secret\nmore\n";
  TargetAddress address;
  EXPECT_TRUE(TakeTargetPassword(path, &address).ok());
  EXPECT_EQ(address.password, "secret");
}

TEST(TargetPasswordTest, EmptyFileIsRejected) {
  TargetAddress address;
  const absl::Status status = TakeTargetPassword("/dev/null", &address);
  EXPECT_EQ(status.message(),
            "--target_password_file: /dev/null has no password in its first "
            "line");
}

TEST(TargetPasswordTest, VariableReplacesAddresssPassword) {
  TargetAddress address;
  address.password = "old";
  unsetenv(kTargetPasswordVariable);
  EXPECT_TRUE(TakeTargetPassword("", &address).ok());
  EXPECT_EQ(address.password, "old");
  setenv(kTargetPasswordVariable, "new", 1);
  EXPECT_TRUE(TakeTargetPassword("", &address).ok());
  EXPECT_EQ(address.password, "new");
  unsetenv(kTargetPasswordVariable);
}

}  // namespace
}  // namespace kevy_replica
