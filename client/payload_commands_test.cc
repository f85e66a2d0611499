// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/payload_commands.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Argv = std::vector<std::string>;

enum Target { kNew, kOld };

constexpr uint64_t kNow = 5;

class PayloadCommandsTest : public ::testing::Test {
 protected:
  // The commands for `events`. Adds the lost items to `lost_`.
  std::vector<Argv> Commands(Target target,
                             const std::vector<PayloadEvent>& events) {
    PayloadCommandsOptions options;
    options.has_hpexpireat = options.has_long_xsetid = target == kNew;
    options.delete_first = true;
    options.now_ms = kNow;
    options.on_loss = [&](PayloadItem item, absl::string_view key) {
      lost_.push_back(absl::StrCat(PayloadItemName(item), " ", key));
    };
    std::vector<Argv> commands;
    PayloadCommands taker(
        [&](const PayloadCommand& command) {
          commands.emplace_back(command.argv.begin(), command.argv.end());
          checks_.push_back(command.check);
          return absl::OkStatus();
        },
        std::move(options));
    for (const PayloadEvent& event : events) {
      EXPECT_TRUE(taker.Take(event).ok());
    }
    return commands;
  }

  std::vector<std::string> lost_;
  std::vector<PayloadCheck> checks_;
};

TEST_F(PayloadCommandsTest, LoadsStrings) {
  EXPECT_THAT(Commands(kNew, {PayloadHeader{6, 1, 2},
                              RecordBegin{RecordType::kString, "a", {}, 0},
                              StringValue{"x"}, RecordEnd(),
                              RecordBegin{RecordType::kString, "", 77, 0},
                              StringValue{""}, RecordEnd(), PayloadEnd(),
                              PayloadTrailer{"passed over"}}),
              ElementsAre(Argv{"SET", "a", "x"}, Argv{"SET", "", ""},
                          Argv{"PEXPIREAT", "", "77"}));
}

TEST_F(PayloadCommandsTest, LeavesOutDeadlinesBeyondInt64) {
  constexpr uint64_t kLast = std::numeric_limits<int64_t>::max();
  const auto events = [](uint64_t deadline) {
    return std::vector<PayloadEvent>{
        RecordBegin{RecordType::kString, "a", deadline, 0}, StringValue{"x"},
        RecordEnd(), FieldExpiry{"h", "f", deadline}};
  };
  EXPECT_THAT(Commands(kNew, events(kLast)), SizeIs(3));
  EXPECT_THAT(Commands(kNew, events(kLast + 1)),
              ElementsAre(Argv{"SET", "a", "x"}));
}

TEST_F(PayloadCommandsTest, LoadsCollections) {
  EXPECT_THAT(
      Commands(kNew, {RecordBegin{RecordType::kHash, "h", 5, 2},
                      HashField{"f", "v"}, HashField{"g", ""}, RecordEnd(),
                      RecordBegin{RecordType::kList, "l", {}, 2}, ListItem{"x"},
                      ListItem{""}, RecordEnd(),
                      RecordBegin{RecordType::kSet, "s", {}, 1}, SetMember{"m"},
                      RecordEnd()}),
      ElementsAre(Argv{"DEL", "h"}, Argv{"HSET", "h", "f", "v", "g", ""},
                  Argv{"PEXPIREAT", "h", "5"}, Argv{"DEL", "l"},
                  Argv{"RPUSH", "l", "x", ""}, Argv{"DEL", "s"},
                  Argv{"SADD", "s", "m"}));
}

TEST_F(PayloadCommandsTest, ScoresKeepAllDigits) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Commands(kNew, {RecordBegin{RecordType::kSortedSet, "z", {}, 5},
                              ScoredMember{"a", kInfinity},
                              ScoredMember{"b", -kInfinity},
                              ScoredMember{"c", 0.1}, ScoredMember{"d", 1e300},
                              ScoredMember{"e", -0.0}, RecordEnd()}),
              ElementsAre(Argv{"DEL", "z"},
                          Argv{"ZADD", "z", "inf", "a", "-inf", "b",
                               "0.10000000000000001", "c",
                               "1.0000000000000001e+300", "d", "-0", "e"}));
}

TEST_F(PayloadCommandsTest, ScoreThatIsNoNumberCostsItsMember) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Commands(kNew, {RecordBegin{RecordType::kSortedSet, "z", {}, 3},
                              ScoredMember{"a", kNan}, ScoredMember{"b", 1},
                              ScoredMember{"c", -kNan}, RecordEnd()}),
              ElementsAre(Argv{"DEL", "z"}, Argv{"ZADD", "z", "1", "b"}));
  EXPECT_THAT(lost_, ElementsAre("nan_score z", "nan_score z"));
}

TEST_F(PayloadCommandsTest, EmptyCollectionsOnlyDeleteTheKey) {
  EXPECT_THAT(
      Commands(kNew, {RecordBegin{RecordType::kHash, "h", {}, 0}, RecordEnd(),
                      RecordBegin{RecordType::kSet, "s", {}, 0}, RecordEnd()}),
      ElementsAre(Argv{"DEL", "h"}, Argv{"DEL", "s"}));
}

TEST_F(PayloadCommandsTest, SplitsLargeCollections) {
  std::vector<PayloadEvent> events = {
      RecordBegin{RecordType::kHash, "h", 9, 2000}};
  for (int i = 0; i < 2000; ++i) events.push_back(HashField{"f", "v"});
  events.push_back(RecordEnd());
  const std::vector<Argv> commands = Commands(kNew, events);
  ASSERT_EQ(commands.size(), 6u);
  size_t arguments = 0;
  for (size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(commands[i][0], "HSET");
    EXPECT_EQ(commands[i][1], "h");
    EXPECT_EQ(commands[i].size() % 2, 0u);
    EXPECT_LE(commands[i].size(), PayloadCommands::kMaxArguments);
    arguments += commands[i].size() - 2;
  }
  EXPECT_EQ(arguments, 4000u);
  EXPECT_EQ(commands[5], (Argv{"PEXPIREAT", "h", "9"}));
}

TEST_F(PayloadCommandsTest, SplitsLongItems) {
  const std::string large(PayloadCommands::kMaxBytes, 'x');
  EXPECT_THAT(
      Commands(kNew, {RecordBegin{RecordType::kList, "l", {}, 3}, ListItem{"a"},
                      ListItem{large}, ListItem{"b"}, RecordEnd()}),
      ElementsAre(Argv{"DEL", "l"}, Argv{"RPUSH", "l", "a", large},
                  Argv{"RPUSH", "l", "b"}));
}

TEST_F(PayloadCommandsTest, LoadsStreams) {
  const std::vector<PayloadEvent> events = {
      RecordBegin{RecordType::kStream, "s", 5, 0},
      StreamInfo{{6, 1}, {2, 3}, 9, 2},
      StreamEntry{{5, 1}, 2},
      StreamField{"f", "v"},
      StreamField{"g", "w"},
      StreamEntry{{6, 0}, 1},
      StreamField{"f", "x"},
      StreamGroupCount{1},
      StreamGroup{"grp", {5, 1}, 1},
      StreamConsumer{"c", 7},
      StreamPendingCount{1},
      StreamPending{{5, 1}, "c", 8, 2},
      RecordEnd()};
  EXPECT_THAT(Commands(kNew, events),
              ElementsAre(Argv{"DEL", "s"},
                          Argv{"XADD", "s", "5-1", "f", "v", "g", "w"},
                          Argv{"XADD", "s", "6-0", "f", "x"},
                          Argv{"XSETID", "s", "6-1", "ENTRIESADDED", "9",
                               "MAXDELETEDID", "2-3"},
                          Argv{"XGROUP", "CREATE", "s", "grp", "5-1"},
                          Argv{"XGROUP", "CREATECONSUMER", "s", "grp", "c"},
                          Argv{"XCLAIM", "s", "grp", "c", "0", "5-1", "TIME",
                               "8", "RETRYCOUNT", "2", "FORCE", "JUSTID"},
                          Argv{"PEXPIREAT", "s", "5"}));
  EXPECT_EQ(Commands(kOld, events)[3], (Argv{"XSETID", "s", "6-1"}));
}

// Payloads before version 4 have no group count.
TEST_F(PayloadCommandsTest, LoadsStreamWithoutEntriesOrGroups) {
  EXPECT_THAT(Commands(kOld, {RecordBegin{RecordType::kStream, "s", {}, 0},
                              StreamInfo{{6, 1}, {6, 1}, 9, 0}, RecordEnd()}),
              ElementsAre(Argv{"DEL", "s"},
                          Argv{"XGROUP", "CREATE", "s", "kevy_replica", "0",
                               "MKSTREAM"},
                          Argv{"XGROUP", "DESTROY", "s", "kevy_replica"},
                          Argv{"XSETID", "s", "6-1"}));
}

TEST_F(PayloadCommandsTest, StreamIdsAndCountersAreClamped) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  // The second entry is later than the last id, and the counter is too small.
  const std::vector<PayloadEvent> events = {
      RecordBegin{RecordType::kStream, "s", {}, 0},
      StreamInfo{{1, 0}, {9, 9}, 1, 2},
      StreamEntry{{1, 0}, 1},
      StreamField{"f", "v"},
      StreamEntry{{2, 0}, 1},
      StreamField{"f", "v"},
      StreamGroupCount{1},
      StreamGroup{"g", {1, 0}, 0},
      StreamPendingCount{1},
      StreamPending{{1, 0}, "c", kMax, 2},
      RecordEnd()};
  const std::vector<Argv> commands = Commands(kNew, events);
  ASSERT_EQ(commands.size(), 6u);
  EXPECT_EQ(commands[3], (Argv{"XSETID", "s", "2-0", "ENTRIESADDED", "2",
                               "MAXDELETEDID", "2-0"}));
  EXPECT_EQ(commands[5][7], "9223372036854775807");
  EXPECT_EQ(checks_[5], PayloadCheck::kPending);
  EXPECT_THAT(lost_,
              ElementsAre("stream_id s", "stream_counter s", "pending_time s"));
  lost_.clear();
  EXPECT_EQ(
      Commands(kNew, {RecordBegin{RecordType::kStream, "t", {}, 0},
                      StreamInfo{{1, 0}, {0, 0}, kMax, 0}, RecordEnd()})[3],
      (Argv{"XSETID", "t", "1-0", "ENTRIESADDED", "9223372036854775807",
            "MAXDELETEDID", "0-0"}));
  EXPECT_THAT(lost_, ElementsAre("stream_counter t"));
}

TEST_F(PayloadCommandsTest, FieldDeadlinesAreSetOrLooked) {
  const std::vector<PayloadEvent> events = {FieldExpiry{"h", "f", kNow},
                                            FieldExpiry{"h", "g", kNow + 1}};
  EXPECT_THAT(Commands(kNew, events),
              ElementsAre(Argv{"HPEXPIREAT", "h", "5", "FIELDS", "1", "f"},
                          Argv{"HPEXPIREAT", "h", "6", "FIELDS", "1", "g"}));
  EXPECT_THAT(Commands(kOld, events),
              ElementsAre(Argv{"HDEL", "h", "f"}, Argv{"HEXISTS", "h", "g"}));
  EXPECT_THAT(lost_, IsEmpty());
  EXPECT_THAT(
      checks_,
      ElementsAre(PayloadCheck::kSetDeadline, PayloadCheck::kSetDeadline,
                  PayloadCheck::kDeadField, PayloadCheck::kDeadline));
}

TEST_F(PayloadCommandsTest, DefaultsAreForAnEmptyNewTarget) {
  std::vector<Argv> commands;
  PayloadCommands taker([&](const PayloadCommand& command) {
    commands.emplace_back(command.argv.begin(), command.argv.end());
    return absl::OkStatus();
  });
  for (const PayloadEvent& event : std::vector<PayloadEvent>{
           RecordBegin{RecordType::kSortedSet, "z", {}, 1},
           ScoredMember{"lost", std::numeric_limits<double>::quiet_NaN()},
           ScoredMember{"m", 1.5}, RecordEnd(), FieldExpiry{"h", "f", 1},
           RecordBegin{RecordType::kStream, "s", {}, 0},
           StreamInfo{{1, 0}, {0, 0}, 1, 0}, RecordEnd()}) {
    ASSERT_TRUE(taker.Take(event).ok());
  }
  EXPECT_THAT(commands,
              ElementsAre(Argv{"ZADD", "z", "1.5", "m"},
                          Argv{"HPEXPIREAT", "h", "1", "FIELDS", "1", "f"},
                          Argv{"XGROUP", "CREATE", "s", "kevy_replica", "0",
                               "MKSTREAM"},
                          Argv{"XGROUP", "DESTROY", "s", "kevy_replica"},
                          Argv{"XSETID", "s", "1-0", "ENTRIESADDED", "1",
                               "MAXDELETEDID", "0-0"}));
}

TEST_F(PayloadCommandsTest, FirstErrorStaysUntilNextPayload) {
  std::vector<std::string> keys;
  PayloadCommands taker([&](const PayloadCommand& command) {
    keys.emplace_back(command.argv[1]);
    return command.argv[1] == "bad" ? absl::InternalError(command.argv[1])
                                    : absl::OkStatus();
  });
  const auto take = [&](const PayloadEvent& event) {
    return std::string(taker.Take(event).message());
  };
  EXPECT_EQ(take(RecordBegin{RecordType::kString, "bad", {}, 0}), "");
  EXPECT_EQ(take(StringValue{"x"}), "bad");
  EXPECT_EQ(take(RecordEnd()), "bad");
  EXPECT_EQ(take(RecordBegin{RecordType::kSet, "never", {}, 2}), "bad");
  EXPECT_EQ(take(SetMember{"m"}), "bad");
  // The set's gathered member does not come with the next payload.
  EXPECT_EQ(take(PayloadHeader{6, 0, 0}), "");
  EXPECT_EQ(take(RecordBegin{RecordType::kString, "good", {}, 0}), "");
  EXPECT_EQ(take(StringValue{"x"}), "");
  EXPECT_EQ(take(RecordEnd()), "");
  EXPECT_THAT(keys, ElementsAre("bad", "good"));
}

TEST_F(PayloadCommandsTest, ItemsPrint) {
  std::ostringstream text;
  text << PayloadItem::kNanScore;
  EXPECT_EQ(text.str(), "nan_score");
}

// Strings, and collections around the bounds of a command and of a batch.
std::string LargePayload() {
  PayloadEncoder encoder;
  std::string bytes;
  const auto append = [&](const PayloadEvent& event) {
    ASSERT_EQ(encoder.Append(event, &bytes), WireError::kNone);
  };
  append(PayloadHeader{6, 7, 8});
  for (uint32_t i = 0; i < 50; ++i) {
    append(RecordBegin{RecordType::kString, absl::StrCat("s", i),
                       i % 3 == 0 ? std::optional<uint64_t>(i) : std::nullopt,
                       0});
    append(StringValue{"value"});
    append(RecordEnd());
  }
  for (const uint32_t count : {0, 1, 511, 512, 1021, 1022, 1023, 3000}) {
    append(RecordBegin{RecordType::kHash, "h", 5, count});
    for (uint32_t i = 0; i < count; ++i) {
      append(HashField{absl::StrCat("field", i), "value"});
    }
    append(RecordEnd());
    append(RecordBegin{RecordType::kSortedSet, "z", {}, count});
    for (uint32_t i = 0; i < count; ++i) {
      append(ScoredMember{absl::StrCat("m", i), i * 0.5});
    }
    append(RecordEnd());
    append(RecordBegin{RecordType::kSet, "m", {}, count});
    for (uint32_t i = 0; i < count; ++i) append(SetMember{absl::StrCat(i)});
    append(RecordEnd());
  }
  append(RecordBegin{RecordType::kList, "l", {}, 8});
  for (int i = 0; i < 8; ++i) append(ListItem{std::string(100'000, 'i')});
  append(RecordEnd());
  append(PayloadEnd());
  return bytes;
}

// The commands of `payload` in pieces, as one text.
std::string CommandsOf(absl::string_view payload, size_t piece,
                       bool by_records) {
  std::string text;
  PayloadCommands commands([&text](const PayloadCommand& command) {
    absl::StrAppend(&text, absl::StrJoin(command.argv, " "), "\n");
    return absl::OkStatus();
  });
  PayloadDecoder decoder(0);
  while (!payload.empty()) {
    decoder.Feed(payload.substr(0, piece));
    payload.remove_prefix(std::min(piece, payload.size()));
    while (true) {
      if (by_records) {
        const absl::Span<const PayloadRecord> records = decoder.NextRecords();
        EXPECT_TRUE(commands.Take(records).ok());
        if (!records.empty()) continue;
      }
      if (decoder.Next() != Outcome::kDone) break;
      EXPECT_TRUE(commands.Take(decoder.event()).ok());
    }
  }
  EXPECT_EQ(decoder.Finish(), WireError::kNone);
  return text;
}

TEST(PayloadCommandsOfRecordsTest, RecordsGiveTheCommandsOfTheirEvents) {
  const std::string payload = LargePayload();
  const std::string expected =
      CommandsOf(payload, payload.size(), /*by_records=*/false);
  for (const size_t piece : {size_t{997}, size_t{65'536}, payload.size()}) {
    // Without EXPECT_EQ, which would print 2 MB.
    EXPECT_TRUE(CommandsOf(payload, piece, /*by_records=*/true) == expected)
        << piece;
  }
}

TEST(PayloadCommandsOfRecordsTest, ErrorEndsTheRecordsOfACall) {
  const std::string payload = LargePayload();
  PayloadDecoder decoder(0);
  decoder.Feed(payload);
  ASSERT_EQ(decoder.Next(), Outcome::kDone);
  int calls = 0;
  PayloadCommands commands([&calls](const PayloadCommand&) {
    return ++calls == 3 ? absl::AbortedError("no") : absl::OkStatus();
  });
  const absl::Span<const PayloadRecord> records = decoder.NextRecords();
  ASSERT_GT(records.size(), 3u);
  EXPECT_TRUE(absl::IsAborted(commands.Take(records)));
  EXPECT_TRUE(absl::IsAborted(commands.Take(records)));
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace kevy_replica
