// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/passed_deadlines.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr uint64_t kNow = 5000;

bool Take(PassedDeadlines* deadlines, absl::string_view line) {
  const std::vector<absl::string_view> argv = absl::StrSplit(line, ' ');
  std::string wire;
  EXPECT_EQ(AppendFrame(0, argv, &wire), WireError::kNone);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done());
  return deadlines->Take(frame.argv(), kNow);
}

TEST(PassedDeadlinesTest, WriteBehindPassedDeadlineIsReportedOnce) {
  for (const char* deadline : {"PEXPIREAT k 5000", "expireat k 5",
                               "SET k v PXAT 4999", "SET k v nx EXAT 4"}) {
    SCOPED_TRACE(deadline);
    PassedDeadlines deadlines;
    EXPECT_FALSE(Take(&deadlines, "INCR k"));
    EXPECT_FALSE(Take(&deadlines, deadline));
    EXPECT_FALSE(Take(&deadlines, "INCR other"));
    EXPECT_FALSE(Take(&deadlines, "INCR"));
    EXPECT_TRUE(Take(&deadlines, "INCR k"));
    EXPECT_FALSE(Take(&deadlines, "INCR k"));
  }
}

TEST(PassedDeadlinesTest, DeadlineToComeIsNotReported) {
  PassedDeadlines deadlines;
  for (const char* line :
       {"PEXPIREAT k 5001", "EXPIREAT k 6", "SET k v PXAT 5001", "SET k v PXAT",
        "PEXPIREAT k x", "PEXPIREAT k -1", "EXPIREAT k 18446744073709551615"}) {
    EXPECT_FALSE(Take(&deadlines, line)) << line;
    EXPECT_FALSE(Take(&deadlines, "INCR k")) << line;
  }
}

TEST(PassedDeadlinesTest, ReplacedValueIsNotReported) {
  for (const char* line :
       {"SET k v", "del k", "SETEX k 9 v", "PEXPIREAT k 1"}) {
    PassedDeadlines deadlines;
    EXPECT_FALSE(Take(&deadlines, "PEXPIREAT k 1"));
    EXPECT_FALSE(Take(&deadlines, line)) << line;
    EXPECT_EQ(Take(&deadlines, "INCR k"), line[0] == 'P') << line;
  }
}

TEST(PassedDeadlinesTest, ManyKeysAreForgotten) {
  PassedDeadlines deadlines;
  for (size_t i = 0; i <= PassedDeadlines::kMaxKeys; ++i) {
    deadlines.Note(absl::StrCat(i), 1, kNow);
  }
  EXPECT_FALSE(Take(&deadlines, "INCR 7"));
  EXPECT_TRUE(
      Take(&deadlines, absl::StrCat("INCR ", PassedDeadlines::kMaxKeys)));
}

}  // namespace
}  // namespace kevy_replica
