// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/file_transport.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_internal::UniqueFd;
using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::IsReadable;
using transport_testing::RandomBytes;
using transport_testing::RandomSizes;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::SignalsWhenBlocked;
using transport_testing::TempDir;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

void WriteTo(int fd, absl::string_view bytes) {
  EXPECT_EQ(::write(fd, bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
}

TEST(FileTransportTest, ReadsFileToItsEnd) {
  const TempDir dir;
  const std::string bytes = RandomBytes(300000, 1);
  std::ofstream(dir.File("a"), std::ios::binary) << bytes;
  const auto file = FileTransport::Open(dir.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->peer(), dir.File("a"));
  EXPECT_TRUE(ReadBytes(**file, bytes.size() + 1, RandomSizes(9000, 2)) ==
              bytes);
}

TEST(FileTransportTest, EndLastsWhenFileGrows) {
  const TempDir dir;
  std::ofstream out(dir.File("a"), std::ios::binary);
  out << "1" << std::flush;
  const auto file = FileTransport::Open(dir.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ReadBytes(**file, 2), "1");
  out << "2" << std::flush;
  EXPECT_EQ(ReadBytes(**file, 1), "");
}

TEST(FileTransportTest, ReadsFileWithZeroTimeout) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  const auto file = FileTransport::Open(dir.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  const auto read = ReadOnce(**file, 10, absl::ZeroDuration());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "x");
  EXPECT_TRUE(IsReadable((*file)->fd()));
}

TEST(FileTransportTest, DropsWrittenBytes) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  const auto file = FileTransport::Open(dir.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Write("y", absl::ZeroDuration()).ok());
  EXPECT_EQ(transport_testing::FileContents(dir.File("a")), "x");
}

TEST(FileTransportTest, OpenErrorsNamePath) {
  const TempDir dir;
  const auto missing = FileTransport::Open(dir.File("a"));
  EXPECT_EQ(CodeOf(missing), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr(dir.File("a")));

  const auto folder = FileTransport::Open(dir.path());
  EXPECT_EQ(CodeOf(folder), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr(dir.path()));

  const FdLimit limit(0);
  EXPECT_EQ(CodeOf(FileTransport::Open("/dev/null")),
            absl::StatusCode::kResourceExhausted);
}

TEST(FileTransportTest, ReadErrorNamesPath) {
  // The first page of a process is unmapped, so the read fails.
  const auto file = FileTransport::Open("/proc/self/mem");
  if (!file.ok()) GTEST_SKIP() << file.status();
  const auto read = ReadOnce(**file);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()),
              HasSubstr("read from /proc/self/mem"));
}

TEST(FileTransportTest, InterruptEndsReadsAndWrites) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  const auto interrupter = std::make_shared<Interrupter>();
  const auto file = FileTransport::Open(dir.File("a"), interrupter);
  ASSERT_TRUE(file.ok()) << file.status();
  (*file)->Interrupt();
  EXPECT_TRUE(interrupter->interrupted());
  EXPECT_EQ(CodeOf(ReadOnce(**file)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf((*file)->Write("y", kForEver)),
            absl::StatusCode::kCancelled);
}

class NamedPipeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkfifo(dir_.File("a").c_str(), 0600), 0);
    auto file = FileTransport::Open(dir_.File("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
  }

  UniqueFd OpenToWrite() {
    return UniqueFd(::open(dir_.File("a").c_str(), O_WRONLY));
  }

  const TempDir dir_;
  std::unique_ptr<FileTransport> file_;
};

TEST_F(NamedPipeTest, WaitsForWriter) {
  {
    WhenBlocked write([this](auto&) { WriteTo(OpenToWrite().get(), "abc"); });
    EXPECT_EQ(ReadBytes(*file_, 3), "abc");
  }
  EXPECT_EQ(ReadBytes(*file_, 1), "");
}

TEST_F(NamedPipeTest, TimesOutAndHeedsInterrupt) {
  const UniqueFd writer = OpenToWrite();
  EXPECT_EQ(CodeOf(ReadOnce(*file_, 1, absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  WhenBlocked interrupt([this](auto&) { file_->Interrupt(); });
  EXPECT_EQ(CodeOf(ReadOnce(*file_)), absl::StatusCode::kCancelled);
}

TEST_F(NamedPipeTest, FdIsReadableForBytesAndEnd) {
  EXPECT_FALSE(IsReadable(file_->fd()));
  {
    const UniqueFd writer = OpenToWrite();
    EXPECT_FALSE(IsReadable(file_->fd()));
    WriteTo(writer.get(), "x");
    EXPECT_TRUE(IsReadable(file_->fd()));
    EXPECT_EQ(ReadBytes(*file_, 1), "x");
    EXPECT_FALSE(IsReadable(file_->fd()));
  }
  EXPECT_TRUE(IsReadable(file_->fd()));
  EXPECT_EQ(ReadBytes(*file_, 1), "");
}

TEST_F(NamedPipeTest, ReadSurvivesSignals) {
  const UniqueFd writer = OpenToWrite();
  SignalsWhenBlocked signals(3, [&] { WriteTo(writer.get(), "x"); });
  EXPECT_EQ(ReadBytes(*file_, 1), "x");
  EXPECT_EQ(signals.count(), 3);
}

class StandardInputTest : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    saved_ = UniqueFd(::dup(STDIN_FILENO));
    ::dup2(fds[0], STDIN_FILENO);
    ::close(fds[0]);
    writer_ = UniqueFd(fds[1]);
  }
  void TearDown() override {
    if (saved_.get() < 0) {  // Standard input was closed at the start.
      ::close(STDIN_FILENO);
    } else {
      ::dup2(saved_.get(), STDIN_FILENO);
    }
  }

  UniqueFd saved_;
  UniqueFd writer_;
};

TEST_F(StandardInputTest, ReadsToItsEnd) {
  const auto file = FileTransport::Open("-");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->peer(), "standard input");
  EXPECT_EQ(CodeOf(ReadOnce(**file, 1, absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  WriteTo(writer_.get(), "abc");
  EXPECT_EQ(ReadBytes(**file, 3), "abc");
  writer_ = UniqueFd();
  EXPECT_EQ(ReadBytes(**file, 1), "");
}

TEST_F(StandardInputTest, InterruptEndsBlockedRead) {
  const auto file = FileTransport::Open("-");
  ASSERT_TRUE(file.ok()) << file.status();
  WhenBlocked interrupt([&](auto&) { (*file)->Interrupt(); });
  EXPECT_EQ(CodeOf(ReadOnce(**file)), absl::StatusCode::kCancelled);
}

TEST_F(StandardInputTest, StaysOpenAndBlocking) {
  ASSERT_TRUE(FileTransport::Open("-").ok());
  EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(StandardInputTest, ClosedInputIsAnError) {
  ::close(STDIN_FILENO);
  EXPECT_FALSE(FileTransport::Open("-").ok());
}

}  // namespace
}  // namespace kevy_replica
