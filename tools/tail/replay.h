// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A recording in a connection's place.

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
  std::unique_ptr<Transport> transport;  // All of the recording.
  // The answer that it begins with, if it does: what the handshake must have
  // asked for.
  std::optional<HandshakeAnswer> answer;
};

// Opens `path`, or standard input for "-", and reads as far as the answer.
// Errors: those of FileTransport.
absl::StatusOr<Replay> OpenReplay(absl::string_view path,
                                  std::shared_ptr<Interrupter> interrupter);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_REPLAY_H_
