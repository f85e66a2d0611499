// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_handshake.h"

#include <cstddef>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_record.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using transport_testing::CodeOf;
using transport_testing::FileContents;

// A published vector: see testdata/noise.
struct Vector {
  std::map<std::string, std::string> fields;  // Hex.
  struct Message {
    std::string payload;
    std::string ciphertext;
  };
  std::vector<Message> messages;

  PrivateKey Private(const std::string& name) const {
    return Must(PrivateKey::FromHex(fields.at(name)));
  }
  std::string Bytes(const std::string& name) const {
    return absl::HexStringToBytes(fields.at(name));
  }
};

Vector ReadVector(absl::string_view name) {
  Vector vector;
  const std::string text =
      FileContents(absl::StrCat("testdata/noise/", name, ".txt"));
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "#") continue;
    if (words[0] == "message") {
      vector.messages.push_back(
          {absl::HexStringToBytes(words[1]), absl::HexStringToBytes(words[2])});
    } else {
      vector.fields[words[0]] = words[1];
    }
  }
  return vector;
}

absl::StatusOr<std::string> Write(NoiseHandshake& handshake,
                                  absl::string_view payload, size_t overhead) {
  std::string message(payload.size() + overhead, '\0');
  const absl::Status status = handshake.WriteMessage(
      payload, absl::MakeSpan(&message[0], message.size()));
  if (!status.ok()) return status;
  return message;
}

absl::StatusOr<std::string> Read(NoiseHandshake& handshake,
                                 absl::string_view message) {
  std::string payload(message.size(), '\0');
  const absl::StatusOr<size_t> size = handshake.ReadMessage(
      message, absl::MakeSpan(&payload[0], payload.size()));
  if (!size.ok()) return size.status();
  payload.resize(*size);
  return payload;
}

std::string Seal(NoiseCipher& cipher, absl::string_view plaintext) {
  std::string sealed(plaintext.size() + kNoiseTagSize, '\0');
  EXPECT_TRUE(
      cipher.Seal(plaintext, absl::MakeSpan(&sealed[0], sealed.size())).ok());
  return sealed;
}

absl::StatusOr<std::string> Open(NoiseCipher& cipher, std::string sealed) {
  const absl::StatusOr<size_t> size =
      cipher.Open(sealed, absl::MakeSpan(&sealed[0], sealed.size()));
  if (!size.ok()) return size.status();
  sealed.resize(*size);
  return sealed;
}

constexpr size_t k1 = NoiseHandshake::kMessage1Overhead;
constexpr size_t k2 = NoiseHandshake::kMessage2Overhead;

class NoiseVectorTest : public testing::TestWithParam<const char*> {};

// Every byte of both handshake messages and of all later messages.
TEST_P(NoiseVectorTest, BothSidesMatchPublishedBytes) {
  const Vector vector = ReadVector(GetParam());
  ASSERT_GE(vector.messages.size(), size_t{4});
  const PrivateKey initiator_key = vector.Private("init_static");
  const PrivateKey responder_key = vector.Private("resp_static");
  EXPECT_EQ(responder_key.public_key().ToHex(),
            vector.fields.at("init_remote_static"));
  auto initiator = Must(NoiseHandshake::Initiator(
      vector.Bytes("init_prologue"), &initiator_key,
      Must(PublicKey::FromHex(vector.fields.at("init_remote_static"))),
      vector.Private("init_ephemeral")));
  auto responder = Must(
      NoiseHandshake::Responder(vector.Bytes("resp_prologue"), &responder_key,
                                vector.Private("resp_ephemeral")));

  const auto& first = vector.messages[0];
  EXPECT_EQ(*Write(initiator, first.payload, k1), first.ciphertext);
  EXPECT_EQ(*Read(responder, first.ciphertext), first.payload);
  EXPECT_EQ(responder.remote_key(), initiator_key.public_key());
  const auto& second = vector.messages[1];
  EXPECT_EQ(*Write(responder, second.payload, k2), second.ciphertext);
  EXPECT_EQ(*Read(initiator, second.ciphertext), second.payload);

  ASSERT_TRUE(initiator.done());
  ASSERT_TRUE(responder.done());
  EXPECT_EQ(initiator.handshake_hash(), responder.handshake_hash());
  if (vector.fields.count("handshake_hash") > 0) {
    EXPECT_EQ(initiator.handshake_hash(), vector.Bytes("handshake_hash"));
  }
  NoiseCiphers replica = Must(initiator.Split());
  NoiseCiphers primary = Must(responder.Split());
  for (size_t i = 2; i < vector.messages.size(); ++i) {
    SCOPED_TRACE(i);
    const auto& message = vector.messages[i];
    NoiseCiphers& from = i % 2 == 0 ? replica : primary;
    NoiseCiphers& to = i % 2 == 0 ? primary : replica;
    EXPECT_EQ(Seal(from.seal, message.payload), message.ciphertext);
    EXPECT_EQ(*Open(to.open, message.ciphertext), message.payload);
  }
}

INSTANTIATE_TEST_SUITE_P(Published, NoiseVectorTest,
                         testing::Values("cacophony_ik", "snow_ik"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

// The two sides of one handshake, with kevy's prologue.
class NoiseHandshakeTest : public testing::Test {
 protected:
  NoiseHandshake Initiator(const PublicKey& primary,
                           absl::string_view prologue = kKevyNoisePrologue) {
    return Must(NoiseHandshake::Initiator(prologue, replica_key_.get(), primary,
                                          Must(PrivateKey::Generate())));
  }
  NoiseHandshake Responder() {
    return Must(NoiseHandshake::Responder(
        kKevyNoisePrologue, primary_key_.get(), Must(PrivateKey::Generate())));
  }

  const std::shared_ptr<const PrivateKey> replica_key_ =
      secure_testing::ReplicaKey();
  const std::shared_ptr<const PrivateKey> primary_key_ =
      secure_testing::PrimaryKey();
  NoiseHandshake initiator_ = Initiator(primary_key_->public_key());
  NoiseHandshake responder_ = Responder();
};

TEST_F(NoiseHandshakeTest, PrologueHasSixteenBytes) {
  EXPECT_EQ(kKevyNoisePrologue,
            absl::StrCat("kevy-replicate", absl::string_view("\0", 1), "1"));
  EXPECT_EQ(kKevyNoisePrologue.size(), size_t{16});
}

TEST_F(NoiseHandshakeTest, MessagesHaveKevysSizes) {
  const std::string first = *Write(initiator_, "", k1);
  EXPECT_EQ(first.size(), size_t{96});
  ASSERT_EQ(*Read(responder_, first), "");
  const std::string second = *Write(responder_, "", k2);
  EXPECT_EQ(second.size(), size_t{48});
  EXPECT_EQ(*Read(initiator_, second), "");
  EXPECT_EQ(initiator_.handshake_hash(), responder_.handshake_hash());
  EXPECT_NE(initiator_.handshake_hash(), std::string(32, '\0'));
}

TEST_F(NoiseHandshakeTest, EveryFlippedBitOfMessage1Fails) {
  const std::string first = *Write(initiator_, "x", k1);
  for (size_t i = 0; i < first.size(); ++i) {
    std::string flipped = first;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << i % 8));
    // X25519 ignores the top bit of a point. Every bit counts all the same,
    // since the hash covers the bytes.
    NoiseHandshake responder = Responder();
    EXPECT_EQ(CodeOf(Read(responder, flipped)), absl::StatusCode::kDataLoss)
        << i;
    EXPECT_EQ(responder.remote_key(), PublicKey()) << i;
  }
}

TEST_F(NoiseHandshakeTest, EveryFlippedBitOfMessage2Fails) {
  const std::string first = *Write(initiator_, "", k1);
  ASSERT_TRUE(Read(responder_, first).ok());
  std::string second = *Write(responder_, "", k2);
  second[31] = static_cast<char>(second[31] ^ 0x80);
  EXPECT_EQ(CodeOf(Read(initiator_, second)), absl::StatusCode::kDataLoss);
}

TEST_F(NoiseHandshakeTest, ShortMessagesFail) {
  const std::string first = *Write(initiator_, "", k1);
  for (size_t size = 0; size < first.size(); ++size) {
    NoiseHandshake responder = Responder();
    EXPECT_EQ(CodeOf(Read(responder, first.substr(0, size))),
              absl::StatusCode::kDataLoss)
        << size;
  }
}

TEST_F(NoiseHandshakeTest, WrongPrimaryKeyFailsAtResponder) {
  NoiseHandshake wrong = Initiator(secure_testing::TestKey('3')->public_key());
  const auto read = Read(responder_, *Write(wrong, "", k1));
  EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(read.status().message(), "another key"));
}

TEST_F(NoiseHandshakeTest, OtherPrologueFails) {
  NoiseHandshake other = Initiator(primary_key_->public_key(), "kevy-raft");
  EXPECT_EQ(CodeOf(Read(responder_, *Write(other, "", k1))),
            absl::StatusCode::kDataLoss);
}

// The points of small order, for which every private key gives zeros: RFC 7748,
// section 6.1.
std::vector<std::string> SmallOrderPoints() {
  std::string one(32, '\0');
  one[0] = '\1';
  return {std::string(32, '\0'), one,
          absl::HexStringToBytes("ecffffffffffffffffffffffffffffffffffffffffff"
                                 "ffffffffffffffffff7f"),
          absl::HexStringToBytes("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32"
                                 "b1fd866205165f49b800")};
}

TEST_F(NoiseHandshakeTest, ZeroDiffieHellmanResultsFail) {
  for (const std::string& point : SmallOrderPoints()) {
    SCOPED_TRACE(absl::BytesToHexString(point));
    NoiseHandshake responder = Responder();
    const auto read = Read(responder, point + std::string(64, 'x'));
    EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(absl::StrContains(read.status().message(), "zero"));

    NoiseHandshake initiator = Initiator(PublicKey::FromBytes(point));
    EXPECT_EQ(CodeOf(Write(initiator, "", k1)),
              absl::StatusCode::kInvalidArgument);

    NoiseHandshake other = Initiator(primary_key_->public_key());
    ASSERT_TRUE(Write(other, "", k1).ok());
    EXPECT_EQ(CodeOf(Read(other, point + std::string(16, 'x'))),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(NoiseHandshakeTest, CallsOutOfTurnFail) {
  constexpr auto kTurn = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(Read(initiator_, std::string(48, 'x'))), kTurn);
  EXPECT_EQ(CodeOf(Write(responder_, "", k2)), kTurn);
  EXPECT_EQ(CodeOf(initiator_.Split()), kTurn);
  const std::string first = *Write(initiator_, "", k1);
  EXPECT_EQ(CodeOf(Write(initiator_, "", k1)), kTurn);
  ASSERT_TRUE(Read(responder_, first).ok());
  EXPECT_EQ(CodeOf(Read(responder_, first)), kTurn);
  ASSERT_TRUE(Read(initiator_, *Write(responder_, "", k2)).ok());
  EXPECT_TRUE(initiator_.Split().ok());
  EXPECT_EQ(CodeOf(initiator_.Split()), kTurn);
}

TEST_F(NoiseHandshakeTest, ErrorLasts) {
  ASSERT_FALSE(Read(responder_, "short").ok());
  const std::string first = *Write(initiator_, "", k1);
  EXPECT_EQ(CodeOf(Read(responder_, first)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Write(responder_, "", k2)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(responder_.Split()), absl::StatusCode::kDataLoss);
}

TEST_F(NoiseHandshakeTest, LongestPayloadFitsAndOneByteMoreFails) {
  const std::string payload(kNoiseMaxMessage - k1, 'x');
  EXPECT_EQ(CodeOf(Write(initiator_, payload + "x", k1)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*Read(responder_, *Write(initiator_, payload, k1)), payload);
}

TEST(NoiseRoleTest, PrintsItsName) {
  std::ostringstream out;
  out << NoiseHandshake::Role::kInitiator << " "
      << NoiseHandshake::Role::kResponder;
  EXPECT_EQ(out.str(), "initiator responder");
}

}  // namespace
}  // namespace kevy_replica
