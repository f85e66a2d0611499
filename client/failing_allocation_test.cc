// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A link whose process runs out of memory once: at its first allocation for the
// primary's bytes, at its second, and so on. Those are the allocations whose
// lack the codec reports. It survives a few: a fast path's, and one that would
// free memory.

#include "kevy_replica/codec/testing/failing_allocation.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using codec_testing::FailingAllocation;

constexpr uint64_t kBegin = 8;  // The snapshot's offset.
constexpr uint64_t kEnd = 14;

// Values of many sizes, and arguments of many numbers.
std::vector<std::string> ArgvAt(uint64_t offset) {
  std::vector<std::string> argv = {"RPUSH", "k"};
  for (uint64_t i = 0; i < (offset - kBegin + 1) * 40; ++i) {
    argv.push_back(absl::StrCat(i));
  }
  argv.push_back(std::string((offset - kBegin) * 3000, 'x'));
  return argv;
}

// Strings that are longer than a chunk.
std::string Payload() {
  PayloadEncoder encoder;
  std::string payload;
  const auto append = [&](const PayloadEvent& event) {
    EXPECT_EQ(encoder.Append(event, &payload), WireError::kNone);
  };
  append(PayloadHeader{6, 0, 0});
  for (const size_t size : {10, 5000, 30000}) {
    const std::string key = absl::StrCat("key", size);
    const std::string value(size, 'v');
    append(RecordBegin{RecordType::kString, key, {}, 0});
    append(StringValue{value});
    append(RecordEnd());
  }
  append(PayloadEnd());
  return payload;
}

// A primary's bytes: the answer, the snapshot if `from` is not in its history,
// and the frames.
std::string WireFrom(const FeedPosition& from) {
  std::string wire;
  HandshakeAnswer answer;
  answer.generation = 7;
  answer.offset = from.generation == 7 ? from.next_offset : kBegin;
  EXPECT_EQ(Append(answer, &wire), WireError::kNone);
  if (from.generation != 7) {
    const std::string payload = Payload();
    EXPECT_EQ(Append(SnapshotBegin(), &wire), WireError::kNone);
    for (size_t i = 0; i < payload.size(); i += 4000) {
      SnapshotChunk chunk;
      chunk.bytes = absl::string_view(payload).substr(i, 4000);
      EXPECT_EQ(Append(chunk, &wire), WireError::kNone);
    }
    SnapshotEnd end;
    end.next_offset = kBegin;
    EXPECT_EQ(Append(end, &wire), WireError::kNone);
  }
  for (uint64_t offset = answer.offset; offset < kEnd; ++offset) {
    const std::vector<std::string> argv = ArgvAt(offset);
    EXPECT_EQ(
        AppendFrame(offset,
                    std::vector<absl::string_view>(argv.begin(), argv.end()),
                    &wire),
        WireError::kNone);
  }
  return wire;
}

// A link to a primary that has sent `wire` and half-closed.
std::unique_ptr<Transport> LinkWith(const std::string& wire,
                                    std::unique_ptr<Transport>* primary) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  EXPECT_TRUE(pair.second->Write(wire, absl::Seconds(1)).ok());
  pair.second->CloseWrite();  // So that no link's end waits for it.
  *primary = std::move(pair.second);
  return std::move(pair.first);
}

bool IsOutOfMemory(const absl::Status& status) {
  return absl::IsResourceExhausted(status) &&
         WireErrorOf(status) == WireError::kOutOfMemory;
}

bool IsFrameAt(const FrameView& frame, uint64_t offset) {
  const std::vector<std::string> argv = ArgvAt(offset);
  return frame.offset() == offset &&
         std::vector<std::string>(frame.argv().begin(), frame.argv().end()) ==
             argv;
}

TEST(FailingAllocationTest, EachEndsReplicaClient) {
  size_t failures = 0;
  size_t ends = 0;
  for (bool has_failed = true; has_failed;) {
    SCOPED_TRACE(failures);
    std::unique_ptr<Transport> primary;
    ReplicaClientOptions options;
    options.link.replica_id = "r1";
    options.link.protocol = ProtocolChoice::kV2;
    options.snapshots.policy = SnapshotPolicy::kRecords;
    size_t values = 0;
    options.on_payload = [&values](const PayloadEvent& event) {
      if (std::holds_alternative<StringValue>(event)) ++values;
      return absl::OkStatus();
    };
    std::unique_ptr<Transport> link = LinkWith(WireFrom({0, 0}), &primary);
    const FailingAllocation failing(failures + 1);
    absl::StatusOr<std::unique_ptr<ReplicaClient>> client =
        ReplicaClient::Connect(std::move(link), options);
    absl::Status status = client.status();
    uint64_t offset = kBegin;
    while (status.ok() && offset < kEnd) {
      const FrameView* const frame = (*client)->NextFrame();
      status = (*client)->status();
      if (frame == nullptr) break;
      ASSERT_TRUE(IsFrameAt(*frame, offset));
      ++offset;
    }
    has_failed = failing.has_failed();
    if (has_failed) ++failures;
    if (has_failed && !status.ok()) {
      ++ends;
      EXPECT_TRUE(IsOutOfMemory(status)) << status;
      if (client.ok()) {
        EXPECT_EQ((*client)->NextFrame(), nullptr);
        EXPECT_EQ((*client)->status(), status);
      }
    } else {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(offset, kEnd);
      EXPECT_EQ(values, 3u);
    }
  }
  EXPECT_GE(ends, 4u);
}

// Keeps the history's order.
class CheckingHandler : public FollowerHandler {
 public:
  std::function<void()> done;

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    for (const FrameView& frame : frames) {
      EXPECT_TRUE(IsFrameAt(frame, position_.next_offset)) << frame.offset();
      ++position_.next_offset;
    }
    EXPECT_EQ(position, position_);
    if (position_.next_offset == kEnd) done();
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::InternalError("a reset");
  }
  absl::Status OnSnapshotBegin() override {
    values_ = 0;
    return absl::OkStatus();
  }
  absl::Status OnPayload(const PayloadEvent& event) override {
    if (std::holds_alternative<StringValue>(event)) ++values_;
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    EXPECT_EQ(values_, 3);
    position_ = position;
    return absl::OkStatus();
  }
  absl::Status OnLinkDown(const LinkDown& link) override {
    if (link.end != LinkEnd::kStopped) down.push_back(link.status);
    return absl::OkStatus();
  }

  const FeedPosition& position() const { return position_; }
  std::vector<absl::Status> down;

 private:
  FeedPosition position_;
  int values_ = 0;
};

TEST(FailingAllocationTest, EachEndsOnlyOneLinkOfFollower) {
  size_t failures = 0;
  size_t ends = 0;
  for (bool has_failed = true; has_failed;) {
    SCOPED_TRACE(failures);
    std::vector<std::unique_ptr<Transport>> primaries;
    CheckingHandler handler;
    FollowerOptions options;
    options.link.replica_id = "r1";
    options.link.protocol = ProtocolChoice::kV2;
    options.snapshots.policy = SnapshotPolicy::kRecords;
    options.retry.initial_backoff = absl::Milliseconds(1);
    options.retry.max_backoff = absl::Milliseconds(1);
    const TransportFactory factory =
        [&]() -> absl::StatusOr<std::unique_ptr<Transport>> {
      primaries.emplace_back();
      return LinkWith(WireFrom(handler.position()), &primaries.back());
    };
    std::unique_ptr<Follower> follower =
        *Follower::Create(factory, &handler, options);
    handler.done = [&follower] { follower->Stop(); };
    const FailingAllocation failing(failures + 1);
    const absl::Status status = follower->Run();
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(handler.position(), (FeedPosition{7, kEnd}));
    has_failed = failing.has_failed();
    ASSERT_LE(handler.down.size(), has_failed ? 1u : 0u);
    if (has_failed) ++failures;
    for (const absl::Status& down : handler.down) {
      EXPECT_TRUE(IsOutOfMemory(down)) << down;
      ++ends;
    }
  }
  EXPECT_GE(ends, 4u);
}

}  // namespace
}  // namespace kevy_replica
