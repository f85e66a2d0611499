// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/client_readers.h"

#include <cstddef>
#include <variant>

#include "absl/types/span.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {

ReplicaClientOptions ClientOptionsFor(const Corpus& corpus) {
  ReplicaClientOptions options;
  options.link = ReplayLink();
  options.from = StartOf(corpus);
  options.snapshots.policy = SnapshotPolicy::kSkip;
  options.read_bytes = kPiece;
  return options;
}

Tally ReadEvents(ReplicaClient* client, size_t frames) {
  Tally tally;
  while (tally.frames < frames) {
    const StreamEvent* event = client->NextEvent();
    if (event == nullptr) break;
    if (const auto* frame = std::get_if<FrameView>(event)) tally.Add(*frame);
  }
  return tally;
}

Tally ReadFrames(ReplicaClient* client, size_t frames) {
  Tally tally;
  while (tally.frames < frames) {
    const FrameView* frame = client->NextFrame();
    if (frame == nullptr) break;
    tally.Add(*frame);
  }
  return tally;
}

Tally ReadBatches(ReplicaClient* client, size_t frames) {
  Tally tally;
  while (tally.frames < frames) {
    const absl::Span<const FrameView> some =
        client->NextFrames(frames - tally.frames);
    if (some.empty()) break;
    for (const FrameView& frame : some) tally.Add(frame);
  }
  return tally;
}

Tally ReadAndApply(ReplicaClient* client, size_t frames) {
  Tally tally;
  while (tally.frames < frames) {
    const FrameView* frame = client->NextFrame();
    if (frame == nullptr) break;
    tally.Add(*frame);
    client->Applied(frame->offset() + 1);
  }
  return tally;
}

Tally ReadRange(ReplicaClient* client, size_t frames) {
  Tally tally;
  for (const FrameView& frame : client->Frames()) {
    tally.Add(frame);
    if (tally.frames == frames) break;
  }
  return tally;
}

}  // namespace benchmarks
}  // namespace kevy_replica
