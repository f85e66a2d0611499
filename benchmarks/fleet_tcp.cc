// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/fleet_benchmarks.h"
#include "kevy_replica/benchmarks/fleet_pass.h"
#include "kevy_replica/benchmarks/fleet_primary.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

void RunFleet(const Corpus& corpus, size_t shards, FleetPass* pass) {
  FleetPrimary primary(corpus, shards);
  pass->NoteMemory();
  const CountingHandlers handlers(shards, pass);
  const std::unique_ptr<Fleet> fleet = ValueOrDie(Fleet::Create(
      primary.addresses(), handlers.get(), FleetOptionsFor(corpus)));
  pass->at_end = [&] {
    primary.Stop();
    fleet->Stop();
  };
  OkOrDie(fleet->Run());
}

// The floor: recv() from every readable socket into a buffer of its own,
// without decoding.
void RunRecv(const Corpus& corpus, size_t shards, FleetPass* pass) {
  const FleetPrimary primary(corpus, shards);
  pass->NoteMemory();
  const std::unique_ptr<Poller> poller = ValueOrDie(Poller::Create());
  struct Socket {
    std::unique_ptr<Transport> transport;
    std::vector<char> buffer;
    size_t bytes = 0;
  };
  std::vector<Socket> sockets;
  for (const std::string& address : primary.addresses()) {
    sockets.push_back({ValueOrDie(ConnectTransport(address)),
                       std::vector<char>(2 * kFleetReadBytes)});
    OkOrDie(poller->Set(sockets.back().transport->fd(), POLLIN,
                        sockets.size() - 1));
  }
  const size_t per_frame = corpus.bytes.size() / corpus.frames;
  const size_t warm_bytes = pass->warm_frames() * per_frame;
  size_t ahead = 0;  // Bytes of an incomplete frame.
  while (!pass->ended()) {
    const absl::Span<const uint64_t> ready =
        ValueOrDie(poller->Wait(absl::InfiniteDuration()));
    for (const uint64_t id : ready) {
      Socket& socket = sockets[id];
      const ssize_t n = recv(socket.transport->fd(), socket.buffer.data(),
                             socket.buffer.size(), 0);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
      if (n < 0) continue;
      benchmark::DoNotOptimize(socket.buffer.data());
      const bool cold = socket.bytes < warm_bytes;
      socket.bytes += static_cast<size_t>(n);
      if (cold && socket.bytes >= warm_bytes) pass->Warm();
      ahead += static_cast<size_t>(n);
      pass->Add(ahead / per_frame);
      ahead %= per_frame;
    }
  }
}

}  // namespace

void RegisterFleetOverTcp(const Corpus& corpus) {
  RegisterFleetPasses("Fleet/tcp", corpus, ShardCounts(), true,
                      [&corpus](size_t shards, FleetPass* pass) {
                        RunFleet(corpus, shards, pass);
                      });
  RegisterFleetPasses("Fleet/recv", corpus, ShardCounts(), true,
                      [&corpus](size_t shards, FleetPass* pass) {
                        RunRecv(corpus, shards, pass);
                      });
}

}  // namespace benchmarks
}  // namespace kevy_replica
