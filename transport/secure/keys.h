// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The X25519 keys of secure links.
//
//   absl::StatusOr<PrivateKey> key = PrivateKey::FromFile("/etc/replica.key");
//   if (!key.ok()) return key.status();
//   std::cout << "replica_keys = " << key->public_key() << "\n";
//
// A public key prints as 64 hex digits. A private key never prints, and no
// message contains a digit of it.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_KEYS_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_KEYS_H_

#include <array>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/internal/evp.h"

namespace kevy_replica {

// The name of a node: 32 bytes. Not a secret.
//
// Thread-safe as a value.
class PublicKey {
 public:
  static constexpr size_t kSize = 32;

  // 32 zeros, which is no node's key. Agree() refuses it.
  PublicKey() = default;

  // Reads 64 hex digits of either case. kInvalidArgument for any other text.
  static absl::StatusOr<PublicKey> FromHex(absl::string_view hex);

  // Precondition: `bytes` has kSize bytes.
  static PublicKey FromBytes(absl::string_view bytes);

  absl::string_view bytes() const { return {bytes_.data(), kSize}; }

  // Returns 64 lower-case digits.
  std::string ToHex() const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) {
    return a.bytes_ == b.bytes_;
  }
  friend bool operator!=(const PublicKey& a, const PublicKey& b) {
    return !(a == b);
  }
  template <typename H>
  friend H AbslHashValue(H state, const PublicKey& key) {
    return H::combine(std::move(state), key.bytes_);
  }
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const PublicKey& key) {
    sink.Append(key.ToHex());
  }
  friend std::ostream& operator<<(std::ostream& out, const PublicKey& key);

 private:
  std::array<char, kSize> bytes_ = {};
};

// The secret of a node, and its public key.
//
// Movable only, so that the bytes exist once: in memory that OpenSSL wipes when
// it frees it. An object moved from holds no key, and must only be destroyed or
// assigned to. Several links share one by std::shared_ptr<const PrivateKey>.
//
// Thread-safe while const.
class PrivateKey {
 public:
  static constexpr size_t kSize = 32;

  // Reads a file that `kevy keygen` or WriteFile() wrote: 64 hex digits of
  // either case, and at most one line end. Symbolic links are followed, as
  // mounted secrets are such links; the file they lead to is checked. Reads at
  // most 67 bytes.
  //
  // Errors, which name the path:
  //   kNotFound, kPermissionDenied, ...  the file cannot be opened or read
  //   kFailedPrecondition                group or others can read or write it:
  //                                      the message says `chmod 600`; or it is
  //                                      no regular file
  //   kInvalidArgument                   other contents
  static absl::StatusOr<PrivateKey> FromFile(const std::string& path);

  // Reads 64 hex digits of either case. kInvalidArgument for any other text.
  // The caller wipes `hex`.
  static absl::StatusOr<PrivateKey> FromHex(absl::string_view hex);

  // Makes a key from the system's random numbers.
  static absl::StatusOr<PrivateKey> Generate();

  // Creates `path` with mode 0600 and writes 64 hex digits and a line feed.
  // kAlreadyExists if there is a file: a key is never overwritten. After
  // another error no file remains.
  absl::Status WriteFile(const std::string& path) const;

  const PublicKey& public_key() const { return public_key_; }

  // Writes the Diffie-Hellman result of this key and `peer` to `shared`, which
  // the caller wipes. kInvalidArgument if it is all zeros: `peer` is a point of
  // small order, as no honest node has. kInternal if OpenSSL fails otherwise.
  //
  // Precondition: `shared` has room for exactly 32 bytes.
  absl::Status Agree(const PublicKey& peer, absl::Span<char> shared) const;

 private:
  static absl::StatusOr<PrivateKey> Of(secure_internal::Key key);
  PrivateKey(secure_internal::Key key, const PublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}

  secure_internal::Key key_;
  PublicKey public_key_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_KEYS_H_
