// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A Poller that notes the watched descriptors, and never waits.

#ifndef KEVY_REPLICA_CLIENT_TESTING_NOTING_POLLER_H_
#define KEVY_REPLICA_CLIENT_TESTING_NOTING_POLLER_H_

#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/poller.h"

namespace kevy_replica {
namespace client_testing {

class NotingPoller : public Poller {
 public:
  struct Watched {
    friend bool operator==(const Watched& a, const Watched& b) {
      return a.events == b.events && a.id == b.id;
    }

    short events;
    uint64_t id;
  };

  absl::Status Set(int fd, short events, uint64_t id) override {
    if (status.ok()) watched[fd] = {events, id};
    return status;
  }
  void Remove(int fd) override { watched.erase(fd); }
  absl::StatusOr<absl::Span<const uint64_t>> Wait(absl::Duration) override {
    return absl::Span<const uint64_t>();
  }

  absl::Status status;             // Of Set().
  std::map<int, Watched> watched;  // By descriptor.
};

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_NOTING_POLLER_H_
