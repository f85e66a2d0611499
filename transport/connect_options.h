// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Settings for connecting a socket.

#ifndef KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_
#define KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_

#include <memory>

#include "absl/time/time.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/resolver.h"

namespace kevy_replica {

struct ConnectOptions {
  // The limit for the lookup of a name and for connecting, over all its
  // addresses together. Default: 10 s.
  absl::Duration connect_timeout = absl::Seconds(10);
  // TCP keepalive: the first probe goes out after this time without traffic,
  // and two more follow at a third of it. Rounded up to seconds, from 1 to
  // 32767. Zero or less turns keepalive off. Default: 30 s.
  absl::Duration keepalive_idle = absl::Seconds(30);
  // SO_RCVBUF. 0 leaves the size to the system. Default: 0 bytes.
  int receive_buffer_bytes = 0;
  // Ends connecting, and all reads and writes of the transport, early. Any
  // number of transports may share it. Transport::Interrupt() sets it. Default:
  // null, which gives each transport an Interrupter of its own.
  std::shared_ptr<Interrupter> interrupter;

  // Looks names up. Any number of connections may share it. Default: null,
  // which takes Resolver::Default(), the system's.
  std::shared_ptr<Resolver> resolver;

  // Interrupters and resolvers compare by identity.
  friend bool operator==(const ConnectOptions& a, const ConnectOptions& b) {
    return a.connect_timeout == b.connect_timeout &&
           a.keepalive_idle == b.keepalive_idle &&
           a.receive_buffer_bytes == b.receive_buffer_bytes &&
           a.interrupter == b.interrupter && a.resolver == b.resolver;
  }
  friend bool operator!=(const ConnectOptions& a, const ConnectOptions& b) {
    return !(a == b);
  }
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_CONNECT_OPTIONS_H_
