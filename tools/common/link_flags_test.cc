// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/link_flags.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/program.h"

namespace kevy_replica {
namespace {

class LinkFlagsTest : public ::testing::Test {
 protected:
  LinkOptions Parse(const std::vector<const char*>& arguments) {
    EXPECT_TRUE(ParseArguments(arguments).ok());
    EXPECT_TRUE(CheckLinkFlags().ok());
    return LinkOptionsOfFlags("program");
  }
  std::string Error(const std::vector<const char*>& arguments) {
    const absl::FlagSaver saver;
    EXPECT_TRUE(ParseArguments(arguments).ok());
    const absl::Status status = CheckLinkFlags();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  absl::FlagSaver saver_;
};

TEST_F(LinkFlagsTest, DefaultsAreThoseOfFollower) {
  LinkOptions expected;
  expected.heartbeat_timeout = absl::Seconds(5);
  expected.limits.max_snapshot_bytes = std::numeric_limits<uint64_t>::max();
  LinkOptions options = Parse({});
  EXPECT_EQ(options.replica_id.substr(0, 7), "program");
  expected.replica_id = options.replica_id;
  EXPECT_EQ(options, expected);
}

TEST_F(LinkFlagsTest, FlagsSetOptions) {
  const LinkOptions options =
      Parse({"--replica_id=me", "--protocol=2", "--idle_timeout=1s",
             "--heartbeat_timeout=2s", "--stall_timeout=3s",
             "--element_timeout=4s", "--max_arguments=1", "--max_bulk_bytes=2",
             "--max_frame_bytes=3", "--max_line_bytes=4", "--max_chunk_bytes=5",
             "--max_snapshot_bytes=6", "--max_trailer_bytes=7"});
  LinkOptions expected;
  expected.replica_id = "me";
  expected.protocol = ProtocolChoice::kV2;
  expected.idle_timeout = absl::Seconds(1);
  expected.heartbeat_timeout = absl::Seconds(2);
  expected.stall_timeout = absl::Seconds(3);
  expected.element_timeout = absl::Seconds(4);
  expected.limits.max_arguments = 1;
  expected.limits.max_bulk_bytes = 2;
  expected.limits.max_frame_bytes = 3;
  expected.limits.max_line_bytes = 4;
  expected.limits.max_chunk_bytes = 5;
  expected.limits.max_snapshot_bytes = 6;
  expected.limits.max_trailer_bytes = 7;
  EXPECT_EQ(options, expected);
}

TEST_F(LinkFlagsTest, ErrorsNameFlag) {
  EXPECT_EQ(Error({"--replica_id=\xff"}), "--replica_id must be UTF-8");
  EXPECT_EQ(Error({"--idle_timeout=0"}), "--idle_timeout must be more than 0");
  EXPECT_EQ(Error({"--heartbeat_timeout=-1s"}),
            "--heartbeat_timeout must be more than 0");
  EXPECT_EQ(Error({"--stall_timeout=0"}),
            "--stall_timeout must be more than 0");
  EXPECT_EQ(Error({"--element_timeout=0"}),
            "--element_timeout must be more than 0");
}

TEST_F(LinkFlagsTest, EveryLimitHasFlag) {
  std::string fields;
  AppendText(Limits(), &fields);
  for (const absl::string_view field : absl::StrSplit(fields, ' ')) {
    const absl::string_view name = field.substr(0, field.find('='));
    EXPECT_NE(absl::FindCommandLineFlag(name), nullptr) << name;
  }
}

TEST_F(LinkFlagsTest, ErrorOfLimitNamesItsFlag) {
  EXPECT_EQ(RemedyOf(WireError::kBulkTooLong),
            "; --max_bulk_bytes sets the limit");
  EXPECT_EQ(RemedyOf(WireError::kTrailerTooLong),
            "; --max_trailer_bytes sets the limit");
  EXPECT_EQ(RemedyOf(WireError::kReplyTooLong), "");  // It has no flag.
  EXPECT_EQ(RemedyOf(WireError::kBadBulk), "");
}

}  // namespace
}  // namespace kevy_replica
