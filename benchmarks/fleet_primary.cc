// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/fleet_primary.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

constexpr uint64_t kStop = std::numeric_limits<uint64_t>::max();

struct Replica {
  std::unique_ptr<Transport> transport;  // A socket. Written to by send().
  absl::string_view rest;                // The unsent rest of the current part.
};

}  // namespace

FleetPrimary::FleetPrimary(const Corpus& corpus, size_t shards)
    : answer_(AnswerFor(corpus)),
      round_(absl::StrCat(corpus.bytes, Joint(corpus))),
      shards_(shards),
      listener_(ValueOrDie(Listener::Listen("127.0.0.1:0"))),
      thread_([this] { Serve(); }) {}

FleetPrimary::~FleetPrimary() {
  Stop();
  thread_.join();
}

void FleetPrimary::Stop() {
  listener_->Interrupt();
  stop_.Notify();
}

void FleetPrimary::Serve() {
  const std::unique_ptr<Poller> poller = ValueOrDie(Poller::Create());
  std::vector<Replica> replicas;
  for (size_t i = 0; i < shards_; ++i) {
    absl::StatusOr<std::unique_ptr<Transport>> replica =
        listener_->Accept(absl::InfiniteDuration());
    if (absl::IsCancelled(replica.status())) return;
    replicas.push_back({ValueOrDie(std::move(replica)), answer_});
    OkOrDie(poller->Set(replicas[i].transport->fd(), POLLOUT, i));
  }
  OkOrDie(poller->Set(stop_.fd(), POLLIN, kStop));
  while (!stop_.notified()) {
    const absl::Span<const uint64_t> ready =
        ValueOrDie(poller->Wait(absl::InfiniteDuration()));
    for (const uint64_t id : ready) {
      if (id == kStop) return;
      Replica& replica = replicas[id];
      const int fd = replica.transport->fd();
      const ssize_t n =
          send(fd, replica.rest.data(), std::min(replica.rest.size(), kPiece),
               MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) {
        sent_.fetch_add(static_cast<uint64_t>(n), std::memory_order_relaxed);
        replica.rest.remove_prefix(static_cast<size_t>(n));
        if (replica.rest.empty()) replica.rest = round_;
      } else if (errno != EAGAIN && errno != EINTR) {
        poller->Remove(fd);  // The replica has gone.
      }
    }
  }
}

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // On a failure connecting fails.
}

}  // namespace benchmarks
}  // namespace kevy_replica
