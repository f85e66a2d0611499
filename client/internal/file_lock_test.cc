// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// A process that holds the lock of another file, until it is destroyed.
class OtherHolder {
 public:
  explicit OtherHolder(const std::string& path) {
    int locked[2];
    int end[2];
    EXPECT_EQ(::pipe(locked), 0);
    EXPECT_EQ(::pipe(end), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(locked[0]);
      ::close(end[1]);
      const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
      char byte = ::flock(fd, LOCK_EX) == 0 ? '1' : '0';
      if (::write(locked[1], &byte, 1) != 1) ::_exit(1);
      // Ends with the parent's descriptor.
      ::_exit(::read(end[0], &byte, 1) == 0 ? 0 : 1);
    }
    ::close(locked[1]);
    ::close(end[0]);
    char byte = '0';
    EXPECT_EQ(::read(locked[0], &byte, 1), 1);
    EXPECT_EQ(byte, '1');
    ::close(locked[0]);
    end_ = end[1];
  }
  ~OtherHolder() {
    ::close(end_);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
  int end_;
};

// Whether the system lists this process as the holder of the lock of `fd`. In
// some containers it does not.
bool IsListed(int fd) {
  struct stat info;
  EXPECT_EQ(::fstat(fd, &info), 0);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (absl::StrContains(line, absl::StrCat(" ", ::getpid(), " ")) &&
        absl::StrContains(line, absl::StrCat(":", info.st_ino, " "))) {
      return true;
    }
  }
  return false;
}

TEST(FileLockTest, NamesTheHolderAmongOthers) {
  const client_testing::TempFolder folder;
  const std::string path = folder.File("file");
  const OtherHolder before(folder.File("before"));
  const int first = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_TRUE(LockFile(first, path).ok());
  const OtherHolder after(folder.File("after"));
  const int second = ::open(path.c_str(), O_RDONLY);
  EXPECT_EQ(
      LockFile(second, path).message(),
      absl::StrCat(
          path, " is in use by another process",
          IsListed(first) ? absl::StrCat(", with the pid ", ::getpid()) : ""));
  ::close(second);
  ::close(first);
}

TEST(FileLockTest, BadDescriptorIsError) {
  EXPECT_FALSE(LockFile(-1, "file").ok());
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
