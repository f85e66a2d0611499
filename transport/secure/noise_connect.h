// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Secure links for a client.
//
//   auto client = ReplicaClient::Connect(
//       NoiseConnectTo(ConnectTo("127.0.0.1:16004"), options), {});

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_NOISE_CONNECT_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_NOISE_CONNECT_H_

#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Returns a factory. Each of its calls connects by `connect` and completes the
// handshake, so it blocks. If the primary closes without an answer
// (kUnauthenticated), it tries the next of `options.primary_keys`, each once,
// on a new connection.
//
// Returns:
//   a NoiseTransport   established; later calls begin with the key that worked
//   kUnauthenticated   the primary accepted no key: the error of the last one
//   another error      of `connect` or of the handshake, as it comes
//
// An event loop calls NoiseTransport::Initiate() with its connected transport
// instead: it does not wait, and each new link tries the next key.
[[nodiscard]] TransportFactory NoiseConnectTo(TransportFactory connect,
                                              NoiseInitiatorOptions options);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_NOISE_CONNECT_H_
