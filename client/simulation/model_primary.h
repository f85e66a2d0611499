// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary as the observed ones are: what it sends, to whom and when, by the
// protocol's facts. It can be told to break them.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_MODEL_PRIMARY_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_MODEL_PRIMARY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/simulation/connection.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {
namespace simulation {

enum class Heartbeats : uint8_t {
  kNone,        // As of 2.0.20, and of embedded writers.
  kOffsetOnly,  // The older form.
  kFull,
};

struct PrimaryOptions {
  Protocol protocol = Protocol::kV2;
  Heartbeats heartbeats = Heartbeats::kFull;
  // Answers with the offset behind the snapshot in place of the one asked for.
  bool embedded = false;
  // Protocol 1: whoever asks from 0 gets a snapshot.
  bool snapshot_from_0 = false;
  size_t backlog = 50;     // Frames.
  size_t most_behind = 0;  // Frames: a replica further behind is closed.
  size_t window = 4096;    // Bytes on the way, before it waits with more.
};

// Breaches of the protocol. Those of the first line are done when a replica
// asks next, the others when something is sent next where they fit.
enum class Breach : uint8_t {
  kAnswerMalformed,
  kAnswerOfOtherProtocol,
  kAnswerOfGeneration0,
  kNoSnapshot,
  kGap,
  kRepeat,
  kMalformed,
  kOversizedLine,
  kForeignHeartbeat,
  kStrayElement,
  kEofInSnapshot,
};
inline constexpr int kBreaches = 11;

class ModelPrimary {
 public:
  // All pointers outlive it. `on_ack` is told of each acknowledgement, with the
  // number of its connection.
  ModelPrimary(PrimaryOptions options, Histories* histories,
               const VirtualClock* clock, Random random, Record* record,
               std::function<void(uint64_t, uint64_t)> on_ack);

  const PrimaryOptions& options() const { return options_; }

  // A connection has come in.
  void Accept(std::shared_ptr<Connection> connection);

  // One more write, drawn at random.
  void Write();

  // The state is emptied, or another server, which may lack the last writes,
  // takes over: a new history, in any case, for all who are connected.
  void ChangeHistory(bool flush);

  // Closes all connections.
  void Restart();
  // Restarts as a version that speaks `protocol`.
  void Exchange(Protocol protocol, Heartbeats heartbeats);

  // Sends what is to be sent, or some of it.
  void Tick();

  void Commit(Breach breach) { breach_ = breach; }
  void ForgetBreach() { breach_.reset(); }

  // Whether the newest connection carries frames, and nothing was sent on it
  // that must break it.
  bool StreamIsSound() const;
  // What was acknowledged last on the newest connection, if anything.
  std::optional<uint64_t> newest_ack() const;

 private:
  struct Snapshot {
    std::string payload;
    size_t sent = 0;
    Mark mark;
    bool heartbeat_due = false;
  };
  // A replica, as it is known on one connection.
  struct Peer {
    std::shared_ptr<Connection> connection;
    bool streaming = false;
    bool gone = false;
    size_t history = 0;
    uint64_t first_offset = 0;
    uint64_t next_offset = 0;
    std::optional<Snapshot> snapshot;
    absl::Time heartbeat_at;
    std::optional<uint64_t> ack;
    bool breached = false;
    bool snapshot_withheld = false;  // And nothing else was sent.
  };

  void HandleIncoming(Peer* peer);
  bool HandleRequest(Peer* peer, std::string* incoming);
  void Answer(Peer* peer, const HandshakeRequest& request);
  bool SnapshotIsDue(const HandshakeRequest& request) const;
  uint64_t BacklogBegin() const;
  void BeginSnapshot(Peer* peer);
  void Pump(Peer* peer);
  // Each returns whether it sent something.
  bool SendBreach(Peer* peer);
  bool SendHeartbeat(Peer* peer);
  bool SendOfSnapshot(Peer* peer);
  bool SendFrame(Peer* peer);
  void Close(Peer* peer);

  PrimaryOptions options_;
  Histories* const histories_;
  const VirtualClock* const clock_;
  Random random_;
  Record* const record_;
  const std::function<void(uint64_t, uint64_t)> on_ack_;
  ArgvStorage storage_;
  std::optional<Breach> breach_;
  std::vector<std::unique_ptr<Peer>> peers_;  // The newest is the last.
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_MODEL_PRIMARY_H_
