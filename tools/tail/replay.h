// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A recording in place of a connection.

#ifndef KEVY_REPLICA_TOOLS_TAIL_REPLAY_H_
#define KEVY_REPLICA_TOOLS_TAIL_REPLAY_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct Replay {
  std::unique_ptr<Transport> transport;  // Reads the whole recording.
  // The handshake's answer at its beginning, which tells the protocol and the
  // position that the recorded handshake asked for. Unset: another beginning.
  std::optional<HandshakeAnswer> answer;
};

// Opens `path`, or standard input for "-", and reads up to the end of the
// answer. Errors: FileTransport's; kInvalidArgument for an empty recording.
absl::StatusOr<Replay> OpenReplay(absl::string_view path,
                                  std::shared_ptr<Interrupter> interrupter);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_REPLAY_H_
