// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/testing/failing_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/call_failures.h"
#include "kevy_replica/transport/testing/temp_dir.h"

namespace kevy_replica {
namespace transport_testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(FailingCallsTest, PlannedCallFailsOnce) {
  const TempDir folder;
  FailingCalls calls({2, 1, false});
  EXPECT_FALSE(calls.failed());
  calls.Begin();
  const int first = ::open(folder.File("a").c_str(), O_WRONLY | O_CREAT, 0600);
  const int second = ::open(folder.File("b").c_str(), O_WRONLY | O_CREAT, 0600);
  const int error = errno;
  const int third = ::open(folder.File("b").c_str(), O_WRONLY | O_CREAT, 0600);
  calls.End();
  EXPECT_GE(first, 0);
  EXPECT_EQ(second, -1);
  EXPECT_EQ(error, EMFILE);
  EXPECT_GE(third, 0);
  EXPECT_TRUE(calls.failed());
  EXPECT_EQ(calls.calls(), 3u);
  EXPECT_EQ(calls.report().ToString(), "call 2, open: Too many open files");
  ::close(first);
  ::close(third);
  EXPECT_EQ(calls.calls(), 3u);  // Behind End().
}

TEST(FailingCallsTest, LastingFailureHitsOneFunction) {
  const TempDir folder;
  const int fd = ::open(folder.File("a").c_str(), O_WRONLY | O_CREAT, 0600);
  FailingCalls calls({1, 2, true});
  calls.Begin();
  EXPECT_EQ(::write(fd, "abc", 3), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(::write(fd, "abc", 3), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(::fsync(fd), 0);
  calls.End();
  EXPECT_EQ(::write(fd, "abc", 3), 3);
  ::close(fd);
}

TEST(FailingCallsTest, ShortWriteWritesHalf) {
  const TempDir folder;
  const int fd = ::open(folder.File("a").c_str(), O_WRONLY | O_CREAT, 0600);
  FailingCalls calls({1, 1, false});
  calls.Begin();
  EXPECT_EQ(::write(fd, "abcd", 4), 2);
  calls.End();
  EXPECT_TRUE(calls.report().passes);
  ::close(fd);
  EXPECT_EQ(FileContents(folder.File("a")), "ab");
}

TEST(FailingCallsTest, EachVariantOfEachCallIsTried) {
  const TempDir folder;
  std::vector<std::string> seen;
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    calls->Begin();
    const int fd =
        ::open(folder.File("a").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0) {
      if (::write(fd, "abcd", 4) < 0) seen.push_back("write failed");
      ::close(fd);
    }
    calls->End();
    seen.push_back(calls->report().ToString());
  });
  // Five errnos of open(), four of which last; six variants of write(), four
  // of which last; three of close(), two of which last.
  EXPECT_EQ(tried.ToString(), "3 calls, 24 failures");
  EXPECT_THAT(seen, Contains("call 1, open: Permission denied, and so on"));
  EXPECT_THAT(seen, Contains("call 2, write: a short result"));
  EXPECT_THAT(seen, Contains("call 3, close: Interrupted system call"));
  EXPECT_EQ(seen.back(), "no call");
}

int leaked = -1;

TEST(FailingCallsTest, LeakOfDescriptorFails) {
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::
            INTERCEPT_ONLY_CURRENT_THREAD,
        &failures);
    FailEachCallOptions options;
    options.patience = absl::ZeroDuration();
    FailEachCall([](FailingCalls*) { leaked = ::open("/dev/null", O_RDONLY); },
                 options);
  }
  ::close(leaked);
  ASSERT_GE(failures.size(), 1);
  EXPECT_THAT(failures.GetTestPartResult(0).message(),
              HasSubstr("descriptors leak"));
}

}  // namespace
}  // namespace transport_testing
}  // namespace kevy_replica
