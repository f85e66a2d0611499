// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using ::testing::MatchesRegex;

TEST(FileLockTest, ExcludesSecondOpenUntilClose) {
  const client_testing::TempFolder folder;
  const std::string path = folder.File("file");
  const int first = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  const int second = ::open(path.c_str(), O_RDONLY);
  ASSERT_GE(second, 0);
  EXPECT_TRUE(LockFile(first, path).ok());
  EXPECT_TRUE(LockFile(first, path).ok());  // It holds the lock already.
  const absl::Status refused = LockFile(second, path);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              MatchesRegex(path + " is in use by another process"
                                  "(, with the pid [0-9]+)?"));
  ::close(first);
  EXPECT_TRUE(LockFile(second, path).ok());
  ::close(second);
}

TEST(FileLockTest, BadDescriptorIsError) {
  EXPECT_FALSE(LockFile(-1, "file").ok());
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
