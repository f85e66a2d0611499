// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/passed_deadlines.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr uint64_t kNow = 5000;
constexpr uint64_t kUntil = kNow + PassedDeadlines::kGraceMs;
constexpr uint64_t kLater = kNow + PassedDeadlines::kTransitMs;

PassedDeadlines::Taken Take(PassedDeadlines* deadlines,
                            absl::string_view line) {
  const std::vector<absl::string_view> argv = absl::StrSplit(line, ' ');
  std::string wire;
  EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done());
  return deadlines->Take(frame.argv(), kNow);
}

bool IsUncertain(PassedDeadlines* deadlines, absl::string_view line) {
  const PassedDeadlines::Taken taken = Take(deadlines, line);
  EXPECT_TRUE(taken.argv.empty()) << line;
  return taken.uncertain;
}

// The command in the place of `line`.
std::string Passed(PassedDeadlines* deadlines, absl::string_view line) {
  const PassedDeadlines::Taken taken = Take(deadlines, line);
  EXPECT_FALSE(taken.uncertain) << line;
  return taken.argv.empty() ? std::string(line)
                            : absl::StrJoin(taken.argv, " ");
}

// "key deadline until" of each.
std::vector<std::string> Due(PassedDeadlines* deadlines, uint64_t offset) {
  std::vector<std::string> lines;
  for (const PassedDeadlines::Held& held : deadlines->TakeDue(offset)) {
    lines.push_back(
        absl::StrCat(held.key, " ", held.deadline_ms, " ", held.until_ms));
  }
  return lines;
}

TEST(PassedDeadlinesTest, PassedDeadlineBecomesEndOfGrace) {
  const std::string until = absl::StrCat(kUntil);
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"PEXPIREAT k 5000", "PEXPIREAT k " + until},
      {"expireat k 5", "PEXPIREAT k " + until},
      {"SET k v PXAT 4999", "SET k v PXAT " + until},
      {"SET k v nx exat 4", "SET k v nx PXAT " + until},
      {"GETEX k EXAT 4", "GETEX k PXAT " + until}};
  for (const auto& [command, passed] : commands) {
    PassedDeadlines deadlines;
    EXPECT_EQ(Passed(&deadlines, command), passed);
  }
}

TEST(PassedDeadlinesTest, OtherDeadlinesStay) {
  PassedDeadlines deadlines;
  for (const char* line :
       {"PEXPIREAT k 5001", "EXPIREAT k 6", "SET k v PXAT 5001", "SET k v PXAT",
        "PEXPIREAT k x", "PEXPIREAT k -1", "EXPIREAT k 18446744073709551615",
        // In milliseconds it is 2^64 + 384.
        "EXPIREAT k 18446744073709552", "PEXPIREAT k 1 GT", "SET PXAT 1",
        "PEXPIREAT", "EXPIRE k 1",
        // Keys that look like a deadline, or like its option.
        "SET 5 v NX EX 9", "SET 5 v NX GET", "DEL a b PXAT 4999",
        "WATCH a PXAT 4999"}) {
    EXPECT_EQ(Passed(&deadlines, line), line);
    EXPECT_FALSE(IsUncertain(&deadlines, "INCR k")) << line;
  }
}

TEST(PassedDeadlinesTest, WriteToHeldKeyIsReportedOnce) {
  PassedDeadlines deadlines;
  EXPECT_FALSE(IsUncertain(&deadlines, "INCR k"));
  Take(&deadlines, "PEXPIREAT k 1");
  EXPECT_FALSE(IsUncertain(&deadlines, "INCR other"));
  EXPECT_FALSE(IsUncertain(&deadlines, "INCR"));
  EXPECT_TRUE(IsUncertain(&deadlines, "INCR k"));
  EXPECT_FALSE(IsUncertain(&deadlines, "INCR k"));
  deadlines.TakeHeartbeat(9, kLater);
  EXPECT_FALSE(IsUncertain(&deadlines, "INCR k"));
}

TEST(PassedDeadlinesTest, HeartbeatBoundsHeldDeadlines) {
  PassedDeadlines deadlines;
  Take(&deadlines, "PEXPIREAT a 1");
  EXPECT_FALSE(deadlines.HasDue(100));
  deadlines.TakeHeartbeat(9, kLater);
  // Held behind the heartbeat: the next one bounds it.
  Take(&deadlines, "PEXPIREAT b 2");
  deadlines.TakeHeartbeat(20, kLater);
  EXPECT_EQ(Due(&deadlines, 8), std::vector<std::string>());
  EXPECT_EQ(Due(&deadlines, 9),
            std::vector<std::string>{absl::StrCat("a 1 ", kUntil)});
  EXPECT_EQ(Due(&deadlines, 100), std::vector<std::string>());
  deadlines.TakeHeartbeat(30, kLater);
  EXPECT_EQ(Due(&deadlines, 31),
            std::vector<std::string>{absl::StrCat("b 2 ", kUntil)});
  EXPECT_FALSE(deadlines.HasDue(100));
}

// The primary made it before the deadline, and the frames behind it as well.
TEST(PassedDeadlinesTest, LateHeartbeatBoundsNoNewDeadline) {
  PassedDeadlines deadlines;
  Take(&deadlines, "PEXPIREAT a 4000");
  Take(&deadlines, "PEXPIREAT b 4999");
  deadlines.TakeHeartbeat(9, kLater - 1001);
  EXPECT_FALSE(deadlines.HasDue(100));
  EXPECT_TRUE(IsUncertain(&deadlines, "INCR a"));
  deadlines.TakeHeartbeat(20, kLater - 1000);
  EXPECT_EQ(Due(&deadlines, 20),
            std::vector<std::string>{absl::StrCat("a 4000 ", kUntil)});
  deadlines.TakeHeartbeat(30, kLater - 1);
  EXPECT_EQ(Due(&deadlines, 30),
            std::vector<std::string>{absl::StrCat("b 4999 ", kUntil)});
}

TEST(PassedDeadlinesTest, ReplacedKeyIsForgotten) {
  for (const char* line : {"SET k v", "del k", "SETEX k 9 v", "PSETEX k 9 v",
                           "GETSET k v", "MSET k v", "UNLINK k", "GETDEL k"}) {
    for (const bool bounded : {false, true}) {
      PassedDeadlines deadlines;
      Take(&deadlines, "PEXPIREAT k 1");
      if (bounded) deadlines.TakeHeartbeat(2, kLater);
      EXPECT_FALSE(IsUncertain(&deadlines, line)) << line;
      EXPECT_FALSE(IsUncertain(&deadlines, "INCR k")) << line;
      deadlines.TakeHeartbeat(2, kLater);
      EXPECT_EQ(Due(&deadlines, 2), std::vector<std::string>()) << line;
    }
  }
}

TEST(PassedDeadlinesTest, LaterDeadlineReplacesHeldOne) {
  PassedDeadlines deadlines;
  Take(&deadlines, "PEXPIREAT k 1");
  deadlines.TakeHeartbeat(2, kLater);
  Take(&deadlines, "PEXPIREAT k 3");
  EXPECT_EQ(Due(&deadlines, 2), std::vector<std::string>());
  deadlines.TakeHeartbeat(2, kLater);
  EXPECT_EQ(Due(&deadlines, 2),
            std::vector<std::string>{absl::StrCat("k 3 ", kUntil)});
}

TEST(PassedDeadlinesTest, HeldKeysAreLimited) {
  PassedDeadlines deadlines;
  for (size_t i = 0; i < PassedDeadlines::kMaxKeys; ++i) {
    EXPECT_EQ(deadlines.Hold(absl::StrCat(i), 1, kNow), kUntil);
  }
  EXPECT_EQ(deadlines.Hold("more", 1, kNow), 1u);
  EXPECT_EQ(deadlines.Hold("7", 2, kNow), kUntil);
  deadlines.Clear();
  const std::string large(PassedDeadlines::kMaxBytes - 1, 'x');
  EXPECT_EQ(deadlines.Hold(large, 1, kNow), kUntil);
  EXPECT_EQ(deadlines.Hold("ab", 1, kNow), 1u);
  EXPECT_EQ(deadlines.Hold("a", 1, kNow), kUntil);
  deadlines.TakeHeartbeat(2, kLater);
  EXPECT_EQ(deadlines.TakeDue(2).size(), 2u);
  EXPECT_EQ(deadlines.Hold(large, 1, kNow), kUntil);
  PassedDeadlines none(0);
  EXPECT_EQ(none.Hold("a", 1, kNow), 1u);
}

}  // namespace
}  // namespace kevy_replica
