// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The handshake Noise_IK_25519_ChaChaPoly_BLAKE2s, without I/O.
//
// The Noise Protocol Framework, revision 34. The initiator (a replica) knows
// the responder's (the primary's) public key; the responder learns the
// initiator's key from message 1.
//
//   initiator                                            responder
//   WriteMessage(payload, out)  -- e, es, s, ss, payload -->
//                                                        ReadMessage(...)
//                                                        remote_key(): allowed?
//                               <-- e, ee, se, payload --
//                                                        WriteMessage(...)
//   ReadMessage(...)
//   Split()                                              Split()

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_NOISE_HANDSHAKE_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_NOISE_HANDSHAKE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/cxx17.h"
#include "kevy_replica/transport/secure/internal/secret.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_record.h"

namespace kevy_replica {

// kevy's prologue: "kevy-replicate", a zero byte, "1". Both sides mix it in, so
// that a handshake for another purpose fails. Source: the source of kevy 7.0,
// see "The encrypted link" in docs/protocol.md.
constexpr absl::string_view kKevyNoisePrologue("kevy-replicate\0001", 16);

// The two ciphers of a finished handshake.
struct NoiseCiphers {
  NoiseCipher seal;
  NoiseCipher open;
};

// One side of one handshake. Its messages are bare: the length in front of them
// on a kevy link is the caller's (see noise_record.h).
//
// An object makes the two calls of its role in their order, then Split(). After
// an error it stays in that error. Its secrets are wiped. Not thread-safe.
class NoiseHandshake {
 public:
  // The initiator, a replica, writes the first message.
  enum class Role : uint8_t { kInitiator, kResponder };

  // The bytes that the first and the second message add to their payloads.
  static constexpr size_t kMessage1Overhead = 96;
  static constexpr size_t kMessage2Overhead = 48;
  static constexpr size_t kHashSize = 32;

  // `local` must outlive the handshake. `remote` is the responder's public key.
  // `ephemeral` is a new key for each handshake: a second use gives away the
  // link.
  static absl::StatusOr<NoiseHandshake> Initiator(absl::string_view prologue,
                                                  const PrivateKey* local,
                                                  const PublicKey& remote,
                                                  PrivateKey ephemeral);
  static absl::StatusOr<NoiseHandshake> Responder(absl::string_view prologue,
                                                  const PrivateKey* local,
                                                  PrivateKey ephemeral);
  NoiseHandshake(NoiseHandshake&&) = default;

  Role role() const { return role_; }

  // Writes this side's message with `payload` to `out`.
  //
  // Errors:
  //   kInvalidArgument     the message would exceed 65,535 bytes; or a
  //                        Diffie-Hellman result is zeros, since the other
  //                        side's key is no honest node's
  //   kFailedPrecondition  it is not this side's turn
  //   kInternal            OpenSSL failed
  //
  // Precondition: `out` has exactly payload.size() and the overhead.
  absl::Status WriteMessage(absl::string_view payload, absl::Span<char> out);

  // Reads the other side's message, and writes its payload to `payload`.
  // Returns the size of the payload.
  //
  // Errors:
  //   kDataLoss            the message does not open: it was changed, is too
  //                        short, or was made for another key or prologue; or
  //                        a Diffie-Hellman result is zeros
  //   kFailedPrecondition  it is not the other side's turn
  //   kInternal            OpenSSL failed
  //
  // Precondition: `payload` has at least message.size() bytes less the
  // overhead, in other memory than `message`.
  absl::StatusOr<size_t> ReadMessage(absl::string_view message,
                                     absl::Span<char> payload);

  // Whether both messages have passed.
  bool done() const { return step_ == Step::kDone; }

  // Returns the other side's public key. A responder knows it after message 1
  // only, and then the sender has proved that it holds the private key.
  const PublicKey& remote_key() const { return remote_; }

  // Returns the same 32 bytes on both sides, and on no other link.
  //
  // Precondition of this and of Split(): done(). The view lives as long as this
  // object.
  absl::string_view handshake_hash() const { return {hash_.data(), kHashSize}; }

  // Makes the ciphers. Call it once: it wipes the secrets.
  absl::StatusOr<NoiseCiphers> Split();

 private:
  enum class Step : uint8_t { kMessage1, kMessage2, kDone, kSplit, kFailed };

  NoiseHandshake(Role role, const PrivateKey* local, PrivateKey ephemeral);
  absl::Status Begin(absl::string_view prologue, const PublicKey& responder);
  // Keeps an error.
  absl::Status Keep(absl::Status status);
  // Whether it is time to write (or else to read).
  absl::Status CheckTurn(bool write) const;

  absl::Status WriteMessage1(absl::string_view payload, absl::Span<char> out);
  absl::Status WriteMessage2(absl::string_view payload, absl::Span<char> out);
  absl::Status ReadMessage1(absl::string_view message,
                            absl::Span<char> payload);
  absl::Status ReadMessage2(absl::string_view message,
                            absl::Span<char> payload);

  // The functions of the specification, section 5.
  absl::Status MixHash(absl::string_view data);
  absl::Status MixKey(const PrivateKey& own, const PublicKey& other);
  absl::Status EncryptAndHash(absl::string_view plaintext,
                              absl::Span<char> out);
  absl::Status DecryptAndHash(absl::string_view sealed, absl::Span<char> out);

  const Role role_;
  Step step_ = Step::kMessage1;
  absl::Status status_;
  const PrivateKey* const local_;
  PrivateKey ephemeral_;
  PublicKey remote_;
  PublicKey remote_ephemeral_;
  std::array<char, kHashSize> hash_ = {};  // "h"
  secure_internal::Secret<32> chaining_;   // "ck"
  // "k", until its one use. So "n" is always 0.
  std::optional<NoiseCipher::Key> key_;
};

// Returns "initiator" or "responder".
absl::string_view NoiseRoleName(NoiseHandshake::Role role);
template <typename Sink>
void AbslStringify(Sink& sink, NoiseHandshake::Role role) {
  sink.Append(NoiseRoleName(role));
}
std::ostream& operator<<(std::ostream& out, NoiseHandshake::Role role);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_NOISE_HANDSHAKE_H_
