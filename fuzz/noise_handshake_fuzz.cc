// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Handshake messages from a hostile peer. The first byte chooses the side that
// reads the rest: even, the responder; odd, the initiator. The keys are those
// of testdata/noise/cacophony_ik.txt, so that its messages are accepted.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_handshake.h"
#include "kevy_replica/transport/secure/noise_record.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kPrologue = "John Galt";
constexpr size_t k1 = NoiseHandshake::kMessage1Overhead;
constexpr size_t k2 = NoiseHandshake::kMessage2Overhead;

PrivateKey Key(absl::string_view hex) {
  absl::StatusOr<PrivateKey> key = PrivateKey::FromHex(hex);
  FUZZ_CHECK(key.ok());
  return *std::move(key);
}

const PrivateKey& InitiatorKey() {
  static const PrivateKey& key = *new PrivateKey(
      Key("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"));
  return key;
}
const PrivateKey& ResponderKey() {
  static const PrivateKey& key = *new PrivateKey(
      Key("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"));
  return key;
}

NoiseHandshake Initiator() {
  auto handshake = NoiseHandshake::Initiator(
      kPrologue, &InitiatorKey(), ResponderKey().public_key(),
      Key("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"));
  FUZZ_CHECK(handshake.ok());
  return *std::move(handshake);
}
NoiseHandshake Responder() {
  auto handshake = NoiseHandshake::Responder(
      kPrologue, &ResponderKey(),
      Key("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"));
  FUZZ_CHECK(handshake.ok());
  return *std::move(handshake);
}

std::string Write(NoiseHandshake& handshake, absl::string_view payload,
                  size_t overhead) {
  std::string message(payload.size() + overhead, '\0');
  FUZZ_CHECK(
      handshake
          .WriteMessage(payload, absl::MakeSpan(&message[0], message.size()))
          .ok());
  return message;
}

// Reads `message` and checks the outcome. Returns whether it opened.
bool Read(NoiseHandshake& handshake, absl::string_view message,
          size_t overhead) {
  // Exactly the room that the contract demands.
  std::string payload(message.size() < overhead ? 0 : message.size() - overhead,
                      '\0');
  const absl::StatusOr<size_t> size = handshake.ReadMessage(
      message, absl::MakeSpan(&payload[0], payload.size()));
  if (size.ok()) {
    FUZZ_CHECK(*size == payload.size());
    return true;
  }
  FUZZ_CHECK(absl::IsDataLoss(size.status()));
  FUZZ_CHECK(handshake.Split().status() == size.status());
  FUZZ_CHECK(!handshake.done());
  return false;
}

void ReadMessage1(absl::string_view message) {
  NoiseHandshake responder = Responder();
  if (!Read(responder, message, k1)) return;
  Write(responder, "payload", k2);
  FUZZ_CHECK(responder.done());
  FUZZ_CHECK(responder.Split().ok());
}

void ReadMessage2(absl::string_view message) {
  NoiseHandshake initiator = Initiator();
  // The payload of the vector.
  const std::string first = Write(initiator, "Ludwig von Mises", k1);
  if (!Read(initiator, message, k2)) return;
  FUZZ_CHECK(initiator.Split().ok());
  // Only the holder of the responder's key could have written it, and the
  // fuzzer knows that key's messages from the corpus alone.
  NoiseHandshake responder = Responder();
  FUZZ_CHECK(Read(responder, first, k1));
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kevy_replica::kNoiseMaxMessage) return 0;
  const absl::string_view message(reinterpret_cast<const char*>(data) + 1,
                                  size - 1);
  if (data[0] % 2 == 0) {
    kevy_replica::ReadMessage1(message);
  } else {
    kevy_replica::ReadMessage2(message);
  }
  return 0;
}
