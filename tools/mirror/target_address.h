// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The address of the server that a mirror writes to.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/secure/tls_options.h"

namespace kevy_replica {

struct TargetAddress {
  Address server;
  uint32_t database = 0;
  std::string user;      // Empty: the default user.
  std::string password;  // Empty: none is sent. Never part of a message.
  std::optional<TlsOptions> tls;  // Unset: the connection is plain.

  // In the form that ParseTargetAddress() reads, without user and password.
  std::string ToString() const;
};

// "redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]" (port 6379, database 0),
// "redis://[V6]:PORT/DB" or "unix:/PATH[?db=DB]". "redis://USER@HOST" names a
// user whose password is given elsewhere. %XX stands for a byte of a user or a
// password. The same with "rediss://" is a server that speaks TLS: the address
// then has `tls` with its defaults.
//
// Returns:
//   an address        of a server and a database
//   kInvalidArgument  another form
absl::StatusOr<TargetAddress> ParseTargetAddress(absl::string_view text);

// Gives an address of TLS the files of --target_ca_file, --target_cert_file
// and --target_key_file. kInvalidArgument if a file is set for a plain address.
absl::Status TakeTargetTls(const TlsOptions& tls, TargetAddress* address);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_
