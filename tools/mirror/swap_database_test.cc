// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reloads with a spare database of a real server, broken at each command.

#include "kevy_replica/tools/mirror/swap_database.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_session.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/failing_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kReaders = 1;
constexpr uint32_t kSpare = 2;
constexpr uint32_t kCopy = 3;

constexpr LinkFailure::Way kWays[] = {LinkFailure::Way::kInFront,
                                      LinkFailure::Way::kBehind};

// A snapshot of the strings.
std::string PayloadOf(const std::map<std::string, std::string>& strings) {
  PayloadEncoder encoder;
  std::string payload;
  const auto append = [&](const PayloadEvent& event) {
    EXPECT_EQ(encoder.Append(event, &payload), WireError::kNone);
  };
  append(PayloadHeader{6, 0, 0});
  for (const auto& [key, value] : strings) {
    append(RecordBegin{RecordType::kString, key, {}, 0});
    append(StringValue{value});
    append(RecordEnd());
  }
  append(PayloadEnd());
  return payload;
}

// The primary's histories: generation 8 before the reload, 9 after it. Both
// have a snapshot at offset 5 and one frame.
constexpr uint64_t kOld = 8;
constexpr uint64_t kNew = 9;

class SwapDatabaseTest : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    server_.Start();
    options_.shards = GetParam();
    options_.database = kReaders;
    options_.swap_database = kSpare;
    options_.max_batch = 2;
    options_.now_ms = [] { return uint64_t{0}; };
    options_.log = [](absl::string_view) {};
  }

  static std::map<std::string, std::string> Strings(uint64_t generation,
                                                    size_t shard) {
    const std::string suffix = absl::StrCat(generation, "-", shard);
    return {{absl::StrCat("a", shard), suffix},
            {absl::StrCat("b", shard), suffix},
            {absl::StrCat("only", suffix), suffix}};
  }

  // The readers' database behind the snapshots, and behind the frames.
  Content Expected(uint64_t generation, bool frames) const {
    Content content;
    for (size_t i = 0; i < options_.shards; ++i) {
      for (const auto& [key, value] : Strings(generation, i)) {
        content[key] = "string " + value;
      }
      if (frames) content[absl::StrCat("n", i)] = "string 1";
    }
    return content;
  }

  Content ContentIn(uint32_t database) {
    server_.Ask({"SELECT", absl::StrCat(database)});
    return ContentOf(&server_);
  }

  // Delivers the frame at `position`.
  static absl::Status Frame(FollowerHandler* handler,
                            const FeedPosition& position,
                            const std::vector<absl::string_view>& argv) {
    std::string wire;
    EXPECT_EQ(AppendFrame(position.next_offset, argv, &wire), WireError::kNone);
    FrameDecoder decoder;
    FrameView frame;
    EXPECT_TRUE(decoder.Decode(wire, &frame).done());
    const absl::Status status = handler->OnFrames(
        {&frame, 1}, {position.generation, position.next_offset + 1});
    return status.ok() ? handler->OnFlush() : status;
  }

  // Delivers the primary's history of one shard, from its position on.
  absl::Status Deliver(MirrorSession* session, size_t shard,
                       uint64_t generation) {
    FollowerHandler* const handler = session->handler(shard);
    absl::Status status;
    const FeedPosition from = session->position(shard);
    if (from.generation != generation) {
      const std::string payload = PayloadOf(Strings(generation, shard));
      status = handler->OnSnapshotBegin();
      for (size_t i = 0; status.ok() && i < payload.size(); i += 30) {
        status = handler->OnSnapshotChunk(payload.substr(i, 30));
      }
      if (status.ok()) status = handler->OnSnapshotEnd({generation, 5});
    }
    if (status.ok() && session->position(shard).next_offset == 5) {
      status =
          Frame(handler, {generation, 5}, {"INCR", absl::StrCat("n", shard)});
    }
    Heartbeat heartbeat;
    heartbeat.generation = generation;
    heartbeat.next_offset = 6;
    return status.ok() ? handler->OnHeartbeat(heartbeat, {generation, 6})
                       : status;
  }

  // Runs one mirror up to the end of the history. `killed`: the failure ends
  // it. Otherwise the mirror connects again. `state` is that of its start.
  absl::Status Run(uint64_t generation, FailingCalls* calls, bool killed,
                   MirrorState state = MirrorState()) {
    MirrorCounters counters;
    absl::StatusOr<TargetAddress> address =
        ParseTargetAddress(absl::StrCat(server_.target(), "?db=", kReaders));
    EXPECT_TRUE(address.ok()) << address.status();
    const TargetConnector connect =
        [&]() -> absl::StatusOr<std::unique_ptr<TargetLink>> {
      if (killed && calls->has_failed()) return absl::CancelledError("killed");
      return FailingLink::Connect(
          [&address] {
            return RedisLink::Connect(*address,
                                      std::make_shared<Interrupter>());
          },
          calls);
    };
    absl::Status status = absl::AbortedError("");
    // A failure before the session is open ends that session alone.
    while (absl::IsAborted(status) || absl::IsUnavailable(status)) {
      if (killed && calls->has_failed()) return absl::CancelledError("killed");
      absl::StatusOr<std::unique_ptr<MirrorSession>> session =
          MirrorSession::Open(connect, std::make_shared<Interrupter>(),
                              options_, &counters, &state);
      status = session.status();
      if (!session.ok()) continue;
      (*session)->applied = [](size_t, uint64_t) {};
      (*session)->failed = [] {};
      (*session)->closed = [] {};
      for (size_t i = 0; status.ok() && i < options_.shards; ++i) {
        status = deliver_(session->get(), i, generation);
      }
      if (status.ok()) status = (*session)->Finish();
    }
    return status;
  }

  // The target as a mirror of the old history leaves it. The first call runs
  // one, and keeps a copy for the others.
  void LoadOldHistory() {
    if (!std::exchange(has_copy_, true)) {
      FailingCalls none;
      const absl::Status status = Run(kOld, &none, false);
      ASSERT_TRUE(status.ok()) << status;
      ASSERT_EQ(ContentIn(kReaders), Expected(kOld, true));
      ASSERT_EQ(ContentIn(kSpare), Content());
      CopyAll(kReaders, kCopy);
    }
    for (const uint32_t database : {kReaders, kSpare}) {
      server_.Ask({"SELECT", absl::StrCat(database)});
      server_.Ask({"FLUSHDB"});
    }
    CopyAll(kCopy, kReaders);
  }

  void CopyAll(uint32_t from, uint32_t to) {
    server_.Ask({"SELECT", absl::StrCat(from)});
    for (const TargetReply& key : server_.Ask({"KEYS", "*"}).elements) {
      EXPECT_EQ(
          server_.Ask({"COPY", key.text, key.text, "DB", absl::StrCat(to)})
              .integer,
          1);
    }
  }

  MirrorOptions options_;
  std::function<absl::Status(MirrorSession* session, size_t shard,
                             uint64_t generation)>
      deliver_ =
          [this](MirrorSession* session, size_t shard, uint64_t generation) {
            return Deliver(session, shard, generation);
          };
  RedisServer server_;
  bool has_copy_ = false;
};

INSTANTIATE_TEST_SUITE_P(Shards, SwapDatabaseTest, ::testing::Values(1, 2));

TEST_P(SwapDatabaseTest, KillAtEachCommandIsRecovered) {
  size_t kills = 0;
  size_t swapped = 0;
  for (const LinkFailure::Way way : kWays) {
    for (size_t at = 1;; ++at) {
      LoadOldHistory();
      FailingCalls calls;
      calls.failures.push_back({way, at});
      const absl::Status status = Run(kNew, &calls, true);
      if (!calls.has_failed()) {
        EXPECT_TRUE(status.ok()) << status;
        break;
      }
      ++kills;
      SCOPED_TRACE(absl::StrCat(ToString(calls.failures[0]), ": ",
                                calls.commands().back()));
      // Readers see one whole history. The frames follow.
      const Content content = ContentIn(kReaders);
      const bool is_new = content.count("a0") != 0 &&
                          absl::StartsWith(content.at("a0"), "string 9");
      if (is_new) ++swapped;
      for (const auto& [key, value] : Expected(is_new ? kNew : kOld, !is_new)) {
        ASSERT_EQ(content.count(key), 1u) << key;
        EXPECT_EQ(content.at(key), value);
      }
      EXPECT_EQ(content.count(is_new ? "only8-0" : "only9-0"), 0u);
      FailingCalls none;
      const absl::Status again = Run(kNew, &none, false);
      EXPECT_TRUE(again.ok()) << again;
      EXPECT_EQ(ContentIn(kReaders), Expected(kNew, true));
      EXPECT_EQ(server_.Ask({"HEXISTS", "kevy_mirror", "spare_of"}).integer, 0);
      server_.Ask({"SELECT", absl::StrCat(kSpare)});
      EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(kills, 40u);
  EXPECT_GT(swapped, 5u);
}

TEST_P(SwapDatabaseTest, BrokenLinkAtEachCommandIsMended) {
  for (const LinkFailure::Way way : kWays) {
    for (size_t at = 1;; ++at) {
      LoadOldHistory();
      FailingCalls calls;
      calls.failures.push_back({way, at});
      const absl::Status status = Run(kNew, &calls, false);
      EXPECT_TRUE(status.ok()) << status;
      if (!calls.has_failed()) break;
      SCOPED_TRACE(absl::StrCat(ToString(calls.failures[0]), ": ",
                                calls.commands()[at - 1]));
      EXPECT_EQ(ContentIn(kReaders), Expected(kNew, true));
      server_.Ask({"SELECT", absl::StrCat(kSpare)});
      EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
      if (HasFailure()) return;
    }
  }
}

// The unfinished copy is lost with a link, as by a failover to a replica that
// lags.
TEST_P(SwapDatabaseTest, LostCopyIsLoadedAgain) {
  for (size_t at = 1;; ++at) {
    LoadOldHistory();
    FailingCalls calls;
    calls.failures.push_back({LinkFailure::Way::kBehind, at});
    calls.failures[0].then = [this] {
      server_.Ask({"SELECT", absl::StrCat(kSpare)});
      server_.Ask({"FLUSHDB"});
    };
    const absl::Status status = Run(kNew, &calls, false);
    EXPECT_TRUE(status.ok()) << status;
    if (!calls.has_failed()) break;
    SCOPED_TRACE(absl::StrCat("command ", at, ": ", calls.commands()[at - 1]));
    EXPECT_EQ(ContentIn(kReaders), Expected(kNew, true));
    EXPECT_EQ(ContentIn(kSpare), Content());
    if (HasFailure()) return;
  }
}

// An earlier session of the process has loaded a part into the spare database.
TEST_P(SwapDatabaseTest, PositionsOfUnfinishedCopyDoNotCount) {
  MirrorState state;
  state.in_spare = true;
  state.shards.resize(options_.shards);
  state.shards[0].stored = state.shards[0].sent = "9:6";
  FailingCalls none;
  const absl::Status status = Run(kNew, &none, false, state);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ContentIn(kReaders), Expected(kNew, true));
}

// An embedded writer streams FLUSHALL, and sends no heartbeats.
TEST_P(SwapDatabaseTest, FlushIsSwappedInWithoutHeartbeat) {
  if (options_.shards > 1) GTEST_SKIP() << "An embedded writer has one shard.";
  LoadOldHistory();
  deliver_ = [](MirrorSession* session, size_t, uint64_t generation) {
    FollowerHandler* const handler = session->handler(0);
    const absl::Status status = Frame(handler, {generation, 6}, {"FLUSHALL"});
    return status.ok() ? Frame(handler, {generation, 7}, {"SET", "x", "1"})
                       : status;
  };
  FailingCalls none;
  const absl::Status status = Run(kOld, &none, false);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ContentIn(kReaders), (Content{{"x", "string 1"}}));
  EXPECT_EQ(ContentIn(kSpare), Content());
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
}

// A shard that was whole has a gap before the others are.
TEST_P(SwapDatabaseTest, CopyWithGapIsNotSwappedIn) {
  if (options_.shards == 1) GTEST_SKIP() << "One shard is swapped in at once.";
  LoadOldHistory();
  bool has_gap = false;
  deliver_ = [&](MirrorSession* session, size_t shard, uint64_t generation) {
    const absl::Status status = Deliver(session, shard, generation);
    if (shard == 0 && !session->position(1).generation) {
      has_gap = true;
      LinkDown gap;
      gap.end = LinkEnd::kOffsetGap;
      gap.resync = true;
      session->handler(0)->OnLinkDown(gap).IgnoreError();
    }
    return status;
  };
  MirrorState state;
  state.reload = true;
  FailingCalls none;
  const absl::Status status = Run(kNew, &none, false, state);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(has_gap);
  EXPECT_EQ(ContentIn(kReaders), Expected(kOld, true));
}

// A shard that was whole without data gets a snapshot before the others are
// whole.
TEST_P(SwapDatabaseTest, SnapshotOfEmptyShardIsAwaited) {
  if (options_.shards == 1) GTEST_SKIP() << "One shard is swapped in at once.";
  LoadOldHistory();
  deliver_ = [&](MirrorSession* session, size_t shard, uint64_t generation) {
    FollowerHandler* const handler = session->handler(0);
    Heartbeat heartbeat;
    heartbeat.generation = generation;
    if (shard == 0) return handler->OnHeartbeat(heartbeat, FeedPosition());
    const std::string payload = PayloadOf(Strings(generation, 0));
    absl::Status status = handler->OnSnapshotBegin();
    if (status.ok()) status = handler->OnSnapshotChunk(payload.substr(0, 60));
    if (status.ok()) status = Deliver(session, 1, generation);
    EXPECT_EQ(ContentIn(kReaders), Expected(kOld, true));
    if (status.ok()) status = handler->OnSnapshotChunk(payload.substr(60));
    if (status.ok()) status = handler->OnSnapshotEnd({generation, 5});
    return status;
  };
  MirrorState state;
  state.reload = true;
  FailingCalls none;
  const absl::Status status = Run(kNew, &none, false, state);
  EXPECT_TRUE(status.ok()) << status;
  Content expected = Expected(kNew, true);
  expected.erase("n0");
  EXPECT_EQ(ContentIn(kReaders), expected);
}

TEST_P(SwapDatabaseTest, EndBeforeSwapIsTold) {
  LoadOldHistory();
  deliver_ = [](MirrorSession* session, size_t shard, uint64_t generation) {
    if (shard != 0) return absl::OkStatus();
    FollowerHandler* const handler = session->handler(0);
    absl::Status status;
    if (session->position(0).generation == kOld) {
      status = Frame(handler, {kOld, 6}, {"INCR", "n0"});
    }
    if (status.ok()) status = handler->OnSnapshotBegin();
    return status.ok()
               ? handler->OnSnapshotChunk(PayloadOf(Strings(generation, shard)))
               : status;
  };
  FailingCalls none;
  absl::Status status = Run(kNew, &none, false);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ContentIn(kReaders).at("n0"), "string 2");
  std::string log;
  options_.log = [&log](absl::string_view line) {
    absl::StrAppend(&log, line, "\n");
  };
  deliver_ = [](MirrorSession*, size_t, uint64_t) { return absl::OkStatus(); };
  status = Run(kNew, &none, false);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(log, Not(HasSubstr("ended without the replies")));
}

TEST_P(SwapDatabaseTest, ForeignKeysInSpareDatabaseStay) {
  const std::vector<std::vector<std::string>> foreign = {
      {"SET", "precious", "1"},
      {"SET", "kevy_mirror", "1"},
      // The records of another mirror, and of one with other readers.
      {"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1", "shard-0",
       "7:1"},
      {"HSET", "kevy_mirror", "spare_of", "3"}};
  for (const std::vector<std::string>& command : foreign) {
    LoadOldHistory();
    server_.Ask({"SELECT", absl::StrCat(kSpare)});
    server_.Ask(command);
    const std::string before = server_.Ask({"DUMP", command[1]}).text;
    FailingCalls none;
    const absl::Status status = Run(kNew, &none, false);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("database 2 holds keys that this mirror did not "
                          "write, and stays unchanged: empty it, or choose "
                          "another --swap_database"));
    server_.Ask({"SELECT", absl::StrCat(kSpare)});
    EXPECT_EQ(server_.Ask({"DUMP", command[1]}).text, before);
    EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 1);
    EXPECT_EQ(ContentIn(kReaders), Expected(kOld, true));
  }
}

TEST_P(SwapDatabaseTest, TargetThatCannotSwapIsNamed) {
  LoadOldHistory();
  options_.swap_database = 16;  // A server has 16 databases by default.
  FailingCalls none;
  absl::Status status = Run(kNew, &none, false);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("--reload=swap needs a target with SWAPDB and a "
                              "second database, not a cluster: "),
                    HasSubstr("out of range; use --reload=in_place")));
  options_.swap_database = kSpare;
  server_.Ask({"ACL", "SETUSER", "default", "-swapdb"});
  status = Run(kNew, &none, false);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("NOPERM"));
  EXPECT_EQ(ContentIn(kReaders), Expected(kOld, true));
}

}  // namespace
}  // namespace kevy_replica
