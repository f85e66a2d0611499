// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A mirror whose target fails at its k-th call, for each k and in each way. The
// target is a model in memory.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_session.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/passed_deadlines.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/mirror/transactions.h"
#include "kevy_replica/tools/testing/failing_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/model_server.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using Argv = ModelServer::Argv;
using Way = LinkFailure::Way;

constexpr uint32_t kReaders = 1;
constexpr uint32_t kSpare = 2;
constexpr uint64_t kNow = 1'000'000;   // The clock of the mirror, in ms.
constexpr uint64_t kPassed = 500'000;  // A deadline that comes too late.
constexpr uint64_t kGeneration[] = {8, 9};
constexpr uint64_t kBegin = 5;  // The offset of a snapshot.

// A frame's command, and its effect on the primary if that is another one.
struct Frame {
  Argv argv;
  Argv effect;
};

// One shard's writes of one generation, and the contents that they make.
class History {
 public:
  // Empty: the shard has no writes.
  History() = default;
  // With a snapshot the frames follow at kBegin, otherwise at 0. The seed is a
  // part of the snapshot's keys.
  History(uint64_t generation, bool has_snapshot, uint32_t seed,
          std::vector<Frame> frames)
      : generation_(generation), frames_(std::move(frames)) {
    ModelServer primary;
    primary.set_now_ms(kPassed - 1);
    Content base;
    if (has_snapshot) {
      begin_ = kBegin;
      PayloadMaker payload(seed);
      payload.AddString("41");
      counter_ = payload.content().begin()->first;
      payload.AddHash(2);
      payload.AddSortedSet(2);
      payload_ = payload.Finish();
      base = payload.content();
      const std::vector<std::string> text = absl::StrSplit(base[counter_], ' ');
      Argv set = {"SET", counter_, "41"};
      if (text.size() > 2) set.insert(set.end(), {"PXAT", text.back()});
      primary.Ask(0, set);
      frames_.push_back({{"INCR", counter_}, {}});
    }
    contents_.push_back(base);
    for (const Frame& frame : frames_) {
      const Argv& effect = frame.effect.empty() ? frame.argv : frame.effect;
      if (primary.Ask(0, effect).is_error()) ++refused_;
      if (effect[0] == "FLUSHDB") base.clear();
      Content content = base;
      for (const auto& [key, text] : primary.ContentIn(0)) content[key] = text;
      contents_.push_back(std::move(content));
    }
  }

  uint64_t generation() const { return generation_; }
  bool has_snapshot() const { return !payload_.empty(); }
  bool has_writes() const { return generation_ != 0; }
  const std::string& payload() const { return payload_; }
  FeedPosition begin() const { return {generation_, begin_}; }
  FeedPosition end() const {
    return {generation_, begin_ + static_cast<uint64_t>(frames_.size())};
  }
  bool Has(const FeedPosition& position) const {
    return position.generation == generation_ &&
           position.next_offset >= begin_ &&
           position.next_offset <= end().next_offset;
  }
  const Argv& FrameAt(uint64_t offset) const {
    return frames_[static_cast<size_t>(offset - begin_)].argv;
  }
  // The shard's contents at `position`. Precondition: Has(position).
  const Content& ContentAt(const FeedPosition& position) const {
    return contents_[static_cast<size_t>(position.next_offset - begin_)];
  }
  size_t refused() const { return refused_; }
  // The same without the first frame of this command or effect.
  History Without(const Argv& argv) const {
    std::vector<Frame> frames = frames_;
    const auto found = absl::c_find_if(frames, [&argv](const Frame& frame) {
      return (frame.effect.empty() ? frame.argv : frame.effect) == argv;
    });
    EXPECT_NE(found, frames.end());
    found->effect = {"PING"};
    return History(generation_, false, 0, std::move(frames));
  }

 private:
  uint64_t generation_ = 0;
  uint64_t begin_ = 0;
  std::string payload_;
  std::string counter_;
  std::vector<Frame> frames_;
  std::vector<Content> contents_ = std::vector<Content>(generation_ == 0);
  size_t refused_ = 0;
};

// Frames on keys that end with the shard's digit. None may run twice unnoticed.
std::vector<Frame> CountingFrames(size_t shard) {
  const std::string end = absl::StrCat(shard);
  const std::string text = absl::StrCat("text", end);
  const std::string list = absl::StrCat("list", end);
  const std::string zset = absl::StrCat("zset", end);
  return {
      {{"INCR", absl::StrCat("n", end)}, {}},
      {{"RPUSH", list, "a", "b"}, {}},
      {{"SET", text, "x"}, {}},
      {{"LPUSH", text, "y"}, {}},  // WRONGTYPE.
      {{"INCR", absl::StrCat("n", end)}, {}},
      {{"XADD", absl::StrCat("stream", end), "7-1", "f", "v"}, {}},
      {{"ZADD", zset, "1", "one", "2", "two", "3", "three"}, {}},
      {{"SET", text, "z", "KEEPTTL"}, {"PING"}},
      {{"ZPOPMIN.BELOW", zset, "3"}, {"ZREMRANGEBYRANK", zset, "0", "0"}},
      {{"BLPOP", list, "0"}, {"LPOP", list}},
      {{"INCR", text}, {}},  // Not an integer.
      {{"XADD", absl::StrCat("stream", end), "7-1", "f", "v"}, {}},  // Small.
      {{"RPUSH", list, "c"}, {}},
  };
}

std::vector<Frame> FewFrames(size_t shard) {
  const std::string end = absl::StrCat(shard);
  return {
      {{"INCR", absl::StrCat("n", end)}, {}},
      {{"RPUSH", absl::StrCat("list", end), "a"}, {}},
      {{"DEL", absl::StrCat("none", end)}, {}},
      {{"INCR", absl::StrCat("n", end)}, {}},
  };
}

// The shard of a key: PayloadMaker's begin with "key<seed>-".
size_t ShardOf(const std::string& key) {
  const size_t dash = key.find('-');
  const char digit = absl::StartsWith(key, "key") && dash != std::string::npos
                         ? key[dash - 1]
                         : key.back();
  return static_cast<size_t>(digit - '0');
}

Content OfShard(const Content& content, size_t shard) {
  Content part;
  for (const auto& [key, text] : content) {
    if (ShardOf(key) == shard) part[key] = text;
  }
  return part;
}

// One case: the primary, the target before the mirror's start, and the options.
struct Scenario {
  std::string name;
  MirrorOptions options;
  // By shard. `first` is the primary until the base is loaded, and with `gap`
  // until a mirror has met the gap behind kBegin + 1.
  std::vector<History> first;
  std::vector<History> second;
  bool has_base = false;  // The target holds `first`.
  bool has_gap = false;
  bool has_deadline = false;  // On the key c0.
  bool is_once = false;       // No reload repeats a frame.

  friend std::ostream& operator<<(std::ostream& out, const Scenario& one) {
    return out << one.name;
  }
};

// The delivery of one primary to a mirror, and its target.
class Rig {
 public:
  explicit Rig(const Scenario& scenario) : scenario_(scenario) {
    server_.set_now_ms(kNow);
    server_.set_executed([this] {
      CheckMoment();
      past_.push_back(server_.databases());
      if (past_.size() > kMostPast) past_.pop_front();
    });
    scenario_.options.shards = scenario_.first.size();
    scenario_.options.database = kReaders;
    scenario_.options.max_batch = 3;
    scenario_.options.now_ms = [] { return kNow; };
    scenario_.options.log = [this](const LogEvent& event) {
      absl::StrAppend(&log_, event.message, "\n");
    };
    if (scenario_.has_base) {
      histories_ = &scenario_.first;
      const absl::Status status = RunProcess(false);
      EXPECT_TRUE(status.ok()) << status;
      base_ = server_.databases();
    }
  }

  MirrorOptions& options() { return scenario_.options; }
  ModelServer& server() { return server_; }
  FailingCalls& calls() { return *calls_; }
  const std::string& log() const { return log_; }
  // A command is left out, so the contents differ from their positions.
  void set_is_checked(bool is_checked) { is_checked_ = is_checked; }
  // A mirror has ended, or may not set deadlines: such a key may live for the
  // grace.
  void Forget() { forgotten_ = scenario_.has_deadline; }

  // Starts over: the base, and no failure yet.
  void Reset(std::vector<LinkFailure> failures) {
    calls_ = std::make_unique<FailingCalls>();
    calls_->failures = std::move(failures);
    server_.set_databases(base_);
    histories_ = scenario_.has_gap ? &scenario_.first : &scenario_.second;
    rejections_ = server_.rejections();
    untold_ = 0;
    passed_over_ = 0;
    is_checked_ = true;
    forgotten_ = false;
    past_.clear();
    log_.clear();
    final_content_.clear();
    for (const History& history : scenario_.second) {
      for (const auto& [key, text] : history.ContentAt(history.end())) {
        final_content_[key] = text;
      }
    }
  }

  // Adds a failure. It counts from now on.
  void AddFailure(LinkFailure failure) {
    failure.at += calls_->commands().size();
    calls_->failures.push_back(std::move(failure));
  }

  // The places of the commands that a run without failures sends: all, and
  // those of the primary in transactions.
  std::vector<size_t> PlacesOf(const std::string& name);
  std::vector<size_t> PlacesInTransactions();

  // The target returns to its data of `changes` changes ago.
  void GoBack(size_t changes) {
    if (past_.size() > changes) {
      server_.set_databases(past_[past_.size() - 1 - changes]);
    }
  }
  // The first shard ends without the effect of a command.
  void ExpectWithout(const Argv& argv) {
    const History history = scenario_.second[0].Without(argv);
    final_content_ = history.ContentAt(history.end());
  }

  // Runs a mirror as a process, over sessions, to the end of the stream.
  // `is_mortal`: a failure kills it, so that it returns kCancelled.
  absl::Status RunProcess(bool is_mortal);

  // A target that is lost while the mirror ends is noticed by the next one.
  void ContinueAfterEnd() {
    Forget();
    calls_->failures.clear();
    const absl::Status status = RunProcess(false);
    EXPECT_TRUE(status.ok()) << status;
  }

  // The target holds the primary's contents, and each rejection happened once.
  void CheckEnd();

 private:
  absl::StatusOr<std::unique_ptr<TargetLink>> Connect(bool is_mortal) {
    if (is_mortal && calls_->have_all_failed()) {
      return absl::CancelledError("killed");
    }
    return FailingLink::Connect(
        [this]() -> absl::StatusOr<std::unique_ptr<TargetLink>> {
          return server_.Connect(kReaders);
        },
        calls_.get());
  }
  absl::Status RunSession(bool is_mortal, MirrorCounters* counters,
                          MirrorState* state);
  absl::Status Deliver(MirrorSession* session);
  absl::Status BeginHistory(MirrorSession* session, size_t shard,
                            FeedPosition* at);
  absl::Status DeliverFrames(MirrorSession* session, size_t shard,
                             FeedPosition* at);
  static absl::Status DeliverHeartbeat(MirrorSession* session, size_t shard,
                                       const FeedPosition& at);
  void CheckMoment();
  void CheckShard(uint32_t database, size_t shard, const Content& content);

  Scenario scenario_;
  ModelServer server_;
  std::unique_ptr<FailingCalls> calls_ = std::make_unique<FailingCalls>();
  ModelServer::Databases base_;
  const std::vector<History>* histories_ = nullptr;  // Of the primary now.
  Content final_content_;
  size_t rejections_ = 0;  // Before Reset().
  uint64_t untold_ = 0;
  uint64_t passed_over_ = 0;
  bool is_checked_ = true;
  bool forgotten_ = false;
  static constexpr size_t kMostPast = 4;
  std::deque<ModelServer::Databases> past_;
  std::string log_;
};

std::vector<size_t> Rig::PlacesOf(const std::string& name) {
  Reset({});
  EXPECT_TRUE(RunProcess(false).ok());
  std::vector<size_t> places;
  const std::vector<std::string>& commands = calls_->commands();
  for (size_t i = 0; i < commands.size(); ++i) {
    if (ModelServer::Parse(commands[i])[0] == name) places.push_back(i + 1);
  }
  return places;
}

std::vector<size_t> Rig::PlacesInTransactions() {
  Reset({});
  EXPECT_TRUE(RunProcess(false).ok());
  std::vector<size_t> places;
  bool in_transaction = false;
  const std::vector<std::string>& commands = calls_->commands();
  for (size_t i = 0; i < commands.size(); ++i) {
    const Argv argv = ModelServer::Parse(commands[i]);
    if (in_transaction && argv.size() > 1 && argv[1] != "kevy_mirror") {
      places.push_back(i + 1);
    }
    if (argv[0] == "MULTI" || argv[0] == "EXEC") {
      // EmptyTarget()'s transaction begins by FLUSHDB.
      in_transaction = argv[0] == "MULTI" &&
                       ModelServer::Parse(commands[i + 1])[0] != "FLUSHDB";
    }
  }
  return places;
}

absl::Status Rig::RunProcess(bool is_mortal) {
  constexpr int kMostSessions = 20;
  MirrorCounters counters;
  MirrorState state;
  absl::Status status = absl::AbortedError("");
  for (int i = 0; IsTemporary(status) || absl::IsAborted(status); ++i) {
    if (i == kMostSessions) {
      ADD_FAILURE() << "the mirror makes no progress: " << log_;
      return status;
    }
    if (is_mortal && calls_->have_all_failed()) {
      status = absl::CancelledError("killed");
      break;
    }
    status = RunSession(is_mortal, &counters, &state);
  }
  untold_ += counters.untold;
  // Without the commands that are never sent.
  for (const absl::string_view line :
       absl::StrSplit(counters.passed_over.MetricsText(), '\n')) {
    uint64_t count = 0;
    if (absl::StrContains(line, "class=\"data\"") &&
        absl::SimpleAtoi(line.substr(line.rfind(' ') + 1), &count)) {
      passed_over_ += count;
    }
  }
  return status;
}

absl::Status Rig::RunSession(bool is_mortal, MirrorCounters* counters,
                             MirrorState* state) {
  const TargetConnector connect = [this, is_mortal] {
    return Connect(is_mortal);
  };
  absl::StatusOr<std::unique_ptr<MirrorSession>> session =
      MirrorSession::Open(connect, std::make_shared<Interrupter>(),
                          scenario_.options, counters, state);
  if (!session.ok()) return session.status();
  (*session)->applied = [&](size_t shard, uint64_t next_offset) {
    const std::string field =
        server_.FieldIn(state->in_spare ? kSpare : kReaders, "kevy_mirror",
                        absl::StrCat("shard-", shard));
    EXPECT_TRUE(absl::EndsWith(field, absl::StrCat(":", next_offset)))
        << field << " is reported as " << next_offset;
  };
  (*session)->failed = [] {};
  (*session)->closed = [] {};
  absl::Status status = Deliver(session->get());
  if (status.ok()) status = (*session)->Finish();
  return status;
}

// Delivers all shards in turns, from their positions to the end.
absl::Status Rig::Deliver(MirrorSession* session) {
  std::vector<FeedPosition> at;
  for (size_t i = 0; i < scenario_.options.shards; ++i) {
    at.push_back(session->position(i));
    session->handler(i)->OnLinkUp({});
  }
  bool is_done = false;
  while (!is_done) {
    is_done = true;
    for (size_t i = 0; i < at.size(); ++i) {
      const History& history = (*histories_)[i];
      absl::Status status;
      if (history.has_writes() && !history.Has(at[i])) {
        status = BeginHistory(session, i, &at[i]);
      } else if (at[i] != history.end()) {
        status = DeliverFrames(session, i, &at[i]);
      }
      if (status.ok()) status = DeliverHeartbeat(session, i, at[i]);
      if (!status.ok()) return status;
      is_done = is_done && at[i] == (*histories_)[i].end();
    }
  }
  return absl::OkStatus();
}

absl::Status Rig::BeginHistory(MirrorSession* session, size_t shard,
                               FeedPosition* at) {
  const History& history = (*histories_)[shard];
  FollowerHandler* const handler = session->handler(shard);
  *at = history.begin();
  if (!history.has_snapshot()) return handler->OnReset({});
  absl::Status status = handler->OnSnapshotBegin();
  for (size_t i = 0; status.ok() && i < history.payload().size(); i += 100) {
    status = handler->OnSnapshotChunk(
        absl::string_view(history.payload()).substr(i, 100));
    if (status.ok() && i == 100) {
      status = DeliverHeartbeat(session, shard, FeedPosition());
    }
  }
  return status.ok() ? handler->OnSnapshotEnd(*at) : status;
}

// Delivers up to 3 frames; or the gap, if the primary is at it.
absl::Status Rig::DeliverFrames(MirrorSession* session, size_t shard,
                                FeedPosition* at) {
  FollowerHandler* const handler = session->handler(shard);
  if (scenario_.has_gap && histories_ == &scenario_.first &&
      at->next_offset > kBegin + 1) {
    histories_ = &scenario_.second;
    LinkDown gap;
    gap.status = absl::OutOfRangeError("a gap");
    gap.end = LinkEnd::kOffsetGap;
    gap.resync = true;
    handler->OnLinkDown(gap).IgnoreError();
    *at = FeedPosition();
    return session->status();
  }
  const History& history = (*histories_)[shard];
  absl::Status status;
  for (int i = 0; i < 3 && status.ok() && *at != history.end(); ++i) {
    const Argv& argv = history.FrameAt(at->next_offset);
    std::string wire;
    EXPECT_EQ(
        AppendFrame(at->next_offset,
                    std::vector<absl::string_view>(argv.begin(), argv.end()),
                    &wire),
        WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    ++at->next_offset;
    status = handler->OnFrames({&frame, 1}, *at);
    // Two frames come in one go.
    if (status.ok() && i != 0) status = handler->OnFlush();
  }
  return status.ok() ? handler->OnFlush() : status;
}

absl::Status Rig::DeliverHeartbeat(MirrorSession* session, size_t shard,
                                   const FeedPosition& at) {
  Heartbeat heartbeat;
  heartbeat.generation = at.generation;
  heartbeat.next_offset = at.next_offset;
  return session->handler(shard)->OnHeartbeat(heartbeat, at);
}

// Wherever a record tells a position, the contents are those of the position.
void Rig::CheckMoment() {
  if (!is_checked_ || ::testing::Test::HasFailure()) return;
  for (const uint32_t database : {kReaders, kSpare}) {
    if (server_.FieldIn(database, "kevy_mirror", "kevy_mirror").empty()) {
      continue;
    }
    const Content content = server_.ContentIn(database);
    for (size_t i = 0; i < scenario_.options.shards; ++i) {
      CheckShard(database, i, OfShard(content, i));
    }
  }
}

void Rig::CheckShard(uint32_t database, size_t shard, const Content& content) {
  const std::string field =
      server_.FieldIn(database, "kevy_mirror", absl::StrCat("shard-", shard));
  if (absl::StartsWith(field, "loading")) return;
  if (field == "empty") {
    EXPECT_EQ(content, Content());
    return;
  }
  const std::optional<FeedPosition> position = ParseFeedPosition(field);
  ASSERT_TRUE(position.has_value()) << field;
  for (const auto* histories : {&scenario_.first, &scenario_.second}) {
    const History& history = (*histories)[shard];
    if (!history.Has(*position)) continue;
    Content expected = history.ContentAt(*position);
    Content held = content;
    if (scenario_.has_deadline) {
      expected.erase("c0");
      held.erase("c0");
    }
    EXPECT_EQ(held, expected) << "database " << database << " at " << field;
    return;
  }
  ADD_FAILURE() << "no history has " << field;
}

void Rig::CheckEnd() {
  if (scenario_.is_once) {
    // Each rejection happens once, and is told once, or as lost.
    size_t refused = 0;
    for (const History& history : scenario_.second) {
      refused += history.refused();
    }
    EXPECT_EQ(server_.rejections() - rejections_, refused);
    EXPECT_LE(passed_over_, refused);
    EXPECT_TRUE(passed_over_ == refused || untold_ > 0) << passed_over_;
  }
  Content content = server_.ContentIn(kReaders);
  if (forgotten_ &&
      content["c0"] ==
          absl::StrCat("string 3 expires ", kNow + PassedDeadlines::kGraceMs)) {
    content["c0"] = final_content_["c0"];
  }
  EXPECT_EQ(content, final_content_);
  EXPECT_EQ(server_.ContentIn(kSpare), Content());
  EXPECT_EQ(server_.FieldIn(kSpare, "kevy_mirror", "spare_of"), "");
  EXPECT_EQ(server_.FieldIn(kReaders, "kevy_mirror", "spare_of"), "");
  for (size_t i = 0; i < scenario_.second.size(); ++i) {
    if (!scenario_.second[i].has_writes()) continue;
    EXPECT_EQ(
        server_.FieldIn(kReaders, "kevy_mirror", absl::StrCat("shard-", i)),
        ToString(scenario_.second[i].end()));
  }
}

MirrorOptions InPlace() { return MirrorOptions(); }
MirrorOptions Swap() {
  MirrorOptions options;
  options.swap_database = kSpare;
  return options;
}

History Old(size_t shard) {
  return History(kGeneration[0], true, static_cast<uint32_t>(80 + shard),
                 FewFrames(shard));
}
History New(size_t shard) {
  return History(kGeneration[1], true, static_cast<uint32_t>(90 + shard),
                 FewFrames(shard));
}
History Counting(size_t shard) {
  return History(kGeneration[1], false, 0, CountingFrames(shard));
}
History WithFlush() {
  std::vector<Frame> frames = FewFrames(0);
  frames.push_back({{"FLUSHALL"}, {"FLUSHDB"}});
  for (const Frame& frame : FewFrames(0)) frames.push_back(frame);
  return History(kGeneration[1], true, 90, std::move(frames));
}
// The heartbeat behind the third frame tells that the deadline has passed
// before the fourth.
History WithDeadline() {
  return History(kGeneration[1], false, 0,
                 {{{"SET", "c0", "1"}, {}},
                  {{"PEXPIREAT", "c0", absl::StrCat(kPassed)}, {}},
                  {{"INCR", "c0"}, {}},
                  {{"INCR", "n0"}, {}},
                  {{"DEL", "none0"}, {"DEL", "c0"}},
                  {{"INCR", "c0"}, {}},
                  {{"RPUSH", "list0", "a"}, {}}});
}

std::vector<Scenario> Scenarios() {
  const std::vector<History> none2 = {History(), History()};
  return {
      {"Frames",
       InPlace(),
       none2,
       {Counting(0), Counting(1)},
       false,
       false,
       false,
       true},
      {"EmptyShard",
       InPlace(),
       none2,
       {Counting(0), History()},
       false,
       false,
       false,
       true},
      {"Snapshot", InPlace(), none2, {New(0), New(1)}},
      {"ReloadInPlace", InPlace(), {Old(0)}, {New(0)}, true},
      {"ReloadOfShards", InPlace(), {Old(0), Old(1)}, {New(0), New(1)}, true},
      {"Swap", Swap(), {Old(0)}, {New(0)}, true},
      {"SwapOfShards", Swap(), {Old(0), Old(1)}, {New(0), New(1)}, true},
      {"SwapWithoutSnapshot", Swap(), {Old(0)}, {Counting(0)}, true},
      {"Gap", InPlace(), {Old(0)}, {New(0)}, false, true},
      {"GapOfShards",
       InPlace(),
       {Old(0), Old(1)},
       {New(0), New(1)},
       false,
       true},
      {"GapAndSwap", Swap(), {Old(0)}, {New(0)}, false, true},
      {"Flush", InPlace(), {History()}, {WithFlush()}},
      {"FlushAndSwap", Swap(), {History()}, {WithFlush()}},
      {"Deadline",
       InPlace(),
       {History()},
       {WithDeadline()},
       false,
       false,
       true},
  };
}

class FailingTargetTest : public ::testing::TestWithParam<Scenario> {
 protected:
  // Runs `run` with a failure at call 1, 2, ..., up to the first that does not
  // happen. Returns the number of failures.
  static size_t ForEachCall(Rig* rig, LinkFailure failure,
                            const std::function<void()>& run) {
    for (failure.at = 1;; ++failure.at) {
      rig->Reset({failure});
      SCOPED_TRACE(ToString(failure));
      run();
      if (::testing::Test::HasFailure()) {
        ADD_FAILURE() << "the last command: "
                      << (rig->calls().commands().empty()
                              ? ""
                              : rig->calls().commands().back())
                      << "\n"
                      << rig->log();
        return failure.at;
      }
      if (!rig->calls().has_failed()) return failure.at - 1;
    }
  }
};

std::string NameOf(const ::testing::TestParamInfo<Scenario>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, FailingTargetTest,
                         ::testing::ValuesIn(Scenarios()), NameOf);

constexpr Way kBreaks[] = {Way::kConnect, Way::kInFront, Way::kLost,
                           Way::kBehind,  Way::kLate,    Way::kReceive};

TEST_P(FailingTargetTest, KillAtEachCallIsExactlyOnce) {
  Rig rig(GetParam());
  for (const Way way : kBreaks) {
    LinkFailure failure;
    failure.way = way;
    const size_t failures = ForEachCall(&rig, failure, [&rig] {
      rig.RunProcess(true).IgnoreError();
      if (rig.calls().has_failed()) rig.Forget();
      const absl::Status status = rig.RunProcess(false);
      EXPECT_TRUE(status.ok()) << status;
      rig.CheckEnd();
    });
    if (HasFailure()) return;
    EXPECT_GT(failures, way == Way::kConnect ? 0u : 20u);
  }
}

TEST_P(FailingTargetTest, BrokenLinkAtEachCallIsExactlyOnce) {
  Rig rig(GetParam());
  for (const Way way : kBreaks) {
    LinkFailure failure;
    failure.way = way;
    ForEachCall(&rig, failure, [&rig] {
      const absl::Status status = rig.RunProcess(false);
      EXPECT_TRUE(status.ok()) << status;
      rig.CheckEnd();
    });
    if (HasFailure()) return;
  }
}

// A failure that refuses a command with `error`.
LinkFailure Refusal(Way way, const std::string& error) {
  LinkFailure failure;
  failure.way = way;
  failure.reply.type = TargetReply::Type::kError;
  failure.reply.text = error;
  return failure;
}

TEST_P(FailingTargetTest, TroubleAtEachCommandIsWaitedFor) {
  Rig rig(GetParam());
  for (const char* trouble :
       {"LOADING Redis is loading the dataset in memory",
        "OOM command not allowed when used memory > 'maxmemory'."}) {
    ForEachCall(&rig, Refusal(Way::kRefused, trouble), [&rig] {
      const absl::Status status = rig.RunProcess(false);
      EXPECT_TRUE(status.ok()) << status;
      rig.CheckEnd();
    });
    if (HasFailure()) return;
  }
}

// The right comes back before the next start.
TEST_P(FailingTargetTest, RefusalAtEachCommandStopsBeforeIt) {
  Rig rig(GetParam());
  size_t stops = 0;
  ForEachCall(&rig, Refusal(Way::kRefused, "NOPERM no permissions"), [&] {
    absl::Status status = rig.RunProcess(false);
    rig.Forget();
    if (absl::IsFailedPrecondition(status)) {
      ++stops;
      status = rig.RunProcess(false);
    }
    EXPECT_TRUE(status.ok()) << status;
    rig.CheckEnd();
  });
  EXPECT_GT(stops, 10u);
}

// As after a WATCH, though the mirror sends none.
TEST_P(FailingTargetTest, NullExecStopsBeforeTransaction) {
  Rig rig(GetParam());
  for (const size_t at : rig.PlacesOf("EXEC")) {
    LinkFailure failure;
    failure.way = Way::kRefused;
    failure.at = at;
    rig.Reset({failure});
    SCOPED_TRACE(ToString(failure));
    absl::Status status = rig.RunProcess(false);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    rig.Forget();
    status = rig.RunProcess(false);
    EXPECT_TRUE(status.ok()) << status;
    rig.CheckEnd();
    if (HasFailure()) return;
  }
}

TEST_P(FailingTargetTest, LostTargetIsReloadedWhole) {
  Scenario scenario = GetParam();
  scenario.is_once = false;
  for (const OnLostTarget on_lost :
       {OnLostTarget::kReload, OnLostTarget::kStop}) {
    scenario.options.on_lost_target = on_lost;
    Rig rig(scenario);
    for (const Way way : {Way::kInFront, Way::kBehind}) {
      if (on_lost == OnLostTarget::kStop && way == Way::kBehind) continue;
      LinkFailure failure;
      failure.way = way;
      failure.then = [&rig] { rig.server().set_databases({}); };
      ForEachCall(&rig, failure, [&] {
        absl::Status status = rig.RunProcess(false);
        if (on_lost == OnLostTarget::kStop &&
            absl::IsFailedPrecondition(status)) {
          EXPECT_THAT(std::string(status.message()),
                      HasSubstr("has lost the mirror's record"));
          EXPECT_EQ(rig.server().ContentIn(kReaders), Content());
          EXPECT_EQ(rig.server().ContentIn(kSpare), Content());
          status = rig.RunProcess(false);
        }
        EXPECT_TRUE(status.ok()) << status;
        rig.ContinueAfterEnd();
        rig.CheckEnd();
      });
      if (HasFailure()) return;
    }
  }
}

// A replica that lags has become the target.
TEST_P(FailingTargetTest, TargetThatGoesBackIsResumedThere) {
  Scenario scenario = GetParam();
  scenario.is_once = false;
  scenario.options.on_lost_target = OnLostTarget::kReload;
  Rig rig(scenario);
  for (const size_t lag : {1, 3}) {
    LinkFailure failure;
    failure.way = Way::kBehind;
    failure.then = [&rig, lag] { rig.GoBack(lag); };
    ForEachCall(&rig, failure, [&rig] {
      const absl::Status status = rig.RunProcess(false);
      EXPECT_TRUE(status.ok()) << status;
      rig.ContinueAfterEnd();
      rig.CheckEnd();
    });
    if (HasFailure()) return;
  }
}

// The mirror is killed, and the next one as well.
TEST_P(FailingTargetTest, SecondKillIsExactlyOnce) {
  Rig rig(GetParam());
  for (const Way way : {Way::kInFront, Way::kBehind, Way::kLate}) {
    bool is_first_done = false;
    for (size_t first = 1; !is_first_done; first += 17) {
      bool is_second_done = false;
      for (size_t second = 1; !is_second_done; second += 13) {
        LinkFailure failure;
        failure.way = way;
        failure.at = first;
        rig.Reset({failure});
        SCOPED_TRACE(absl::StrCat(ToString(failure), ", then ", second));
        rig.RunProcess(true).IgnoreError();
        is_first_done = !rig.calls().has_failed();
        rig.Forget();
        failure.at = second;
        rig.AddFailure(failure);
        rig.RunProcess(true).IgnoreError();
        is_second_done = !rig.calls().have_all_failed();
        const absl::Status status = rig.RunProcess(false);
        EXPECT_TRUE(status.ok()) << status;
        rig.CheckEnd();
        if (HasFailure()) return;
      }
    }
  }
}

// The link that takes the broken one's place breaks, too.
TEST_P(FailingTargetTest, SecondBrokenLinkIsExactlyOnce) {
  Rig rig(GetParam());
  for (size_t first = 5;; first += 31) {
    LinkFailure failure;
    failure.way = Way::kInFront;
    failure.at = first;
    LinkFailure second;
    second.way = Way::kBehind;
    second.at = first + first % 13;
    rig.Reset({failure, second});
    SCOPED_TRACE(absl::StrCat(ToString(failure), ", ", ToString(second)));
    const absl::Status status = rig.RunProcess(false);
    EXPECT_TRUE(status.ok()) << status;
    rig.CheckEnd();
    if (HasFailure() || !rig.calls().has_failed()) return;
  }
}

// A mirror that stopped at a command stays stopped, and then skips it alone.
TEST(FailingTargetRejectionTest, RejectionInExecLosesThatCommandAlone) {
  for (const bool is_unable : {false, true}) {
    Scenario scenario = {"", InPlace(), {History()}, {Counting(0)}};
    Rig rig(scenario);
    for (const size_t at : rig.PlacesInTransactions()) {
      LinkFailure failure = Refusal(
          Way::kRejected, is_unable ? "NOPERM no permissions" : "WRONGTYPE x");
      failure.at = at;
      rig.Reset({failure});
      rig.set_is_checked(false);
      SCOPED_TRACE(ToString(failure));
      absl::Status status = rig.RunProcess(false);
      const Argv rejected = ModelServer::Parse(rig.calls().commands()[at - 1]);
      if (is_unable) {
        EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
        const Content stopped = rig.server().ContentIn(kReaders);
        status = rig.RunProcess(false);
        EXPECT_THAT(std::string(status.message()),
                    HasSubstr("the mirror stopped here before"));
        EXPECT_EQ(rig.server().ContentIn(kReaders), stopped);
        rig.options().on_reject = OnReject::kSkip;
        status = rig.RunProcess(false);
        rig.options().on_reject = OnReject::kPass;
      }
      EXPECT_TRUE(status.ok()) << status;
      rig.ExpectWithout(rejected);
      rig.CheckEnd();
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace kevy_replica
