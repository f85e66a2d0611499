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

// Connecting to the first of several addresses that lets one.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {
namespace transport_internal {

struct Connection {
  UniqueFd fd;
  std::string peer;
};

// Tries `addresses` (at least one) in turn. Each may take its equal share of
// the time that is left, so that one that never answers leaves time for the
// next. If all fail, or once the time is over, the last error. `interrupter` is
// the one to heed, not `options.interrupter`.
absl::StatusOr<Connection> ConnectToFirst(
    absl::Span<const SocketAddress> addresses, const ConnectOptions& options,
    const Interrupter& interrupter);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_CONNECT_H_
