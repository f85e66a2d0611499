// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/shard.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/noting_poller.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/client/testing/shard_runner.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using client_testing::NotingPoller;
using client_testing::RecordingHandler;
using client_testing::ShardRunner;

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

std::string FramesFrom(uint64_t begin, uint64_t end) {
  std::string wire;
  for (uint64_t offset = begin; offset < end; ++offset) {
    EXPECT_EQ(
        AppendFrame(offset, {"SET", "k", absl::StrCat("v", offset)}, &wire),
        WireError::kNone);
  }
  return wire;
}

// Once `fails` is set, writes fail as if the peer had stopped reading.
class StuckTransport : public ForwardingTransport {
 public:
  StuckTransport(std::unique_ptr<Transport> inner, const bool* fails)
      : ForwardingTransport(std::move(inner)), fails_(fails) {}
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    if (*fails_) return absl::DeadlineExceededError("full");
    return inner().Write(bytes, timeout);
  }

 private:
  const bool* const fails_;
};

// A shard. The test plays its primary and controls its clock.
class ShardTest : public ::testing::Test {
 protected:
  ShardTest() {
    options_.session.link.replica_id = "r1";
    options_.session.link.protocol = ProtocolChoice::kV2;
    options_.session.from = {7, 8};
    options_.session.retry.random = [] { return 0.5; };
    options_.handler = &handler_;
    options_.read_bytes = 4096;
    options_.now = options_.rough_now = [this] { return now_; };
    options_.factory = [this]() -> absl::StatusOr<std::unique_ptr<Transport>> {
      InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
      primary_ = std::move(pair.second);
      ++connections_;
      return std::make_unique<StuckTransport>(std::move(pair.first), &stuck_);
    };
  }

  void Create() {
    shard_ = std::make_unique<ShardRunner>(options_, store_, store_interval_,
                                           waited_);
    shard_->Step();
  }
  void Start() {
    Create();
    Send("+ACK 7 8\r\n");
  }
  void Send(absl::string_view bytes) {
    ASSERT_TRUE(primary_->Write(bytes, absl::ZeroDuration()).ok());
    Steps();
  }
  void Steps() {
    do shard_->Step();
    while (shard_->ready());
  }
  // The bytes that the primary received since the last call.
  std::string Received() {
    std::string bytes(4096, '\0');
    const auto n = primary_->Read(absl::MakeSpan(&bytes[0], bytes.size()),
                                  absl::ZeroDuration());
    bytes.resize(n.ok() ? *n : 0);
    return bytes;
  }

  absl::Time now_ = absl::UnixEpoch();
  bool stuck_ = false;
  RecordingHandler handler_;
  ShardOptions options_;
  std::unique_ptr<InMemoryTransport> primary_;
  int connections_ = 0;
  ShardRunner::Store store_ = [](const FeedPosition&) {
    return absl::OkStatus();
  };
  absl::Duration store_interval_ = absl::InfiniteDuration();
  std::function<absl::Duration()> waited_;
  std::unique_ptr<ShardRunner> shard_;
};

TEST_F(ShardTest, LargestAppliedOffsetCounts) {
  options_.applied_on_return = false;
  Start();
  Send(FramesFrom(8, 20));
  shard_->shard().Applied(15);
  shard_->shard().Applied(12);
  shard_->shard().Applied(21);  // Not delivered.
  Steps();
  EXPECT_EQ(shard_->shard().Stats().applied, (FeedPosition{7, 15}));
}

TEST_F(ShardTest, StopAcksLastAppliedOffset) {
  options_.applied_on_return = false;
  Start();
  Send(FramesFrom(8, 20));
  Received();
  shard_->shard().Applied(20);
  shard_->shard().Stop(absl::OkStatus());
  Steps();
  EXPECT_TRUE(shard_->session().done());
  EXPECT_EQ(Received(), "REPLCONF ACK 20\r\n");
}

TEST_F(ShardTest, StuckAckEndsLink) {
  Start();
  Send(FramesFrom(8, 9));
  EXPECT_THAT(Received(), EndsWith("REPLCONF ACK 9\r\n"));
  Send(FramesFrom(9, 10));
  stuck_ = true;
  now_ = shard_->deadline();  // The time of the next acknowledgement.
  Steps();
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "frame 8 v8",
                                            "frame 9 v9", "down timeout"));
}

TEST_F(ShardTest, OnlyWaitCountsAsSilence) {
  absl::Duration waited;
  waited_ = [&waited] { return waited; };
  Start();
  Send("+PING 7 8\r\n");
  now_ += absl::Hours(1);  // Other handlers ran.
  Steps();
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "heartbeat 7:8"));
  now_ += absl::Hours(1);
  waited += absl::Seconds(4);
  Steps();
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "heartbeat 7:8"));
  now_ += absl::Hours(1);
  waited += absl::Seconds(1);
  Steps();
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "heartbeat 7:8", "down timeout"));
}

TEST_F(ShardTest, StoreTimeIsNotSilence) {
  store_interval_ = absl::ZeroDuration();
  store_ = [this](const FeedPosition&) {
    now_ += absl::Hours(1);
    return absl::OkStatus();
  };
  Start();
  Send("+PING 7 8\r\n" + FramesFrom(8, 9));
  Steps();
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "heartbeat 7:8", "frame 8 v8"));
}

TEST_F(ShardTest, InterruptedStepContinues) {
  std::atomic<bool> wanted{false};
  options_.interrupted = &wanted;
  handler_.on_line = [&wanted](absl::string_view line) {
    wanted = line == "frame 8 v8";
    return absl::OkStatus();
  };
  Start();
  // More frames than one delivery has, and the end of the stream behind them.
  ASSERT_TRUE(
      primary_
          ->Write(FramesFrom(8, 9) + "+PING 7 60\r\n" + FramesFrom(9, 60),
                  absl::ZeroDuration())
          .ok());
  primary_->Close();
  shard_->Step();
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "frame 8 v8"));
  EXPECT_TRUE(shard_->ready());
  EXPECT_EQ(shard_->session().received(), (FeedPosition{7, 9}));
  wanted = false;
  handler_.on_line = nullptr;
  for (int i = 0; i < 3; ++i) shard_->Step();
  EXPECT_EQ(handler_.lines().size(), 2 + 1 + 51 + 1);
  EXPECT_EQ(handler_.lines().back(), "down closed");
}

// Another shard reads into the buffer of the loop.
void WriteAllOver(SharedReadBuffer* shared) {
  StreamDecoder neighbour;
  const absl::Span<char> room = neighbour.Prepare(1, shared);
  std::fill(room.begin(), room.end(), '?');
  neighbour.GiveBack(shared);
}

TEST_F(ShardTest, ShardOwnsTheCutElementBetweenTurns) {
  SharedReadBuffer shared;
  options_.shared_buffer = &shared;
  Start();
  const std::string stream = FramesFrom(8, 40) + "+SNAPSHOT\r\n$4\r\nabcd\r\n" +
                             "+SNAPSHOT_END 50\r\n" + FramesFrom(50, 51);
  for (size_t begin = 0; begin < stream.size(); begin += 100) {
    Send(absl::string_view(stream).substr(begin, 100));
    shard_->shard().GiveBack();
    // The bytes, or thrice as many and 2 KiB where a read brought none to an
    // end, and 1 KiB for arguments.
    EXPECT_LE(shard_->session().memory_bytes(), 4096u);
    WriteAllOver(&shared);
  }
  std::vector<std::string> expected = {"up 7:8"};
  for (int offset = 8; offset < 40; ++offset) {
    expected.push_back(absl::StrCat("frame ", offset, " v", offset));
  }
  for (const char* line : {"begin", "chunk abcd", "end 0:50", "frame 50 v50"}) {
    expected.push_back(line);
  }
  EXPECT_THAT(handler_.lines(), ElementsAreArray(expected));
}

// A shard whose polled frames wait for a store keeps the buffer.
TEST_F(ShardTest, UndeliveredFramesKeepTheBuffer) {
  SharedReadBuffer shared;
  options_.shared_buffer = &shared;
  options_.applied_on_return = false;
  store_interval_ = absl::ZeroDuration();
  int stores = 0;
  store_ = [&](const FeedPosition&) {
    ++stores;
    shard_->shard().GiveBack();
    WriteAllOver(&shared);
    return absl::OkStatus();
  };
  uint64_t applied = 7;
  handler_.on_line = [&](absl::string_view) {
    shard_->shard().Applied(++applied);
    return absl::OkStatus();
  };
  Start();
  Send(FramesFrom(8, 200));
  EXPECT_GE(stores, 5);
  std::vector<std::string> expected = {"up 7:8"};
  for (int offset = 8; offset < 200; ++offset) {
    expected.push_back(absl::StrCat("frame ", offset, " v", offset));
  }
  EXPECT_THAT(handler_.lines(), ElementsAreArray(expected));
}

// The rest of a large element is read at once, since that costs less than to
// copy its begin out of the buffer and in again. The rest of a small one is
// not.
TEST_F(ShardTest, StepReadsTheRestOfALargeElement) {
  for (const size_t value_size : {5000, 700}) {
    SCOPED_TRACE(value_size);
    SharedReadBuffer shared;
    options_.shared_buffer = &shared;
    Start();
    std::string stream;
    for (uint64_t offset = 8; offset < 40; ++offset) {
      const std::string value(value_size, 'v');
      ASSERT_EQ(AppendFrame(offset, {"SET", "k", value}, &stream),
                WireError::kNone);
    }
    ASSERT_TRUE(primary_->Write(stream, absl::ZeroDuration()).ok());
    shard_->Step();  // Reads 8 KiB.
    const StreamDecoder::CutElement cut = shard_->session().cut();
    EXPECT_TRUE(shard_->ready());
    if (value_size == 5000) {
      EXPECT_EQ(shard_->session().received(), (FeedPosition{7, 10}));
      EXPECT_EQ(cut.held, 0u);
    } else {
      EXPECT_GT(cut.held, 0u);
      EXPECT_LT(cut.held, 1024u);
    }
    Steps();
    EXPECT_EQ(shard_->session().received(), (FeedPosition{7, 40}));
  }
}

TEST_F(ShardTest, FailedStoreKeepsSnapshotUnbegun) {
  options_.session.snapshots.in_place = true;
  store_ = [](const FeedPosition&) {
    return absl::ResourceExhaustedError("no space left");
  };
  Start();
  Send("+SNAPSHOT\r\n$1\r\nx\r\n");
  EXPECT_TRUE(shard_->session().done());
  EXPECT_EQ(shard_->status(), absl::ResourceExhaustedError("no space left"));
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "down stopped"));
}

TEST_F(ShardTest, FailedStoreStillDeliversLinkEnd) {
  options_.session.link.protocol = ProtocolChoice::kV1;
  store_ = [](const FeedPosition&) {
    return absl::ResourceExhaustedError("no space left");
  };
  Create();
  Send("+ACK 8\r\n" + FramesFrom(8, 9) + "+SNAPSHOT\r\n");
  shard_->shard().Retarget(
      {"127.0.0.1:1", nullptr});  // Drops unconfirmed data.
  shard_->Step();
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "frame 8 v8", "begin",
                                            "void", "down retargeted"));
  EXPECT_TRUE(shard_->session().done());
  EXPECT_EQ(shard_->status(), absl::ResourceExhaustedError("no space left"));
}

TEST_F(ShardTest, FlushPrecedesOtherEventsAndWait) {
  handler_.notes_flush = true;
  Start();
  Send(FramesFrom(8, 9) + "+PING 7 9\r\n");
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "frame 8 v8", "flush", "heartbeat 7:9"));
  // Frames of several reads are flushed together.
  options_.read_bytes = 1;
  Send(FramesFrom(9, 11));
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "frame 8 v8", "flush", "heartbeat 7:9",
                          "frame 9 v9", "frame 10 v10", "flush"));
  Send("");
  EXPECT_EQ(handler_.lines().back(), "flush");
  EXPECT_EQ(handler_.lines().size(), 7);
}

TEST_F(ShardTest, OffsetAppliedInFlushIsAckedAtStop) {
  options_.applied_on_return = false;
  options_.session.link.ack_interval = absl::InfiniteDuration();
  handler_.notes_flush = true;
  handler_.on_line = [this](absl::string_view line) {
    if (line == "flush") shard_->shard().Applied(9);
    return absl::OkStatus();
  };
  Start();
  ASSERT_TRUE(primary_->Write(FramesFrom(8, 9), absl::ZeroDuration()).ok());
  shard_->Step();  // The flush waits for more frames.
  EXPECT_EQ(handler_.lines().back(), "frame 8 v8");
  shard_->shard().Stop(absl::OkStatus());
  Steps();
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "frame 8 v8", "flush", "down stopped"));
  EXPECT_THAT(Received(), EndsWith("REPLCONF ACK 9\r\n"));
}

TEST_F(ShardTest, FailedFlushStopsShard) {
  handler_.notes_flush = true;
  handler_.on_line = [](absl::string_view line) {
    return line == "flush" ? absl::AbortedError("why") : absl::OkStatus();
  };
  Start();
  Send(FramesFrom(8, 9));
  Steps();
  EXPECT_TRUE(shard_->session().done());
  EXPECT_EQ(shard_->status(), absl::AbortedError("why"));
}

// An empty payload of version 4, as kevy 5.4.0 sends it from an empty primary.
std::string EmptyPayload() { return std::string("KEVYSNAP\x04\0", 10); }

TEST_F(ShardTest, SnapshotsArriveDecoded) {
  options_.session.snapshots.policy = SnapshotPolicy::kRecords;
  Start();
  // Chunks may be cut anywhere.
  Send(absl::StrCat("+SNAPSHOT\r\n$3\r\n", EmptyPayload().substr(0, 3),
                    "\r\n$7\r\n", EmptyPayload().substr(3),
                    "\r\n+SNAPSHOT_END 30\r\n"));
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "begin",
                          "payload header version=4 generation=0 offset=0",
                          "payload payload_end", "end 0:30"));
  EXPECT_EQ(shard_->shard().Stats().applied, (FeedPosition{0, 30}));
}

TEST_F(ShardTest, TrailerOfAPayloadArrivesBehindItsEnd) {
  options_.session.snapshots.policy = SnapshotPolicy::kRecords;
  Start();
  Send(absl::StrCat("+SNAPSHOT\r\n$13\r\n", EmptyPayload(), "\x9 a",
                    "\r\n$1\r\nb\r\n+SNAPSHOT_END 30\r\n"));
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "begin",
                          "payload header version=4 generation=0 offset=0",
                          "payload payload_end", "payload trailer \"\\t a\"",
                          "payload trailer \"b\"", "end 0:30"));
  EXPECT_EQ(shard_->shard().Stats().applied, (FeedPosition{0, 30}));
}

TEST_F(ShardTest, MalformedPayloadEndsLink) {
  options_.session.snapshots.policy = SnapshotPolicy::kRecords;
  for (const std::string& payload :
       {std::string("KEVYSNAX"), EmptyPayload().substr(0, 9),
        // The payload lacks a row.
        "KEVYSNAP\x07" + std::string(16, '\0') +
            std::string("\x08\0\x01\0\0\0k\0\0\0\0\0\0\0\0", 15)}) {
    const size_t before = handler_.lines().size();
    Start();
    Send(absl::StrCat("+SNAPSHOT\r\n$", payload.size(), "\r\n", payload,
                      "\r\n+SNAPSHOT_END 30\r\n"));
    EXPECT_EQ(handler_.lines().back(), "down payload");
    EXPECT_EQ(handler_.lines()[handler_.lines().size() - 2], "void");
    EXPECT_GT(handler_.lines().size(), before + 2);
    EXPECT_EQ(shard_->shard().Stats().applied, (FeedPosition{7, 8}));
    EXPECT_FALSE(shard_->done());
  }
}

TEST_F(ShardTest, HandlerErrorInsidePayloadStopsShard) {
  options_.session.snapshots.policy = SnapshotPolicy::kRecords;
  handler_.on_line = [](absl::string_view line) {
    return line == "payload payload_end" ? absl::AbortedError("why")
                                         : absl::OkStatus();
  };
  Start();
  Send(absl::StrCat("+SNAPSHOT\r\n$10\r\n", EmptyPayload(), "\r\n"));
  EXPECT_TRUE(shard_->session().done());
  EXPECT_EQ(shard_->status(), absl::AbortedError("why"));
}

// The first snapshot's void is told, though the second one's begin is not.
TEST_F(ShardTest, StoppedShardIsDoneOnceLinkHasEnded) {
  Start();
  Received();
  shard_->shard().Stop(absl::OkStatus());
  Steps();
  EXPECT_TRUE(shard_->session().done());
  EXPECT_FALSE(shard_->done());
  EXPECT_EQ(shard_->deadline(), now_ + absl::Seconds(1));
  Send(FramesFrom(8, 20));  // They are dropped.
  EXPECT_FALSE(shard_->done());
  primary_->Close();
  Steps();
  EXPECT_TRUE(shard_->done());
  EXPECT_THAT(handler_.lines(), ElementsAre("up 7:8", "down stopped"));
}

TEST_F(ShardTest, EndOfLinkIsBounded) {
  Start();
  shard_->shard().Stop(absl::OkStatus());
  Steps();
  now_ = shard_->deadline();
  Steps();
  EXPECT_TRUE(shard_->done());
  EXPECT_TRUE(absl::IsUnavailable(primary_->Write("x", absl::ZeroDuration())));
}

TEST_F(ShardTest, AbandonedEndOfLinkIsOver) {
  Start();
  shard_->shard().Stop(absl::OkStatus());
  Steps();
  shard_->shard().AbandonEnd();
  Steps();
  EXPECT_TRUE(shard_->done());
}

TEST_F(ShardTest, NextLinkWaitsForEndOfLast) {
  Start();
  Send("nonsense\r\n");
  now_ += absl::Milliseconds(500);  // Behind the backoff.
  Steps();
  EXPECT_EQ(connections_, 1);
  primary_->Close();
  Steps();
  EXPECT_EQ(connections_, 2);
}

TEST_F(ShardTest, DroppedSecondBeginLeavesTheFirstVoid) {
  options_.applied_on_return = false;
  store_ = [](const FeedPosition& position) {
    return position == FeedPosition{0, 0} ? absl::UnavailableError("no disk")
                                          : absl::OkStatus();
  };
  Start();
  Send("+SNAPSHOT\r\n$8\r\nKEVYSNAP\r\n+SNAPSHOT_END 20\r\n");
  Send("+SNAPSHOT\r\n");
  Steps();
  EXPECT_THAT(handler_.lines(),
              ElementsAre("up 7:8", "begin", "chunk KEVYSNAP", "end 0:20",
                          "void", "down stopped"));
  EXPECT_TRUE(absl::IsUnavailable(shard_->status()));
}

// Has the descriptor `fd`.
class NumberedTransport : public ForwardingTransport {
 public:
  NumberedTransport(std::unique_ptr<Transport> inner, int fd)
      : ForwardingTransport(std::move(inner)), fd_(fd) {}
  int fd() const override { return fd_; }

 private:
  const int fd_;
};

// A shard whose connections have the descriptors 70, 71...
class WatchedShardTest : public ShardTest {
 protected:
  WatchedShardTest() {
    options_.session.store_interval = absl::InfiniteDuration();
    options_.factory = [this, make = options_.factory]()
        -> absl::StatusOr<std::unique_ptr<Transport>> {
      absl::StatusOr<std::unique_ptr<Transport>> made = make();
      if (!made.ok()) return made;
      return std::make_unique<NumberedTransport>(*std::move(made),
                                                 69 + connections_);
    };
    watched_shard_ = std::make_unique<Shard>(options_, &poller_, 5);
  }
  void StepWatched() {
    while (watched_shard_->Step({}).ready) {
    }
  }

  static constexpr NotingPoller::Watched kWatched = {POLLIN, 5};

  NotingPoller poller_;
  std::unique_ptr<Shard> watched_shard_;
};

// Another owner may keep an old link's descriptor open. Its end would wake the
// shard at every turn.
TEST_F(WatchedShardTest, EndedLinkIsWatchedNoMore) {
  StepWatched();
  ASSERT_TRUE(primary_->Write("+ACK 7 8\r\n", absl::ZeroDuration()).ok());
  StepWatched();
  EXPECT_THAT(poller_.watched, ElementsAre(Pair(70, kWatched)));
  primary_->Close();
  StepWatched();
  EXPECT_THAT(poller_.watched, IsEmpty());
  now_ += absl::Seconds(1);  // Behind the backoff.
  StepWatched();
  EXPECT_THAT(poller_.watched, ElementsAre(Pair(71, kWatched)));
  watched_shard_.reset();
  EXPECT_THAT(poller_.watched, IsEmpty());
}

// The primary's EOF ends the wait, not only its deadline.
TEST_F(WatchedShardTest, PoliteEndIsWatched) {
  StepWatched();
  ASSERT_TRUE(primary_->Write("nonsense\r\n", absl::ZeroDuration()).ok());
  StepWatched();
  EXPECT_THAT(handler_.lines(), ElementsAre(StartsWith("down ")));
  EXPECT_THAT(poller_.watched, ElementsAre(Pair(70, kWatched)));
  primary_->Close();
  StepWatched();
  EXPECT_THAT(poller_.watched, IsEmpty());
}

TEST_F(WatchedShardTest, LinkThatCannotBeWatchedEnds) {
  poller_.status = absl::ResourceExhaustedError("no watches are left");
  StepWatched();
  EXPECT_THAT(handler_.lines(), ElementsAre(StartsWith("down ")));
}

// It must neither spin nor wait for the end's limit.
TEST_F(WatchedShardTest, EndThatCannotBeWatchedIsLookedAtAfterPauses) {
  StepWatched();
  poller_.status = absl::ResourceExhaustedError("no watches are left");
  watched_shard_->Stop(absl::OkStatus());
  Shard::Next next = watched_shard_->Step({});
  next = watched_shard_->Step({});
  EXPECT_FALSE(next.ready);
  EXPECT_EQ(next.deadline, now_ + absl::Milliseconds(10));
  EXPECT_FALSE(watched_shard_->done());
  EXPECT_THAT(poller_.watched, IsEmpty());
  poller_.status = absl::OkStatus();  // It is watched as soon as it can be.
  now_ += absl::Milliseconds(10);
  next = watched_shard_->Step({});
  EXPECT_THAT(poller_.watched, ElementsAre(Pair(70, kWatched)));
  EXPECT_EQ(next.deadline, now_ + absl::Milliseconds(990));
  primary_->Close();
  watched_shard_->Step({});
  EXPECT_TRUE(watched_shard_->done());
  EXPECT_THAT(poller_.watched, IsEmpty());
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
