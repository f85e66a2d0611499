// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The sealed messages of a Noise link, without I/O.
//
//   +--------+------------------------+------------+
//   | length | encrypted bytes        | tag        |
//   | 2      | length - 16            | 16         |
//   +--------+------------------------+------------+
//
// The length is big-endian and counts the bytes behind it. A message seals 0 to
// 65,519 bytes. Source: the source of kevy 7.0, see "The encrypted link" in
// docs/protocol.md.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_NOISE_RECORD_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_NOISE_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/internal/evp.h"
#include "kevy_replica/transport/secure/internal/secret.h"

namespace kevy_replica {

// Sizes in bytes: of the length, of the tag, and the most behind a length and
// in the sealed text.
constexpr size_t kNoiseLengthSize = 2;
constexpr size_t kNoiseTagSize = 16;
constexpr size_t kNoiseMaxMessage = 65535;
constexpr size_t kNoiseMaxPlaintext = kNoiseMaxMessage - kNoiseTagSize;

// Writes `size` big-endian to the first two bytes of `out`.
//
// Precondition: `size` is at most kNoiseMaxMessage, and `out` has two bytes.
void WriteNoiseLength(size_t size, absl::Span<char> out);

// Returns the length in the first two bytes of `bytes`, 0 to 65,535. A sealed
// message has at least kNoiseTagSize: the caller checks it.
//
// Precondition: `bytes` has two bytes.
size_t ReadNoiseLength(absl::string_view bytes);

// One direction of a link: a key and the number of the next message. The nonce
// of a message is its number. Seals or opens, never both with one object.
//
// It allocates when it is made, and never again. Movable; its secrets are
// wiped. Not thread-safe.
class NoiseCipher {
 public:
  using Key = secure_internal::Secret<32>;
  // Whether it seals or opens: a cipher does one of the two.
  enum class Direction : uint8_t { kSeal, kOpen };

  // `first` is the number of the first message, for tests of its limit.
  // Default: 0. kInternal with OpenSSL's reason if it lacks ChaCha20-Poly1305.
  static absl::StatusOr<NoiseCipher> Create(Key key, Direction direction,
                                            uint64_t first = 0);

  // Encrypts `plaintext` to the start of `out`, the tag behind it, with
  // `associated` data, and counts the message. `out` is `plaintext` itself or
  // other memory.
  //
  // kResourceExhausted: all 2^64 - 1 message numbers are used up. The caller
  // ends the link.
  //
  // Precondition: `out` has plaintext.size() + kNoiseTagSize bytes.
  absl::Status Seal(absl::string_view plaintext, absl::Span<char> out,
                    absl::string_view associated = {});

  // Checks `sealed`, decrypts it to the start of `out`, and counts the message.
  // Returns the size of the plaintext: sealed.size() - kNoiseTagSize. `out` is
  // the memory of `sealed` itself, so that it opens in place, or other memory.
  //
  // kDataLoss: the message was changed, replayed, reordered or sealed with
  // another key, or is shorter than a tag. The message number in the text
  // counts from 0. The forged plaintext is wiped, and the caller ends the link.
  // kResourceExhausted: as Seal(). kInternal: OpenSSL failed.
  //
  // Precondition: `out` has room for the plaintext.
  absl::StatusOr<size_t> Open(absl::string_view sealed, absl::Span<char> out,
                              absl::string_view associated = {});

  // Returns the number of the next message.
  uint64_t next() const { return next_; }

 private:
  NoiseCipher(secure_internal::CipherContext context, uint64_t first)
      : context_(std::move(context)), next_(first) {}
  // Sets the nonce of the next message.
  absl::Status Begin();

  secure_internal::CipherContext context_;  // Holds the key.
  uint64_t next_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_NOISE_RECORD_H_
