// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Cases that need a scripted target. kevy_mirror_test has those with a server.

#include "kevy_replica/tools/mirror/mirror_session.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

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

TargetReply IntegerReply(int64_t integer) {
  TargetReply reply = ReplyOf(TargetReply::Type::kInteger);
  reply.integer = integer;
  return reply;
}

TargetReply ArrayOf(std::vector<TargetReply> elements) {
  TargetReply reply = ReplyOf(TargetReply::Type::kArray);
  reply.integer = static_cast<int64_t>(elements.size());
  reply.elements = std::move(elements);
  return reply;
}

// COMMAND's element of a command that writes the keys `first` to `last`.
TargetReply CommandOf(const std::string& name, int64_t arity, int64_t last,
                      const std::string& flag = "write") {
  return ArrayOf({ReplyOf(TargetReply::Type::kText, name), IntegerReply(arity),
                  ArrayOf({ReplyOf(TargetReply::Type::kText, flag)}),
                  IntegerReply(1), IntegerReply(last), IntegerReply(1)});
}

// The state of the target, which outlives its links, and a script.
struct Target {
  std::vector<std::string> sent;  // Each command's arguments in one line.
  int links = 0;
  // HGETALL's reply: field, value and so on.
  std::map<std::string, std::string> record;
  // Prefixes of commands, each with the error that they get and how often.
  struct Refusal {
    std::string prefix;
    std::string error;
    int times = 1000;
  };
  std::vector<Refusal> refused;
  // The results of the next EXEC, from the first command on. An empty text is
  // no error.
  std::vector<TargetReply> results;
  absl::Status down;  // Not OK: neither a link nor a connection works.
  // The link breaks: at a command of this prefix, before EXEC is executed, or
  // before its replies are read.
  std::string poison;
  std::string unsent;  // Send() fails once, at a command of this prefix.
  bool dies_before_exec = false;
  bool dies_after_exec = false;
};

// Replies like a server that accepts all commands, except for Target's script.
class FakeLink : public TargetLink {
 public:
  explicit FakeLink(Target* target) : target_(target) { ++target->links; }

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
  // After an error none of the commands counts as sent.
  absl::Status Send() override {
    if (!target_->down.ok()) return target_->down;
    for (const std::string& command : gathered_) {
      if (broken_) break;
      if (!target_->unsent.empty() &&
          absl::StartsWith(command, target_->unsent)) {
        target_->unsent.clear();
        broken_ = true;
        return absl::UnavailableError("unsent");
      }
      target_->sent.push_back(command.substr(0, 100));
      broken_ |= (!target_->poison.empty() &&
                  absl::StartsWith(command, target_->poison)) ||
                 (command == "EXEC" &&
                  std::exchange(target_->dies_before_exec, false));
      if (!broken_) replies_.push_back(Answer(command));
      if (command == "EXEC" && !broken_ &&
          std::exchange(target_->dies_after_exec, false)) {
        broken_ = true;
        replies_.clear();
      }
    }
    outstanding_ += gathered_.size();
    gathered_.clear();
    return absl::OkStatus();
  }
  size_t outstanding() const override { return outstanding_; }
  absl::StatusOr<TargetReply> Receive(ReplyDetail /*detail*/) override {
    if (!target_->down.ok()) return target_->down;
    if (replies_.empty()) {
      EXPECT_TRUE(broken_) << "no reply is outstanding";
      return absl::UnavailableError("gone");
    }
    --outstanding_;
    TargetReply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }

 private:
  TargetReply Answer(const std::string& command) {
    for (Target::Refusal& refusal : target_->refused) {
      if (!absl::StartsWith(command, refusal.prefix) || refusal.times == 0) {
        continue;
      }
      --refusal.times;
      refused_ = true;
      return ReplyOf(TargetReply::Type::kError, refusal.error);
    }
    if (command == "MULTI" || command == "DISCARD") {
      refused_ = false;
      queued_.clear();
      in_multi_ = command == "MULTI";
    } else if (command == "EXEC") {
      return Execute();
    } else if (in_multi_) {
      queued_.push_back(command);
    } else {
      return Run(command);
    }
    return ReplyOf(TargetReply::Type::kText);
  }

  TargetReply Execute() {
    in_multi_ = false;
    if (refused_) return ReplyOf(TargetReply::Type::kError, "EXECABORT");
    std::vector<TargetReply> results;
    for (const std::string& command : queued_) results.push_back(Run(command));
    for (size_t i = 0; i < target_->results.size() && i < results.size(); ++i) {
      results[i] = target_->results[i];
    }
    target_->results.clear();
    return ArrayOf(std::move(results));
  }

  TargetReply Run(const std::string& command) {
    const std::vector<std::string> argv = absl::StrSplit(command, ' ');
    if (command == "COMMAND") {
      return ArrayOf({CommandOf("incr", 2, 1), CommandOf("set", -3, 1),
                      CommandOf("lpush", -3, 1), CommandOf("del", -2, -1),
                      CommandOf("flushdb", -1, 1, "readonly"),
                      CommandOf("rename", 3, 2), CommandOf("pexpireat", 3, 1)});
    }
    if (command == "HGETALL kevy_mirror") {
      std::vector<TargetReply> fields;
      for (const auto& [field, value] : target_->record) {
        fields.push_back(ReplyOf(TargetReply::Type::kText, field));
        fields.push_back(ReplyOf(TargetReply::Type::kText, value));
      }
      return ArrayOf(std::move(fields));
    }
    if (command == "FLUSHDB") target_->record.clear();
    if (argv[0] == "HSET" && argv[1] == "kevy_mirror") {
      const std::string prefix =
          absl::StrCat("HSET kevy_mirror ", argv[2], " ");
      if (absl::StartsWith(argv[2], "shard-") || argv[2] == kRejectedField) {
        const bool is_new = target_->record.count(argv[2]) == 0;
        target_->record[argv[2]] = command.substr(prefix.size());
        return IntegerReply(is_new ? 1 : 0);
      }
      for (size_t i = 2; i + 1 < argv.size(); i += 2) {
        target_->record[argv[i]] = argv[i + 1];
      }
    }
    return IntegerReply(0);
  }

  Target* const target_;
  bool broken_ = false;
  std::vector<std::string> gathered_;
  std::deque<TargetReply> replies_;
  size_t outstanding_ = 0;
  bool in_multi_ = false;
  bool refused_ = false;  // In the transaction.
  std::vector<std::string> queued_;
};

// A snapshot of a key k.
constexpr absl::string_view kPayload(
    "KEVYSNAP\x04\x01\x00\x01\x00\x00\x00k\x01\x00\x00\x00v\x00", 22);

class MirrorSessionTest : public ::testing::Test {
 protected:
  MirrorSessionTest() {
    options_.now_ms = [] { return uint64_t{0}; };
    options_.log = [this](absl::string_view line) {
      log_.push_back(std::string(line));
    };
  }

  absl::Status Open(size_t shards) {
    options_.shards = shards;
    absl::StatusOr<std::unique_ptr<MirrorSession>> session =
        MirrorSession::Open(
            [this]() -> absl::StatusOr<std::unique_ptr<TargetLink>> {
              if (!target_.down.ok()) return target_.down;
              return std::make_unique<FakeLink>(&target_);
            },
            interrupter_, options_, &counters_, &state_);
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

  // A session whose target holds shard i up to 7:0.
  void OpenAtStart(size_t shards = 1) {
    target_.record = {{"kevy_mirror", "1"}, {"shards", absl::StrCat(shards)}};
    for (size_t i = 0; i < shards; ++i) {
      target_.record[absl::StrCat("shard-", i)] = "7:0";
      absl::StrAppend(&target_.record["told"], i == 0 ? "" : ",", "7:0");
    }
    const absl::Status status = Open(shards);
    ASSERT_TRUE(status.ok()) << status;
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
  absl::Status Flush() { return session_->handler(0)->OnFlush(); }

  // The sent commands, without those that open the target.
  std::vector<std::string> Writes() const {
    std::vector<std::string> writes;
    for (const std::string& command : target_.sent) {
      if (!absl::StartsWith(command, "CLIENT ") && command != "COMMAND" &&
          command != "HGETALL kevy_mirror" && command != "INFO memory") {
        writes.push_back(command);
      }
    }
    return writes;
  }

  MirrorOptions options_;
  MirrorCounters counters_;
  MirrorState state_;
  Target target_;
  const std::shared_ptr<Interrupter> interrupter_ =
      std::make_shared<Interrupter>();
  std::unique_ptr<MirrorSession> session_;
  std::vector<std::string> applied_;
  std::vector<std::string> log_;
  int failed_ = 0;
};

constexpr const char* kTroubles[] = {
    "OOM command not allowed", "LOADING Redis is loading",
    "READONLY You can't write", "MISCONF Redis is configured"};

TEST_F(MirrorSessionTest, TargetInTroubleIsWaitedFor) {
  for (const char* trouble : kTroubles) {
    SCOPED_TRACE(trouble);
    target_.record.clear();
    state_ = MirrorState();
    // While the target is opened for the first time.
    for (const char* command : {"CLIENT LIST", "HGETALL", "DBSIZE"}) {
      target_.refused = {{command, trouble}};
      EXPECT_TRUE(absl::IsUnavailable(Open(1)));
    }
    // Later on: each command of the mirror, and each of the primary.
    for (const char* command :
         {"FLUSHDB", "INCR", "HSET kevy_mirror shard-0 7:1", "EXEC", "SET",
          "HSET kevy_mirror shard-0 8:1"}) {
      SCOPED_TRACE(command);
      target_.record.clear();
      target_.refused = {};
      state_ = MirrorState();
      ASSERT_TRUE(Open(1).ok());
      applied_.clear();
      const int links = target_.links;
      target_.refused = {{command, trouble, 1}};
      FollowerHandler* const handler = session_->handler(0);
      ASSERT_TRUE(handler->OnReset({}).ok());
      ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
      ASSERT_TRUE(Flush().ok());
      ASSERT_TRUE(handler->OnSnapshotBegin().ok());
      ASSERT_TRUE(handler->OnSnapshotChunk(kPayload).ok());
      ASSERT_TRUE(handler->OnSnapshotEnd({8, 1}).ok());
      EXPECT_EQ(target_.links, links + 1);
      EXPECT_EQ(target_.record["shard-0"], "8:1");
      EXPECT_THAT(applied_, ElementsAre("0:1", "0:1"));
      EXPECT_EQ(failed_, 0);
    }
  }
  EXPECT_EQ(counters_.passed_over.total(), 0u);
}

TEST_F(MirrorSessionTest, BrokenLinkRepeatsUnexecutedTransaction) {
  OpenAtStart();
  target_.dies_before_exec = true;
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"INCR", "b"}).ok());
  ASSERT_TRUE(Flush().ok());
  const std::vector<std::string> once = {
      "MULTI", "INCR a", "INCR b", "HSET kevy_mirror shard-0 7:2", "EXEC"};
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  EXPECT_EQ(Writes(), twice);
  EXPECT_THAT(applied_, ElementsAre("0:2"));
  EXPECT_EQ(counters_.untold, 0u);
  EXPECT_EQ(target_.links, 2);
}

TEST_F(MirrorSessionTest, BrokenLinkDoesNotRepeatExecutedTransaction) {
  OpenAtStart();
  target_.dies_after_exec = true;
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  EXPECT_THAT(Writes(), ElementsAre("MULTI", "INCR a",
                                    "HSET kevy_mirror shard-0 7:1", "EXEC"));
  EXPECT_THAT(applied_, ElementsAre("0:1"));
  EXPECT_EQ(counters_.untold, 1u);
  EXPECT_THAT(log_, Contains(HasSubstr("rejections there are not counted")));
}

// The mirror is killed between EXEC and its reply.
TEST_F(MirrorSessionTest, KilledMirrorTellsAtNextStart) {
  OpenAtStart();
  ASSERT_TRUE(session_->Finish().ok());
  state_ = MirrorState();
  ASSERT_TRUE(Open(1).ok());
  EXPECT_THAT(log_, IsEmpty());
  target_.results = {ReplyOf(TargetReply::Type::kError, "ERR a new error")};
  target_.dies_after_exec = true;
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  interrupter_->Interrupt();
  EXPECT_TRUE(absl::IsCancelled(Flush()));
  EXPECT_EQ(target_.record["shard-0"], "7:1");
  // Another process: the command is neither sent again nor counted.
  session_.reset();
  state_ = MirrorState();
  log_.clear();
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(session_->position(0), (FeedPosition{7, 1}));
  EXPECT_EQ(counters_.untold, 1u);
  EXPECT_EQ(counters_.passed_over.total(), 0u);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("rejections there are not counted")));
  ASSERT_TRUE(session_->Finish().ok());
  state_ = MirrorState();
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(counters_.untold, 1u);
}

// The key was deleted over another connection.
TEST_F(MirrorSessionTest, DeletedRecordDoesNotComeBackInPart) {
  OpenAtStart();
  target_.record.clear();
  ASSERT_TRUE(session_->Finish().ok());
  EXPECT_THAT(target_.record, IsEmpty());
  const absl::Status status = session_->handler(0)->OnHeartbeat({9, 0}, {9, 0});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("was overwritten or deleted"));
  EXPECT_THAT(applied_, IsEmpty());
}

// HSET of a known field returns 0. Any other result is of another key: a
// command of the primary has overwritten the record.
TEST_F(MirrorSessionTest, OtherResultOfRecordEndsSession) {
  for (const TargetReply& result :
       {ReplyOf(TargetReply::Type::kError, "WRONGTYPE no hash"),
        ReplyOf(TargetReply::Type::kText, "OK"), TargetReply(),
        IntegerReply(1)}) {
    state_ = MirrorState();
    OpenAtStart();
    target_.results = {IntegerReply(1), result};
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    const absl::Status status = Flush();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("was overwritten or deleted"));
    EXPECT_THAT(applied_, IsEmpty());
  }
}

// A shard's gap and the target's end meet.
TEST_F(MirrorSessionTest, FinishReturnsErrorBefore) {
  options_.max_batch = 1;
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  target_.dies_before_exec = true;
  ASSERT_TRUE(Frame(0, 1, {"INCR", "a"}).ok());
  target_.record["shard-0"] = "7:9";
  LinkDown gap;
  gap.end = LinkEnd::kOffsetGap;
  gap.resync = true;
  session_->handler(0)->OnLinkDown(gap).IgnoreError();
  ASSERT_TRUE(absl::IsAborted(session_->status())) << session_->status();
  EXPECT_EQ(session_->Finish(), session_->status());
}

// A snapshot is loaded over several links, each command once.
TEST_F(MirrorSessionTest, BrokenLinkDoesNotRestartSnapshot) {
  options_.max_batch = 1;
  ASSERT_TRUE(Open(1).ok());
  FollowerHandler* const handler = session_->handler(0);
  ASSERT_TRUE(handler->OnSnapshotBegin().ok());
  const std::string header(kPayload.substr(0, 9));
  const std::string record(kPayload.substr(9, 12));
  ASSERT_TRUE(handler->OnSnapshotChunk(header).ok());
  target_.sent.clear();
  for (bool* dies : {&target_.dies_before_exec, &target_.dies_after_exec}) {
    *dies = true;
    ASSERT_TRUE(handler->OnSnapshotChunk(record).ok());
  }
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload.substr(21)).ok());
  ASSERT_TRUE(handler->OnSnapshotEnd({8, 5}).ok());
  const std::vector<std::string> writes = Writes();
  EXPECT_EQ(
      writes,
      (std::vector<std::string>{
          "MULTI", "SET k v", "HSET kevy_mirror shard-0 loading 1", "EXEC",
          "MULTI", "SET k v", "HSET kevy_mirror shard-0 loading 1", "EXEC",
          "MULTI", "SET k v", "HSET kevy_mirror shard-0 loading 2", "EXEC",
          "HSET kevy_mirror shard-0 8:5"}));
  EXPECT_THAT(applied_, ElementsAre("0:5"));
}

TEST_F(MirrorSessionTest, WaitForTargetDoubles) {
  options_.log = [this](absl::string_view line) {
    log_.push_back(std::string(line));
    if (log_.size() == 4) interrupter_->Interrupt();
  };
  OpenAtStart();
  target_.down = absl::UnavailableError("gone");
  EXPECT_TRUE(absl::IsCancelled(Frame(0, 0, {"INCR", "a"})));
  EXPECT_THAT(log_,
              ElementsAre("gone; trying again", "gone; trying again in 100ms",
                          "gone; trying again in 200ms",
                          "gone; trying again in 400ms"));
}

// Redis before 7.0.
TEST_F(MirrorSessionTest, TargetWithoutPexpiretimeIsNotAskedForDeadlines) {
  uint64_t now_ms = 1000;
  options_.now_ms = [&now_ms] { return now_ms; };
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"PEXPIREAT", "a", "1"}).ok());
  ASSERT_TRUE(Flush().ok());
  EXPECT_THAT(Writes(),
              Contains(absl::StrCat("PEXPIREAT a ",
                                    now_ms + PassedDeadlines::kGraceMs)));
  target_.sent.clear();
  now_ms += PassedDeadlines::kTransitMs;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(session_->handler(0)->OnHeartbeat({7, 1}, {7, 1}).ok());
  }
  EXPECT_THAT(target_.sent, ElementsAre("PING"));
}

TEST_F(MirrorSessionTest, InterruptEndsWaitForTarget) {
  OpenAtStart();
  target_.down = absl::UnavailableError("gone");
  interrupter_->Interrupt();
  ASSERT_TRUE(absl::IsCancelled(Frame(0, 0, {"INCR", "a"})));
  EXPECT_EQ(failed_, 1);
  EXPECT_TRUE(absl::IsCancelled(session_->status()));
}

TEST_F(MirrorSessionTest, LostRecordEndsSession) {
  for (const OnLostTarget on_lost :
       {OnLostTarget::kStop, OnLostTarget::kReload}) {
    options_.on_lost_target = on_lost;
    state_ = MirrorState();
    OpenAtStart();
    target_.dies_before_exec = true;
    target_.record.clear();
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    const absl::Status status = Flush();
    const bool reload = on_lost == OnLostTarget::kReload;
    EXPECT_EQ(status.code(), reload ? absl::StatusCode::kAborted
                                    : absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("has lost the mirror's record, which held "
                                "shard-0 at 7:0: "),
                      HasSubstr(reload ? "; all is loaded again"
                                       : "give --on_lost_target=reload")));
    EXPECT_EQ(state_.reload, reload);
    // The new link writes nothing, whatever the follower calls.
    EXPECT_EQ(Flush(), status);
    EXPECT_EQ(Frame(0, 1, {"INCR", "b"}), status);
    EXPECT_EQ(session_->handler(0)->OnHeartbeat({7, 2}, {7, 2}), status);
    LinkDown gap;
    gap.end = LinkEnd::kOffsetGap;
    gap.resync = true;
    session_->handler(0)->OnLinkDown(gap).IgnoreError();
    EXPECT_THAT(Writes(),
                ElementsAre("MULTI", "INCR a", "HSET kevy_mirror shard-0 7:1",
                            "EXEC", "DBSIZE"));
  }
}

// The target is lost between two sessions, or had gone back into a snapshot.
TEST_F(MirrorSessionTest, LostTargetIsNoticedBetweenSessions) {
  OpenAtStart();
  target_.record.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(1)));
  options_.on_lost_target = OnLostTarget::kReload;
  EXPECT_TRUE(absl::IsAborted(Open(1)));
  EXPECT_TRUE(Open(1).ok());
  options_.on_lost_target = OnLostTarget::kStop;
  state_.reload = false;
  OpenAtStart();
  target_.dies_before_exec = true;
  target_.record["shard-0"] = "loading 3";
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Flush()));
}

// A snapshot that is under way holds no position to lose.
TEST_F(MirrorSessionTest, LostSnapshotIsLoadedAgain) {
  options_.max_batch = 1;
  ASSERT_TRUE(Open(1).ok());
  FollowerHandler* const handler = session_->handler(0);
  ASSERT_TRUE(handler->OnSnapshotBegin().ok());
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload.substr(0, 9)).ok());
  target_.record.clear();
  target_.dies_before_exec = true;
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload.substr(9)).ok());
  EXPECT_TRUE(absl::IsAborted(handler->OnSnapshotEnd({8, 5})));
  EXPECT_TRUE(state_.reload);
}

// A cluster has one database.
TEST_F(MirrorSessionTest, FirstErrorWithinSwapIsNamed) {
  options_.swap_database = 2;
  OpenAtStart();
  FollowerHandler* const handler = session_->handler(0);
  ASSERT_TRUE(handler->OnSnapshotBegin().ok());
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload).ok());
  ASSERT_TRUE(Flush().ok());
  target_.results = {ReplyOf(TargetReply::Type::kError, "WRONGTYPE first"),
                     ReplyOf(TargetReply::Type::kError, "WRONGTYPE second")};
  const absl::Status status = handler->OnSnapshotEnd({8, 1});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(": WRONGTYPE first; "));
}

TEST_F(MirrorSessionTest, ClusterCannotSwapDatabases) {
  options_.swap_database = 2;
  target_.refused = {{"SWAPDB", "ERR SWAPDB is not allowed in cluster mode"}};
  const absl::Status status = Open(1);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("a second database, not a cluster: the target answers "
                        "SWAPDB with: ERR SWAPDB is not allowed in cluster "
                        "mode; use --reload=in_place"));
  EXPECT_THAT(Writes(), ElementsAre("SWAPDB 2 2"));
}

// The record is right: it was stored with the data.
TEST_F(MirrorSessionTest, TargetThatWentBackIsResumedFromItsRecord) {
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  target_.dies_before_exec = true;
  target_.record["shard-0"] = "7:0";
  ASSERT_TRUE(Frame(0, 1, {"INCR", "a"}).ok());
  const absl::Status status = Flush();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("the target has gone back"),
                    HasSubstr("shard-0 has \"7:0\" instead of \"7:1\"")));
  EXPECT_FALSE(state_.reload);
  ASSERT_TRUE(Open(1).ok());
  EXPECT_EQ(session_->position(0), (FeedPosition{7, 0}));
}

TEST_F(MirrorSessionTest, OtherMirrorsWritesEndSession) {
  OpenAtStart(2);
  target_.dies_before_exec = true;
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  target_.record["shard-1"] = "7:9";
  const absl::Status status = Flush();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("shard-1 has \"7:9\" instead of \"7:0\""));
}

TEST_F(MirrorSessionTest, FramesTravelWithPosition) {
  target_.record = {{"kevy_mirror", "1"},
                    {"shards", "2"},
                    {"shard-0", "7:3"},
                    {"shard-1", "8:4"}};
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
  ASSERT_TRUE(session_->handler(0)->OnReset({}).ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotBegin().ok());
  target_.sent.clear();
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  // All bytes except the last.
  ASSERT_TRUE(
      session_->handler(1)->OnSnapshotChunk(kPayload.substr(0, 21)).ok());
  ASSERT_TRUE(Frame(0, 1, {"INCR", "b"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotChunk(kPayload.substr(21)).ok());
  ASSERT_TRUE(session_->handler(0)->OnHeartbeat(Heartbeat{9, 2}, {9, 2}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "c"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnSnapshotEnd({8, 5}).ok());
  EXPECT_EQ(target_.sent,
            (std::vector<std::string>{
                "MULTI", "INCR a", "HSET kevy_mirror shard-0 7:1", "EXEC",
                "MULTI", "SET k v", "HSET kevy_mirror shard-1 loading 1",
                "EXEC", "MULTI", "INCR b", "HSET kevy_mirror shard-0 7:2",
                "EXEC", "HSET kevy_mirror shard-0 9:2", "MULTI", "INCR c",
                "HSET kevy_mirror shard-0 7:3", "EXEC",
                "HSET kevy_mirror shard-1 8:5"}));
  EXPECT_EQ(applied_.back(), "1:5");
}

TEST_F(MirrorSessionTest, TargetStaysUntilPayloadHeaderIsRead) {
  OpenAtStart();
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  ASSERT_TRUE(session_->handler(0)->OnHeartbeat({8, 3}, {0, 0}).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk("KEVYSNAP").ok());
  EXPECT_TRUE(absl::IsDataLoss(session_->handler(0)->OnSnapshotChunk("\x09")));
  EXPECT_THAT(target_.sent, ElementsAre("PING"));
  OpenAtStart();
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk("KEVYSNAP\x04").ok());
  EXPECT_THAT(target_.sent, Contains("FLUSHDB"));
}

TEST_F(MirrorSessionTest, RefusedItemCostsThatItemAlone) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  target_.refused = {{"SET k", "ERR string exceeds maximum allowed size"}};
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk(kPayload).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotEnd({8, 5}).ok());
  EXPECT_THAT(log_, Contains(AllOf(HasSubstr("snapshot's command"),
                                   HasSubstr("\"SET\" \"k\" \"v\""),
                                   HasSubstr("string exceeds"))));
  EXPECT_THAT(counters_.passed_over.MetricsText(),
              HasSubstr("{class=\"item\",name=\"set\"} 1\n"));
  // An error that nobody has foreseen stops the mirror.
  target_.record.clear();
  state_ = MirrorState();
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  target_.refused = {{"SET k", "ERR no"}};
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk(kPayload).ok());
  const absl::Status status = session_->handler(0)->OnSnapshotEnd({8, 5});
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"SET\" \"k\""), HasSubstr("ERR no")));
}

TEST_F(MirrorSessionTest, LostItemIsNamedByBeginOfItsKey) {
  ASSERT_TRUE(Open(1).ok());
  const std::string key(129, 'k');
  PayloadEncoder encoder;
  std::string payload;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{6, 0, 0}),
        PayloadEvent(RecordBegin{RecordType::kSortedSet, key, {}, 1}),
        PayloadEvent(
            ScoredMember{"m", std::numeric_limits<double>::quiet_NaN()}),
        PayloadEvent(RecordEnd()), PayloadEvent(PayloadEnd())}) {
    ASSERT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk(payload).ok());
  EXPECT_THAT(log_, ElementsAre(StartsWith(absl::StrCat(
                        "shard-0: key \"", key.substr(0, 128), "\": "))));
}

// The mirror's own record is a hash, so a field expiry could change it.
TEST_F(MirrorSessionTest, FieldExpiryOfOwnKeyStopsMirror) {
  ASSERT_TRUE(Open(1).ok());
  PayloadEncoder encoder;
  std::string payload;
  for (const PayloadEvent& event :
       {PayloadEvent(PayloadHeader{6, 0, 0}),
        PayloadEvent(FieldExpiry{options_.position_key, "shard-0", 1}),
        PayloadEvent(PayloadEnd())}) {
    ASSERT_EQ(encoder.Append(event, &payload), WireError::kNone);
  }
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  const absl::Status status = session_->handler(0)->OnSnapshotChunk(payload);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("--position_key"));
}

TEST_F(MirrorSessionTest, CommandsBeyondKeysStopMirror) {
  for (const absl::string_view command :
       {"MULTI", "exec", "Select", "SWAPDB", "CONFIG", "CLIENT", ""}) {
    SCOPED_TRACE(command);
    OpenAtStart();
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    const absl::Status status = Frame(0, 1, {command, "b"});
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(
        std::string(status.message()),
        AllOf(HasSubstr("offset 1"), HasSubstr(absl::StrCat("\"", command)),
              HasSubstr("is not passed on"), HasSubstr("--on_reject=skip")));
    // The frames before it are executed.
    EXPECT_THAT(
        target_.sent,
        ElementsAre("MULTI", "INCR a", "HSET kevy_mirror shard-0 7:1", "EXEC"));
  }
}

// By the filter, when it is queued, and when it is executed.
TEST_F(MirrorSessionTest, RejectionNamesItsShard) {
  options_.on_reject = OnReject::kStop;
  for (const size_t shard : {0, 1}) {
    const auto rejected_there = [shard](const absl::Status& status) {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(absl::StrCat("shard-", shard, ": ")));
    };
    OpenAtStart(2);
    rejected_there(Frame(shard, 0, {"MULTI"}));
    state_ = MirrorState();
    OpenAtStart(2);
    target_.refused = {{"SET b", "ERR syntax error"}};
    ASSERT_TRUE(Frame(shard, 0, {"SET", "b", "x"}).ok());
    rejected_there(Flush());
    state_ = MirrorState();
    OpenAtStart(2);
    target_.results = {ReplyOf(TargetReply::Type::kError, "WRONGTYPE no list")};
    ASSERT_TRUE(Frame(shard, 0, {"LPUSH", "a", "x"}).ok());
    rejected_there(Flush());
    state_ = MirrorState();
  }
}

// An embedded writer streams it. kevy_mirror_rows_test has it for one shard.
TEST_F(MirrorSessionTest, FlushOfOneShardReloadsAll) {
  OpenAtStart(2);
  EXPECT_TRUE(absl::IsAborted(Frame(1, 0, {"FLUSHALL"})));
  EXPECT_TRUE(state_.reload);
}

TEST_F(MirrorSessionTest, FlushMovesPositionBehindItself) {
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"SET", "a", "x"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"FLUSHALL"}).ok());
  EXPECT_EQ(target_.record["shard-0"], "7:2");
  EXPECT_THAT(applied_, ElementsAre("0:1", "0:2"));
  EXPECT_EQ(session_->position(0), (FeedPosition{7, 2}));
}

TEST_F(MirrorSessionTest, PassedOverCommandsMovePositionAlone) {
  options_.on_reject = OnReject::kSkip;
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"MULTI"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"SET", "a"}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 3, {"SET", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  EXPECT_THAT(
      target_.sent,
      ElementsAre("MULTI", "INCR a", "HSET kevy_mirror shard-0 7:4", "EXEC"));
  EXPECT_THAT(applied_, ElementsAre("0:4"));
  EXPECT_THAT(counters_.passed_over.MetricsText(),
              AllOf(HasSubstr("{class=\"data\",name=\"set\"} 2\n"),
                    HasSubstr("{class=\"unable\",name=\"multi\"} 1\n")));
  EXPECT_EQ(log_.size(), 2u);
}

// Commands that pass the filter, and are refused when they are queued.
TEST_F(MirrorSessionTest, RefusedTransactionIsSentAgainWithoutRefusedCommands) {
  OpenAtStart();
  target_.refused = {{"SET b", "ERR syntax error"}};
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"SET", "b", "x"}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "c"}).ok());
  ASSERT_TRUE(Frame(0, 3, {"SET", "b", "y"}).ok());
  ASSERT_TRUE(Flush().ok());
  EXPECT_THAT(
      target_.sent,
      ElementsAre("MULTI", "INCR a", "SET b x", "INCR c", "SET b y",
                  "HSET kevy_mirror shard-0 7:4", "EXEC", "MULTI", "INCR a",
                  "INCR c", "HSET kevy_mirror shard-0 7:4", "EXEC"));
  EXPECT_EQ(counters_.passed_over.total(), 2u);
  EXPECT_EQ(target_.links, 1);
  // The next transaction is open already, and is taken back.
  options_.max_batch = 2;
  OpenAtStart();
  for (uint64_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(Frame(0, i, {"SET", i % 2 == 0 ? "a" : "b", "x"}).ok());
  }
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(target_.links, 2);
  EXPECT_EQ(counters_.passed_over.total(), 5u);
  EXPECT_EQ(target_.record["shard-0"], "7:6");
}

TEST_F(MirrorSessionTest, RefusedCommandThatStopsLetsOthersBefore) {
  for (const size_t place : {size_t{0}, size_t{1}}) {
    OpenAtStart();
    target_.refused = {{"SET", "NOPERM no permission"}};
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(i == place ? Frame(0, i, {"SET", "a", "1"}).ok()
                             : Frame(0, i, {"INCR", "a"}).ok());
    }
    const absl::Status status = Flush();
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
    EXPECT_EQ(target_.record["shard-0"], absl::StrCat("7:", place));
  }
}

TEST_F(MirrorSessionTest, CommandThatBreaksLinksIsFoundAndNamed) {
  for (const OnReject on_reject : {OnReject::kPass, OnReject::kSkip}) {
    options_.on_reject = on_reject;
    OpenAtStart();
    applied_.clear();
    target_.poison = "SET big";
    const std::string value(500, 'x');
    for (uint64_t i = 0; i < 5; ++i) {
      ASSERT_TRUE(i == 3 ? Frame(0, i, {"SET", "big", value}).ok()
                         : Frame(0, i, {"INCR", "a"}).ok());
    }
    const absl::Status status = Flush();
    if (on_reject == OnReject::kSkip) {
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(target_.record["shard-0"], "7:5");
      EXPECT_EQ(applied_.back(), "0:5");
      EXPECT_THAT(log_, Contains(HasSubstr("breaks the connection")));
      continue;
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("offset 3, \"SET\" \"big\" \"xxx"),
                      HasSubstr("of 530 bytes breaks the connection"),
                      HasSubstr("proto-max-bulk-len")));
    EXPECT_EQ(target_.record["shard-0"], "7:3");
  }
}

// A link that ends for the target's trouble says nothing about the commands.
TEST_F(MirrorSessionTest, TroubleIsNoHintAtCommandThatBreaksLinks) {
  for (const bool alone : {true, false}) {
    int links[2];
    for (const bool trouble : {false, true}) {
      OpenAtStart();
      const char* const poison = "SET big";
      target_.poison = trouble ? "" : poison;
      if (trouble) target_.refused = {{"SET", "LOADING Redis is loading", 1}};
      options_.log = [&](absl::string_view) { target_.poison = poison; };
      const int before = target_.links;
      if (!alone) {
        ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
      }
      ASSERT_TRUE(Frame(0, alone ? 0 : 1, {"SET", "big", "x"}).ok());
      const absl::Status status = Flush();
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr("breaks the connection"));
      links[trouble] = target_.links - before;
    }
    EXPECT_EQ(links[true], links[false] + 1) << alone;
  }
}

TEST_F(MirrorSessionTest, DeletesGoThroughWithoutMemory) {
  OpenAtStart();
  const char* const oom = "OOM command not allowed";
  target_.refused = {{"HSET", oom, 3}, {"INCR", oom, 1}};
  for (uint64_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(Frame(0, i, {"DEL", "a"}).ok());
  }
  ASSERT_TRUE(Flush().ok());
  // The deletes ran, the position is not stored.
  EXPECT_THAT(Writes(), ElementsAre("MULTI", "DEL a", "DEL a",
                                    "HSET kevy_mirror shard-0 7:2", "EXEC",
                                    "DEL a", "DEL a", "MULTI", "DEL a", "DEL a",
                                    "HSET kevy_mirror shard-0 7:2", "EXEC"));
  EXPECT_EQ(target_.record["shard-0"], "7:0");
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_THAT(log_, Contains(HasSubstr("out of memory")));
  ASSERT_TRUE(Frame(0, 2, {"DEL", "b"}).ok());
  ASSERT_TRUE(Frame(0, 3, {"INCR", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(target_.record["shard-0"], "7:4");
  EXPECT_THAT(applied_, ElementsAre("0:4"));
}

// A full target queues no command, not even one that frees memory.
TEST_F(MirrorSessionTest, FullTargetIsEmptiedBeforeReload) {
  options_.max_batch = 1;
  OpenAtStart();
  target_.refused = {{"HSET kevy_mirror kevy_mirror", "OOM no memory", 1}};
  FollowerHandler* const handler = session_->handler(0);
  ASSERT_TRUE(handler->OnSnapshotBegin().ok());
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload).ok());
  ASSERT_TRUE(handler->OnSnapshotEnd({8, 1}).ok());
  const std::vector<std::string> writes = Writes();
  ASSERT_GT(writes.size(), 5u);
  const std::string record =
      "HSET kevy_mirror kevy_mirror 1 shards 1 shard-0 loading";
  EXPECT_THAT(std::vector<std::string>(writes.begin(), writes.begin() + 5),
              ElementsAre("MULTI", "FLUSHDB", record, "EXEC", "FLUSHDB"));
  EXPECT_EQ(target_.record["shard-0"], "8:1");
}

TEST_F(MirrorSessionTest, UnsentFlushIsSentAgain) {
  OpenAtStart();
  target_.unsent = "FLUSHDB";
  FollowerHandler* const handler = session_->handler(0);
  ASSERT_TRUE(handler->OnSnapshotBegin().ok());
  ASSERT_TRUE(handler->OnSnapshotChunk(kPayload).ok());
  ASSERT_TRUE(handler->OnSnapshotEnd({8, 1}).ok());
  EXPECT_THAT(Writes(), Contains("FLUSHDB"));
  EXPECT_EQ(target_.record["shard-0"], "8:1");
  EXPECT_EQ(target_.links, 2);
}

TEST_F(MirrorSessionTest, PermissionErrorStopsMirror) {
  target_.refused = {{"FLUSHDB", "NOPERM this user has no permissions"}};
  ASSERT_TRUE(Open(1).ok());
  absl::Status status = session_->handler(0)->OnReset({});
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
  OpenAtStart();
  target_.refused = {{"HSET", "NOPERM this user has no permissions"}};
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  status = Flush();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
  EXPECT_EQ(session_->status(), status);
}

TEST_F(MirrorSessionTest, RefusedPartOfTransactionIsNamed) {
  for (const char* part : {"MULTI", "HSET kevy_mirror shard-0", "EXEC"}) {
    state_ = MirrorState();
    OpenAtStart();
    const std::string error = absl::StrCat("ERR this target has no ", part);
    target_.refused = {{part, error}};
    ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
    const absl::Status status = Flush();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("the mirror's own part of a transaction"),
                      HasSubstr(error)));
    target_.refused = {};
  }
}

TEST_F(MirrorSessionTest, PrimaryIsLoggedOnceForAllShards) {
  OpenAtStart(2);
  Primary primary;
  primary.node = "db1:6004";
  primary.shards = {"db1:16004", "db1:16005"};
  primary.warning = "two nodes claim it";
  for (size_t i = 0; i < 2; ++i) {
    session_->handler(i)->OnPrimary(primary);
    session_->handler(i)->OnNoPrimary(absl::UnavailableError("db1:6004: dead"));
  }
  EXPECT_THAT(log_, ElementsAre("the primary is db1:6004, with 2 shards; two "
                                "nodes claim it",
                                "the primary does not tell its version: 5.4.0 "
                                "is assumed (--primary_version)",
                                "db1:6004: dead"));
}

TEST_F(MirrorSessionTest, GapIsRememberedWithoutStoring) {
  LinkDown gap;
  gap.end = LinkEnd::kOffsetGap;
  gap.resync = true;
  OpenAtStart(2);
  session_->handler(1)->OnLinkDown(gap).IgnoreError();
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-1 loading 1"));
  EXPECT_EQ(failed_, 0);
  state_.reload = false;  // As in a new process.

  OpenAtStart(2);
  target_.refused = {{"HSET", "NOPERM no"}};
  session_->handler(1)->OnLinkDown(gap).IgnoreError();
  EXPECT_EQ(failed_, 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(session_->status()));
  target_.refused = {};
  OpenAtStart(2);
  EXPECT_EQ(session_->position(0), FeedPosition());
  ASSERT_TRUE(session_->handler(0)->OnReset({}).ok());
  EXPECT_THAT(target_.sent, Contains("FLUSHDB"));
}

// With protocol 1 a shard without writes sends heartbeats alone.
TEST_F(MirrorSessionTest, EmptyShardIsStoredAsEmpty) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(session_->handler(0)->OnReset({}).ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  target_.sent.clear();
  ASSERT_TRUE(session_->handler(1)->OnHeartbeat({9, 0}, {0, 0}).ok());
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-1 empty"));
  // A silent target is kept alive.
  ASSERT_TRUE(session_->handler(1)->OnHeartbeat({9, 0}, {0, 0}).ok());
  EXPECT_EQ(target_.sent.back(), "PING");

  // The next session resumes, and the first write starts only that shard.
  ASSERT_TRUE(Open(2).ok());
  EXPECT_EQ(ToString(session_->position(0)), "7:1");
  EXPECT_EQ(ToString(session_->position(1)), "0:0");
  ASSERT_TRUE(session_->handler(1)->OnReset({}).ok());
  ASSERT_TRUE(Frame(1, 0, {"INCR", "b"}).ok());
  ASSERT_TRUE(session_->handler(1)->OnFlush().ok());
  EXPECT_THAT(target_.sent,
              ElementsAre("HSET kevy_mirror shard-1 loading", "MULTI", "INCR b",
                          "HSET kevy_mirror shard-1 7:1", "EXEC"));
}

TEST_F(MirrorSessionTest, RejectionOutlastsConnection) {
  options_.on_reject = OnReject::kStop;
  OpenAtStart();
  target_.results = {ReplyOf(TargetReply::Type::kError, "WRONGTYPE no list")};
  target_.poison =
      "HSET kevy_mirror rejected";  // It cannot be stored at first.
  ASSERT_TRUE(Frame(0, 0, {"LPUSH", "a", "x"}).ok());
  interrupter_->Interrupt();
  EXPECT_TRUE(absl::IsCancelled(Flush()));
  target_.poison = "";
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Open(1);
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("offset 0"), HasSubstr("WRONGTYPE no list")));
  }
  EXPECT_THAT(target_.sent, Contains(StartsWith("HSET kevy_mirror rejected ")));
}

TEST_F(MirrorSessionTest, FlushAfterRejectionSendsNothing) {
  options_.on_reject = OnReject::kStop;
  OpenAtStart();
  target_.results = {ReplyOf(TargetReply::Type::kError, "WRONGTYPE no list")};
  ASSERT_TRUE(Frame(0, 0, {"LPUSH", "a", "x"}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Flush()));
  target_.sent.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(Flush()));
  EXPECT_THAT(target_.sent, IsEmpty());
}

TEST_F(MirrorSessionTest, TransactionHasByteLimit) {
  OpenAtStart();
  const std::string value(400 << 10, 'x');
  for (uint64_t i = 0; i < 7; ++i) {
    ASSERT_TRUE(Frame(0, i, {"SET", "a", value}).ok());
  }
  ASSERT_TRUE(Flush().ok());
  EXPECT_THAT(applied_, ElementsAre("0:3", "0:6", "0:7"));
  // A larger frame travels alone, and is answered before the call returns.
  const std::string large(2 << 20, 'x');
  ASSERT_TRUE(Frame(0, 7, {"INCR", "a"}).ok());
  target_.dies_before_exec = true;
  ASSERT_TRUE(Frame(0, 8, {"SET", "a", large}).ok());
  EXPECT_THAT(applied_, ElementsAre("0:3", "0:6", "0:7", "0:8", "0:9"));
}

TEST_F(MirrorSessionTest, VoidSnapshotDoesNotBlockHeartbeats) {
  ASSERT_TRUE(Open(1).ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotBegin().ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotChunk("KEVYSNAP").ok());
  ASSERT_TRUE(session_->handler(0)->OnSnapshotVoid().ok());
  ASSERT_TRUE(session_->handler(0)->OnReset({}).ok());
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Flush().ok());
  target_.sent.clear();
  ASSERT_TRUE(session_->handler(0)->OnHeartbeat({9, 1}, {9, 1}).ok());
  EXPECT_THAT(target_.sent, ElementsAre("HSET kevy_mirror shard-0 9:1"));
}

// After a stop the replies to the last transaction still count.
TEST_F(MirrorSessionTest, FinishWaitsForExecutingTransaction) {
  options_.max_batch = 2;
  OpenAtStart();
  ASSERT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 1, {"INCR", "a"}).ok());
  ASSERT_TRUE(Frame(0, 2, {"INCR", "a"}).ok());
  EXPECT_THAT(applied_, IsEmpty());
  ASSERT_TRUE(session_->Finish().ok());
  EXPECT_THAT(applied_, ElementsAre("0:2"));
}

// The follower flushes behind the error of its handler, too.
TEST_F(MirrorSessionTest, FlushBehindRejectionLeavesThePositionInFrontOfIt) {
  options_.max_batch = 1;
  OpenAtStart();
  target_.refused = {{"SET", "NOPERM no permission"}};
  EXPECT_TRUE(Frame(0, 0, {"INCR", "a"}).ok());
  absl::Status status = Frame(0, 1, {"SET", "a", "1"});
  if (status.ok()) status = Frame(0, 2, {"INCR", "a"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::IsFailedPrecondition(Flush()));
  EXPECT_EQ(target_.record["shard-0"], "7:1");
}

}  // namespace
}  // namespace kevy_replica
