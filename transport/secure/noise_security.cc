// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_security.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/primary_keys.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Whether `key` is the private key of `own`. An address is no place for it: it
// shows in logs and in the list of processes.
absl::StatusOr<bool> IsPrivateKeyOf(const std::string& key,
                                    const PublicKey& own) {
  const absl::StatusOr<PrivateKey> as_private = PrivateKey::FromHex(key);
  if (!as_private.ok()) return as_private.status();
  return as_private->public_key() == own;
}

absl::StatusOr<std::shared_ptr<PrimaryKeys>> ParseKeys(
    absl::Span<const std::string> keys, const PublicKey& own) {
  std::vector<PublicKey> parsed;
  for (const std::string& key : keys) {
    absl::StatusOr<PublicKey> public_key = PublicKey::FromHex(key);
    if (!public_key.ok()) return public_key.status();
    const absl::StatusOr<bool> is_private = IsPrivateKeyOf(key, own);
    if (!is_private.ok()) return is_private.status();
    if (*is_private) {
      return absl::InvalidArgumentError(
          "the address has this replica's private key where the primary's "
          "public key belongs: make a new key, since this one may be known "
          "now");
    }
    parsed.push_back(*public_key);
  }
  return PrimaryKeys::Create(std::move(parsed));
}

}  // namespace

TransportSecurity NoiseSecurity(std::shared_ptr<const PrivateKey> private_key) {
  return [private_key](absl::Span<const std::string> keys)
             -> absl::StatusOr<TransportWrapper> {
    if (private_key == nullptr) {
      return absl::InvalidArgumentError("the private key is null");
    }
    if (keys.empty()) {
      return absl::InvalidArgumentError(
          "this replica has a key, so its links are secure, but the address "
          "has none: give the primary's public key, as in "
          "kevys://host:port?key=HEX or kevy://host:port?key=HEX");
    }
    absl::StatusOr<std::shared_ptr<PrimaryKeys>> primary_keys =
        ParseKeys(keys, private_key->public_key());
    if (!primary_keys.ok()) return primary_keys.status();
    NoiseInitiatorOptions options;
    options.private_key = private_key;
    options.primary_keys = *std::move(primary_keys);
    options.handshake_timeout = absl::InfiniteDuration();
    return TransportWrapper([options](std::unique_ptr<Transport> inner)
                                -> absl::StatusOr<std::unique_ptr<Transport>> {
      return NoiseTransport::Initiate(std::move(inner), options);
    });
  };
}

TransportWrapper NoiseAcceptor(NoiseResponderOptions options) {
  return [options = std::move(options)](std::unique_ptr<Transport> inner)
             -> absl::StatusOr<std::unique_ptr<Transport>> {
    return NoiseTransport::Respond(std::move(inner), options);
  };
}

}  // namespace kevy_replica
