// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A follower of a hostile primary, in simulated time. Each test bounds the
// memory, the connections and the turns of the loop. docs/reliability.md has
// the table of all hostile peers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/client/testing/shard_runner.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/testing/counting_new.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using client_testing::ShardRunner;
using codec_testing::Allocations;
using codec_testing::AllocationsOf;

constexpr size_t kReadBytes = 64 << 10;
// Memory for a follower's input: room for a read behind a chunk of 64 KiB,
// doubled as it grows, and the list of a few arguments.
constexpr size_t kFlatBytes = (256 << 10) + 4096;

// The next act of a hostile primary on a link.
struct Act {
  // The time since the act before. An endless script must take time.
  absl::Duration after;
  // Valid until the next act.
  absl::string_view bytes;
  // Bytes of any value behind them. The replica's memory stays as it is.
  size_t filler = 0;
  // Behind the bytes: the primary closes, or resets the connection.
  enum class End : uint8_t { kNone, kClose, kReset } end = End::kNone;
};

struct Link {
  HandshakeRequest request;
  uint64_t acts = 0;  // Before this one.
  int number = 0;     // 1, 2...
};
using Script = std::function<Act(const Link&)>;

Act Send(absl::string_view bytes) { return {absl::ZeroDuration(), bytes}; }
Act SendEach(absl::Duration period, absl::string_view bytes) {
  return {period, bytes};
}
Act Close(absl::Duration after, Act::End end = Act::End::kClose) {
  return {after, "", 0, end};
}
Act Wait() { return {absl::InfiniteDuration(), ""}; }

struct World {
  absl::Time now = absl::UnixEpoch();
  Script script;
  // The bytes of a link that the primary takes.
  size_t taken_bytes = std::numeric_limits<size_t>::max();
  // Counts over all links.
  uint64_t connects = 0;
  uint64_t fresh_starts = 0;
  uint64_t reads = 0;
  uint64_t read_bytes = 0;
  uint64_t writes = 0;
};

// A link to the hostile primary of `world`.
class HostileTransport : public Transport {
 public:
  HostileTransport(World* world, HostileTransport** self)
      : world_(world), self_(self), due_(world->now) {
    link_.number = static_cast<int>(++world->connects);
    *self_ = this;
  }
  ~HostileTransport() override { *self_ = nullptr; }

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration /*timeout*/) override {
    ++world_->reads;
    while (act_.bytes.empty() && act_.filler == 0) {
      if (act_.end == Act::End::kClose) return 0;
      if (act_.end == Act::End::kReset) {
        return absl::UnavailableError("connection reset by peer");
      }
      if (!next_.has_value()) {
        next_ = world_->script(link_);
        ++link_.acts;
        due_ += next_->after;
      }
      if (world_->now < due_) return no_bytes_;
      act_ = *std::exchange(next_, std::nullopt);
    }
    const size_t n = std::min(buffer.size(), act_.bytes.size());
    std::memcpy(buffer.data(), act_.bytes.data(), n);
    act_.bytes.remove_prefix(n);
    const size_t filler = std::min(buffer.size() - n, act_.filler);
    act_.filler -= filler;
    world_->read_bytes += n + filler;
    return n + filler;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    ++world_->writes;
    sent_ += bytes.size();
    if (sent_ > world_->taken_bytes) {
      world_->now += timeout;
      return absl::DeadlineExceededError("the peer does not read");
    }
    if (std::exchange(asked_, true)) return absl::OkStatus();
    ArgvStorage storage;
    EXPECT_TRUE(
        DecodeHandshakeRequest(bytes, Limits(), &storage, &link_.request)
            .done());
    world_->fresh_starts += link_.request.offset == 0;
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void CloseWrite() override {}
  void Close() override {}
  std::string peer() const override { return "hostile"; }

  // The time of the next bytes.
  absl::Time due() const { return due_; }

 private:
  World* const world_;
  HostileTransport** const self_;
  Link link_;
  Act act_;
  std::optional<Act> next_;
  absl::Time due_;  // Of `next_`.
  bool asked_ = false;
  size_t sent_ = 0;
  // Made once, so that reads allocate nothing.
  const absl::Status no_bytes_ = absl::DeadlineExceededError("no bytes");
};

// Counts, and keeps nothing.
class CountingHandler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& /*position*/) override {
    this->frames += frames.size();
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override {
    ++snapshots_begun;
    return absl::OkStatus();
  }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    snapshot_bytes += bytes.size();
    return absl::OkStatus();
  }
  absl::Status OnPayload(const PayloadEvent& /*event*/) override {
    ++payload_events;
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition& /*position*/) override {
    return absl::OkStatus();
  }
  absl::Status OnHeartbeat(const Heartbeat& /*heartbeat*/,
                           const FeedPosition& /*position*/) override {
    ++heartbeats;
    return absl::OkStatus();
  }
  absl::Status OnLinkDown(const LinkDown& link) override {
    const absl::string_view message = link.status.message();
    EXPECT_TRUE(
        std::all_of(message.begin(), message.end(), absl::ascii_isprint))
        << message;
    EXPECT_LE(message.size(), 1024u);
    last_end = link.end;
    last_message = std::string(message);
    return absl::OkStatus();
  }

  uint64_t frames = 0;
  uint64_t snapshots_begun = 0;
  uint64_t snapshot_bytes = 0;
  uint64_t payload_events = 0;
  uint64_t heartbeats = 0;
  LinkEnd last_end = LinkEnd::kClosed;
  std::string last_message;
};

// A follower with the defaults of a Fleet, and its hostile primary.
class HostilePeerTest : public ::testing::Test {
 protected:
  HostilePeerTest() {
    options_.session.link.replica_id = "r1";
    options_.session.from = {7, 8};
    options_.session.retry.random = [random = std::mt19937(1)]() mutable {
      return random() / 4294967296.0;
    };
    options_.handler = &handler_;
    options_.read_bytes = kReadBytes;
    options_.write_timeout = absl::Seconds(10);
    options_.now = options_.rough_now = [this] { return world_.now; };
    options_.factory = [this] {
      return std::make_unique<HostileTransport>(&world_, &transport_);
    };
  }

  // Runs the follower against `script`.
  void Run(absl::Duration duration, Script script) {
    world_.script = std::move(script);
    const absl::Time end = world_.now + duration;
    allocations_ = AllocationsOf([&] {
      if (runner_ == nullptr) {
        runner_ = std::make_unique<ShardRunner>(
            options_, [](const FeedPosition&) { return absl::OkStatus(); },
            absl::Seconds(1));
      }
      while (world_.now < end && !runner_->done() && turns_ < 10'000'000) {
        runner_->Step();
        ++turns_;
        memory_ = std::max(memory_, runner_->session().memory_bytes());
        if (runner_->ready()) continue;
        absl::Time next = std::min(end, runner_->deadline());
        // Bytes that are due were read by this step.
        if (transport_ != nullptr && transport_->due() > world_.now) {
          next = std::min(next, transport_->due());
        }
        world_.now = std::max(world_.now, next);
      }
    });
    EXPECT_GE(world_.now, end) << "the loop spins";
    EXPECT_EQ(runner_->status(), absl::OkStatus());
    EXPECT_EQ(runner_->broken_invariant(), absl::OkStatus());
    std::cout << "connections " << world_.connects << ", turns " << turns_
              << ", snapshots " << handler_.snapshots_begun << ", bytes "
              << world_.read_bytes << ", memory " << memory_
              << ", largest allocation " << allocations_.largest
              << ", simulated " << world_.now - absl::UnixEpoch() << "\n";
  }

  // A new follower, with all counts at 0.
  void Restart() {
    runner_.reset();
    world_ = World();
    handler_ = CountingHandler();
    turns_ = memory_ = 0;
  }

  // The costs since the start. `turns` of the loop for each connection.
  void ExpectAtMost(uint64_t connects, uint64_t turns,
                    size_t memory = kFlatBytes) {
    EXPECT_LE(world_.connects, connects);
    EXPECT_GE(world_.connects, 1u);
    EXPECT_LE(turns_, turns * world_.connects);
    EXPECT_LE(memory_, memory);
    EXPECT_LE(allocations_.largest, memory);
  }

  World world_;
  HostileTransport* transport_ = nullptr;
  CountingHandler handler_;
  ShardOptions options_;
  std::unique_ptr<ShardRunner> runner_;
  // Of all runs.
  uint64_t turns_ = 0;
  size_t memory_ = 0;
  // Of the last run.
  Allocations allocations_;
};

std::string Frame(uint64_t offset) {
  std::string wire;
  EXPECT_EQ(AppendFrame(offset, {"SET", "k", "v"}, &wire), WireError::kNone);
  return wire;
}

// Sends `first`, and then `rest` every 10 ms without end.
Script Endless(absl::string_view first, std::string rest) {
  return [first = std::string(first),
          rest = std::move(rest)](const Link& link) -> Act {
    if (link.acts == 0) return Send(first);
    return SendEach(absl::Milliseconds(10), rest);
  };
}

// Sends `bytes`, and then nothing.
Script Once(absl::string_view bytes) {
  return [bytes = std::string(bytes)](const Link& link) {
    return link.acts == 0 ? Send(bytes) : Wait();
  };
}

constexpr absl::string_view kAnswer = "+ACK 7 8\r\n";

// For 10 minutes of links that end by an error at one position: the waits grow
// up to max_backoff (30 s), drawn from 0 on.
constexpr uint64_t kErrorConnects = 80;
// A link that the follower has ended lasts 1 s more (PoliteEnd), with a turn
// every 10 ms.
constexpr uint64_t kEndlessTurns = 150;

TEST_F(HostilePeerTest, EndlessNumberEndsLink) {
  for (const absl::string_view begin :
       {"+ACK ", "+ACK 7 8\r\n*2\r\n:", "+ACK 7 8\r\n*2\r\n:8\r\n*",
        "+ACK 7 8\r\n*2\r\n:8\r\n*1\r\n$", "+ACK 7 8\r\n+PING ",
        "+ACK 7 8\r\n+PING 7 ", "+ACK 7 8\r\n+SNAPSHOT\r\n$",
        "+ACK 7 8\r\n+SNAPSHOT\r\n+SNAPSHOT_END "}) {
    for (const char digit : {'0', '9'}) {
      Restart();
      Run(absl::Minutes(10), Endless(begin, std::string(kReadBytes, digit)));
      ExpectAtMost(kErrorConnects, kEndlessTurns);
    }
  }
}

TEST_F(HostilePeerTest, EndlessLineEndsLink) {
  for (const absl::string_view begin :
       {"", "+", "-", "+ACK 7 8\r\n+", "+ACK 7 8\r\n-", "+ACK 7 8\r\n+PING ",
        "+ACK 7 8\r\n+SNAPSHOT"}) {
    Restart();
    Run(absl::Minutes(10), Endless(begin, std::string(kReadBytes, 'x')));
    ExpectAtMost(kErrorConnects, kEndlessTurns);
  }
}

TEST_F(HostilePeerTest, LongAnswerEndsLink) {
  const std::string answer = "+ACK 7 8" + std::string(10'000'000, ' ');
  Run(absl::Minutes(10), Once(answer));
  ExpectAtMost(kErrorConnects, 200);
  EXPECT_EQ(handler_.last_end, LinkEnd::kAckMalformed);
}

TEST_F(HostilePeerTest, FrameBeforeAnswerEndsLink) {
  Run(absl::Minutes(10), Once(Frame(8)));
  ExpectAtMost(kErrorConnects, 10);
  EXPECT_EQ(handler_.last_end, LinkEnd::kAckMalformed);
  EXPECT_EQ(handler_.frames, 0u);
}

TEST_F(HostilePeerTest, FrameWithinAnswerEndsLink) {
  Run(absl::Minutes(10), Once("+ACK 7 " + Frame(8)));
  ExpectAtMost(kErrorConnects, 10);
  EXPECT_EQ(handler_.last_end, LinkEnd::kAckMalformed);
  EXPECT_EQ(handler_.frames, 0u);
}

TEST_F(HostilePeerTest, SilentPrimaryIsLeftAfterHandshakeTimeout) {
  Run(absl::Minutes(10), Once(""));
  ExpectAtMost(60, 10);  // 10 s each.
  EXPECT_GE(world_.connects, 15u);
  EXPECT_EQ(handler_.last_end, LinkEnd::kTimeout);
}

// A byte a second does not extend the wait for the answer.
TEST_F(HostilePeerTest, SlowAnswerIsLeftAfterHandshakeTimeout) {
  Run(absl::Minutes(10), [](const Link& link) {
    static constexpr absl::string_view kZeros = "+ACK 7 00000000000000000";
    return SendEach(absl::Seconds(1), kZeros.substr(link.acts, 1));
  });
  ExpectAtMost(60, 40);
  EXPECT_GE(world_.connects, 15u);
  EXPECT_EQ(handler_.last_end, LinkEnd::kTimeout);
}

// The link stays, since an embedded writer may be silent for hours.
TEST_F(HostilePeerTest, DeclaredBytesTakeNoMemory) {
  for (const absl::string_view declared :
       {"*2\r\n:8\r\n*1\r\n$536870912\r\n", "*2\r\n:8\r\n*1048576\r\n",
        "+SNAPSHOT\r\n$65536\r\n"}) {
    Restart();
    Run(absl::Hours(1), Once(absl::StrCat(kAnswer, declared)));
    ExpectAtMost(1, 10);
  }
}

TEST_F(HostilePeerTest, DeclaredBytesBehindHeartbeatAreLeft) {
  Run(absl::Minutes(10), Once(absl::StrCat(kAnswer, "+PING 7 8\r\n*2\r\n:8\r\n",
                                           "*1\r\n$536870912\r\n")));
  ExpectAtMost(120, 10);  // 5 s each.
  EXPECT_EQ(handler_.last_end, LinkEnd::kTimeout);
}

TEST_F(HostilePeerTest, SizesOverLimitsWaitForMaxBackoff) {
  for (const absl::string_view declared :
       {"*2\r\n:8\r\n*1\r\n$536870913\r\n", "*2\r\n:8\r\n*1048577\r\n",
        "+SNAPSHOT\r\n$65537\r\n"}) {
    Restart();
    Run(absl::Minutes(10), Once(absl::StrCat(kAnswer, declared)));
    ExpectAtMost(21, 10);  // 30 s each.
    EXPECT_EQ(handler_.last_end, LinkEnd::kFrame);
  }
}

// Sends `first`, and then a byte a second.
Script ByteASecond(absl::string_view first) {
  return [first = std::string(first)](const Link& link) -> Act {
    return link.acts == 0 ? Send(first) : SendEach(absl::Seconds(1), "x");
  };
}

TEST_F(HostilePeerTest, ByteASecondTakesTwoTurnsEach) {
  Run(absl::Hours(1),
      ByteASecond("+ACK 7 8\r\n*2\r\n:8\r\n*1\r\n$536870912\r\n"));
  ExpectAtMost(1, 2 * 3600 + 10);
}

TEST_F(HostilePeerTest, ElementTimeoutEndsByteASecond) {
  options_.session.link.element_timeout = absl::Minutes(1);
  Run(absl::Hours(1),
      ByteASecond("+ACK 7 8\r\n*2\r\n:8\r\n*1\r\n$536870912\r\n"));
  ExpectAtMost(60, 150);
  EXPECT_GE(world_.connects, 30u);
  EXPECT_EQ(handler_.last_end, LinkEnd::kTimeout);
}

TEST_F(HostilePeerTest, MillionEmptyArgumentsAreDelivered) {
  constexpr size_t kArguments = 1'048'576;
  std::string frame;
  const std::vector<absl::string_view> argv(kArguments);
  ASSERT_EQ(AppendFrame(8, argv, &frame), WireError::kNone);
  const std::string stream = absl::StrCat(kAnswer, frame);
  Run(absl::Minutes(10), [&stream](const Link& link) {
    return link.acts == 0 ? Send(stream)
                          : SendEach(absl::Seconds(1), "+PING 7 9\r\n");
  });
  EXPECT_EQ(handler_.frames, 1u);
  // Twice the bytes, and a list of 16 bytes an argument that has doubled.
  ExpectAtMost(1, 2 * 600 + 300, 2 * frame.size() + 2 * 16 * kArguments);
  // ByteBuffer::kCalm reads later that memory is free.
  EXPECT_LE(runner_->session().memory_bytes(),
            2 * internal::ByteBuffer::kKeptCapacity);
}

TEST_F(HostilePeerTest, PrimaryThatReadsNothingIsLeft) {
  world_.taken_bytes = 100;  // The request, and one acknowledgement.
  Run(absl::Minutes(10), [bytes = std::string()](const Link& link) mutable {
    bytes = link.acts == 0 ? std::string(kAnswer)
                           : Frame(link.request.offset + link.acts - 1);
    return SendEach(absl::Milliseconds(100), bytes);
  });
  ExpectAtMost(600, 30);
  EXPECT_EQ(handler_.last_end, LinkEnd::kTimeout);
}

TEST_F(HostilePeerTest, PrimaryThatTakesNoRequestIsLeft) {
  world_.taken_bytes = 0;
  Run(absl::Minutes(10), Once(""));
  ExpectAtMost(60, 10);  // 10 s each: write_timeout.
}

TEST_F(HostilePeerTest, HeartbeatFloodTakesOneAckARead) {
  std::string heartbeats;
  while (heartbeats.size() < kReadBytes) heartbeats += "+PING 7 8\r\n";
  Run(absl::Milliseconds(205), Endless(kAnswer, heartbeats));
  ExpectAtMost(1, 2 * 20 + 10);
  EXPECT_GE(handler_.heartbeats, 20 * kReadBytes / 11);
  EXPECT_LE(world_.writes, world_.reads);
  EXPECT_LE(allocations_.count, 100u);
}

// The second heartbeat names another generation.
TEST_F(HostilePeerTest, GenerationEachSecondCostsASnapshotPerMaxBackoff) {
  options_.session.from = {0, 0};
  Run(absl::Minutes(10), [bytes = std::string()](const Link& link) mutable {
    const int g = 1 + 2 * link.number;
    bytes = link.acts == 0
                ? absl::StrCat("+ACK ", g, " 0\r\n+SNAPSHOT\r\n+SNAPSHOT_END 8",
                               "\r\n+PING ", g, " 8\r\n")
                : absl::StrCat("+PING ", g + link.acts, " 8\r\n");
    return SendEach(absl::Seconds(1), bytes);
  });
  ExpectAtMost(23, 20);
  EXPECT_GE(handler_.snapshots_begun, 15u);
}

// It answers each resume by a snapshot of another generation, and closes once
// the link has outlived any first wait.
TEST_F(HostilePeerTest, GenerationEachLinkCostsASnapshotPerMaxBackoff) {
  Run(absl::Minutes(10), [bytes = std::string()](const Link& link) mutable {
    if (link.acts > 0) return Close(absl::Milliseconds(200));
    bytes = absl::StrCat("+ACK ", 100 + link.number, " 0\r\n+SNAPSHOT\r\n",
                         "+SNAPSHOT_END 8\r\n");
    return Send(bytes);
  });
  ExpectAtMost(23, 20);
  EXPECT_GE(handler_.snapshots_begun, 15u);
}

TEST_F(HostilePeerTest, ResetInsideSnapshotCostsASnapshotPerMaxBackoff) {
  for (const Act::End end : {Act::End::kClose, Act::End::kReset}) {
    Restart();
    Run(absl::Minutes(10), [end](const Link& link) {
      return link.acts == 0
                 ? Send("+ACK 9 0\r\n+SNAPSHOT\r\n$8\r\nKEVYSNAP\r\n")
                 : Close(absl::Milliseconds(10), end);
    });
    ExpectAtMost(23, 20);
    EXPECT_GE(handler_.snapshots_begun, 15u);
  }
}

// A payload with one record of `opcode` and the key "k". `rest` follows.
std::string Payload(char opcode, absl::string_view rest) {
  return absl::StrCat("KEVYSNAP\x07", std::string(16, '\0'),
                      absl::string_view(&opcode, 1),
                      absl::string_view("\0\1\0\0\0k", 6), rest);
}

TEST_F(HostilePeerTest, PayloadCountsTakeNoMemory) {
  options_.session.snapshots.policy = SnapshotPolicy::kRecords;
  const std::string most(4, '\xff');
  const std::string stream_head(16 + 16 + 8, '\0');
  const std::string one("\1\0\0\0", 4);
  for (const std::string& payload : {
           Payload(1, most),
           Payload(2, most),
           Payload(3, most),
           Payload(4, most),
           Payload(5, most),
           Payload(6, stream_head + most),
           // Groups; consumers; pending entries.
           Payload(6, stream_head + std::string(4, '\0') + most),
           Payload(6, absl::StrCat(stream_head, std::string(4, '\0'), one, one,
                                   "g", std::string(16, '\0'), most)),
           Payload(6, absl::StrCat(stream_head, std::string(4, '\0'), one, one,
                                   "g", std::string(16 + 4, '\0'), most)),
       }) {
    Restart();
    Run(absl::Minutes(10),
        Once(absl::StrCat(kAnswer, "+SNAPSHOT\r\n$", payload.size(), "\r\n",
                          payload, "\r\n")));
    ExpectAtMost(23, 10);
    EXPECT_GE(handler_.payload_events, 1u);
  }
}

// Sends a snapshot's chunks of 64 KiB without end.
Script EndlessSnapshot(absl::Duration period) {
  return [period](const Link& link) {
    Act act = link.acts == 0 ? Send("+ACK 7 8\r\n+SNAPSHOT\r\n$65536\r\n")
                             : SendEach(period, "\r\n$65536\r\n");
    act.filler = 65'536;
    return act;
  };
}

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr uint64_t kGibibytes = 1;  // Each read takes new memory there.
#else
constexpr uint64_t kGibibytes = 16;
#endif

TEST_F(HostilePeerTest, SixteenGibibytesOfChunksKeepMemoryFlat) {
  constexpr uint64_t kChunks = kGibibytes << 14;
  Run(absl::Microseconds(10) * (kChunks + 2),
      EndlessSnapshot(absl::Microseconds(10)));
  EXPECT_GE(handler_.snapshot_bytes, kGibibytes << 30);
  ExpectAtMost(1, 3 * kChunks);
#ifndef ABSL_HAVE_ADDRESS_SANITIZER
  EXPECT_LE(allocations_.count, 100u);
#endif
}

TEST_F(HostilePeerTest, SnapshotOverLimitWaitsForMaxBackoff) {
  options_.session.link.limits.max_snapshot_bytes = 1 << 20;
  Run(absl::Minutes(10), EndlessSnapshot(absl::Milliseconds(10)));
  ExpectAtMost(21, kEndlessTurns);
  EXPECT_LE(handler_.snapshot_bytes, world_.connects << 20);
}

TEST_F(HostilePeerTest, LargestOffsetsAreKept) {
  options_.session.from = {7, kMaxFrameOffset};
  Run(absl::Seconds(2), Once(absl::StrCat("+ACK 7 ", kMaxFrameOffset, "\r\n",
                                          Frame(kMaxFrameOffset))));
  EXPECT_EQ(runner_->session().applied(),
            (FeedPosition{7, kMaxFrameOffset + 1}));
  // The next offset cannot be sent in a frame.
  Run(absl::Minutes(10), [](const Link& link) {
    return link.acts == 0 ? Send(
                                "+ACK 7 9223372036854775808\r\n"
                                "*2\r\n:9223372036854775808\r\n*1\r\n$1\r\nk")
                          : Close(absl::ZeroDuration());
  });
  EXPECT_EQ(handler_.frames, 1u);
}

TEST_F(HostilePeerTest, LargestNumbersOfOtherElementsAreKept) {
  Run(absl::Minutes(10),
      Once("+ACK 18446744073709551615 18446744073709551615\r\n"
           "+SNAPSHOT\r\n+SNAPSHOT_END 18446744073709551615\r\n"
           "+PING 18446744073709551615 18446744073709551615\r\n"));
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(runner_->session().applied(), (FeedPosition{kMost, kMost}));
  ExpectAtMost(120, 20);
  Run(absl::Minutes(10),
      Once(absl::StrCat("+ACK ", kMost, " 0\r\n", Frame(kMaxFrameOffset))));
  EXPECT_EQ(handler_.frames, 0u);
}

TEST_F(HostilePeerTest, ControlBytesAreEscapedInErrors) {
  for (const absl::string_view begin :
       {"", "+ACK 7 8\r\n", "+ACK 7 8\r\n+SNAPSHOT\r\n",
        "+ACK 7 8\r\n*2\r\n:"}) {
    Restart();
    Run(absl::Minutes(1),
        Once(absl::StrCat(begin, "\x1b]0;title\x07\x1b[2J\x9b\r\n")));
    EXPECT_TRUE(absl::StrContains(handler_.last_message, "\\x1b]0;title"))
        << handler_.last_message;
  }
}

TEST_F(HostilePeerTest, RefusalsAreSpaced) {
  for (const Act::End end : {Act::End::kClose, Act::End::kReset}) {
    Restart();
    Run(absl::Minutes(10),
        [end](const Link&) { return Close(absl::ZeroDuration(), end); });
    ExpectAtMost(2 * kErrorConnects, 10);  // Both protocols.
  }
}

TEST_F(HostilePeerTest, ClosesBehindAnswerAreSpaced) {
  for (const absl::string_view answer :
       {"+ACK 7 8\r\n", "+ACK 7 8\r\n+PING 7 8\r\n"}) {
    Restart();
    Run(absl::Minutes(10), [answer](const Link& link) {
      return link.acts == 0 ? Send(answer) : Close(absl::ZeroDuration());
    });
    ExpectAtMost(kErrorConnects, 10);
  }
}

// The worst that a primary can do: each link lives a little longer than the
// last wait. The waits are then drawn from 0 to initial_backoff (100 ms).
TEST_F(HostilePeerTest, LinksThatOutliveTheWaitAreTenASecond) {
  absl::Time closed = world_.now;
  const auto script = [this, &closed](absl::string_view end) {
    return [this, &closed, end, wait = absl::Duration(),
            bytes = std::string()](const Link& link) mutable -> Act {
      if (link.acts == 0) {
        wait = world_.now - closed + absl::Milliseconds(1);
        closed = world_.now + wait;
        bytes = absl::StrCat("+ACK 7 ", link.request.offset, "\r\n",
                             Frame(link.request.offset));
        return Send(bytes);
      }
      if (link.acts > 1) return Close(absl::ZeroDuration());
      return SendEach(wait, end);
    };
  };
  for (const absl::string_view end : {"", "?"}) {
    Restart();
    closed = world_.now;
    Run(absl::Minutes(10), script(end));
    ExpectAtMost(10 * 600, 10);
  }
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
