// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Sealed messages that an attacker changes, drops, repeats, inserts and cuts.
// The input is a program: see Run(). The bytes read, and how reading ends, are
// those that the honest bytes before the first change determine, for any sizes
// of reads.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_handshake.h"
#include "kevy_replica/transport/secure/noise_record.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;

// Below NoiseTransport::kMaxEmptyMessages.
constexpr int kMaxSteps = 200;
// Of all honest messages, for speed: more than the longest one.
constexpr size_t kMaxPlaintext = 100'000;
// About so many, for speed.
constexpr size_t kMaxReads = 500;

// The bytes of an input, then zeros.
class Input {
 public:
  explicit Input(absl::string_view bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  size_t Byte() {
    return done() ? 0 : static_cast<unsigned char>(bytes_[at_++]);
  }
  absl::string_view Bytes(size_t size) {
    const absl::string_view bytes = bytes_.substr(std::min(at_, bytes_.size()));
    at_ += size;
    return bytes.substr(0, size);
  }

 private:
  const absl::string_view bytes_;
  size_t at_ = 0;
};

// A link whose primary is in the attacker's hands.
struct Link {
  std::unique_ptr<NoiseTransport> replica;
  std::unique_ptr<InMemoryTransport> wire;
  std::unique_ptr<NoiseCipher> seal;
};

// `*read_size` limits each inner read. 0: no limit.
Link Connect(const size_t* read_size) {
  Link link;
  auto ends = InMemoryTransport::CreatePair();
  link.wire = std::move(ends.second);
  Faults faults;
  if (*read_size > 0) {
    faults.read_size = [read_size] { return *read_size; };
  }
  // Made once: each key costs a multiplication on the curve.
  static const auto& options =
      *new NoiseInitiatorOptions(secure_testing::InitiatorOptions());
  static const auto& primary_key =
      *new std::shared_ptr<const PrivateKey>(secure_testing::PrimaryKey());
  link.replica = Must(
      NoiseTransport::Initiate(std::make_unique<FaultyTransport>(
                                   std::move(ends.first), std::move(faults)),
                               options));
  char message[2 + NoiseHandshake::kMessage1Overhead];
  FUZZ_CHECK(*link.wire->Read(absl::MakeSpan(message), absl::ZeroDuration()) ==
             sizeof(message));
  NoiseHandshake handshake = Must(NoiseHandshake::Responder(
      kKevyNoisePrologue, primary_key.get(), Must(PrivateKey::Generate())));
  FUZZ_CHECK(
      handshake.ReadMessage({message + 2, sizeof(message) - 2}, {}).ok());
  char answer[2 + NoiseHandshake::kMessage2Overhead];
  WriteNoiseLength(sizeof(answer) - 2, absl::MakeSpan(answer));
  FUZZ_CHECK(
      handshake.WriteMessage("", absl::MakeSpan(answer).subspan(2)).ok());
  FUZZ_CHECK(
      link.wire->Write({answer, sizeof(answer)}, absl::ZeroDuration()).ok());
  FUZZ_CHECK(link.replica->Handshake(absl::ZeroDuration()).ok());
  link.seal = std::make_unique<NoiseCipher>(Must(handshake.Split()).seal);
  return link;
}

struct Message {
  std::string plaintext;
  std::string sealed;  // With its length.
};

Message Seal(NoiseCipher& seal, size_t size) {
  Message message;
  message.plaintext =
      std::string(size, static_cast<char>('a' + seal.next() % 26));
  message.sealed = std::string(2 + size + kNoiseTagSize, '\0');
  const absl::Span<char> sealed =
      absl::MakeSpan(&message.sealed[0], message.sealed.size());
  WriteNoiseLength(sealed.size() - 2, sealed);
  FUZZ_CHECK(seal.Seal(message.plaintext, sealed.subspan(2)).ok());
  return message;
}

// How reading ends behind `honest` messages, which open, when `rest` follows
// and then the end.
absl::StatusCode Ending(absl::string_view rest) {
  if (rest.empty()) return absl::StatusCode::kOk;
  if (rest.size() < 2) return absl::StatusCode::kUnavailable;
  const size_t length = ReadNoiseLength(rest);
  if (length < kNoiseTagSize) return absl::StatusCode::kDataLoss;
  return rest.size() - 2 < length ? absl::StatusCode::kUnavailable
                                  : absl::StatusCode::kDataLoss;
}

// The first byte limits inner reads (0: no limit), the second gives the sizes
// of the buffers. Then a byte a step, and its operands:
//   0..3  send an honest message of Byte() << (0, 3, 6, 8) bytes
//   4     flip the bit Byte() of the last 32 bytes
//   5     keep the next honest message back
//   6     send the last honest message again
//   7     insert Byte() % 8 bytes
//   8     cut Byte() % 64 bytes off the end
void Run(Input input) {
  size_t read_size = input.Byte() * 17;
  size_t buffer_size = 1 + input.Byte() * 97;
  Link link = Connect(&read_size);
  std::vector<Message> honest;
  std::string wire;
  size_t plaintext = 0;
  bool kept_back = false;
  for (int i = 0; i < kMaxSteps && !input.done(); ++i) {
    const size_t step = input.Byte() % 9;
    if (step <= 3) {
      static constexpr int kShift[] = {0, 3, 6, 8};
      const size_t size =
          std::min(input.Byte() << kShift[step], kMaxPlaintext - plaintext);
      plaintext += size;
      honest.push_back(Seal(*link.seal, std::min(size, kNoiseMaxPlaintext)));
      if (!std::exchange(kept_back, false)) wire += honest.back().sealed;
    } else if (step == 4 && !wire.empty()) {
      const size_t bit = input.Byte();
      char& c = wire[wire.size() - 1 - std::min(wire.size() - 1, bit / 8)];
      c = static_cast<char>(c ^ (1 << bit % 8));
    } else if (step == 5) {
      kept_back = true;
    } else if (step == 6 && !honest.empty()) {
      wire += honest.back().sealed;
    } else if (step == 7) {
      const absl::string_view bytes = input.Bytes(input.Byte() % 8);
      wire.append(bytes.data(), bytes.size());
    } else if (step == 8) {
      wire.resize(wire.size() - std::min(wire.size(), input.Byte() % 64));
    }
  }

  std::string expected;
  absl::string_view rest = wire;
  for (const Message& message : honest) {
    if (rest.substr(0, message.sealed.size()) != message.sealed) break;
    rest.remove_prefix(message.sealed.size());
    expected += message.plaintext;
  }
  // A long wire in single bytes would take most of the time.
  const size_t least = wire.size() / kMaxReads;
  buffer_size = std::max(buffer_size, least);
  if (read_size > 0) read_size = std::max(read_size, least);
  FUZZ_CHECK(link.wire->Write(wire, absl::ZeroDuration()).ok());
  link.wire->CloseWrite();
  std::string got;
  std::vector<char> buffer(buffer_size);
  absl::StatusOr<size_t> read;
  do {
    read = link.replica->Read(absl::MakeSpan(buffer), absl::ZeroDuration());
    if (read.ok()) got.append(buffer.data(), *read);
  } while (read.ok() && *read > 0);
  FUZZ_CHECK(got == expected);
  FUZZ_CHECK(read.status().code() == Ending(rest));
  // It stays so.
  FUZZ_CHECK(link.replica->Read(absl::MakeSpan(buffer), absl::ZeroDuration())
                 .status() == read.status());
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Run(kevy_replica::Input(
      absl::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
