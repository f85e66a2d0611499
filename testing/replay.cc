// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/replay.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::client_internal::Shard;
using ::kevy_replica::client_internal::ShardOptions;

// Reads `answer`, then `bytes`, then the end. Drops all written bytes.
class ReplayTransport : public Transport {
 public:
  ReplayTransport(std::string answer, absl::string_view bytes, size_t piece)
      : answer_(std::move(answer)), bytes_(bytes), piece_(piece) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration /*timeout*/) override {
    absl::string_view& from = answer_left_.empty() ? bytes_ : answer_left_;
    size_t n = std::min(buffer.size(), from.size());
    if (piece_ != 0) n = std::min(n, piece_);
    if (n == 0) return 0;
    std::memcpy(buffer.data(), from.data(), n);
    from.remove_prefix(n);
    return n;
  }
  absl::Status Write(absl::string_view /*bytes*/,
                     absl::Duration /*timeout*/) override {
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void Close() override {}
  std::string peer() const override { return "the recording"; }

 private:
  const std::string answer_;
  absl::string_view answer_left_ = answer_;
  absl::string_view bytes_;
  const size_t piece_;
};

// The beginning of a recording.
struct Start {
  HandshakeAnswer answer;
  FeedPosition from;
  std::string made_up_answer;  // Of a recording without one.
};

Start StartOf(absl::string_view recording, const ReplayOptions& options) {
  Start start;
  const DecodeResult result =
      DecodeHandshakeAnswer(recording, options.limits, &start.answer);
  if (result.outcome == Outcome::kError &&
      !absl::StartsWith(recording, "+ACK")) {
    FrameDecoder decoder(options.limits);
    FrameView frame;
    const bool is_frame = decoder.Decode(recording, &frame).done();
    const uint64_t offset = is_frame ? frame.offset() : 0;
    start.answer = {Protocol::kV1, 0,
                    options.from.value_or(FeedPosition{0, offset}).next_offset};
    // It can be encoded.
    (void)Append(start.answer, &start.made_up_answer);
  }
  if (options.from.has_value()) {
    start.from = *options.from;
  } else if (start.answer.offset != 0) {
    start.from = {start.answer.generation, start.answer.offset};
  }
  return start;
}

}  // namespace

absl::Status Replay(absl::string_view recording, FollowerHandler* handler,
                    const ReplayOptions& options) {
  const absl::Status policy =
      client_internal::CheckSnapshotPolicy(options.snapshots.policy);
  if (!policy.ok()) return policy;
  Start start = StartOf(recording, options);
  ShardOptions shard_options;
  shard_options.session.link.replica_id = "replay";
  shard_options.session.link.protocol = start.answer.protocol == Protocol::kV1
                                            ? ProtocolChoice::kV1
                                            : ProtocolChoice::kV2;
  shard_options.session.link.limits = options.limits;
  shard_options.session.from = start.from;
  shard_options.session.store_interval = absl::InfiniteDuration();
  shard_options.session.snapshots = options.snapshots;
  if (!options.snapshots.now_ms) {
    shard_options.session.snapshots.now_ms = [] { return uint64_t{0}; };
  }
  shard_options.handler = handler;
  shard_options.read_bytes = 64 << 10;
  // The clock stands, so no time limit is reached.
  shard_options.now =
      shard_options.rough_now = [] { return absl::UnixEpoch(); };
  shard_options.factory = [&]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    return std::make_unique<ReplayTransport>(std::move(start.made_up_answer),
                                             recording, options.piece);
  };
  Shard shard(std::move(shard_options), /*poller=*/nullptr, /*id=*/0);
  while (!shard.done()) {
    const Shard::Next next =
        shard.Step({absl::ZeroDuration(), absl::InfiniteFuture()});
    // Before the shard connects again.
    if (next.link_ended) shard.Stop(shard.session().last_link_status());
  }
  return shard.status();
}

}  // namespace kevy_replica
