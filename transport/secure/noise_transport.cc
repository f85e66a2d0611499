// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_transport.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/handshake_failure.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_handshake.h"
#include "kevy_replica/transport/secure/noise_record.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::InterruptedStatus;

namespace {

// Messages up to this length are collected, and a read of unknown messages asks
// for as much. A longer message opens in place if at most this much of it was
// collected before: those bytes are copied.
constexpr size_t kCollect = 4 << 10;

// The room of a read behind collected bytes. Many small messages come by one.
constexpr size_t kReadAhead = 16 << 10;

// A wait may go on after these two.
bool IsFinal(const absl::Status& status) {
  return !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status);
}

}  // namespace

NoiseTransport::NoiseTransport(std::unique_ptr<Transport> inner,
                               NoiseHandshake handshake,
                               std::shared_ptr<const PrivateKey> private_key,
                               absl::Duration handshake_timeout)
    : ForwardingTransport(std::move(inner)),
      private_key_(std::move(private_key)),
      handshake_deadline_(handshake_timeout),
      handshake_timeout_(handshake_timeout),
      handshake_(std::move(handshake)) {}

NoiseTransport::~NoiseTransport() = default;

absl::StatusOr<std::unique_ptr<NoiseTransport>> NoiseTransport::Initiate(
    std::unique_ptr<Transport> inner, NoiseInitiatorOptions options) {
  if (inner == nullptr || options.private_key == nullptr ||
      options.primary_keys == nullptr) {
    return absl::InvalidArgumentError(
        "a secure link needs a transport, a private key and primary keys");
  }
  absl::StatusOr<PrivateKey> ephemeral = PrivateKey::Generate();
  if (!ephemeral.ok()) return ephemeral.status();
  absl::StatusOr<NoiseHandshake> handshake = NoiseHandshake::Initiator(
      kKevyNoisePrologue, options.private_key.get(),
      options.primary_keys->current(), *std::move(ephemeral));
  if (!handshake.ok()) return handshake.status();
  auto transport = absl::WrapUnique(new NoiseTransport(
      std::move(inner), *std::move(handshake), std::move(options.private_key),
      options.handshake_timeout));
  transport->primary_keys_ = std::move(options.primary_keys);
  absl::Status status = transport->SendHandshakeMessage();
  if (!status.ok()) return status;
  return transport;
}

absl::StatusOr<std::unique_ptr<NoiseTransport>> NoiseTransport::Respond(
    std::unique_ptr<Transport> inner, NoiseResponderOptions options) {
  if (inner == nullptr || options.private_key == nullptr) {
    return absl::InvalidArgumentError(
        "a secure link needs a transport and a private key");
  }
  absl::StatusOr<PrivateKey> ephemeral = PrivateKey::Generate();
  if (!ephemeral.ok()) return ephemeral.status();
  absl::StatusOr<NoiseHandshake> handshake = NoiseHandshake::Responder(
      kKevyNoisePrologue, options.private_key.get(), *std::move(ephemeral));
  if (!handshake.ok()) return handshake.status();
  auto transport = absl::WrapUnique(new NoiseTransport(
      std::move(inner), *std::move(handshake), std::move(options.private_key),
      options.handshake_timeout));
  transport->allow_ = std::move(options.allow);
  return transport;
}

absl::Status NoiseTransport::Handshake(absl::Duration timeout) {
  return Step(Deadline(timeout));
}

absl::Status NoiseTransport::Step(const Deadline& deadline) {
  if (established()) return absl::OkStatus();
  if (!read_status_.ok()) return read_status_;
  const bool initiator = handshake_->role() == NoiseHandshake::Role::kInitiator;
  const absl::StatusOr<absl::string_view> message =
      ReceiveHandshakeMessage(initiator ? NoiseHandshake::kMessage2Overhead
                                        : NoiseHandshake::kMessage1Overhead,
                              deadline);
  absl::Status status = message.status();
  if (status.ok()) status = TakeHandshakeMessage(*message);
  if (status.ok() && !initiator) {
    const std::lock_guard<std::mutex> lock(early_mutex_);
    status = SendHandshakeMessage();
  }
  if (status.ok()) status = Establish();
  return status.ok() ? status : FailHandshake(std::move(status));
}

// Writes the message of this side.
absl::Status NoiseTransport::SendHandshakeMessage() {
  const size_t size = handshake_->role() == NoiseHandshake::Role::kInitiator
                          ? NoiseHandshake::kMessage1Overhead
                          : NoiseHandshake::kMessage2Overhead;
  std::string message(kNoiseLengthSize + size, '\0');
  const absl::Span<char> room = absl::MakeSpan(&message[0], message.size());
  WriteNoiseLength(size, room);
  absl::Status status =
      handshake_->WriteMessage("", room.subspan(kNoiseLengthSize));
  if (!status.ok()) return status;
  // The first bytes of a connection, so that the write does not wait.
  return inner().Write(message, handshake_deadline_.remaining());
}

// Returns a message of exactly `size` bytes, valid until the next Fill().
absl::StatusOr<absl::string_view> NoiseTransport::ReceiveHandshakeMessage(
    size_t size, const Deadline& deadline) {
  while (sealed_size() < kNoiseLengthSize + size) {
    if (sealed_size() >= kNoiseLengthSize &&
        ReadNoiseLength(sealed()) != size) {
      break;
    }
    const absl::StatusOr<size_t> filled =
        Fill(kCollect,
             std::min(deadline.remaining(), handshake_deadline_.remaining()));
    if (absl::IsDeadlineExceeded(filled.status())) {
      if (handshake_deadline_.remaining() == absl::ZeroDuration()) {
        return HandshakeError(
            absl::StatusCode::kUnavailable,
            absl::StrCat("no end of it within ",
                         absl::FormatDuration(handshake_timeout_)));
      }
      if (deadline.remaining() > absl::ZeroDuration()) continue;
    }
    const bool unanswered =
        sealed_size() == 0 &&
        handshake_->role() == NoiseHandshake::Role::kInitiator;
    // A peer that closes with unread bytes resets the connection.
    const bool reset = absl::IsUnavailable(filled.status()) && unanswered;
    if (!filled.ok() && !reset) return filled.status();
    if (filled.ok() && *filled > 0) continue;
    if (!unanswered) {
      return HandshakeError(absl::StatusCode::kUnavailable,
                            "the connection ended inside it");
    }
    return HandshakeError(
        absl::StatusCode::kUnauthenticated,
        absl::StrCat("closed without an answer: its key is not ",
                     handshake_->remote_key().ToHex(),
                     ", or its replica_keys lack ",
                     private_key_->public_key().ToHex(),
                     ", or it expects plain links", reset ? " (" : "",
                     reset ? filled.status().message() : "", reset ? ")" : ""));
  }
  const size_t length = ReadNoiseLength(sealed());
  if (length != size) {
    const absl::string_view start = sealed().substr(0, 16);
    if (absl::string_view("+-*$:").find(start[0]) != absl::string_view::npos) {
      return HandshakeError(absl::StatusCode::kFailedPrecondition,
                            absl::StrCat("the peer speaks plain: \"",
                                         absl::CHexEscape(start), "\""));
    }
    return HandshakeError(
        absl::StatusCode::kDataLoss,
        absl::StrCat("a message of ", length, " bytes in place of ", size));
  }
  const absl::string_view message = sealed().substr(kNoiseLengthSize, size);
  sealed_ += kNoiseLengthSize + size;
  return message;
}

absl::Status NoiseTransport::TakeHandshakeMessage(absl::string_view message) {
  const absl::Status status = handshake_->ReadMessage(message, {}).status();
  if (!status.ok()) return HandshakeError(status.code(), status.message());
  const PublicKey& key = handshake_->remote_key();
  if (!allow_ || allow_(key)) return absl::OkStatus();
  return HandshakeError(
      absl::StatusCode::kUnauthenticated,
      absl::StrCat("the replica key ", key.ToHex(), " is not allowed"));
}

absl::Status NoiseTransport::Establish() {
  absl::StatusOr<NoiseCiphers> ciphers = handshake_->Split();
  if (!ciphers.ok()) return ciphers.status();
  remote_key_ = handshake_->remote_key();
  handshake_hash_ = std::string(handshake_->handshake_hash());
  handshake_.reset();
  open_ = std::move(ciphers->open);
  const std::lock_guard<std::mutex> lock(early_mutex_);
  seal_ = std::move(ciphers->seal);
  if (!early_.empty()) {
    absl::Status sent = Send(early_, handshake_deadline_);
    // A failure shows in later writes. If the peer has gone, it may have sent
    // bytes before. Any other peer waits for bytes that never come.
    if (!sent.ok() && IsFinal(sent) && !absl::IsUnavailable(sent)) {
      read_status_ = std::move(sent);
    }
  }
  early_ = std::string();
  established_.store(true, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status NoiseTransport::FailHandshake(absl::Status status) {
  if (!IsFinal(status)) return status;
  status = HandshakeFailure(std::move(status));
  read_status_ = status;
  {
    const std::lock_guard<std::mutex> lock(early_mutex_);
    write_status_ = status;
  }
  if (primary_keys_ != nullptr) {
    primary_keys_->Failed(handshake_->remote_key());
  } else {
    inner().Close();
  }
  return status;
}

absl::Status NoiseTransport::HandshakeError(absl::StatusCode code,
                                            absl::string_view text) {
  return absl::Status(
      code, absl::StrCat("Noise handshake with ", peer(), ": ", text));
}

absl::StatusOr<size_t> NoiseTransport::Read(absl::Span<char> buffer,
                                            absl::Duration timeout) {
  if (interrupted_.load(std::memory_order_acquire)) {
    return InterruptedStatus({"read from", peer()});
  }
  const Deadline deadline(timeout);
  absl::Status status = Step(deadline);
  if (!status.ok()) return status;
  for (;;) {
    const absl::StatusOr<size_t> taken = TakeCollected(buffer);
    if (!taken.ok() || *taken > 0) return taken;
    size_t room = kCollect;
    if (sealed_size() >= kNoiseLengthSize) {
      const size_t length = ReadNoiseLength(sealed());
      if (length > kCollect && length <= buffer.size() &&
          sealed_size() <= kCollect) {
        const absl::StatusOr<size_t> opened = ReadInPlace(buffer, deadline);
        if (!opened.ok() || *opened > 0) return opened;
        continue;
      }
      room = std::max({kReadAhead, in_.size(), kNoiseLengthSize + length});
    }
    const absl::StatusOr<size_t> filled = Fill(room, deadline.remaining());
    if (!filled.ok()) return ReadError(filled.status());
    if (*filled > 0) continue;
    if (sealed_size() == 0) return 0;
    return ReadError(absl::UnavailableError(
        absl::StrCat("read from ", peer(), ": the link ended inside message ",
                     open_->next())));
  }
}

// Copies and opens collected messages, as many as `buffer` takes. Returns 0
// unless there is a complete one.
absl::StatusOr<size_t> NoiseTransport::TakeCollected(absl::Span<char> buffer) {
  size_t taken = std::min(buffer.size(), opened_end_ - opened_);
  std::memcpy(buffer.data(), in_.data() + opened_, taken);
  opened_ += taken;
  // An error waits for its own call: the bytes before it come first.
  while (read_status_.ok() && taken < buffer.size() &&
         sealed_size() >= kNoiseLengthSize) {
    const size_t length = ReadNoiseLength(sealed());
    absl::Status status = CheckLength(length);
    if (!status.ok()) {
      read_status_ = std::move(status);
      break;
    }
    const absl::string_view message = sealed().substr(kNoiseLengthSize, length);
    if (message.size() < length) break;
    const absl::Span<char> rest = buffer.subspan(taken);
    const bool fits = length - kNoiseTagSize <= rest.size();
    if (!fits && taken > 0) break;
    char* const at = in_.data() + sealed_ + kNoiseLengthSize;
    const absl::StatusOr<size_t> opened =
        Open(message, fits ? rest : absl::MakeSpan(at, length));
    if (!opened.ok()) break;
    sealed_ += kNoiseLengthSize + length;
    if (fits) {
      taken += *opened;
      continue;
    }
    std::memcpy(rest.data(), at, rest.size());
    taken += rest.size();
    opened_ = static_cast<size_t>(at - in_.data()) + rest.size();
    opened_end_ = opened_ - rest.size() + *opened;
  }
  if (taken == 0 && !read_status_.ok()) return read_status_;
  return taken;
}

// Reads the rest of the message whose length is collected, and opens it, all in
// `buffer`. May read the next length with it, which saves a read.
//
// Precondition: the message fits.
absl::StatusOr<size_t> NoiseTransport::ReadInPlace(absl::Span<char> buffer,
                                                   const Deadline& deadline) {
  const size_t length = ReadNoiseLength(sealed());
  size_t size = sealed_size() - kNoiseLengthSize;
  std::memcpy(buffer.data(), in_.data() + sealed_ + kNoiseLengthSize, size);
  const size_t wanted = std::min(buffer.size(), length + kNoiseLengthSize);
  while (size < length) {
    const absl::StatusOr<size_t> read =
        inner().Read(buffer.subspan(size, wanted - size), deadline.remaining());
    if (!read.ok()) {
      // The caller's buffer is the caller's again.
      Collect(length, {buffer.data(), size});
      return ReadError(read.status());
    }
    if (*read == 0) {
      return ReadError(absl::UnavailableError(absl::StrCat(
          "read from ", peer(), ": the link ended inside message ",
          open_->next(), ", behind ", size, " of its ", length, " bytes")));
    }
    size += *read;
  }
  sealed_ = 0;
  sealed_end_ = size - length;
  std::memcpy(in_.data(), buffer.data() + length, sealed_end_);
  return Open({buffer.data(), length}, buffer);
}

// Makes the collected bytes a length and the first bytes of its message.
void NoiseTransport::Collect(size_t length, absl::string_view bytes) {
  if (in_.size() < kNoiseLengthSize + length) {
    in_.resize(kNoiseLengthSize + length);
  }
  WriteNoiseLength(length, absl::MakeSpan(in_));
  std::copy(bytes.begin(), bytes.end(), in_.begin() + kNoiseLengthSize);
  sealed_ = 0;
  sealed_end_ = kNoiseLengthSize + bytes.size();
}

// Reads once, behind the sealed bytes, up to `size` of them in all. Returns the
// number read; 0: the end.
//
// Precondition: no plaintext is kept, and fewer than `size` bytes are sealed.
absl::StatusOr<size_t> NoiseTransport::Fill(size_t size,
                                            absl::Duration timeout) {
  if (sealed_ > 0) {
    std::memmove(in_.data(), in_.data() + sealed_, sealed_size());
    sealed_end_ -= sealed_;
    sealed_ = 0;
  }
  if (in_.size() < size) in_.resize(size);
  const absl::StatusOr<size_t> read =
      inner().Read({in_.data() + sealed_end_, size - sealed_end_}, timeout);
  if (read.ok()) sealed_end_ += *read;
  return read;
}

// Opens a message. Its error is final.
absl::StatusOr<size_t> NoiseTransport::Open(absl::string_view sealed,
                                            absl::Span<char> out) {
  absl::StatusOr<size_t> opened = open_->Open(sealed, out);
  if (!opened.ok()) {
    return ReadError(absl::Status(
        opened.status().code(),
        absl::StrCat("read from ", peer(), ": ", opened.status().message())));
  }
  if (*opened > 0) {
    empty_messages_ = 0;
  } else if (++empty_messages_ >= kMaxEmptyMessages) {
    return ReadError(absl::ResourceExhaustedError(
        absl::StrCat("read from ", peer(), ": ", kMaxEmptyMessages,
                     " messages without a byte")));
  }
  return opened;
}

absl::Status NoiseTransport::CheckLength(size_t length) {
  if (length >= kNoiseTagSize) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("read from ", peer(), ": message ",
                                          open_->next(), " has ", length,
                                          " bytes, less than its tag"));
}

absl::Status NoiseTransport::ReadError(absl::Status status) {
  if (IsFinal(status)) read_status_ = status;
  return status;
}

absl::Status NoiseTransport::Write(absl::string_view bytes,
                                   absl::Duration timeout) {
  if (!established()) {
    const std::lock_guard<std::mutex> lock(early_mutex_);
    if (!established()) {
      if (!write_status_.ok()) return write_status_;
      // The inner transport tells that it is interrupted or closed.
      absl::Status status = inner().Write("", absl::ZeroDuration());
      if (!status.ok()) return status;
      if (bytes.size() <= kMaxEarlyBytes - early_.size()) {
        early_.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      }
      return absl::FailedPreconditionError(absl::StrCat(
          "write to ", peer(), ": ", early_.size() + bytes.size(),
          " bytes before the end of the handshake: call Handshake() first"));
    }
  }
  return Send(bytes, Deadline(timeout));
}

absl::Status NoiseTransport::Send(absl::string_view bytes,
                                  const Deadline& deadline) {
  if (!write_status_.ok()) return write_status_;
  // The inner transport tells that it is interrupted or closed.
  if (bytes.empty()) return inner().Write(bytes, deadline.remaining());
  while (!bytes.empty() && write_status_.ok()) {
    const absl::string_view piece = bytes.substr(0, kNoiseMaxPlaintext);
    const size_t size = kNoiseLengthSize + piece.size() + kNoiseTagSize;
    if (out_.size() < size) out_.resize(size);
    const absl::Span<char> message = absl::MakeSpan(out_).subspan(0, size);
    WriteNoiseLength(size - kNoiseLengthSize, message);
    write_status_ = seal_->Seal(piece, message.subspan(kNoiseLengthSize));
    if (write_status_.ok()) {
      write_status_ =
          inner().Write({message.data(), size}, deadline.remaining());
    }
    bytes.remove_prefix(piece.size());
  }
  return write_status_;
}

void NoiseTransport::Interrupt() {
  interrupted_.store(true, std::memory_order_release);
  inner().Interrupt();
}

void NoiseTransport::ResumeReads() {
  interrupted_.store(false, std::memory_order_release);
  inner().ResumeReads();
}

}  // namespace kevy_replica
