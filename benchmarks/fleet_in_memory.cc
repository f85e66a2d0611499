// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/client_readers.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// Has bytes at each read, so it works without a descriptor to wait for.
TransportFactory ReplayOf(const Corpus& corpus) {
  return [&corpus] { return std::make_unique<ReplayTransport>(corpus); };
}

void RunFleet(const Corpus& corpus, size_t shards, FleetPass* pass) {
  pass->NoteMemory();
  const CountingHandlers handlers(shards, pass);
  const std::vector<TransportFactory> factories(shards, ReplayOf(corpus));
  const std::unique_ptr<Fleet> fleet = ValueOrDie(
      Fleet::Create(factories, handlers.get(), FleetOptionsFor(corpus)));
  pass->at_end = [&fleet] { fleet->Stop(); };
  OkOrDie(fleet->Run());
}

void RunFollower(const Corpus& corpus, FleetPass* pass) {
  pass->NoteMemory();
  CountingHandler handler(pass);
  const FollowerOptions options = FleetOptionsFor(corpus);
  const std::unique_ptr<Follower> follower =
      ValueOrDie(Follower::Create(ReplayOf(corpus), &handler, options));
  pass->at_end = [&follower] { follower->Stop(); };
  OkOrDie(follower->Run());
}

// The floor for one shard: a client that blocks.
void RunClient(const Corpus& corpus, FleetPass* pass) {
  pass->NoteMemory();
  ReplicaClientOptions options = ClientOptionsFor(corpus);
  options.read_bytes = kFleetReadBytes;
  const std::unique_ptr<ReplicaClient> client =
      ValueOrDie(ReplicaClient::Connect(
          std::make_unique<ReplayTransport>(corpus), options));
  ReadBatches(client.get(), pass->warm_frames());
  pass->Warm();
  while (!pass->ended()) {
    pass->Add(ReadBatches(client.get(), corpus.frames).frames);
  }
}

// The floor for many shards: a session each, in turn. As in a fleet, a turn is
// one read and all its frames.
class BareShard {
 public:
  explicit BareShard(const Corpus& corpus)
      : session_(ReplayLink(), StartOf(corpus)), transport_(corpus) {
    session_.HandleConnected(kNow);
  }

  // Returns the number of frames.
  size_t Step() {
    const absl::Span<char> room = session_.PrepareRead(kFleetReadBytes);
    session_.HandleRead(*transport_.Read(room, absl::ZeroDuration()), kNow);
    const size_t before = tally_.frames;
    while (true) {
      const absl::Span<const FrameView> frames = session_.PollFrames();
      for (const FrameView& frame : frames) tally_.Add(frame);
      // Other events make the joint between two rounds.
      if (frames.empty() && session_.PollEvent() == nullptr) break;
    }
    return tally_.frames - before;
  }

  size_t frames() const { return tally_.frames; }

 private:
  static constexpr absl::Time kNow = absl::UnixEpoch();

  Session session_;
  ReplayTransport transport_;
  Tally tally_;
};

void RunSessions(const Corpus& corpus, size_t shards, FleetPass* pass) {
  pass->NoteMemory();
  std::vector<std::unique_ptr<BareShard>> bare;
  for (size_t i = 0; i < shards; ++i) {
    bare.push_back(std::make_unique<BareShard>(corpus));
  }
  for (const auto& shard : bare) {
    while (shard->frames() < pass->warm_frames()) shard->Step();
    pass->Warm();
  }
  while (!pass->ended()) {
    for (const auto& shard : bare) pass->Add(shard->Step());
  }
}

}  // namespace

void RegisterFleetInMemory(const Corpus& corpus) {
  RegisterFleetPasses("Fleet/memory", corpus, ShardCounts(), false,
                      [&corpus](size_t shards, FleetPass* pass) {
                        RunFleet(corpus, shards, pass);
                      });
  RegisterFleetPasses(
      "Fleet/follower", corpus, {1}, false,
      [&corpus](size_t, FleetPass* pass) { RunFollower(corpus, pass); });
  RegisterFleetPasses(
      "Fleet/client", corpus, {1}, false,
      [&corpus](size_t, FleetPass* pass) { RunClient(corpus, pass); });
  RegisterFleetPasses("Fleet/sessions", corpus, ShardCounts(), false,
                      [&corpus](size_t shards, FleetPass* pass) {
                        RunSessions(corpus, shards, pass);
                      });
}

}  // namespace benchmarks
}  // namespace kevy_replica
