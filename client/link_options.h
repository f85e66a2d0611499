// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Options of one replication link.

#ifndef KEVY_REPLICA_CLIENT_LINK_OPTIONS_H_
#define KEVY_REPLICA_CLIENT_LINK_OPTIONS_H_

#include <cstdint>
#include <iosfwd>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"

namespace kevy_replica {

// The protocol to ask for. A primary that does not speak it closes the
// connection without a word.
enum class ProtocolChoice : uint8_t {
  kAuto,  // Protocol 2; after such a close, protocol 1 on a new connection.
  kV1,    // kevy 1.18 to 3.x.
  kV2,    // kevy 4.0 and later.
};

// "auto", "1" or "2", as the tools' --protocol takes it.
absl::string_view ProtocolChoiceName(ProtocolChoice choice);
std::ostream& operator<<(std::ostream& out, ProtocolChoice choice);
template <typename Sink>
void AbslStringify(Sink& sink, ProtocolChoice choice) {
  sink.Append(ProtocolChoiceName(choice));
}

// For Session, ReplicaClient, FollowerSession, Follower and Fleet.
struct LinkOptions {
  // The replica's name in the primary's INFO: non-empty UTF-8. Session and
  // FollowerSession require it. Default: empty, which takes UniqueReplicaId()
  // (`<program>#<host>:<process id>`) for the others.
  std::string replica_id;
  // Default: kAuto. For an address with keys it means kV2: kevy encrypts
  // protocol 2 alone.
  ProtocolChoice protocol = ProtocolChoice::kAuto;
  // Limits of the decoder. Default: as in limits.h.
  Limits limits;
  // The longest wait from the connection to the answer. Default: 10 s.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // The longest wait for a byte of any kind. kevy before 3.14 and embedded
  // writers do not send heartbeats, so they may stay silent for hours. Default:
  // infinite.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  // The same once a heartbeat has come on this link: then more are expected,
  // about one a second. Any byte is a sign of life, so frames may take their
  // place. Default: infinite for Session and ReplicaClient, 5 s for followers.
  absl::Duration heartbeat_timeout = absl::InfiniteDuration();
  // The longest wait for the end of an element that has begun: a frame, a line,
  // one chunk of a snapshot. Bytes do not defer it, so it ends a link whose
  // peer sends one byte a second. It must be longer than the largest element
  // takes on the slowest network. Default: infinite.
  absl::Duration element_timeout = absl::InfiniteDuration();
  // A link stalls if its heartbeats say that the primary is ahead, and nothing
  // but heartbeats comes for this long. Inside a snapshot every heartbeat says
  // so. A byte of an unfinished frame or chunk counts as progress. kevy never
  // sends a frame over 256 KiB, nor any frame behind it: see
  // ReplicaErrorKind::kStalled. Infinite: never. Default: 10 s.
  absl::Duration stall_timeout = absl::Seconds(10);
  // The shortest time between two acknowledgements while frames flow. Default:
  // 100 ms.
  absl::Duration ack_interval = absl::Milliseconds(100);
  // The generation that a fresh start of protocol 2 presents, so that a primary
  // of any version answers with a snapshot. (kevy 4.x answers generation 0 from
  // its backlog, which may lack the data of before its restart.) Tests set it,
  // for the same bytes each time. Must not be a primary's. Default: 0, draws a
  // random one for each link.
  uint64_t fresh_generation = 0;

  template <typename T>
  static auto ValueFields(const T& options) {
    return std::tie(options.replica_id, options.protocol, options.limits,
                    options.handshake_timeout, options.idle_timeout,
                    options.heartbeat_timeout, options.element_timeout,
                    options.stall_timeout, options.ack_interval,
                    options.fresh_generation);
  }
};
// Appends `replica_id="r1" protocol=auto handshake_timeout=10s ...`, the limits
// in their own form.
void AppendText(const LinkOptions& options, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_LINK_OPTIONS_H_
