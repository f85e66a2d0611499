// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The public keys under which a primary may be known.
//
//   auto keys = PrimaryKeys::Create({*PublicKey::FromHex(old_key),
//                                    *PublicKey::FromHex(new_key)});

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_PRIMARY_KEYS_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_PRIMARY_KEYS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {

// Several keys, tried in turn, each on a new connection: a primary closes a
// handshake with a wrong key without a word. The keys are those of one address,
// say before and after its primary was given a new one.
//
// A NoiseTransport takes current() when it is made, and calls Failed() if its
// handshake fails. So a client that reconnects tries the next key by itself,
// and stays with the key that works. The links of one address may share one
// object.
//
// Thread-safe.
class PrimaryKeys {
 public:
  // kInvalidArgument without a key.
  static absl::StatusOr<std::shared_ptr<PrimaryKeys>> Create(
      std::vector<PublicKey> keys);

  // Returns the number of keys, at least 1.
  size_t size() const { return keys_.size(); }

  // Returns the key to try next: at first the first one.
  PublicKey current() const;

  // Moves on to the key behind `key`, after the last one to the first. No
  // effect unless `key` is current: of several links that fail with one key,
  // the first moves on.
  void Failed(const PublicKey& key);

 private:
  explicit PrimaryKeys(std::vector<PublicKey> keys);

  const std::vector<PublicKey> keys_;
  mutable std::mutex mutex_;
  size_t current_ = 0;  // Guarded by mutex_.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_PRIMARY_KEYS_H_
