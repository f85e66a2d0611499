// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The Noise link for clients that connect by address, and for servers.
//
//   auto key = PrivateKey::FromFile("replica.key");
//   if (!key.ok()) return key.status();
//   FollowerOptions options;
//   options.secure =
//       NoiseSecurity(std::make_shared<PrivateKey>(*std::move(key)));
//   auto follower = Follower::Create(
//       "kevys://db1:16004?key=" + primary_key, &index, options);
//
// A test's primary:
//
//   NoiseResponderOptions responder;
//   responder.private_key = primary_key;
//   primary.SetWrapper(NoiseAcceptor(responder));

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_NOISE_SECURITY_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_NOISE_SECURITY_H_

#include <memory>

#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// For FollowerOptions::secure and ReplicaClientOptions::secure: makes Noise
// links to the peers with the address's keys. A link whose handshake fails
// makes the next link of this address try the next key. The handshake has no
// timeout of its own: LinkOptions::handshake_timeout covers it.
//
// The wrapper of an address is kInvalidArgument if the address has no key, if a
// key is malformed or is the private key itself, and if `private_key` is null.
TransportSecurity NoiseSecurity(std::shared_ptr<const PrivateKey> private_key);

// The accepting side: NoiseTransport::Respond() with `options`.
TransportWrapper NoiseAcceptor(NoiseResponderOptions options);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_NOISE_SECURITY_H_
