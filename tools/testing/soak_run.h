// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A soak: a fleet follows primaries that fail in every way, and is restarted
// now and then from its stored positions. Every byte is checked.

#ifndef KEVY_REPLICA_TOOLS_TESTING_SOAK_RUN_H_
#define KEVY_REPLICA_TOOLS_TESTING_SOAK_RUN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/tools/testing/process_usage.h"
#include "kevy_replica/tools/testing/soak_handler.h"
#include "kevy_replica/tools/testing/soak_primary.h"
#include "kevy_replica/tools/testing/soak_report.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {

struct SoakOptions {
  uint64_t seed = 1;
  size_t shards = 4;
  // The soak ends after this time, and after at least `links` links. Default: 1
  // minute, 0.
  absl::Duration duration = absl::Minutes(1);
  uint64_t links = 0;
  // New frames a second of all shards together. 0: without a limit. Default: 0.
  double frames_per_second = 0;
  // Whether every second shard has encrypted links. Default: false.
  bool secure = false;
  // The folder of the positions file. It must exist.
  std::string folder;
  // The time between two lines of progress. Default: 10 s.
  absl::Duration progress_interval = absl::Seconds(10);
};

// What must hold, besides the demands of SoakHandler and SoakPrimary:
//
//  1. A stopped fleet has stored the position of the held data, or one without
//     a generation that it could not know yet. A killed one has stored an
//     earlier position. (A kill: the stores of its last moments are lost.)
//  2. Between two fleets the process has the descriptors and threads that it
//     had before the first one.
//  3. The resident memory stays below 1.1 times its maximum of the first fifth
//     of the soak, plus 8 MiB. Between two fleets the heap stays below its
//     maximum of that time, plus 1 MiB. A soak without a duration is too short
//     for these bounds.
//  4. At the end the faults stop, and each shard gets to its primary's end.
class Soak {
 public:
  explicit Soak(const SoakOptions& options);
  ~Soak();
  Soak(const Soak&) = delete;
  Soak& operator=(const Soak&) = delete;

  // Runs the soak, once. Prints its progress on standard output. Returns
  // whether there was no violation.
  bool Run();

  const SoakReport& report() const { return report_; }

 private:
  class KillableStore;

  FleetOptions Options(PositionStore* store);
  bool Over() const;
  double Progress() const;  // 0 to 1.
  bool BoundsMemory() const;
  // One fleet, from the stored positions on. The last one catches up.
  void Episode(bool last);
  void CatchUp(Fleet* fleet);
  void CheckStored(PositionStore* store, bool killed);
  void CheckUsageBetweenFleets();
  void CheckResident();
  void Print(bool summary);

  const SoakOptions options_;
  const absl::Time start_;
  simulation::Random random_;
  SoakReport report_;
  std::shared_ptr<const PrivateKey> replica_key_;  // Null without `secure`.
  std::vector<std::unique_ptr<SoakHandler>> handlers_;
  std::vector<std::unique_ptr<SoakPrimary>> primaries_;
  std::vector<std::string> addresses_;

  uint64_t fleets_ = 0;
  uint64_t kills_ = 0;
  ProcessUsage first_usage_;  // Before the first fleet.
  size_t warm_resident_ = 0;  // The maximum of the first fifth.
  size_t warm_heap_ = 0;
  size_t max_resident_ = 0;
  size_t max_heap_ = 0;
  size_t max_descriptors_ = 0;
  size_t max_threads_ = 0;
  absl::Time printed_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_SOAK_RUN_H_
