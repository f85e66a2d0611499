// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/recording_transport.h"

#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/file_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::FileContents;
using transport_testing::RandomBytes;
using transport_testing::RandomSizes;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::TempDir;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

// Makes an end that reads `bytes` and then the end of the stream.
std::unique_ptr<Transport> Source(absl::string_view bytes) {
  auto pair = InMemoryTransport::CreatePair();
  EXPECT_TRUE(pair.second->Write(bytes, kForEver).ok());
  return std::move(pair.first);
}

TEST(RecordingTransportTest, RecordsReadBytes) {
  const TempDir dir;
  const std::string bytes = RandomBytes(300000, 1);
  const auto recording =
      RecordingTransport::Create(Source(bytes), dir.File("a"));
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_TRUE(ReadBytes(**recording, bytes.size() + 1, RandomSizes(9000, 2)) ==
              bytes);
  EXPECT_TRUE(FileContents(dir.File("a")) == bytes);

  const auto playback = FileTransport::Open(dir.File("a"));
  ASSERT_TRUE(playback.ok()) << playback.status();
  EXPECT_TRUE(ReadBytes(**playback, bytes.size() + 1) == bytes);
}

TEST(RecordingTransportTest, RecordsBeforeReadReturns) {
  const TempDir dir;
  Faults faults;
  faults.read_size = RandomSizes(3, 1);
  const auto recording =
      RecordingTransport::Create(std::make_unique<FaultyTransport>(
                                     Source("0123456789"), std::move(faults)),
                                 dir.File("a"));
  ASSERT_TRUE(recording.ok()) << recording.status();
  std::string got;
  for (;;) {
    const auto read = ReadOnce(**recording);
    ASSERT_TRUE(read.ok()) << read.status();
    if (read->empty()) break;
    got += *read;
    EXPECT_EQ(FileContents(dir.File("a")), got);
  }
  EXPECT_EQ(got, "0123456789");
}

TEST(RecordingTransportTest, EmptiesExistingFile) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "old contents";
  const auto recording =
      RecordingTransport::Create(Source("new"), dir.File("a"));
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_EQ(FileContents(dir.File("a")), "");
  EXPECT_EQ(ReadBytes(**recording, 3), "new");
  EXPECT_EQ(FileContents(dir.File("a")), "new");
}

TEST(RecordingTransportTest, LeavesWrittenBytesOut) {
  const TempDir dir;
  auto [a, b] = InMemoryTransport::CreatePair();
  const auto recording =
      RecordingTransport::Create(std::move(a), dir.File("a"));
  ASSERT_TRUE(recording.ok()) << recording.status();
  ASSERT_TRUE((*recording)->Write("x", kForEver).ok());
  EXPECT_EQ(ReadBytes(*b, 1), "x");
  EXPECT_EQ(FileContents(dir.File("a")), "");
}

TEST(RecordingTransportTest, ForwardsErrors) {
  const TempDir dir;
  Faults faults;
  faults.error_at = 2;
  faults.read_error = absl::DataLossError("boom");
  const auto recording = RecordingTransport::Create(
      std::make_unique<FaultyTransport>(Source("0123"), std::move(faults)),
      dir.File("a"));
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_EQ(ReadBytes(**recording, 4), "01");
  EXPECT_EQ(ReadOnce(**recording).status(), absl::DataLossError("boom"));
  EXPECT_EQ(FileContents(dir.File("a")), "01");
}

TEST(RecordingTransportTest, FullDiskFailsRead) {
  if (::access("/dev/full", W_OK) != 0)
    GTEST_SKIP() << "this system lacks /dev/full";
  const auto recording = RecordingTransport::Create(Source("x"), "/dev/full");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const auto read = ReadOnce(**recording);
  EXPECT_EQ(CodeOf(read), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("/dev/full"));
}

TEST(RecordingTransportTest, CreateErrorsNamePath) {
  const auto recording =
      RecordingTransport::Create(Source("x"), "/no/such/folder/a");
  EXPECT_EQ(CodeOf(recording), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(recording.status().message()),
              HasSubstr("/no/such/folder/a"));
  const FdLimit limit(0);
  EXPECT_EQ(CodeOf(RecordingTransport::Create(Source("x"), "/dev/null")),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace kevy_replica
