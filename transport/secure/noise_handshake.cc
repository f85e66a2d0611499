// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_handshake.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <ostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/internal/evp.h"
#include "kevy_replica/transport/secure/internal/secret.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_record.h"

namespace kevy_replica {

using secure_internal::Bytes;
using secure_internal::OpenSslError;
using secure_internal::Secret;

namespace {

constexpr absl::string_view kProtocolName = "Noise_IK_25519_ChaChaPoly_BLAKE2s";
constexpr size_t kSealedKeySize = PublicKey::kSize + kNoiseTagSize;

// Writes BLAKE2s-256 of `first` and `second`, joined, to `hash`.
absl::Status Hash(absl::string_view first, absl::string_view second,
                  absl::Span<char> hash) {
  const secure_internal::DigestContext context(EVP_MD_CTX_new());
  if (context == nullptr ||
      EVP_DigestInit_ex(context.get(), EVP_blake2s256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), Bytes(hash.data()), nullptr) != 1) {
    return OpenSslError("BLAKE2s");
  }
  return absl::OkStatus();
}

absl::Status Hmac(absl::string_view key, absl::string_view data,
                  Secret<32>* out) {
  if (HMAC(EVP_blake2s256(), key.data(), static_cast<int>(key.size()),
           Bytes(data), data.size(), Bytes(out->span().data()),
           nullptr) == nullptr) {
    return OpenSslError("HMAC-BLAKE2s");
  }
  return absl::OkStatus();
}

// HKDF of section 4.3 with two outputs. `first` may be the chaining key.
absl::Status Hkdf(const Secret<32>& chaining, absl::string_view input,
                  Secret<32>* first, Secret<32>* second) {
  Secret<32> temporary;
  absl::Status status = Hmac(chaining.view(), input, &temporary);
  if (!status.ok()) return status;
  Secret<32> output;
  status = Hmac(temporary.view(), "\x01", &output);
  if (!status.ok()) return status;
  Secret<33> rest;
  std::memcpy(rest.span().data(), output.data(), 32);
  rest.span()[32] = '\x02';
  status = Hmac(temporary.view(), rest.view(), second);
  *first = std::move(output);
  return status;
}

}  // namespace

NoiseHandshake::NoiseHandshake(Role role, const PrivateKey* local,
                               PrivateKey ephemeral)
    : role_(role), local_(local), ephemeral_(std::move(ephemeral)) {}

absl::StatusOr<NoiseHandshake> NoiseHandshake::Initiator(
    absl::string_view prologue, const PrivateKey* local,
    const PublicKey& remote, PrivateKey ephemeral) {
  NoiseHandshake handshake(Role::kInitiator, local, std::move(ephemeral));
  handshake.remote_ = remote;
  absl::Status status = handshake.Begin(prologue, remote);
  if (!status.ok()) return status;
  return handshake;
}

absl::StatusOr<NoiseHandshake> NoiseHandshake::Responder(
    absl::string_view prologue, const PrivateKey* local, PrivateKey ephemeral) {
  NoiseHandshake handshake(Role::kResponder, local, std::move(ephemeral));
  absl::Status status = handshake.Begin(prologue, local->public_key());
  if (!status.ok()) return status;
  return handshake;
}

absl::Status NoiseHandshake::Begin(absl::string_view prologue,
                                   const PublicKey& responder) {
  static_assert(kProtocolName.size() > kHashSize, "it is hashed");
  absl::Status status = Hash(kProtocolName, "", absl::MakeSpan(hash_));
  std::copy(hash_.begin(), hash_.end(), chaining_.span().begin());
  if (status.ok()) status = MixHash(prologue);
  if (status.ok()) status = MixHash(responder.bytes());
  return status;
}

absl::Status NoiseHandshake::CheckTurn(bool write) const {
  if (!status_.ok()) return status_;
  const bool initiator_writes = step_ == Step::kMessage1;
  if (step_ > Step::kMessage2 ||
      write != (initiator_writes == (role_ == Role::kInitiator))) {
    return absl::FailedPreconditionError(
        absl::StrCat("it is not the turn of the ", NoiseRoleName(role_),
                     write ? " to write" : " to read"));
  }
  return absl::OkStatus();
}

absl::Status NoiseHandshake::Keep(absl::Status status) {
  if (!status.ok()) status_ = status;
  return status;
}

absl::Status NoiseHandshake::WriteMessage(absl::string_view payload,
                                          absl::Span<char> out) {
  absl::Status status = CheckTurn(/*write=*/true);
  if (!status.ok()) return status;
  if (out.size() > kNoiseMaxMessage) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a payload of ", payload.size(), " bytes is too long for a message"));
  }
  status = Keep(step_ == Step::kMessage1 ? WriteMessage1(payload, out)
                                         : WriteMessage2(payload, out));
  if (status.ok()) {
    step_ = step_ == Step::kMessage1 ? Step::kMessage2 : Step::kDone;
  }
  return status;
}

absl::StatusOr<size_t> NoiseHandshake::ReadMessage(absl::string_view message,
                                                   absl::Span<char> payload) {
  absl::Status status = CheckTurn(/*write=*/false);
  if (!status.ok()) return status;
  const bool first = step_ == Step::kMessage1;
  const size_t overhead = first ? kMessage1Overhead : kMessage2Overhead;
  if (message.size() < overhead) {
    return Keep(absl::DataLossError(
        absl::StrCat("message ", first ? 1 : 2, " has ", message.size(),
                     " bytes, fewer than ", overhead)));
  }
  status =
      first ? ReadMessage1(message, payload) : ReadMessage2(message, payload);
  if (absl::IsInvalidArgument(status)) {  // Of Agree().
    status = absl::DataLossError(status.message());
  }
  if (!status.ok()) return Keep(std::move(status));
  step_ = first ? Step::kMessage2 : Step::kDone;
  return message.size() - overhead;
}

// "e, es, s, ss", then the payload.
absl::Status NoiseHandshake::WriteMessage1(absl::string_view payload,
                                           absl::Span<char> out) {
  const absl::string_view e = ephemeral_.public_key().bytes();
  std::copy(e.begin(), e.end(), out.begin());
  absl::Status status = MixHash(e);
  if (status.ok()) status = MixKey(ephemeral_, remote_);
  if (status.ok()) {
    status = EncryptAndHash(local_->public_key().bytes(),
                            out.subspan(PublicKey::kSize, kSealedKeySize));
  }
  if (status.ok()) status = MixKey(*local_, remote_);
  if (status.ok()) {
    status =
        EncryptAndHash(payload, out.subspan(PublicKey::kSize + kSealedKeySize));
  }
  return status;
}

absl::Status NoiseHandshake::ReadMessage1(absl::string_view message,
                                          absl::Span<char> payload) {
  remote_ephemeral_ = PublicKey::FromBytes(message.substr(0, PublicKey::kSize));
  absl::Status status = MixHash(remote_ephemeral_.bytes());
  if (status.ok()) status = MixKey(*local_, remote_ephemeral_);
  char key[PublicKey::kSize];
  if (status.ok()) {
    status = DecryptAndHash(message.substr(PublicKey::kSize, kSealedKeySize),
                            absl::MakeSpan(key));
  }
  if (!status.ok()) return status;
  const PublicKey remote = PublicKey::FromBytes({key, sizeof(key)});
  status = MixKey(*local_, remote);
  if (status.ok()) {
    status = DecryptAndHash(message.substr(PublicKey::kSize + kSealedKeySize),
                            payload);
  }
  if (status.ok()) remote_ = remote;
  return status;
}

// "e, ee, se", then the payload.
absl::Status NoiseHandshake::WriteMessage2(absl::string_view payload,
                                           absl::Span<char> out) {
  const absl::string_view e = ephemeral_.public_key().bytes();
  std::copy(e.begin(), e.end(), out.begin());
  absl::Status status = MixHash(e);
  if (status.ok()) status = MixKey(ephemeral_, remote_ephemeral_);
  if (status.ok()) status = MixKey(ephemeral_, remote_);
  if (status.ok()) {
    status = EncryptAndHash(payload, out.subspan(PublicKey::kSize));
  }
  return status;
}

absl::Status NoiseHandshake::ReadMessage2(absl::string_view message,
                                          absl::Span<char> payload) {
  remote_ephemeral_ = PublicKey::FromBytes(message.substr(0, PublicKey::kSize));
  absl::Status status = MixHash(remote_ephemeral_.bytes());
  if (status.ok()) status = MixKey(ephemeral_, remote_ephemeral_);
  if (status.ok()) status = MixKey(*local_, remote_ephemeral_);
  if (status.ok()) {
    status = DecryptAndHash(message.substr(PublicKey::kSize), payload);
  }
  return status;
}

absl::StatusOr<NoiseCiphers> NoiseHandshake::Split() {
  if (!status_.ok()) return status_;
  if (step_ != Step::kDone) {
    return absl::FailedPreconditionError(
        "Split() comes once, after both messages");
  }
  step_ = Step::kSplit;
  NoiseCipher::Key first;
  NoiseCipher::Key second;
  absl::Status status = Keep(Hkdf(chaining_, "", &first, &second));
  chaining_.Wipe();
  key_.reset();
  if (!status.ok()) return status;
  // The initiator sends with the first key.
  if (role_ == Role::kResponder) std::swap(first, second);
  absl::StatusOr<NoiseCipher> seal =
      NoiseCipher::Create(std::move(first), NoiseCipher::Direction::kSeal);
  if (!seal.ok()) return Keep(seal.status());
  absl::StatusOr<NoiseCipher> open =
      NoiseCipher::Create(std::move(second), NoiseCipher::Direction::kOpen);
  if (!open.ok()) return Keep(open.status());
  return NoiseCiphers{*std::move(seal), *std::move(open)};
}

absl::Status NoiseHandshake::MixHash(absl::string_view data) {
  const std::array<char, kHashSize> before = hash_;
  return Hash({before.data(), before.size()}, data, absl::MakeSpan(hash_));
}

absl::Status NoiseHandshake::MixKey(const PrivateKey& own,
                                    const PublicKey& other) {
  Secret<PublicKey::kSize> shared;
  absl::Status status = own.Agree(other, shared.span());
  if (!status.ok()) return status;
  return Hkdf(chaining_, shared.view(), &chaining_, &key_.emplace());
}

absl::Status NoiseHandshake::EncryptAndHash(absl::string_view plaintext,
                                            absl::Span<char> out) {
  absl::StatusOr<NoiseCipher> cipher =
      NoiseCipher::Create(*std::move(key_), NoiseCipher::Direction::kSeal);
  if (!cipher.ok()) return cipher.status();
  absl::Status status =
      cipher->Seal(plaintext, out, {hash_.data(), hash_.size()});
  if (!status.ok()) return status;
  return MixHash({out.data(), out.size()});
}

absl::Status NoiseHandshake::DecryptAndHash(absl::string_view sealed,
                                            absl::Span<char> out) {
  absl::StatusOr<NoiseCipher> cipher =
      NoiseCipher::Create(*std::move(key_), NoiseCipher::Direction::kOpen);
  if (!cipher.ok()) return cipher.status();
  const absl::Status opened =
      cipher->Open(sealed, out, {hash_.data(), hash_.size()}).status();
  if (absl::IsDataLoss(opened)) {
    return absl::DataLossError(
        absl::StrCat("message ", step_ == Step::kMessage1 ? 1 : 2,
                     " does not open: it was changed, or made for another key "
                     "or purpose"));
  }
  if (!opened.ok()) return opened;
  return MixHash(sealed);
}

absl::string_view NoiseRoleName(NoiseHandshake::Role role) {
  return role == NoiseHandshake::Role::kInitiator ? "initiator" : "responder";
}

std::ostream& operator<<(std::ostream& out, NoiseHandshake::Role role) {
  return out << NoiseRoleName(role);
}

}  // namespace kevy_replica
