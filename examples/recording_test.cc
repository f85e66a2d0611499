// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs decode_file and replay_recording on recorded streams.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

using ::testing::StartsWith;

constexpr char kDecodeFile[] = "examples/decode_file";
constexpr char kReplayRecording[] = "examples/replay_recording";
constexpr char kFlushAll[] = "testdata/captures/kevy-5.4.0-flushall.resp";

class RecordingTest : public ::testing::Test {
 protected:
  // Writes `bytes` to a file, and returns its path.
  std::string Write(const std::string& bytes) const {
    client_testing::WriteFile(folder_.File("recording"), bytes);
    return folder_.File("recording");
  }

  const client_testing::TempFolder folder_;
};

TEST_F(RecordingTest, DecodeFilePrintsFrames) {
  const ChildResult result = RunChild(kDecodeFile, {kFlushAll});
  EXPECT_EQ(result.out,
            "39 \"SET\" \"before\" \"1\"\n"
            "0 \"SET\" \"after\" \"2\"\n"
            "1 \"INCR\" \"ctr\"\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.status, 0);
}

TEST_F(RecordingTest, DecodeFileTellsCut) {
  const std::string bytes = codec_testing::ReadFile(kFlushAll);
  const ChildResult result =
      RunChild(kDecodeFile, {Write(bytes.substr(0, bytes.size() - 3))});
  EXPECT_THAT(result.err, StartsWith("the stream is cut behind byte "));
  EXPECT_EQ(result.status, 1);
}

TEST_F(RecordingTest, DecodeFileTellsWrongByte) {
  const ChildResult result =
      RunChild(kDecodeFile, {Write("+ACK 7 0\r\n*2\r\n:x")});
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "bad_offset at byte 15, near \"*2\\r\\n:x\"\n");
  EXPECT_EQ(result.status, 1);
}

TEST_F(RecordingTest, ReplayRecordingCountsCommands) {
  const ChildResult result = RunChild(kReplayRecording, {kFlushAll});
  EXPECT_EQ(result.out,
            "a snapshot, then frames from 7270893326363503:39\n"
            "a snapshot, then frames from 0:0\n"
            "HSET 2\nINCR 1\nPEXPIREAT 2\nRPUSH 2\nSADD 2\nSET 22\n"
            "XADD 2\nXSETID 2\nZADD 2\n"
            "applied up to 8226149225416826:2\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.status, 0);
}

TEST_F(RecordingTest, ReplayRecordingTellsCut) {
  const std::string bytes = codec_testing::ReadFile(kFlushAll);
  const ChildResult result =
      RunChild(kReplayRecording, {Write(bytes.substr(0, 100))});
  EXPECT_EQ(result.out, "applied up to 0:0\n");
  EXPECT_THAT(result.err, StartsWith("UNAVAILABLE: "));
  EXPECT_EQ(result.status, 1);
}

}  // namespace
}  // namespace kevy_replica
