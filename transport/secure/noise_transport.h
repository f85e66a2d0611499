// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// kevy's encrypted link (7.0 and later), as a Transport over another one.
//
//   NoiseInitiatorOptions options;
//   options.private_key = std::make_shared<PrivateKey>(
//       *PrivateKey::FromFile("replica.key"));
//   options.primary_keys = *PrimaryKeys::Create({primary_key});
//   auto link = NoiseTransport::Initiate(std::move(tcp), options);
//
// The bytes below it: see noise_handshake.h and noise_record.h. For a
// TransportFactory see noise_connect.h.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_NOISE_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_NOISE_TRANSPORT_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_handshake.h"
#include "kevy_replica/transport/secure/noise_record.h"
#include "kevy_replica/transport/secure/primary_keys.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The side of a replica.
struct NoiseInitiatorOptions {
  // This replica's key: its public key stands in the primary's `replica_keys`.
  // Default: null, which is an error.
  std::shared_ptr<const PrivateKey> private_key;
  // The primary's keys. Several links to one address may share them. Default:
  // null, which is an error.
  std::shared_ptr<PrimaryKeys> primary_keys;
  // The limit for the handshake, from Initiate() on. Default: 10 s.
  absl::Duration handshake_timeout = absl::Seconds(10);
};

// The side of a primary.
struct NoiseResponderOptions {
  // The primary's key. Default: null, which is an error.
  std::shared_ptr<const PrivateKey> private_key;
  // Returns whether a replica with this key may connect. Called on the reading
  // thread. Default: unset, which allows every key.
  std::function<bool(const PublicKey&)> allow;
  // The limit for the handshake, from Respond() on. Default: 10 s.
  absl::Duration handshake_timeout = absl::Seconds(10);
};

// Seals every byte written and opens every byte read. Deadlines, interrupts,
// the half-close, fd() and peer() are those of the inner transport.
//
// The handshake runs inside Read(), so that a link works in an event loop like
// any other: Read(buffer, absl::ZeroDuration()) takes the steps that are due,
// and returns kDeadlineExceeded while the peer's message is missing. Write()
// keeps up to kMaxEarlyBytes meanwhile, and the handshake's last step sends
// them. Handshake() waits for the end of the handshake.
//
// Opened in place: Read() reads a sealed message straight into the caller's
// buffer if the buffer has room for it (the plaintext and 16 bytes), and
// decrypts it there. Smaller messages are collected, to save system calls, and
// so are messages that arrive in several reads or are larger than the buffer.
// Memory: a buffer for reads and one for writes, each at most one message
// (64 KiB). Once they have grown, no call allocates.
//
// Errors of the handshake, from Read(), Write() and Handshake() alike:
//   kUnauthenticated     the peer closed or reset without an answer: it lacks
//                        the expected key, or does not allow ours, or expects
//                        plain links (initiator); its key is not allowed
//                        (responder)
//   kFailedPrecondition  the peer speaks plain
//   kDataLoss            a handshake message does not open
//   kUnavailable         the handshake timed out, or the link ended inside it
// Errors of Read() after it:
//   kDataLoss            a message was changed, replayed, dropped or reordered,
//                        or its length is below 16
//   kResourceExhausted   kMaxEmptyMessages came without a byte of plaintext
//   kUnavailable         the inner transport ended inside a message
// and those of the inner transport. Every error but kCancelled and a timeout
// is final: later calls return it again. After any error of Write() later
// writes return it again, since a message may be half sent.
//
// Read() returns 0, the end, when the inner transport ends between two
// messages. kevy's link has no authenticated end: who can cut the connection
// can cut it there. The stream's own offsets tell that frames are missing.
//
// A responder that refuses a handshake closes the inner transport without a
// word, as kevy does. The private key and `primary_keys` stay shared.
//
// Threads: as Transport has it. The reading thread calls Handshake().
class NoiseTransport : public ForwardingTransport {
 public:
  // The bytes that Write() keeps before the end of the handshake. More are
  // kFailedPrecondition, and the message names Handshake().
  static constexpr size_t kMaxEarlyBytes = 4096;
  // The number of messages in a row without plaintext that Read() accepts.
  static constexpr int kMaxEmptyMessages = 1024;

  // Writes message 1, for primary_keys->current(). If the handshake fails for
  // another reason than an interrupt, it calls primary_keys->Failed(), so that
  // the next link tries the next key.
  //
  // Errors: kInvalidArgument if `inner` or a key is null, those of the
  // handshake, those of inner->Write().
  static absl::StatusOr<std::unique_ptr<NoiseTransport>> Initiate(
      std::unique_ptr<Transport> inner, NoiseInitiatorOptions options);

  // Waits for nothing: the first Read() reads message 1.
  //
  // kInvalidArgument if `inner` or the key is null.
  static absl::StatusOr<std::unique_ptr<NoiseTransport>> Respond(
      std::unique_ptr<Transport> inner, NoiseResponderOptions options);

  ~NoiseTransport() override;

  // Waits until the handshake has ended. OK at once if it has.
  // kDeadlineExceeded: `timeout` passed first; the handshake goes on.
  absl::Status Handshake(absl::Duration timeout);

  // Whether the handshake has succeeded. Any thread may ask.
  bool established() const {
    return established_.load(std::memory_order_acquire);
  }
  // Returns the peer's public key. Precondition of both: established(), which
  // the caller's thread has seen.
  const PublicKey& remote_key() const { return remote_key_; }
  // Returns 32 bytes that both sides of this link alone share.
  const std::string& handshake_hash() const { return handshake_hash_; }

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  // Cuts `bytes` into messages of at most 65,519 bytes.
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  // Reads heed it at once. An Interrupter that the inner transport shares with
  // others ends reads once the collected messages, at most 64 KiB, are read.
  void Interrupt() override;
  void ResumeReads() override;

 private:
  using Deadline = transport_internal::Deadline;

  NoiseTransport(std::unique_ptr<Transport> inner, NoiseHandshake handshake,
                 std::shared_ptr<const PrivateKey> private_key,
                 absl::Duration handshake_timeout);

  // The handshake, on the reading thread.
  absl::Status Step(const Deadline& deadline);
  absl::Status SendHandshakeMessage();
  absl::StatusOr<absl::string_view> ReceiveHandshakeMessage(
      size_t size, const Deadline& deadline);
  absl::Status TakeHandshakeMessage(absl::string_view message);
  absl::Status Establish();
  absl::Status FailHandshake(absl::Status status);
  absl::Status HandshakeError(absl::StatusCode code, absl::string_view text);

  // Reading.
  size_t sealed_size() const { return sealed_end_ - sealed_; }
  absl::string_view sealed() const {
    return {in_.data() + sealed_, sealed_size()};
  }
  absl::StatusOr<size_t> TakeCollected(absl::Span<char> buffer);
  absl::StatusOr<size_t> ReadInPlace(absl::Span<char> buffer,
                                     const Deadline& deadline);
  void Collect(size_t length, absl::string_view bytes);
  absl::StatusOr<size_t> Fill(size_t size, absl::Duration timeout);
  absl::StatusOr<size_t> Open(absl::string_view sealed, absl::Span<char> out);
  absl::Status CheckLength(size_t length);
  absl::Status ReadError(absl::Status status);

  // Writing.
  absl::Status Send(absl::string_view bytes, const Deadline& deadline);

  const std::shared_ptr<const PrivateKey> private_key_;
  std::shared_ptr<PrimaryKeys> primary_keys_;    // Initiator only.
  std::function<bool(const PublicKey&)> allow_;  // Responder only.
  const Deadline handshake_deadline_;
  const absl::Duration handshake_timeout_;

  std::atomic<bool> established_{false};
  PublicKey remote_key_;
  std::string handshake_hash_;

  std::atomic<bool> interrupted_{false};

  // For the reading thread.
  std::optional<NoiseHandshake> handshake_;
  absl::Status read_status_;  // The final error.
  std::optional<NoiseCipher> open_;
  // Collected bytes of the inner transport: [opened_, opened_end_) is plaintext
  // that the caller has not read, [sealed_, sealed_end_) behind it is sealed.
  std::vector<char> in_;
  size_t opened_ = 0;
  size_t opened_end_ = 0;
  size_t sealed_ = 0;
  size_t sealed_end_ = 0;
  int empty_messages_ = 0;

  // Guards the two below and inner().Write() until established_.
  std::mutex early_mutex_;
  std::string early_;
  absl::Status write_status_;
  // For the writing thread.
  std::optional<NoiseCipher> seal_;
  std::vector<char> out_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_NOISE_TRANSPORT_H_
