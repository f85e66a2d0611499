// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// TLS for clients that connect by address: kevy behind a TLS proxy.
//
//   TlsOptions tls;
//   tls.server_name = "proxy1.example";
//   tls.ca_file = "/etc/indexer/ca.pem";
//   FollowerOptions options;
//   options.secure = TlsSecurity(tls);
//   auto follower = Follower::Create("proxy1.example:16004", &index, options);

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TLS_SECURITY_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TLS_SECURITY_H_

#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// For FollowerOptions::secure and ReplicaClientOptions::secure: makes TLS links
// to every address. `options.server_name` is the name of all of them.
//
// The wrapper of an address is kInvalidArgument if the address has keys, which
// are kevy's own encryption (NoiseSecurity()), and without a server_name unless
// `options.verify` is false.
TransportSecurity TlsSecurity(TlsOptions options);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TLS_SECURITY_H_
