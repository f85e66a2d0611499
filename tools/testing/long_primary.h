// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary with an endless history, for tests of followers that resume.

#ifndef KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The frame at each offset is {"SET", "key", "<offset>"}. The primary serves
// one connection at a time, from the offset in its handshake. A heartbeat
// follows every few frames. The follower must acknowledge, since the primary
// sends at most 150 frames ahead. It may fall silent after the expected frames.
//
// Thread-safe.
class LongPrimary {
 public:
  static constexpr uint64_t kGeneration = 7;

  // The command of the frame at an offset.
  using Frames = std::function<std::vector<std::string>(uint64_t offset)>;

  // `seed` chooses the number of frames between heartbeats, and of those ahead.
  // `frames`: instead of the SETs; any thread may call it.
  LongPrimary(std::unique_ptr<Listener> listener, uint32_t seed,
              Frames frames = nullptr);
  ~LongPrimary();
  LongPrimary(const LongPrimary&) = delete;
  LongPrimary& operator=(const LongPrimary&) = delete;

  std::string address() const { return listener_->address(); }

  // Sets how many frames the next connection is expected to be sent. With
  // `end` the history ends after them.
  void Expect(uint64_t frames, bool end = false);
  // The history ends in front of `offset`, wherever the next connections begin.
  void ExpectUpTo(uint64_t offset);
  // Whether they are sent, with `end` whether they are acknowledged.
  bool reached() const;

  // The offset in the handshake of each connection.
  std::vector<uint64_t> asked() const;

 private:
  struct Plan {
    int number = 0;
    uint64_t frames = 0;
    bool end = false;
    bool is_offset = false;  // `frames` is ExpectUpTo()'s offset.
  };

  void Run();
  void Serve(Transport* transport);
  void Reached(const Plan& plan);

  const std::unique_ptr<Listener> listener_;
  const uint32_t seed_;
  const Frames frames_;

  mutable std::mutex mutex_;  // For the members below, except thread_.
  Plan plan_;
  bool reached_ = false;
  std::vector<uint64_t> asked_;
  std::shared_ptr<Transport> transport_;  // The connection that is served.
  bool stopped_ = false;

  std::thread thread_;  // Last, since it uses the other members.
};

// Listeners on `count` consecutive ports, as the shards of a primary have.
std::vector<std::unique_ptr<Listener>> ListenInARow(int count);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_LONG_PRIMARY_H_
