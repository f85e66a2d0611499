// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/replay.h"

#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

absl::StatusOr<Replay> Open(
    absl::string_view content,
    std::shared_ptr<Interrupter> interrupter = nullptr) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/replay-", getpid(), ".resp");
  std::ofstream(path, std::ios::binary) << content;
  absl::StatusOr<Replay> replay = OpenReplay(path, std::move(interrupter));
  unlink(path.c_str());  // The open file stays readable.
  return replay;
}

// Everything that `transport` reads, three bytes at a time.
std::string ReadAll(Transport& transport) {
  std::string all;
  char room[3];
  while (true) {
    const absl::StatusOr<size_t> n =
        transport.Read(absl::MakeSpan(room), absl::InfiniteDuration());
    EXPECT_TRUE(n.ok()) << n.status();
    if (!n.ok() || *n == 0) return all;
    all.append(room, *n);
  }
}

TEST(ReplayTest, ReturnsAnswerAndPlaysAllBytes) {
  const absl::StatusOr<Replay> two = Open("+ACK 7 8\r\n+PING 7 8\r\n");
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_TRUE(two->answer.has_value());
  EXPECT_EQ(two->answer->protocol, Protocol::kV2);
  EXPECT_EQ(two->answer->generation, 7u);
  EXPECT_EQ(two->answer->offset, 8u);
  EXPECT_EQ(ReadAll(*two->transport), "+ACK 7 8\r\n+PING 7 8\r\n");

  const std::string long_one = "+ACK 8\r\n" + std::string(100000, 'x');
  const absl::StatusOr<Replay> one = Open(long_one);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(one->answer.has_value());
  EXPECT_EQ(one->answer->protocol, Protocol::kV1);
  EXPECT_EQ(one->answer->offset, 8u);
  EXPECT_EQ(ReadAll(*one->transport), long_one);
}

TEST(ReplayTest, PlaysRecordingWithoutAnswer) {
  for (const std::string content : {"+ACK", "-ERR\r\n", "*2\r\n:0\r\n"}) {
    const absl::StatusOr<Replay> replay = Open(content);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_FALSE(replay->answer.has_value());
    EXPECT_EQ(ReadAll(*replay->transport), content);
  }
}

TEST(ReplayTest, EmptyRecordingIsError) {
  const absl::Status status = Open("").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message(), "the recording is empty");
}

TEST(ReplayTest, FdIsFileDescriptor) {
  const absl::StatusOr<Replay> replay = Open("+ACK 7 8\r\n");
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_GE(replay->transport->fd(), 0);
}

TEST(ReplayTest, DropsWrites) {
  const absl::StatusOr<Replay> replay = Open("+ACK 8\r\n");
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_TRUE(replay->transport->Write("x", absl::InfiniteDuration()).ok());
  EXPECT_EQ(ReadAll(*replay->transport), "+ACK 8\r\n");
}

TEST(ReplayTest, ReturnsOpenAndInterruptErrors) {
  EXPECT_EQ(OpenReplay("/no/such/file", nullptr).status().code(),
            absl::StatusCode::kNotFound);
  const auto interrupter = std::make_shared<Interrupter>();
  interrupter->Interrupt();
  EXPECT_TRUE(absl::IsCancelled(Open("+ACK 8\r\n", interrupter).status()));
}

}  // namespace
}  // namespace kevy_replica
