// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Settings for connecting a socket.

#ifndef KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_
#define KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_

#include <memory>

#include "absl/time/time.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

struct ConnectOptions {
  // For the whole of connecting: every address of a name together. (Looking the
  // name up is the system resolver's; it keeps to its own timeouts.)
  absl::Duration connect_timeout = absl::Seconds(10);
  // TCP keepalive: three probes, the first after this long without traffic and
  // the others a third of it apart. Zero or less: none.
  absl::Duration keepalive_idle = absl::Seconds(30);
  // SO_RCVBUF in bytes; 0 leaves it to the system.
  int receive_buffer_bytes = 0;
  // What ends connecting and all reads and writes early. Shared by as many
  // transports as you like; one of its own is made if this is null. The
  // transport's own Interrupt() sets it.
  std::shared_ptr<Interrupter> interrupter;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_
