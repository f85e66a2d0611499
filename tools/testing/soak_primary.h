// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One shard of a soak's primary: an endless history over links that fail.

#ifndef KEVY_REPLICA_TOOLS_TESTING_SOAK_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_TESTING_SOAK_PRIMARY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/tools/testing/soak_report.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct SoakPrimaryOptions {
  size_t shard = 0;
  // Draws the faults. Default: 1.
  uint64_t seed = 1;
  // New frames a second while a link stands. 0: as many as the replica takes.
  // Default: 0.
  double frames_per_second = 0;
  // Wraps accepted connections. Default: null, plain links.
  TransportWrapper wrap;
};

// Listens on a free port of 127.0.0.1 and serves one connection at a time, on a
// thread of its own, with protocol 2. The bytes are those of soak_stream.h.
// Nearly every link suffers one of the faults in soak_report.h. Behind one that
// the replica must notice, the primary waits for its end of the link, for a
// minute at most: then it reports a violation. An acknowledgement beyond the
// sent frames is one, too.
//
// Thread-safe.
class SoakPrimary {
 public:
  // Ends the program if it cannot listen. `report` is not owned.
  SoakPrimary(SoakPrimaryOptions options, SoakReport* report);
  ~SoakPrimary();
  SoakPrimary(const SoakPrimary&) = delete;
  SoakPrimary& operator=(const SoakPrimary&) = delete;

  std::string address() const { return listener_->address(); }

  // From now on there are no faults and no new frames, so that a replica can
  // catch up. Faults that have begun go on.
  void Calm() { calm_ = true; }

  // The end of the history.
  FeedPosition head() const;

 private:
  class Link;

  void Run();

  const SoakPrimaryOptions options_;
  SoakReport* const report_;
  const std::unique_ptr<Listener> listener_;
  std::atomic<bool> calm_{false};

  mutable std::mutex mutex_;
  FeedPosition head_;               // Guarded by mutex_.
  Transport* transport_ = nullptr;  // Guarded by mutex_: the link's, or null.
  bool stopped_ = false;            // Guarded by mutex_.

  // Used by the thread only.
  simulation::Random random_;
  uint64_t first_ = 0;  // The first offset of the generation.

  std::thread thread_;  // Last, since it uses the other members.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_SOAK_PRIMARY_H_
