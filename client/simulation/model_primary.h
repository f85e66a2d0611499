// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A model primary. It sends as observed primaries do, by docs/protocol.md. On
// request it breaches the protocol.

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
  kNone,        // Like 2.0.20, and like embedded writers.
  kOffsetOnly,  // The older form.
  kFull,
};

struct PrimaryOptions {
  Protocol protocol = Protocol::kV2;
  Heartbeats heartbeats = Heartbeats::kFull;
  // Answers with the offset behind the snapshot instead of the requested one.
  bool embedded = false;
  // Protocol 1: answers every request from offset 0 with a snapshot.
  bool snapshot_from_0 = false;
  // As kevy before 5.0: sends nothing to a replica whose offset lies ahead.
  // Protocol 2: answers {0, 0} from the backlog, although that may lack data.
  bool old_rules = false;
  // Bytes. A larger frame is never sent, nor any frame behind it. 0: no limit.
  size_t frame_limit = 0;
  size_t backlog = 50;     // Frames.
  size_t most_behind = 0;  // Frames. Closes a replica that is further behind.
  size_t window = 4096;    // Bytes. Sends more once fewer are under way.
};

// Breaches of the protocol. Those up to kNoSnapshot wait for the next request,
// the others for the next place in the stream where they fit.
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
  // All pointers must outlive it. `on_ack` receives each acknowledgement: the
  // number of its connection, and the offset.
  ModelPrimary(PrimaryOptions options, Histories* histories,
               const VirtualClock* clock, Random random, Record* record,
               std::function<void(uint64_t, uint64_t)> on_ack);

  const PrimaryOptions& options() const { return options_; }

  // Takes a new connection.
  void Accept(std::shared_ptr<Connection> connection);

  // Makes a random write.
  void Write();

  // Begins a new history on all connections. With `flush` the data is emptied.
  // Otherwise another server takes over, which may lack the last writes.
  void ChangeHistory(bool flush);

  // Becomes a replica of another node, where the writes go on: it answers and
  // sends heartbeats, but nothing else.
  void Demote();
  // Becomes the primary again, and closes all connections.
  void Promote();
  bool demoted() const { return demoted_end_.has_value(); }

  // Restarts without its data, but with its generation: kevy before 5.1 counts
  // generations from 1.
  void LoseData();

  // Commits `breach` on every connection, within some seconds. Empty: ends
  // that.
  void Besiege(std::optional<Breach> breach) { siege_ = breach; }

  // Closes all connections.
  void Restart();
  // Restarts as a version that speaks `protocol`.
  void Exchange(Protocol protocol, Heartbeats heartbeats);

  // Sends some or all of the bytes that are due.
  void Tick();

  void Commit(Breach breach) { breach_ = breach; }
  void ForgetBreach() { breach_.reset(); }

  // Whether the newest connection carries frames and has seen no breach that
  // must end it.
  bool StreamIsSound() const;
  // The last acknowledged offset of the newest connection. Empty without one.
  std::optional<uint64_t> newest_ack() const;

 private:
  struct Snapshot {
    std::string payload;
    size_t sent = 0;
    Mark mark;
    bool heartbeat_due = false;
  };
  // A replica on one connection.
  struct Peer {
    std::shared_ptr<Connection> connection;
    bool streaming = false;
    bool gone = false;
    size_t history = 0;
    uint64_t first_offset = 0;
    uint64_t next_offset = 0;
    std::optional<Snapshot> snapshot;
    absl::Time heartbeat_at;
    absl::Time breach_at;  // In a siege.
    std::optional<uint64_t> ack;
    bool breached = false;
    bool snapshot_withheld = false;  // And only the answer was sent.
    bool withheld = false;           // A frame over the limit is due.
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
  std::optional<Breach> siege_;
  // Where its data ends while it is demoted.
  std::optional<uint64_t> demoted_end_;
  std::vector<std::unique_ptr<Peer>> peers_;  // The newest is the last.
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_MODEL_PRIMARY_H_
