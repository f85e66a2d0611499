// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/reader_watch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

// Whether a watch notices that the other end is closed.
bool NoticesClose(int fd, int other_end) {
  std::promise<void> gone;
  std::future<void> noticed = gone.get_future();
  const ReaderWatch watch(fd, [&gone] { gone.set_value(); });
  EXPECT_EQ(noticed.wait_for(std::chrono::seconds(0)),
            std::future_status::timeout);
  close(other_end);
  return noticed.wait_for(std::chrono::seconds(60)) ==
         std::future_status::ready;
}

TEST(ReaderWatchTest, NoticesClosedPipe) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  EXPECT_TRUE(NoticesClose(fds[1], fds[0]));
  close(fds[1]);
}

TEST(ReaderWatchTest, NoticesClosedSocket) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  EXPECT_TRUE(NoticesClose(fds[1], fds[0]));
  close(fds[1]);
}

TEST(ReaderWatchTest, EndsWhileReaderStays) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  bool gone = false;
  {
    const ReaderWatch watch(fds[1], [&gone] { gone = true; });
  }
  EXPECT_FALSE(gone);
  close(fds[0]);
  close(fds[1]);
}

TEST(ReaderWatchTest, FilesHaveNoReader) {
  const int fd = open("/dev/null", O_WRONLY);
  bool gone = false;
  {
    const ReaderWatch watch(fd, [&gone] { gone = true; });
  }
  EXPECT_FALSE(gone);
  close(fd);
}

}  // namespace
}  // namespace kevy_replica
