// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The flags --tls and --tls_..., which the programs share.

#ifndef KEVY_REPLICA_TOOLS_COMMON_TLS_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_TLS_FLAGS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Checks the flags beside `primary`, the value of --primary.
//
// kInvalidArgument, with the flag's name: --tls with another primary than a
// plain HOST:PORT, or unix:PATH with --tls_name; or another flag without --tls.
absl::Status CheckTlsFlags(absl::string_view primary);

// The option `secure` for links to `primary`. Null without --tls.
//
// Precondition: CheckTlsFlags() returned OK.
TransportSecurity TlsOfFlags(absl::string_view primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_TLS_FLAGS_H_
