// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/wire_error.h"

#include <set>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

constexpr int kLast = static_cast<int>(WireError::kNoSpace);

std::string Printed(WireError error) {
  std::ostringstream out;
  out << error;
  return out.str();
}

std::string Printed(Outcome outcome) {
  std::ostringstream out;
  out << outcome;
  return out.str();
}

TEST(WireErrorTest, EachErrorHasItsOwnName) {
  std::set<std::string> names;
  for (int i = 0; i <= kLast; ++i) {
    const WireError error = static_cast<WireError>(i);
    const std::string name(WireErrorName(error));
    EXPECT_NE(name, "unknown") << i;
    for (const char c : name) {
      EXPECT_TRUE(absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  c == '_')
          << name;
    }
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(Printed(error), name);
  }
  EXPECT_EQ(WireErrorName(WireError::kNone), "none");
  EXPECT_EQ(WireErrorName(WireError::kBadOffset), "bad_offset");
  EXPECT_EQ(WireErrorName(static_cast<WireError>(kLast + 1)), "unknown");
  EXPECT_EQ(WireErrorName(static_cast<WireError>(255)), "unknown");
}

TEST(WireErrorTest, IsLimitNamesTheErrorsOfLimits) {
  const std::set<WireError> limits = {
      WireError::kTooManyArguments, WireError::kBulkTooLong,
      WireError::kFrameTooLong,     WireError::kLineTooLong,
      WireError::kChunkTooLong,     WireError::kSnapshotTooLong,
      WireError::kTooManyElements,  WireError::kTooDeep,
      WireError::kReplyTooLong,     WireError::kTrailerTooLong};
  for (int i = 0; i <= kLast; ++i) {
    const WireError error = static_cast<WireError>(i);
    EXPECT_EQ(IsLimit(error), limits.count(error) == 1) << error;
  }
}

// AppendText() of the limits prints each field as `name=value`.
TEST(WireErrorTest, LimitNamesAreFieldsOfTheLimits) {
  std::string fields = " ";
  AppendText(Limits(), &fields);
  fields += " ";
  AppendText(ReplyLimits(), &fields);
  std::set<absl::string_view> names;
  for (int i = 0; i <= kLast; ++i) {
    const absl::string_view name = LimitName(static_cast<WireError>(i));
    if (name.empty()) continue;
    EXPECT_THAT(fields, HasSubstr(absl::StrCat(" ", name, "=")));
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(LimitName(WireError::kTrailerTooLong), "max_trailer_bytes");
}

TEST(OutcomeTest, EachOutcomeHasAName) {
  EXPECT_EQ(Printed(Outcome::kDone), "done");
  EXPECT_EQ(Printed(Outcome::kNeedMore), "need_more");
  EXPECT_EQ(Printed(Outcome::kError), "error");
  EXPECT_EQ(Printed(static_cast<Outcome>(9)), "unknown");
}

TEST(DecodeResultTest, FactoriesSetAllFields) {
  EXPECT_TRUE(DecodeResult::Done(3).done());
  EXPECT_EQ(DecodeResult::Done(3).bytes_decoded, 3u);
  EXPECT_FALSE(DecodeResult::NeedMore(3).done());
  EXPECT_EQ(DecodeResult::NeedMore(3).outcome, Outcome::kNeedMore);
  const DecodeResult error = DecodeResult::Error(WireError::kBadBulk, 7);
  EXPECT_EQ(error.outcome, Outcome::kError);
  EXPECT_EQ(error.error, WireError::kBadBulk);
  EXPECT_EQ(error.bytes_decoded, 7u);
}

}  // namespace
}  // namespace kevy_replica
