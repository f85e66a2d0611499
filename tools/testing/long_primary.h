// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary with an endless history, for tests of those who come back to it.

#ifndef KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The frame at each offset is {"SET", "key", "<offset>"}. Every connection is
// served from the offset that it asks for, one connection at a time, and it has
// to acknowledge: after every few frames there is a heartbeat, and the primary
// is never far ahead of what is acknowledged. It may fall silent once it has
// sent what was expected.
//
// Thread-safe.
class LongPrimary {
 public:
  static constexpr uint64_t kGeneration = 7;

  // `seed`: of how many frames go together, and how far it goes ahead.
  LongPrimary(std::unique_ptr<Listener> listener, uint32_t seed);
  ~LongPrimary();
  LongPrimary(const LongPrimary&) = delete;
  LongPrimary& operator=(const LongPrimary&) = delete;

  std::string address() const { return listener_->address(); }

  // Sets how many frames the next connection is expected to be sent. With
  // `end` the history ends behind them.
  void Expect(uint64_t frames, bool end = false);
  // Whether they are sent, with `end` whether they are acknowledged.
  bool reached() const;

  // The offset that each connection asked for.
  std::vector<uint64_t> asked() const;

 private:
  struct Plan {
    int number = 0;
    uint64_t frames = 0;
    bool end = false;
  };

  void Run();
  void Serve(Transport* transport);
  void Reached(const Plan& plan);

  const std::unique_ptr<Listener> listener_;
  const uint32_t seed_;

  mutable std::mutex mutex_;  // For what follows.
  Plan plan_;
  bool reached_ = false;
  std::vector<uint64_t> asked_;
  std::shared_ptr<Transport> transport_;  // That is served now.
  bool stopped_ = false;

  std::thread thread_;  // Last: it uses all the others.
};

// Listeners on as many ports in a row, as the shards of a primary have them.
std::vector<std::unique_ptr<Listener>> ListenInARow(int count);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_
