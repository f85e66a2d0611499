// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/output.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

class OutputTest : public ::testing::Test {
 protected:
  OutputTest() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe(pipe_), 0);
  }
  ~OutputTest() override {
    CloseReader();
    close(pipe_[1]);
  }

  void CloseReader() {
    if (pipe_[0] >= 0) close(pipe_[0]);
    pipe_[0] = -1;
  }

  std::string Read() {
    char bytes[100];
    const ssize_t n = read(pipe_[0], bytes, sizeof(bytes));
    return n < 0 ? "error" : std::string(bytes, n);
  }

  int pipe_[2] = {-1, -1};
  Interrupter interrupter_;
};

TEST_F(OutputTest, FlushWritesAppendedBytes) {
  Output output(pipe_[1], &interrupter_);
  EXPECT_TRUE(output.Flush().ok());
  output.buffer()->append("one");
  output.buffer()->append("two");
  EXPECT_FALSE(output.is_large());
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(*output.buffer(), "");
  EXPECT_EQ(Read(), "onetwo");
  output.buffer()->append("three");
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(Read(), "three");
}

TEST_F(OutputTest, IsLargeFrom64KiB) {
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append(1 << 16, 'x');
  EXPECT_TRUE(output.is_large());
}

TEST_F(OutputTest, AppendCopiesFewBytes) {
  Output output(pipe_[1], &interrupter_);
  std::string little = "little";
  output.Append(little);
  EXPECT_FALSE(output.is_large());
  little = "gone";
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(Read(), "little");
}

TEST_F(OutputTest, AppendViewsManyBytes) {
  char path[] = "/tmp/kevy_output_XXXXXX";
  const int file = mkstemp(path);
  ASSERT_GE(file, 0);
  Output output(file, &interrupter_);
  const std::string much(1 << 16, 'x');
  output.Append("before ");
  output.Append(much);
  EXPECT_EQ(*output.buffer(), "before ");
  EXPECT_TRUE(output.is_large());
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_FALSE(output.is_large());
  output.Append(" behind");
  EXPECT_TRUE(output.Flush().ok());

  std::string written(2 * much.size(), '\0');
  const ssize_t n = pread(file, &written[0], written.size(), 0);
  written.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  EXPECT_TRUE(written == "before " + much + " behind");
  close(file);
  unlink(path);
}

TEST_F(OutputTest, FlushFreesLargeBuffer) {
  const int nowhere = open("/dev/null", O_WRONLY);
  Output output(nowhere, &interrupter_);
  output.buffer()->append(16 << 20, 'x');
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_LE(output.buffer()->capacity(), 1u << 20);
  // A usual size is kept, which saves the next allocation.
  output.buffer()->append(1 << 16, 'x');
  const size_t capacity = output.buffer()->capacity();
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(output.buffer()->capacity(), capacity);
  close(nowhere);
}

TEST_F(OutputTest, ClosedReaderCancelsOutput) {
  CloseReader();
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append("one");
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
  output.buffer()->append("two");
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
  EXPECT_TRUE(absl::IsCancelled(output.status()));
  EXPECT_EQ(*output.buffer(), "");
}

TEST_F(OutputTest, WriteErrorIsStatus) {
  Output output(pipe_[0], &interrupter_);  // The wrong end.
  output.buffer()->append("one");
  const absl::Status status = output.Flush();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsCancelled(status));
  EXPECT_EQ(status.message().find("cannot write the output"), 0u) << status;
}

TEST_F(OutputTest, InterruptEndsWaitForSlowReader) {
  ASSERT_EQ(fcntl(pipe_[1], F_SETFL, O_NONBLOCK), 0);
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append(16 << 20, 'x');  // More than any pipe holds.
  interrupter_.Interrupt();
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
}

TEST_F(OutputTest, SignalEndsPartlyDoneWrite) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};  // Without SA_RESTART.
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  const pthread_t writer = pthread_self();
  std::thread signaller([&] {
    // Bytes in the pipe show that the write has begun.
    pollfd read_end = {pipe_[0], POLLIN, 0};
    poll(&read_end, 1, /*timeout=*/-1);
    interrupter_.Interrupt();
    pthread_kill(writer, SIGUSR1);
  });
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append(16 << 20, 'x');
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
  signaller.join();
}

// A pipe is written to in another way than a socket.
enum class Kind { kPipe, kSocket };

class BlockingOutputTest : public OutputTest,
                           public ::testing::WithParamInterface<Kind> {
 protected:
  BlockingOutputTest() {
    if (GetParam() == Kind::kPipe) return;
    for (const int fd : pipe_) close(fd);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pipe_), 0);
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, BlockingOutputTest,
                         ::testing::Values(Kind::kPipe, Kind::kSocket));

TEST_P(BlockingOutputTest, InterruptedOutputDoesNotWaitForRoom) {
  ASSERT_EQ(fcntl(pipe_[1], F_SETFL, O_NONBLOCK), 0);
  const std::string some(4096, 'x');
  while (write(pipe_[1], some.data(), some.size()) > 0) {
  }
  ASSERT_EQ(fcntl(pipe_[1], F_SETFL, 0), 0);
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append("one");
  interrupter_.Interrupt();
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
}

TEST_P(BlockingOutputTest, InterruptedOutputWritesIntoRoom) {
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append("one");
  interrupter_.Interrupt();
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(Read(), "one");
}

TEST_P(BlockingOutputTest, InterruptWithoutSignalEndsWrite) {
  std::thread interrupting([&] {
    // Bytes to read show that the write has begun.
    pollfd read_end = {pipe_[0], POLLIN, 0};
    poll(&read_end, 1, /*timeout=*/-1);
    interrupter_.Interrupt();
  });
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append(16 << 20, 'x');
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
  interrupting.join();
}

TEST_P(BlockingOutputTest, SharedDescriptorStaysBlocking) {
  Output output(pipe_[1], &interrupter_);
  output.buffer()->append("one");
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(fcntl(pipe_[1], F_GETFL) & O_NONBLOCK, 0);
}

TEST_P(BlockingOutputTest, SlowReaderGetsAllBytes) {
  std::string read_back;
  std::thread reader([&] {
    while (read_back.size() < 1 << 20) read_back += Read();
  });
  Output output(pipe_[1], &interrupter_);
  std::string all;
  for (size_t i = 0; i < 1 << 20; ++i) all.push_back('a' + i % 23);
  output.Append(all);
  EXPECT_TRUE(output.Flush().ok());
  reader.join();
  EXPECT_TRUE(read_back == all);
}

}  // namespace
}  // namespace kevy_replica
