// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_transport.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/handshake_failure.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_handshake.h"
#include "kevy_replica/transport/secure/noise_record.h"
#include "kevy_replica/transport/secure/primary_keys.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/random.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/watchdog.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using secure_testing::InitiatorOptions;
using secure_testing::MakeNoisePair;
using secure_testing::Must;
using secure_testing::NoisePair;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::ResponderOptions;
using secure_testing::TestKey;
using transport_testing::CodeOf;
using transport_testing::RandomBytes;
using transport_testing::RandomSizes;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;

constexpr absl::Duration kForEver = absl::InfiniteDuration();
constexpr absl::Duration kNow = absl::ZeroDuration();

// Reads all bytes that are there.
std::string Drain(Transport& transport) {
  std::string all;
  for (;;) {
    const auto read = ReadOnce(transport, 65536, kNow);
    if (!read.ok() || read->empty()) return all;
    all += *read;
  }
}

bool Says(const absl::Status& status, absl::string_view text) {
  return absl::StrContains(status.message(), text);
}

std::string Length(size_t size) {
  std::string length(2, '\0');
  WriteNoiseLength(size, absl::MakeSpan(&length[0], 2));
  return length;
}

// A replica whose peer is raw: the test writes and reads the sealed bytes.
class NoiseTransportTest : public testing::Test {
 protected:
  NoiseTransportTest()
      : watchdog_(testing::UnitTest::GetInstance()->current_test_info()->name(),
                  absl::Seconds(120)) {}

  // Begins a link to a raw peer. Message 1 is in message1_.
  void Initiate(NoiseInitiatorOptions options = InitiatorOptions()) {
    auto ends = InMemoryTransport::CreatePair();
    wire_ = std::move(ends.second);
    link_ = Must(
        NoiseTransport::Initiate(std::move(ends.first), std::move(options)));
    message1_ = Drain(*wire_);
  }

  // Answers message 1 as a primary does. Returns message 2 and its length.
  std::string Answer() {
    auto handshake = Must(NoiseHandshake::Responder(
        kKevyNoisePrologue, primary_.get(), Must(PrivateKey::Generate())));
    EXPECT_TRUE(
        handshake.ReadMessage(absl::string_view(message1_).substr(2), {}).ok());
    std::string message2(2 + 48, '\0');
    WriteNoiseLength(48, absl::MakeSpan(&message2[0], 2));
    EXPECT_TRUE(
        handshake.WriteMessage("", absl::MakeSpan(&message2[2], 48)).ok());
    ciphers_ = std::make_unique<NoiseCiphers>(Must(handshake.Split()));
    return message2;
  }

  // Makes an established link.
  void Establish() {
    Initiate();
    Put(Answer());
    ASSERT_TRUE(link_->Handshake(kNow).ok());
  }

  // Returns the primary's next message with its length.
  std::string Sealed(absl::string_view plaintext) {
    std::string sealed(2 + plaintext.size() + 16, '\0');
    WriteNoiseLength(plaintext.size() + 16, absl::MakeSpan(&sealed[0], 2));
    EXPECT_TRUE(
        ciphers_->seal
            .Seal(plaintext, absl::MakeSpan(&sealed[2], sealed.size() - 2))
            .ok());
    return sealed;
  }

  void Put(absl::string_view bytes) {
    ASSERT_TRUE(wire_->Write(bytes, kForEver).ok());
  }

  // Expects a final error of `code`, at every later call.
  void ExpectReadError(absl::StatusCode code, absl::string_view text) {
    for (int i = 0; i < 2; ++i) {
      const auto read = ReadOnce(*link_, 4096, absl::Seconds(30));
      EXPECT_EQ(CodeOf(read), code) << read.status();
      EXPECT_TRUE(Says(read.status(), text)) << read.status();
    }
  }

  const transport_testing::Watchdog watchdog_;
  const std::shared_ptr<const PrivateKey> primary_ = PrimaryKey();
  std::unique_ptr<NoiseTransport> link_;
  std::unique_ptr<InMemoryTransport> wire_;
  std::string message1_;
  std::unique_ptr<NoiseCiphers> ciphers_;
};

// The handshake.

TEST_F(NoiseTransportTest, SendsKevysMessage1AtOnce) {
  Initiate();
  EXPECT_EQ(message1_.size(), size_t{98});
  EXPECT_EQ(message1_.substr(0, 2), Length(96));
  EXPECT_FALSE(link_->established());
}

TEST_F(NoiseTransportTest, BothSidesKnowEachOtherAndShareHash) {
  const NoisePair pair = MakeNoisePair();
  EXPECT_TRUE(pair.replica->established());
  EXPECT_EQ(pair.replica->remote_key(), PrimaryKey()->public_key());
  EXPECT_EQ(pair.primary->remote_key(), ReplicaKey()->public_key());
  EXPECT_EQ(pair.replica->handshake_hash(), pair.primary->handshake_hash());
  EXPECT_EQ(pair.replica->handshake_hash().size(), size_t{32});
  EXPECT_NE(pair.replica->handshake_hash(),
            MakeNoisePair().replica->handshake_hash());
}

TEST_F(NoiseTransportTest, ReadRunsHandshakeWithoutWaiting) {
  Initiate();
  EXPECT_EQ(CodeOf(ReadOnce(*link_, 10, kNow)),
            absl::StatusCode::kDeadlineExceeded);
  const std::string answer = Answer();
  for (const char c : answer) {
    EXPECT_FALSE(link_->established());
    Put({&c, 1});
    EXPECT_EQ(CodeOf(ReadOnce(*link_, 10, kNow)),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(link_->established());
  EXPECT_TRUE(link_->Handshake(kNow).ok());
}

// kevy's first frames may lie in the same segment.
TEST_F(NoiseTransportTest, MessagesBehindMessage2AreRead) {
  Initiate();
  Put(Answer());
  Put(Sealed("first"));
  Put(Sealed("second"));
  EXPECT_EQ(ReadBytes(*link_, 11), "firstsecond");
}

TEST_F(NoiseTransportTest, EarlyWritesFollowHandshakeInOrder) {
  Initiate();
  EXPECT_TRUE(link_->Write("REPLICATE ", kForEver).ok());
  EXPECT_TRUE(link_->Write("FROM", kForEver).ok());
  EXPECT_EQ(Drain(*wire_), "");
  Put(Answer());
  EXPECT_TRUE(link_->Handshake(kForEver).ok());
  EXPECT_TRUE(link_->Write(" 1", kForEver).ok());
  const std::string sent = Drain(*wire_);
  ASSERT_EQ(sent.size(), size_t{2 + 14 + 16 + 2 + 2 + 16});
  std::string first = sent.substr(2, 30);
  EXPECT_TRUE(ciphers_->open.Open(first, absl::MakeSpan(&first[0], 14)).ok());
  EXPECT_EQ(first.substr(0, 14), "REPLICATE FROM");
}

TEST_F(NoiseTransportTest, TooManyEarlyBytesFail) {
  Initiate();
  EXPECT_TRUE(
      link_->Write(std::string(NoiseTransport::kMaxEarlyBytes, 'x'), kNow)
          .ok());
  const absl::Status status = link_->Write("x", kNow);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(status, "Handshake()")) << status;
}

TEST_F(NoiseTransportTest, WrongPrimaryKeyClosesLink) {
  auto ends = InMemoryTransport::CreatePair();
  const auto wrong = TestKey('3');
  auto options = InitiatorOptions({wrong, PrimaryKey()});
  auto replica = Must(NoiseTransport::Initiate(std::move(ends.first), options));
  auto primary =
      Must(NoiseTransport::Respond(std::move(ends.second), ResponderOptions()));
  const absl::Status refused = primary->Handshake(kForEver);
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = replica->Handshake(kForEver);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
    EXPECT_TRUE(Says(status, wrong->public_key().ToHex())) << status;
    EXPECT_TRUE(Says(status, ReplicaKey()->public_key().ToHex())) << status;
  }
  EXPECT_EQ(CodeOf(replica->Write("x", kForEver)),
            absl::StatusCode::kUnauthenticated);
  // The next link tries the other key.
  EXPECT_EQ(options.primary_keys->current(), PrimaryKey()->public_key());
}

TEST_F(NoiseTransportTest, DisallowedReplicaKeyClosesLinkWithoutWord) {
  auto ends = InMemoryTransport::CreatePair();
  auto wire = std::move(ends.first);
  auto other = InMemoryTransport::CreatePair();
  auto replica = Must(
      NoiseTransport::Initiate(std::move(other.first), InitiatorOptions()));
  NoiseResponderOptions options = ResponderOptions();
  std::vector<PublicKey> asked;
  options.allow = [&asked](const PublicKey& key) {
    asked.push_back(key);
    return false;
  };
  auto primary = Must(NoiseTransport::Respond(std::move(ends.second), options));
  ASSERT_TRUE(wire->Write(Drain(*other.second), kForEver).ok());
  const absl::Status status = primary->Handshake(kForEver);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_TRUE(Says(status, ReplicaKey()->public_key().ToHex())) << status;
  EXPECT_EQ(asked, std::vector<PublicKey>{ReplicaKey()->public_key()});
  const auto read = ReadOnce(*wire);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "");
}

TEST_F(NoiseTransportTest, PlainPrimaryIsReported) {
  for (const absl::string_view answer : {"+ACK 5 0\r\n", "-ERR no\r\n"}) {
    Initiate();
    Put(answer);
    ExpectReadError(absl::StatusCode::kFailedPrecondition, "speaks plain");
  }
}

TEST_F(NoiseTransportTest, PlainReplicaIsReported) {
  auto ends = InMemoryTransport::CreatePair();
  auto primary =
      Must(NoiseTransport::Respond(std::move(ends.second), ResponderOptions()));
  ASSERT_TRUE(ends.first->Write("*6\r\n$9\r\nREPLICATE", kForEver).ok());
  const absl::Status status = primary->Handshake(kForEver);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(status, "speaks plain")) << status;
  EXPECT_EQ(*ReadOnce(*ends.first), "");
}

TEST_F(NoiseTransportTest, HandshakeMessageOfOtherLengthFails) {
  for (const size_t length : {0, 15, 47, 49, 96, 255}) {
    Initiate();
    Put(Length(length));  // Without its bytes: none are awaited.
    ExpectReadError(absl::StatusCode::kDataLoss, "in place of 48");
  }
}

TEST_F(NoiseTransportTest, ChangedMessage2Fails) {
  for (size_t i = 2; i < 50; ++i) {
    Initiate();
    std::string answer = Answer();
    answer[i] = static_cast<char>(answer[i] ^ 1);
    Put(answer);
    ExpectReadError(absl::StatusCode::kDataLoss, "message 2 does not open");
  }
}

TEST_F(NoiseTransportTest, ZeroPointInMessage2Fails) {
  Initiate();
  Put(absl::StrCat(Length(48), std::string(48, '\0')));
  ExpectReadError(absl::StatusCode::kDataLoss, "zero");
}

TEST_F(NoiseTransportTest, EndAtEachByteOfMessage2Fails) {
  for (size_t size = 0; size < 50; ++size) {
    SCOPED_TRACE(size);
    Initiate();
    Put(Answer().substr(0, size));
    wire_->CloseWrite();
    if (size == 0) {
      ExpectReadError(absl::StatusCode::kUnauthenticated, "without an answer");
    } else {
      ExpectReadError(absl::StatusCode::kUnavailable, "ended inside");
    }
  }
}

// A primary that closes with unread bytes resets the connection.
TEST_F(NoiseTransportTest, ResetWithoutAnswerIsRefusal) {
  for (const uint64_t size : {0, 1}) {
    Faults faults;
    faults.error_at = size;
    faults.read_error = absl::UnavailableError("reset by peer");
    auto ends = InMemoryTransport::CreatePair();
    wire_ = std::move(ends.second);
    link_ = Must(NoiseTransport::Initiate(
        std::make_unique<FaultyTransport>(std::move(ends.first), faults),
        InitiatorOptions()));
    Put("x");
    ExpectReadError(size == 0 ? absl::StatusCode::kUnauthenticated
                              : absl::StatusCode::kUnavailable,
                    "reset by peer");
  }
}

TEST_F(NoiseTransportTest, EndAtEachByteOfMessage1Fails) {
  Initiate();
  for (size_t size = 0; size < message1_.size(); ++size) {
    auto ends = InMemoryTransport::CreatePair();
    auto primary = Must(
        NoiseTransport::Respond(std::move(ends.second), ResponderOptions()));
    ASSERT_TRUE(ends.first->Write(message1_.substr(0, size), kForEver).ok());
    ends.first->Close();
    EXPECT_EQ(CodeOf(primary->Handshake(kForEver)),
              absl::StatusCode::kUnavailable)
        << size;
  }
}

// Replayed by somebody who has seen it: without the private key that is all,
// since message 2 belongs to a new ephemeral key.
TEST_F(NoiseTransportTest, ReplayedMessage1GivesNoLink) {
  Initiate();
  auto ends = InMemoryTransport::CreatePair();
  auto primary =
      Must(NoiseTransport::Respond(std::move(ends.second), ResponderOptions()));
  ASSERT_TRUE(ends.first->Write(message1_, kForEver).ok());
  ASSERT_TRUE(primary->Handshake(kForEver).ok());
  // The sealed bytes of the first link do not open on the second.
  Put(Answer());
  ASSERT_TRUE(link_->Write("x", kForEver).ok());
  ASSERT_TRUE(link_->Handshake(kForEver).ok());
  ASSERT_TRUE(ends.first->Write(Drain(*wire_), kForEver).ok());
  EXPECT_EQ(CodeOf(ReadOnce(*primary)), absl::StatusCode::kDataLoss);
}

TEST_F(NoiseTransportTest, StalledHandshakeTimesOut) {
  NoiseInitiatorOptions options = InitiatorOptions();
  options.handshake_timeout = absl::Milliseconds(20);
  for (const size_t size : {0, 1, 2, 30}) {
    Initiate(options);
    Put(Answer().substr(0, size));
    ExpectReadError(absl::StatusCode::kUnavailable, "within 20ms");
    EXPECT_TRUE(IsHandshakeFailure(link_->Handshake(kNow)));
  }
}

// The caller's timeout leaves the handshake as it is.
TEST_F(NoiseTransportTest, HandshakeGoesOnAfterTimeout) {
  Initiate();
  const std::string answer = Answer();
  Put(answer.substr(0, 20));
  EXPECT_EQ(CodeOf(link_->Handshake(absl::Milliseconds(2))),
            absl::StatusCode::kDeadlineExceeded);
  Put(answer.substr(20));
  EXPECT_TRUE(link_->Handshake(kForEver).ok());
}

// Tells at first that a timeout has passed, as a coarser clock may.
class EarlyTimeouts : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (left_-- > 0) return absl::DeadlineExceededError("early");
    return inner().Read(buffer, timeout);
  }

 private:
  int left_ = 3;
};

TEST_F(NoiseTransportTest, HandshakeOutlastsEarlyTimeoutsOfInnerTransport) {
  auto ends = InMemoryTransport::CreatePair();
  wire_ = std::move(ends.second);
  link_ = Must(NoiseTransport::Initiate(
      std::make_unique<EarlyTimeouts>(std::move(ends.first)),
      InitiatorOptions()));
  message1_ = Drain(*wire_);
  Put(Answer());
  const absl::Status status = link_->Handshake(kForEver);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(NoiseTransportTest, InterruptEndsHandshakeAndKeepsKey) {
  auto options = InitiatorOptions({PrimaryKey(), TestKey('3')});
  Initiate(options);
  {
    const transport_testing::WhenBlocked interrupt(
        [this](auto&) { link_->Interrupt(); });
    EXPECT_EQ(CodeOf(link_->Handshake(kForEver)), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(CodeOf(ReadOnce(*link_)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(link_->Write("x", kForEver)), absl::StatusCode::kCancelled);
  EXPECT_EQ(options.primary_keys->current(), PrimaryKey()->public_key());
}

// An early write must not seem to succeed once nothing can follow.
TEST_F(NoiseTransportTest, EarlyWriteAfterInterruptOrCloseFails) {
  Initiate();
  link_->Interrupt();
  link_->ResumeReads();
  EXPECT_EQ(CodeOf(link_->Write("x", kForEver)), absl::StatusCode::kCancelled);
  Initiate();
  link_->Close();
  EXPECT_EQ(CodeOf(link_->Write("x", kForEver)),
            absl::StatusCode::kUnavailable);
}

// One thread reads and shakes hands while another one writes.
TEST_F(NoiseTransportTest, WritesDuringHandshakeArriveInOrder) {
  for (int round = 0; round < 20; ++round) {
    auto ends = InMemoryTransport::CreatePair();
    auto replica = Must(
        NoiseTransport::Initiate(std::move(ends.first), InitiatorOptions()));
    auto primary = Must(
        NoiseTransport::Respond(std::move(ends.second), ResponderOptions()));
    std::thread writers[2];
    int i = 0;
    for (NoiseTransport* link : {replica.get(), primary.get()}) {
      writers[i++] = std::thread([link] {
        for (char c = 'a'; c <= 'z'; ++c) {
          EXPECT_TRUE(link->Write({&c, 1}, kForEver).ok());
        }
      });
    }
    std::thread reader([&primary] {
      EXPECT_EQ(ReadBytes(*primary, 26), "abcdefghijklmnopqrstuvwxyz");
    });
    EXPECT_EQ(ReadBytes(*replica, 26), "abcdefghijklmnopqrstuvwxyz");
    reader.join();
    for (std::thread& writer : writers) writer.join();
  }
}

TEST_F(NoiseTransportTest, MissingOptionsFail) {
  const auto initiate = [](std::unique_ptr<Transport> inner,
                           NoiseInitiatorOptions options) {
    return CodeOf(NoiseTransport::Initiate(std::move(inner), options));
  };
  const auto end = [] { return InMemoryTransport::CreatePair().first; };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  NoiseInitiatorOptions options = InitiatorOptions();
  EXPECT_EQ(initiate(nullptr, options), kInvalid);
  options.private_key = nullptr;
  EXPECT_EQ(initiate(end(), options), kInvalid);
  options = InitiatorOptions();
  options.primary_keys = nullptr;
  EXPECT_EQ(initiate(end(), options), kInvalid);
  EXPECT_EQ(CodeOf(NoiseTransport::Respond(nullptr, ResponderOptions())),
            kInvalid);
  EXPECT_EQ(CodeOf(NoiseTransport::Respond(end(), {})), kInvalid);
}

// The messages.

TEST_F(NoiseTransportTest, MessageBordersMeanNothing) {
  const std::string sent = RandomBytes(300000, 1);
  for (const size_t message :
       {size_t{1}, size_t{57}, size_t{4079}, size_t{4081}, size_t{16384},
        kNoiseMaxPlaintext}) {
    for (const size_t buffer : {size_t{7}, size_t{4096}, size_t{16400},
                                size_t{65535}, size_t{1} << 20}) {
      SCOPED_TRACE(absl::StrCat(message, " ", buffer));
      Establish();
      const size_t size = std::min(sent.size(), 2000 * message);
      for (size_t i = 0; i < size; i += message) {
        Put(Sealed(
            absl::string_view(sent).substr(i, std::min(message, size - i))));
      }
      EXPECT_TRUE(ReadBytes(*link_, size, [&] { return buffer; }) ==
                  sent.substr(0, size));
    }
  }
}

// Each read stops at a random byte, and each call has another buffer.
TEST_F(NoiseTransportTest, AnyPiecesGiveTheSameBytes) {
  const std::string sent = RandomBytes(400000, 2);
  for (unsigned seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    auto ends = InMemoryTransport::CreatePair();
    Faults faults;
    faults.read_size = RandomSizes(seed % 2 == 0 ? 3000 : 70000, seed);
    const NoisePair pair =
        MakeNoisePair(std::make_unique<FaultyTransport>(std::move(ends.first),
                                                        std::move(faults)),
                      std::move(ends.second));
    auto sizes = RandomSizes(seed % 3 == 0 ? 200 : 100000, seed);
    const size_t size = seed % 3 == 0 ? 40000 : sent.size();
    for (absl::string_view rest = absl::string_view(sent).substr(0, size);
         !rest.empty();) {
      const absl::string_view piece = rest.substr(0, sizes());
      ASSERT_TRUE(pair.primary->Write(piece, kForEver).ok());
      rest.remove_prefix(piece.size());
    }
    EXPECT_TRUE(ReadBytes(*pair.replica, size, RandomSizes(80000, seed)) ==
                sent.substr(0, size));
  }
}

// After a timeout the bytes read so far are kept, wherever they lay.
TEST_F(NoiseTransportTest, TimeoutInsideMessageKeepsItsBytes) {
  const std::string sent = RandomBytes(20000, 3);
  for (const size_t cut : {1, 2, 3, 2000, 4097, 4098, 4099, 12000, 20017}) {
    SCOPED_TRACE(cut);
    Establish();
    const std::string sealed = Sealed(sent);
    ASSERT_EQ(sealed.size(), size_t{20018});
    for (const absl::string_view part :
         {absl::string_view(sealed).substr(0, cut),
          absl::string_view(sealed).substr(cut)}) {
      EXPECT_EQ(CodeOf(ReadOnce(*link_, 65536, kNow)),
                absl::StatusCode::kDeadlineExceeded);
      Put(part);
    }
    EXPECT_TRUE(ReadBytes(*link_, sent.size()) == sent);
  }
}

TEST_F(NoiseTransportTest, EndBetweenMessagesIsAnEnd) {
  Establish();
  Put(Sealed("last"));
  wire_->Close();
  EXPECT_EQ(*ReadOnce(*link_), "last");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(*ReadOnce(*link_), "");
}

TEST_F(NoiseTransportTest, EndAtEachByteOfMessageFails) {
  for (const size_t plain : {size_t{5}, size_t{6000}}) {
    for (size_t size = 1; size < plain + 18; size += size < 40 ? 1 : 997) {
      SCOPED_TRACE(size);
      Establish();
      Put(Sealed("before"));
      Put(Sealed(std::string(plain, 'x')).substr(0, size));
      wire_->CloseWrite();
      EXPECT_EQ(*ReadOnce(*link_, 65536), "before");
      for (int i = 0; i < 2; ++i) {
        const auto read = ReadOnce(*link_, 65536);
        EXPECT_EQ(CodeOf(read), absl::StatusCode::kUnavailable);
        EXPECT_TRUE(Says(read.status(), "inside message 1")) << read.status();
      }
    }
  }
}

TEST_F(NoiseTransportTest, LengthBelowTagFails) {
  for (const size_t length : {0, 1, 15}) {
    Establish();
    Put(Length(length));
    ExpectReadError(absl::StatusCode::kDataLoss,
                    absl::StrCat("message 0 has ", length, " bytes"));
  }
}

// The largest length is legal. A peer that claims it and sends less gets no
// more memory than that.
TEST_F(NoiseTransportTest, LargestLengthIsAwaited) {
  Establish();
  Put(Length(65535) + "x");
  EXPECT_EQ(CodeOf(ReadOnce(*link_, 1 << 20, kNow)),
            absl::StatusCode::kDeadlineExceeded);
  Put(std::string(65534, 'x'));
  ExpectReadError(absl::StatusCode::kDataLoss, "message 0 does not open");
}

TEST_F(NoiseTransportTest, ChangedMessageFails) {
  for (const size_t plain : {size_t{100}, size_t{6000}}) {
    for (const size_t at : {size_t{2}, size_t{50}, plain + 2, plain + 17}) {
      Establish();
      Put(Sealed("before"));
      std::string sealed = Sealed(std::string(plain, 'x'));
      sealed[at] = static_cast<char>(sealed[at] ^ 0x10);
      Put(sealed);
      EXPECT_EQ(ReadBytes(*link_, 6), "before");
      for (int i = 0; i < 2; ++i) {
        const auto read = ReadOnce(*link_, 65536);
        EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
        EXPECT_TRUE(Says(read.status(), "message 1 does not open"))
            << read.status();
      }
    }
  }
}

TEST_F(NoiseTransportTest, ReplayedDroppedAndReorderedMessagesFail) {
  for (const size_t plain : {size_t{5}, size_t{6000}}) {
    const std::string text(plain, 'x');
    for (const absl::string_view order : {"00", "1", "02", "21"}) {
      SCOPED_TRACE(order);
      Establish();
      const std::string sealed[] = {Sealed(text), Sealed(text), Sealed(text)};
      for (const char i : order) Put(sealed[i - '0']);
      std::string got;
      absl::StatusOr<std::string> read;
      while ((read = ReadOnce(*link_, 65536)).ok()) got += *read;
      EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
      EXPECT_EQ(got, order[0] == '0' ? text : "");
    }
  }
}

// The two directions have different keys.
TEST_F(NoiseTransportTest, ReflectedMessageFails) {
  Establish();
  ASSERT_TRUE(link_->Write("mine", kForEver).ok());
  Put(Drain(*wire_));
  ExpectReadError(absl::StatusCode::kDataLoss, "does not open");
}

TEST_F(NoiseTransportTest, EmptyMessagesAreSkipped) {
  Establish();
  for (int i = 1; i < NoiseTransport::kMaxEmptyMessages; ++i) Put(Sealed(""));
  EXPECT_EQ(CodeOf(ReadOnce(*link_, 10, kNow)),
            absl::StatusCode::kDeadlineExceeded);
  Put(Sealed("x"));
  Put(Sealed(""));
  EXPECT_EQ(*ReadOnce(*link_), "x");
  wire_->CloseWrite();
  EXPECT_EQ(*ReadOnce(*link_), "");
}

TEST_F(NoiseTransportTest, TooManyEmptyMessagesFail) {
  Establish();
  for (int i = 0; i < NoiseTransport::kMaxEmptyMessages; ++i) Put(Sealed(""));
  ExpectReadError(absl::StatusCode::kResourceExhausted, "without a byte");
}

TEST_F(NoiseTransportTest, WriteCutsLongBytesIntoMessages) {
  Establish();
  ASSERT_TRUE(link_->Write(std::string(70000, 'x'), kForEver).ok());
  const std::string sent = Drain(*wire_);
  EXPECT_EQ(sent.size(), size_t{70000 + 2 * 18});
  EXPECT_EQ(sent.substr(0, 2), Length(65535));
}

TEST_F(NoiseTransportTest, WriteErrorIsFinal) {
  auto ends = InMemoryTransport::CreatePair();
  Faults faults;
  faults.write_error_at = 98 + 40;
  const NoisePair pair =
      MakeNoisePair(std::make_unique<FaultyTransport>(std::move(ends.first),
                                                      std::move(faults)),
                    std::move(ends.second));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(CodeOf(pair.replica->Write(std::string(30, 'x'), kForEver)),
              absl::StatusCode::kUnavailable);
  }
  // Half a message has been sent. Nothing may follow it.
  EXPECT_EQ(CodeOf(ReadOnce(*pair.primary, 100, kNow)),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(pair.primary->Write("still", kForEver).ok());
  EXPECT_EQ(*ReadOnce(*pair.replica), "still");
}

// Fails the next write once, as after a timeout.
class FailOnceTransport : public ForwardingTransport {
 public:
  FailOnceTransport(std::unique_ptr<Transport> inner, bool* fail)
      : ForwardingTransport(std::move(inner)), fail_(fail) {}
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    if (std::exchange(*fail_, false)) return absl::DeadlineExceededError("");
    return inner().Write(bytes, timeout);
  }

 private:
  bool* const fail_;
};

// Each call's bytes take several messages. Those behind the lost one would be
// refused by the peer.
TEST_F(NoiseTransportTest, ErrorOfOneMessageEndsTheOthers) {
  auto ends = InMemoryTransport::CreatePair();
  bool fail = false;
  const NoisePair pair = MakeNoisePair(
      std::make_unique<FailOnceTransport>(std::move(ends.first), &fail),
      std::move(ends.second));
  fail = true;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CodeOf(pair.replica->Write(std::string(200000, 'x'), kForEver)),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(CodeOf(ReadOnce(*pair.primary, 100, kNow)),
            absl::StatusCode::kDeadlineExceeded);
}

// Messages that were collected before an interrupt wait behind it.
TEST_F(NoiseTransportTest, InterruptPrecedesCollectedMessages) {
  Establish();
  Put(Sealed("one"));
  Put(Sealed("two"));
  EXPECT_EQ(*ReadOnce(*link_, 3), "one");
  link_->Interrupt();
  EXPECT_EQ(CodeOf(ReadOnce(*link_, 3)), absl::StatusCode::kCancelled);
  link_->ResumeReads();
  EXPECT_EQ(*ReadOnce(*link_, 3), "two");
}

// Notes the memory that inner reads go to.
class BufferSpy : public ForwardingTransport {
 public:
  BufferSpy(std::unique_ptr<Transport> inner, std::vector<const char*>* reads)
      : ForwardingTransport(std::move(inner)), reads_(reads) {}
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    reads_->push_back(buffer.data());
    return inner().Read(buffer, timeout);
  }

 private:
  std::vector<const char*>* const reads_;
};

TEST_F(NoiseTransportTest, LargeMessagesOpenInPlaceByOneReadEach) {
  auto ends = InMemoryTransport::CreatePair();
  std::vector<const char*> reads;
  const NoisePair pair =
      MakeNoisePair(std::make_unique<BufferSpy>(std::move(ends.first), &reads),
                    std::move(ends.second));
  const std::string text(16384, 'x');
  std::vector<char> buffer(65536);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(pair.primary->Write(text, kForEver).ok());
  }
  for (int i = 0; i < 10; ++i) {
    SCOPED_TRACE(i);
    reads.clear();
    size_t size = 0;
    while (size < text.size()) {
      size += *pair.replica->Read(absl::MakeSpan(buffer), kForEver);
    }
    // The first one finds out the length.
    if (i >= 2) {
      ASSERT_EQ(reads.size(), size_t{1});
      EXPECT_EQ(reads[0], buffer.data());
    }
  }
}

}  // namespace
}  // namespace kevy_replica
