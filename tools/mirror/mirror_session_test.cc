// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Cases that need a scripted target. kevy_mirror_test has those with a server.

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TargetReply ReplyOf(TargetReply::Type type, const std::string& text = "") {
  TargetReply reply;
  reply.type = type;
  reply.text = text;
  return reply;
}

// The commands that the target got, and the script of its replies.
struct Target {
  std::vector<std::string> sent;  // Each command's arguments in one line.
  // Prefixes of commands, each with the error that they get.
  std::vector<std::pair<std::string, std::string>> refused;
  absl::Status link;  // The link's status from now on.
  // The errors in EXEC's reply, from the first command on.
  std::vector<std::string> results;
  bool dies_after_exec = false;      // The link breaks after EXEC's reply.
  bool dies_before_replies = false;  // The link breaks before the next reply.
  // HGETALL's reply: field, value and so on.
  std::vector<std::string> record;
};

// Replies like an empty server that accepts all commands, except for Target's
// script.
class FakeLink : public TargetLink {
 public:
  explicit FakeLink(Target* target) : target_(target) {}

  void AddRaw(absl::string_view resp) override {
    const std::string wire = absl::StrCat("*2\r\n:0\r\n", resp);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    std::vector<absl::string_view> argv;
    for (const absl::string_view argument : frame.argv()) {
      argv.push_back(argument);
    }
    Add(argv);
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    gathered_.push_back(absl::StrJoin(argv, " "));
  }
  size_t gathered() const override { return gathered_.size(); }
  absl::Status Send() override {
    if (!target_->link.ok()) return target_->link;
    for (const std::string& command : gathered_) {
      target_->sent.push_back(command);
      replies_.push_back(Answer(command));
    }
    gathered_.clear();
    return absl::OkStatus();
  }
  size_t outstanding() const override { return replies_.size(); }
  absl::StatusOr<TargetReply> Receive() override {
    if (!target_->link.ok()) return target_->link;
    if (replies_.empty()) {
      ADD_FAILURE() << "no reply is outstanding";
      return absl::InternalError("none");
    }
    if (std::exchange(target_->dies_before_replies, false)) {
      return target_->link = absl::UnavailableError("gone");
    }
    TargetReply reply = std::move(replies_.front());
    replies_.pop_front();
    if (!reply.elements.empty() &&
        std::exchange(target_->dies_after_exec, false)) {
      target_->link = absl::UnavailableError("gone");
    }
    return reply;
  }

 private:
  TargetReply Answer(const std::string& command) {
    for (const auto& [prefix, error] : target_->refused) {
      if (!absl::StartsWith(command, prefix)) continue;
      refused_ = true;
      return ReplyOf(TargetReply::Type::kError, error);
    }
    if (command == "MULTI") refused_ = false;
    TargetReply reply = ReplyOf(TargetReply::Type::kText, "OK");
    if (command == "COMMAND" || command == "HGETALL kevy_mirror") {
      reply = ReplyOf(TargetReply::Type::kArray);
      if (command == "COMMAND") return reply;
      for (const std::string& text : target_->record) {
        reply.elements.push_back(ReplyOf(TargetReply::Type::kText, text));
      }
    } else if (command == "EXEC") {
      reply = refused_ ? ReplyOf(TargetReply::Type::kError, "EXECABORT")
                       : ReplyOf(TargetReply::Type::kArray);
      for (const std::string& error : target_->results) {
        reply.elements.push_back(ReplyOf(TargetReply::Type::kError, error));
      }
      target_->results.clear();
    } else if (command == "DBSIZE" || command == "CLIENT ID") {
      reply = ReplyOf(TargetReply::Type::kInteger);
    }
    return reply;
  }

  Target* const target_;
  std::vector<std::string> gathered_;
  std::deque<TargetReply> replies_;
  bool refused_ = false;  // In the transaction.
};

class MirrorSessionTest : public ::testing::Test {
 protected:
  absl::Status Open(size_t shards) {
    options_.shards = shards;
    options_.now_ms = [] { return uint64_t{0}; };
    options_.log = [](absl::string_view) {};
    absl::StatusOr<std::unique_ptr<MirrorSession>> session =
        MirrorSession::Open(std::make_unique<FakeLink>(&target_), options_,
                            &counters_, &state_);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    session_->applied = [this](size_t shard, uint64_t next_offset) {
      applied_.push_back(absl::StrCat(shard, ":", next_offset));
    };
    session_->failed = [this] { ++failed_; };
    session_->closed = [] {};
    target_.sent.clear();
    return absl::OkStatus();
  }

  // Delivers one frame.
  absl::Status Frame(size_t shard, uint64_t offset,
                     const std::vector<absl::string_view>& argv) {
    std::string wire;
    EXPECT_EQ(AppendFrame(offset, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    return session_->handler(shard)->OnFrames({&frame, 1}, {7, offset + 1});
  }

  MirrorOptions options_;
  MirrorCounters counters_;
  MirrorState state_;
  Target target_;
  std::unique_ptr<MirrorSession> session_;
  std::vector<std::string> applied_;
  int failed_ = 0;
};

constexpr const char* kTroubles[] = {
    "OOM command not allowed", "LOADING Redis is loading",
    "READONLY You can't write", "MISCONF Redis is configured"};

TEST_F(MirrorSessionTest, TargetInTroubleIsUnavailable) {
  for (const char* trouble : kTroubles) {
    SCOPED_TRACE(trouble);
    // While the target is opened.
    for (const char* command : {"CLIENT LIST", "HGETALL", "DBSIZE"}) {
      target_.refused = {{command, trouble}};
      EXPECT_TRUE(absl::IsUnavailable(Open(1)));
    }
    // A command, then the whole transaction.
    for (const char* command : {"INCR", "EXEC"}) {
      target_.refused = {};
      ASSERT_TRUE(Open(1).ok());
      ASSERT_TRUE(session_->handler(0)->OnReset().ok());
      target_.refused = {{command, trouble}};
      ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
      EXPECT_TRUE(absl::IsUnavailable(session_->handler(0)->OnFlush()));
      EXPECT_TRUE(absl::IsUnavailable(session_->link_status()));
    }
    // Emptying it.
    target_.refused = {};
    ASSERT_TRUE(Open(1).ok());
    target_.refused = {{"FLUSHDB", trouble}};
    EXPECT_TRUE(absl::IsUnavailable(session_->handler(0)->OnSnapshotBegin()));
    // A snapshot's commands.
    target_.refused = {};
    ASSERT_TRUE(Open(1).ok());
    ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
    target_.refused = {{"SET", trouble}};
    const absl::string_view payload(
        "KEVYSNAP\x04\x01\x00\x01\x00\x00\x00k\x01\x00\x00\x00v\x00", 22);
    ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk(payload).ok());
    EXPECT_TRUE(
        absl::IsUnavailable(session_->handler(0)->OnSnapshotEnd({7, 1})));
  }
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(counters_.skipped, 0u);
}

TEST_F(MirrorSessionTest, LinkErrorEndsSession) {
  target_.link = absl::UnavailableError("gone");
  EXPECT_TRUE(absl::IsUnavailable(Open(1)));
  target_.link = absl::OkStatus();
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  target_.link = absl::DeadlineExceededError("slow");
  EXPECT_TRUE(absl::IsDeadlineExceeded(session_->handler(0)->OnFlush()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(session_->link_status()));
  EXPECT_EQ(failed_, 1);
  // The session sends no more commands after the error.
  target_.link = absl::OkStatus();
  const size_t sent = target_.sent.size();
  EXPECT_FALSE(Frame(0, 1, {"INCR", "a"}).ok());
  (void)session_->handler(0)->OnFlush();
  EXPECT_EQ(target_.sent.size(), sent);
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(MirrorSessionTest, FramesTravelWithPosition) {
  target_.record = {"kevy_mirror", "1",   "shards",  "2",
                    "shard-0",     "7:3", "shard-1", "8:4"};
  ASSERT_TRUE(Open(2).ok());
  EXPECT_EQ(ToString(session_->position(0)), "7:3");
  EXPECT_EQ(ToString(session_->position(1)), "8:4");
  ASSERT_TRUE(Frame(0, 3, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 4, {"INCR", "b"}).ok());
  // Another shard's frame ends the transaction.
  ASSERT_TRUE(Frame(1, 4, {"INCR", "c"}).ok());
  EXPECT_THAT(applied_, ElementsAre("0:5"));
  ASSERT_TRUE(session_->handler(1)->OnFlush().ok());
  EXPECT_THAT(applied_, ElementsAre("0:5", "1:5"));
  EXPECT_THAT(target_.sent,
              ElementsAre("MULTI", "INCR a", "INCR b",
                          "HSET kevy_mirror shard-0 7:5", "EXEC", "MULTI",
                          "INCR c", "HSET kevy_mirror shard-1 7:5", "EXEC"));
}

// The replies match their commands when the shards take turns.
TEST_F(MirrorSessionTest, SnapshotAndFramesTakeTurns) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotBegin().ok());
  const absl::string_view payload(
      "KEVYSNAP\x04\x01\x00\x01\x00\x00\x00k\x01\x00\x00\x00v\x00", 22);
  target_.sent.clear();
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  // All bytes except the last.
  ASSERT_TRUE(
      session_->handler(1)->OnSnapshotChunk(payload.substr(0, 21)).ok());
  ASSERT_TRUE(Frame(0, 1, {"INCR", "b"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotChunk(payload.substr(21)).ok());
  ASSERT_TRUE(session_->handler(0)->OnHeartbeat(Heartbeat{9, 2}, {9, 2}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "c"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotEnd({8, 5}).ok());
  EXPECT_THAT(
      target_.sent,
      ElementsAre("MULTI", "INCR a", "HSET kevy_mirror shard-0 7:1", "EXEC",
                  "SET k v", "MULTI", "INCR b", "HSET kevy_mirror shard-0 7:2",
                  "EXEC", "HSET kevy_mirror shard-0 9:2", "MULTI", "INCR c",
                  "HSET kevy_mirror shard-0 7:3", "EXEC",
                  "HSET kevy_mirror shard-1 8:5"));
  EXPECT_EQ(applied_.back(), "1:5");
}

TEST_F(MirrorSessionTest, RejectionNamesSnapshotCommand) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotBegin().ok());
  target_.refused = {{"SET k", "ERR no"}};
  const absl::string_view payload(
      "KEVYSNAP\x04\x01\x00\x01\x00\x00\x00k\x01\x00\x00\x00v\x00", 22);
  ASSERT_TRUE(session_->handler(1)->OnSnapshotChunk(payload).ok());
  const absl::Status status = Frame(0, 0, {"INCR", "a"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the target rejects \"SET k\" of a snapshot: ERR no"));
}

TEST_F(MirrorSessionTest, CommandsBeyondKeysAreRefused) {
  for (const absl::string_view command : {"MULTI", "exec", "Select", "FLUSHALL",
                                          "FLUSHDB", "SUBSCRIBE", "CLIENT"}) {
    SCOPED_TRACE(command);
    options_.skip_rejected = false;
    ASSERT_TRUE(Open(1).ok());
    ASSERT_TRUE(session_->handler(0)->OnReset().ok());
    target_.sent.clear();
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    const absl::Status status = Frame(0, 1, {command, "b"});
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("offset 1"), HasSubstr(command),
                      HasSubstr("only commands about keys")));
    // The frames before it are executed.
    EXPECT_THAT(
        target_.sent,
        ElementsAre("MULTI", "INCR a", "HSET kevy_mirror shard-0 7:1", "EXEC"));
  }
}

// The position is stored after the count. If the link breaks in between, the
// command comes again.
TEST_F(MirrorSessionTest, SkippedCommandIsCountedOnce) {
  options_.skip_rejected = true;
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  target_.link = absl::UnavailableError("gone");
  EXPECT_TRUE(absl::IsUnavailable(Frame(0, 0, {"MULTI"})));
  EXPECT_EQ(counters_.skipped, 1u);
  target_.link = absl::OkStatus();
  target_.record = {"kevy_mirror", "1", "shards", "1", "shard-0", "7:0"};
  ASSERT_TRUE(Open(1).ok());
  EXPECT_TRUE(Frame(0, 0, {"MULTI"}).ok());
  EXPECT_EQ(counters_.skipped, 1u);
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-0 7:1"));
  // The first command of another history.
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  EXPECT_TRUE(Frame(0, 0, {"MULTI"}).ok());
  EXPECT_EQ(counters_.skipped, 2u);
}

TEST_F(MirrorSessionTest, PermissionErrorStopsMirror) {
  target_.refused = {{"FLUSHDB", "NOPERM this user has no permissions"}};
  ASSERT_TRUE(Open(1).ok());
  absl::Status status = session_->handler(0)->OnReset();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
  EXPECT_TRUE(session_->link_status().ok());
  target_.refused = {};
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  target_.refused = {{"HSET", "NOPERM this user has no permissions"}};
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  status = session_->handler(0)->OnFlush();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
  EXPECT_TRUE(session_->link_status().ok());
}

TEST_F(MirrorSessionTest, GapIsRememberedWithoutStoring) {
  LinkDown gap;
  gap.end = LinkEnd::kOffsetGap;
  gap.resync = true;
  target_.record = {"kevy_mirror", "1",   "shards",  "2",
                    "shard-0",     "7:3", "shard-1", "8:4"};
  ASSERT_TRUE(Open(2).ok());
  session_->handler(1)->OnLinkDown(gap);
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-1 loading"));
  EXPECT_EQ(failed_, 0);
  state_.reload = false;  // As in a new process.

  ASSERT_TRUE(Open(2).ok());
  target_.link = absl::UnavailableError("gone");
  session_->handler(1)->OnLinkDown(gap);
  EXPECT_EQ(failed_, 1);
  EXPECT_TRUE(absl::IsUnavailable(session_->link_status()));
  target_.link = absl::OkStatus();
  ASSERT_TRUE(Open(2).ok());
  EXPECT_EQ(session_->position(0), FeedPosition());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  EXPECT_THAT(target_.sent, Contains("FLUSHDB"));
}

// With protocol 1 a shard without writes sends heartbeats alone.
TEST_F(MirrorSessionTest, EmptyShardIsStoredAsEmpty) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(session_->handler(0)->OnFlush().ok());
  target_.sent.clear();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(session_->handler(1)->OnHeartbeat({9, 0}, {0, 0}).ok());
  }
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-1 empty"));

  // The next session resumes, and the first write starts only that shard.
  target_.record = {"kevy_mirror", "1",   "shards",  "2",
                    "shard-0",     "7:1", "shard-1", "empty"};
  ASSERT_TRUE(Open(2).ok());
  EXPECT_EQ(ToString(session_->position(0)), "7:1");
  EXPECT_EQ(ToString(session_->position(1)), "0:0");
  ASSERT_TRUE(session_->handler(1)->OnReset().ok());
  ASSERT_TRUE(Frame(1, 0, {"INCR", "b"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnFlush().ok());
  EXPECT_THAT(target_.sent,
              ElementsAre("HSET kevy_mirror shard-1 loading", "MULTI", "INCR b",
                          "HSET kevy_mirror shard-1 7:1", "EXEC"));
}

TEST_F(MirrorSessionTest, RejectionOutlastsConnection) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  target_.results = {"WRONGTYPE no list"};
  target_.dies_after_exec = true;  // So the reason cannot be stored.
  ASSERT_TRUE(Frame(0, 0, {"LPUSH", "a", "x"}).ok());
  EXPECT_TRUE(absl::IsUnavailable(session_->handler(0)->OnFlush()));
  target_.link = absl::OkStatus();
  target_.record = {"kevy_mirror", "1", "shards", "1", "shard-0", "7:1"};
  target_.sent.clear();
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Open(1);
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("offset 0"), HasSubstr("WRONGTYPE no list")));
  }
  EXPECT_THAT(target_.sent, Contains(StartsWith("HSET kevy_mirror rejected ")));
}

TEST_F(MirrorSessionTest, LostRepliesAreCounted) {
  options_.max_batch = 1;
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  target_.dies_before_replies = true;
  EXPECT_TRUE(absl::IsUnavailable(Frame(0, 0, {"INCR", "a"})));
  EXPECT_EQ(counters_.untold, 0u);
  target_.link = absl::OkStatus();
  // The transaction was not executed.
  target_.record = {"kevy_mirror", "1", "shards", "1", "shard-0", "7:0"};
  const auto unanswered = state_.shards[0].unanswered;
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(counters_.untold, 0u);
  // The transaction was executed.
  state_.shards[0].unanswered = unanswered;
  target_.record.back() = "7:1";
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(counters_.untold, 1u);
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(counters_.untold, 1u);
}

TEST_F(MirrorSessionTest, TransactionHasByteLimit) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  const std::string value(400 << 10, 'x');
  for (uint64_t i = 0; i < 7; ++i) {
    ASSERT_TRUE(Frame(0, i, {"SET", "a", value}).ok());
  }
  ASSERT_TRUE(session_->handler(0)->OnFlush().ok());
  EXPECT_THAT(applied_, ElementsAre("0:3", "0:6", "0:7"));
}

TEST_F(MirrorSessionTest, CarefulOffsetEndsWithHistory) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  state_.shards[0].careful_until = 2;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(session_->handler(0)->OnReset().ok());
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    ASSERT_TRUE(Frame(0, 1, {"INCR", "a"}).ok());
    ASSERT_TRUE(session_->handler(0)->OnFlush().ok());
  }
  EXPECT_THAT(applied_, ElementsAre("0:1", "0:2", "0:2"));
}

TEST_F(MirrorSessionTest, VoidSnapshotDoesNotBlockHeartbeats) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk("KEVYSNAP").ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotVoid().ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(session_->handler(0)->OnFlush().ok());
  target_.sent.clear();
  ASSERT_TRUE(session_->handler(0)->OnHeartbeat({9, 1}, {9, 1}).ok());
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-0 9:1"));
}

// After a stop the replies to the last transaction still count.
TEST_F(MirrorSessionTest, FinishWaitsForExecutingTransaction) {
  options_.max_batch = 2;
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset().ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "a"}).ok());
  EXPECT_THAT(applied_, IsEmpty());
  ASSERT_TRUE(session_->Finish().ok());
  EXPECT_THAT(applied_, ElementsAre("0:2"));
}

}  // namespace
}  // namespace kevy_replica
