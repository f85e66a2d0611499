// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// A recording in a connection's place.

#ifndef KEVY_REPLICA_TOOLS_REPLAY_H_
#define KEVY_REPLICA_TOOLS_REPLAY_H_

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

#endif  // KEVY_REPLICA_TOOLS_REPLAY_H_
