// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replica_client.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/matchers.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointee;
using ::testing::StartsWith;

ReplicaClientOptions Options(FeedPosition from = {}) {
  ReplicaClientOptions options;
  options.link.replica_id = "r1";
  options.from = from;
  return options;
}

uint64_t RequestSize(const ReplicaClientOptions& options) {
  HandshakeRequest request;
  request.generation = options.from.generation;
  request.offset = options.from.next_offset;
  request.replica_id = options.link.replica_id;
  return EncodedSize(request);
}

PrimaryScript Stream(uint64_t first, uint64_t end) {
  PrimaryScript script;
  script.Generation(7);
  for (uint64_t offset = first; offset < end; ++offset) {
    script.Frame(offset, {"SET", "k", std::to_string(offset)});
  }
  return script;
}

std::unique_ptr<ReplicaClient> ConnectOrDie(ScriptedPrimary& primary,
                                            ReplicaClientOptions options) {
  auto client = ReplicaClient::Connect(primary.InMemory(), std::move(options));
  EXPECT_TRUE(client.ok()) << client.status();
  return client.ok() ? *std::move(client) : nullptr;
}

TEST(ReplicaClientTest, IteratesFrames) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 11).Heartbeat(7, 11));
  auto client = ConnectOrDie(primary, Options({7, 8}));
  std::vector<uint64_t> offsets;
  for (const FrameView& frame : client->Frames()) {
    EXPECT_THAT(frame, IsFrame(8 + offsets.size(),
                               ElementsAre("SET", "k",
                                           std::to_string(frame.offset()))));
    offsets.push_back(frame.offset());
  }
  EXPECT_THAT(offsets, ElementsAre(8, 9, 10));
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_EQ(client->position(), (FeedPosition{7, 11}));
  EXPECT_EQ(client->lag(), 0u);
  EXPECT_EQ(client->last_heartbeat()->next_offset, 11);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(client->NextEvent(), nullptr);
}

TEST(ReplicaClientTest, ReturnsFramesInBatches) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 50)
                      .Heartbeat(7, 50)
                      .Snapshot("KEVYSNAP", 60)
                      .Frame(60, {"DEL", "k"})
                      .WaitForAck(61));
  ReplicaClientOptions options = Options({7, 8});
  options.snapshots.policy = SnapshotPolicy::kSkip;
  auto client = ConnectOrDie(primary, options);
  uint64_t expected = 8;
  while (true) {
    const absl::Span<const FrameView> frames = client->NextFrames(20);
    if (frames.empty()) break;
    EXPECT_LE(frames.size(), 20u);
    for (const FrameView& frame : frames) {
      EXPECT_EQ(frame.offset(), expected);
      expected = frame.offset() == 49 ? 60 : frame.offset() + 1;
    }
    EXPECT_EQ(client->position().next_offset, frames.back().offset() + 1);
    client->Applied(client->position().next_offset);
    // Acknowledge the last batch now: another read may not come.
    if (expected == 61) {
      EXPECT_TRUE(client->SendAck(61).ok());
    }
  }
  EXPECT_EQ(expected, 61u);
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_EQ(primary.connection(0).acks.back(), 61);
}

TEST(ReplicaClientTest, IteratesEmptyStream) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(0, 0));
  auto client = ConnectOrDie(primary, Options());
  for (const FrameView& frame : client->Frames()) {
    ADD_FAILURE() << frame.offset();
  }
  EXPECT_TRUE(client->status().ok());
}

TEST(ReplicaClientTest, ReturnsEveryEvent) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot("KEVYSNAP", 25)
                      .Frame(25, {"DEL", "k"})
                      .Heartbeat(7, 26));
  auto client = ConnectOrDie(primary, Options());
  EXPECT_THAT(client->NextEvent(), Pointee(IsSnapshotBegin()));
  EXPECT_THAT(client->NextEvent(), Pointee(IsSnapshotChunk("KEVYSNAP")));
  EXPECT_THAT(client->NextEvent(), Pointee(IsSnapshotEnd(25)));
  EXPECT_EQ(client->position(), (FeedPosition{7, 25}));
  EXPECT_THAT(client->NextEvent(),
              Pointee(IsFrame(25, ElementsAre("DEL", "k"))));
  EXPECT_THAT(client->NextEvent(), Pointee(IsHeartbeat(7, 26)));
  EXPECT_EQ(client->NextEvent(), nullptr);
  EXPECT_TRUE(client->status().ok());
}

TEST(ReplicaClientTest, ConnectsOverTcp) {
  ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  primary.Enqueue(Stream(8, 10));
  auto client = ReplicaClient::Connect(primary.address(), Options({7, 8}));
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->transport().peer(), primary.address());
  EXPECT_EQ((*client)->NextFrame()->offset(), 8);
  EXPECT_EQ((*client)->NextFrame()->offset(), 9);
  EXPECT_EQ((*client)->NextFrame(), nullptr);
  EXPECT_TRUE((*client)->status().ok()) << (*client)->status();
}

TEST(ReplicaClientTest, RequestHasGivenPositionAndId) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 8));
  auto client = ConnectOrDie(primary, Options({7, 8}));
  primary.WaitFinished(0);
  const ScriptedPrimary::Connection seen = primary.connection(0);
  ASSERT_TRUE(seen.request.has_value());
  EXPECT_EQ(seen.request->protocol, Protocol::kV2);
  EXPECT_EQ(seen.request->generation, 7);
  EXPECT_EQ(seen.request->offset, 8);
  EXPECT_EQ(seen.replica_id, "r1");
}

TEST(ReplicaClientTest, AutoFallsBackToProtocol1) {
  ScriptedPrimary primary;
  primary.SetDefault(Stream(0, 1).Speak(Protocol::kV1));
  auto client = ConnectOrDie(primary, Options());
  EXPECT_EQ(client->answer().protocol, Protocol::kV1);
  EXPECT_EQ(client->NextFrame()->offset(), 0);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_TRUE(client->status().ok());
  EXPECT_EQ(primary.connections(), 2u);
}

TEST(ReplicaClientTest, ChosenProtocolIsKept) {
  ScriptedPrimary primary;
  primary.SetDefault(Stream(0, 1).Speak(Protocol::kV1));
  ReplicaClientOptions options = Options();
  options.link.protocol = ProtocolChoice::kV2;
  const auto client = ReplicaClient::Connect(primary.InMemory(), options);
  EXPECT_EQ(ReplicaErrorKindOf(client.status()),
            ReplicaErrorKind::kHandshakeRejected);
  EXPECT_EQ(primary.connections(), 1u);
}

TEST(ReplicaClientTest, AutoReportsRejectionInBothProtocols) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Refuse());
  const auto client = ReplicaClient::Connect(primary.InMemory(), Options());
  EXPECT_EQ(ReplicaErrorKindOf(client.status()),
            ReplicaErrorKind::kHandshakeRejected);
  EXPECT_EQ(RecommendedAction(client.status()), Action::kBackOff);
  EXPECT_EQ(primary.connections(), 2u);
}

TEST(ReplicaClientTest, SingleTransportTriesOneProtocol) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Refuse());
  auto transport = primary.InMemory()();
  ASSERT_TRUE(transport.ok());
  const auto client = ReplicaClient::Connect(*std::move(transport), Options());
  EXPECT_EQ(ReplicaErrorKindOf(client.status()),
            ReplicaErrorKind::kHandshakeRejected);
  EXPECT_EQ(primary.connections(), 1u);
}

TEST(ReplicaClientTest, MalformedAnswerIsQuoted) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().NoAnswer().Send("-ERR unknown command\r\n"));
  const auto client = ReplicaClient::Connect(primary.InMemory(), Options());
  EXPECT_EQ(ReplicaErrorKindOf(client.status()),
            ReplicaErrorKind::kAckMalformed);
  EXPECT_THAT(std::string(client.status().message()),
              HasSubstr("-ERR unknown command"));
}

TEST(ReplicaClientTest, InvalidOptionsFailBeforeConnecting) {
  ScriptedPrimary primary;
  ReplicaClientOptions options = Options();
  options.link.replica_id = "\xff";
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect(primary.InMemory(), options).status()));
  EXPECT_EQ(primary.connections(), 0u);
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect("no port", Options()).status()));
}

TEST(ReplicaClientTest, DefaultIdNamesProcess) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9));
  ReplicaClientOptions options = Options({7, 8});
  options.link.replica_id = "";
  const auto client = ConnectOrDie(primary, options);
  EXPECT_THAT(primary.connection(0).replica_id,
              AllOf(StartsWith("replica_client_test#"),
                    HasSubstr(absl::StrCat(":", ::getpid()))));
}

TEST(ReplicaClientTest, FailureToConnectIsIo) {
  const auto client = ReplicaClient::Connect(
      []() -> absl::StatusOr<std::unique_ptr<Transport>> {
        return absl::UnavailableError("refused");
      },
      Options());
  EXPECT_TRUE(absl::IsUnavailable(client.status()));
  EXPECT_EQ(ReplicaErrorKindOf(client.status()), ReplicaErrorKind::kIo);
}

TEST(ReplicaClientTest, SnapshotEndsFrameReader) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Frame(8, {"DEL", "k"})
                      .Snapshot("KEVYSNAP", 25));
  ReplicaClientOptions options = Options();
  options.from = {7, 8};
  auto client = ConnectOrDie(primary, options);
  EXPECT_NE(client->NextFrame(), nullptr);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(ReplicaErrorKindOf(client->status()),
            ReplicaErrorKind::kSnapshotInProgress);
  // The snapshot was not touched: another client may resume here.
  EXPECT_EQ(client->position(), (FeedPosition{7, 9}));
  EXPECT_EQ(RecommendedAction(client->status()), Action::kReadEvents);
  EXPECT_EQ(client->NextEvent(), nullptr);  // The error stays.
}

TEST(ReplicaClientTest, FrameReaderSkipsSnapshot) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot("KEVYSNAP", 25)
                      .Frame(25, {"DEL", "k"}));
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kSkip;
  auto client = ConnectOrDie(primary, options);
  EXPECT_THAT(client->NextFrame(),
              Pointee(IsFrame(25, ElementsAre("DEL", "k"))));
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_TRUE(client->status().ok());
}

TEST(ReplicaClientTest, FrameReaderCallsSnapshotHandler) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot("KEVYSNAP", 25)
                      .Frame(25, {"DEL", "k"}));
  std::vector<std::string> handed;
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kChunks;
  options.on_snapshot = [&](const StreamEvent& event) {
    handed.emplace_back();
    AppendText(event, &handed.back());
    return absl::OkStatus();
  };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame()->offset(), 25);
  EXPECT_THAT(handed,
              ElementsAre("# snapshot_begin", "# snapshot_chunk bytes=8",
                          "# snapshot_end next_offset=25"));
}

TEST(ReplicaClientTest, SnapshotHandlerErrorEndsClient) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Generation(7).Snapshot("KEVYSNAP", 25));
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kChunks;
  options.on_snapshot = [](const StreamEvent&) {
    return absl::ResourceExhaustedError("disk full");
  };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(client->status(), absl::ResourceExhaustedError("disk full"));
}

TEST(ReplicaClientTest, SnapshotHandlerErrorAtEndLosesPosition) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Generation(7).Snapshot("KEVYSNAP", 25));
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kChunks;
  options.on_snapshot = [](const StreamEvent& event) {
    return std::holds_alternative<SnapshotEnd>(event)
               ? absl::UnavailableError("could not install it")
               : absl::OkStatus();
  };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_TRUE(absl::IsUnavailable(client->status()));
  EXPECT_EQ(client->position(), (FeedPosition{0, 0}));
}

TEST(ReplicaClientTest, MissingArgumentsAreRejected) {
  ReplicaClientOptions options = Options();
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect(std::unique_ptr<Transport>(), options).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect(TransportFactory(), options).status()));
  ScriptedPrimary primary;
  for (const SnapshotPolicy policy :
       {SnapshotPolicy::kChunks, SnapshotPolicy::kRecords}) {
    options.snapshots.policy = policy;
    EXPECT_TRUE(absl::IsInvalidArgument(
        ReplicaClient::Connect(primary.InMemory(), options).status()))
        << policy;
  }
}

TEST(ReplicaClientTest, SnapshotInPlaceIsRejected) {
  ScriptedPrimary primary;
  ReplicaClientOptions options = Options();
  options.snapshots.in_place = true;
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect(primary.InMemory(), options).status()));
}

TEST(ReplicaClientTest, AcksAppliedOffsetBeforeWaitingFrames) {
  // All frames come in one read; the second ack is due before the third frame.
  ScriptedPrimary primary;
  primary.Enqueue(
      Stream(8, 8)
          .SendInPieces(
              "*2\r\n:8\r\n*1\r\n$4\r\nPING\r\n*2\r\n:9\r\n*1\r\n$4\r\nPING\r\n"
              "*2\r\n:10\r\n*1\r\n$4\r\nPING\r\n",
              1000)
          .WaitForAck(11));
  ReplicaClientOptions options = Options({7, 8});
  absl::Time now = absl::UnixEpoch();
  options.now = [&now] { return now; };
  auto client = ConnectOrDie(primary, options);
  for (const FrameView& frame : client->Frames()) {
    client->Applied(frame.offset() + 1);
    now += absl::Milliseconds(100);
  }
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(9, 10, 11));
}

// The clock stands, so only the heartbeat makes the second one due.
TEST(ReplicaClientTest, AppliedAcksAtOnceBehindHeartbeat) {
  ScriptedPrimary primary;
  primary.Enqueue(
      Stream(8, 9)
          .WaitForAck(9)
          .SendInPieces("+PING 7 12\r\n*2\r\n:9\r\n*1\r\n$4\r\nPING\r\n"
                        "*2\r\n:10\r\n*1\r\n$4\r\nPING\r\n"
                        "*2\r\n:11\r\n*1\r\n$4\r\nPING\r\n",
                        1000)
          .WaitForAck(10));
  ReplicaClientOptions options = Options({7, 8});
  options.now = [] { return absl::UnixEpoch(); };
  auto client = ConnectOrDie(primary, options);
  for (const FrameView& frame : client->Frames()) {
    client->Applied(frame.offset() + 1);
  }
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(9, 10));
}

TEST(ReplicaClientTest, AppliedAcksEachOffsetWithoutInterval) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 12).WaitForAck(12));
  ReplicaClientOptions options = Options({7, 8});
  options.link.ack_interval = absl::ZeroDuration();
  options.now = [] { return absl::UnixEpoch(); };
  auto client = ConnectOrDie(primary, options);
  for (const FrameView& frame : client->Frames()) {
    client->Applied(frame.offset() + 1);
  }
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(9, 10, 11, 12));
}

// The interval has passed before the offset moves, not behind it.
TEST(ReplicaClientTest, AppliedAcksNewOffsetAfterARepeatedOne) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 10).WaitForAck(10));
  ReplicaClientOptions options = Options({7, 8});
  absl::Time now = absl::UnixEpoch();
  options.now = [&now] { return now; };
  auto client = ConnectOrDie(primary, options);
  ASSERT_NE(client->NextFrame(), nullptr);
  client->Applied(9);
  ASSERT_NE(client->NextFrame(), nullptr);
  now += absl::Milliseconds(100);
  client->Applied(9);
  client->Applied(10);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(9, 10));
}

TEST(ReplicaClientTest, AcksAppliedOffset) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 10).WaitForAck(10));
  auto client = ConnectOrDie(primary, Options({7, 8}));
  for (const FrameView& frame : client->Frames()) {
    client->Applied(frame.offset() + 1);
  }
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_EQ(primary.connection(0).acks.back(), 10);
}

TEST(ReplicaClientTest, SendAckSendsAtOnce) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).WaitForAck(9).Frame(9, {"DEL", "k"}));
  auto client = ConnectOrDie(primary, Options({7, 8}));
  EXPECT_EQ(client->NextFrame()->offset(), 8);
  EXPECT_TRUE(absl::IsInvalidArgument(client->SendAck(10)));
  EXPECT_TRUE(client->SendAck(9).ok());
  EXPECT_EQ(client->NextFrame()->offset(), 9);
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(9));
}

TEST(ReplicaClientTest, ReadsFramesOfClosedPrimary) {
  auto pair = InMemoryTransport::CreatePair();
  ASSERT_TRUE(pair.second
                  ->Write("+ACK 7 8\r\n"
                          "*2\r\n:8\r\n*1\r\n$4\r\nPING\r\n"
                          "*2\r\n:9\r\n*1\r\n$4\r\nPING\r\n",
                          absl::InfiniteDuration())
                  .ok());
  ReplicaClientOptions options = Options({7, 8});
  auto client = ReplicaClient::Connect(std::move(pair.first), options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->NextFrame()->offset(), 8);
  pair.second.reset();
  const absl::Status status = (*client)->SendAck(9);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(ReplicaErrorKindOf(status), ReplicaErrorKind::kIo);
  (*client)->Applied(9);
  EXPECT_EQ((*client)->NextFrame()->offset(), 9);
  EXPECT_EQ((*client)->NextFrame(), nullptr);
  EXPECT_TRUE((*client)->status().ok()) << (*client)->status();
}

// Its first Read() fails, although the connection stands.
class ReadErrorOnce : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (!std::exchange(failed_, true)) return absl::AbortedError("why");
    return inner().Read(buffer, timeout);
  }

 private:
  bool failed_ = false;
};

TEST(ReplicaClientTest, ReadErrorEndsLinkPolitely) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  std::thread primary([end = std::move(pair.second)] {
    char bytes[4096];
    absl::StatusOr<size_t> n = 1;
    while (n.ok() && *n > 0) {
      n = end->Read(absl::MakeSpan(bytes), absl::InfiniteDuration());
    }
    EXPECT_TRUE(end->Write("late", absl::ZeroDuration()).ok());
  });
  EXPECT_TRUE(absl::IsAborted(
      ReplicaClient::Connect(
          std::make_unique<ReadErrorOnce>(std::move(pair.first)), Options())
          .status()));
  primary.join();
}

TEST(ReplicaClientTest, StuckWriteEndsClient) {
  auto pair = InMemoryTransport::CreatePair();
  ASSERT_TRUE(pair.second
                  ->Write("+ACK 7 8\r\n*2\r\n:8\r\n*1\r\n$4\r\nPING\r\n",
                          absl::InfiniteDuration())
                  .ok());
  Faults faults;
  faults.write_error_at = RequestSize(Options({7, 8}));
  faults.write_error = absl::DeadlineExceededError("stuck");
  auto client = ReplicaClient::Connect(
      std::make_unique<FaultyTransport>(std::move(pair.first), faults),
      Options({7, 8}));
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->NextFrame()->offset(), 8);
  (*client)->Applied(9);
  EXPECT_EQ((*client)->NextFrame(), nullptr);
  EXPECT_EQ((*client)->status(), faults.write_error);
  pair.second->Close();  // The destructor waits for it.
}

// The frames and the last status of a client over a faulty transport.
struct Ending {
  absl::Status status;
  std::vector<uint64_t> offsets;
};
Ending ReadWithFault(const std::string& stream,
                     const std::function<void(Faults*)>& fault) {
  auto pair = InMemoryTransport::CreatePair();
  EXPECT_TRUE(pair.second->Write(stream, absl::InfiniteDuration()).ok());
  Faults faults;
  faults.eof_at = stream.size();
  fault(&faults);
  Ending ending;
  auto client = ReplicaClient::Connect(
      std::make_unique<FaultyTransport>(std::move(pair.first), faults),
      Options({7, 8}));
  if (!client.ok()) {
    ending.status = client.status();
    return ending;
  }
  for (const FrameView& frame : (*client)->Frames()) {
    ending.offsets.push_back(frame.offset());
  }
  ending.status = (*client)->status();
  return ending;
}

TEST(ReplicaClientTest, CutAtAnyByteIsReported) {
  const std::string answer = "+ACK 7 8\r\n";
  const std::string frame8 = "*2\r\n:8\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n";
  const std::string ping = "+PING 7 9\r\n";
  const std::string frame9 = "*2\r\n:9\r\n*1\r\n$4\r\nPING\r\n";
  const std::string stream = answer + frame8 + ping + frame9;
  for (size_t at = 0; at <= stream.size(); ++at) {
    SCOPED_TRACE(at);
    const size_t in_stream = at < answer.size() ? 0 : at - answer.size();
    const size_t frames = (in_stream >= frame8.size()) +
                          (in_stream >= stream.size() - answer.size());
    const bool boundary =
        at >= answer.size() &&
        (in_stream == 0 || in_stream == frame8.size() ||
         in_stream == frame8.size() + ping.size() || at == stream.size());

    Ending cut =
        ReadWithFault(stream, [&](Faults* faults) { faults->eof_at = at; });
    EXPECT_EQ(cut.offsets.size(), frames);
    if (boundary) {
      EXPECT_TRUE(cut.status.ok()) << cut.status;
    } else {
      EXPECT_EQ(ReplicaErrorKindOf(cut.status),
                at == 0 ? ReplicaErrorKind::kHandshakeRejected
                        : ReplicaErrorKind::kTruncated);
    }

    Ending broken =
        ReadWithFault(stream, [&](Faults* faults) { faults->error_at = at; });
    EXPECT_EQ(broken.offsets.size(), frames);
    // A reset before the answer is a refusal.
    EXPECT_EQ(
        ReplicaErrorKindOf(broken.status),
        at == 0 ? ReplicaErrorKind::kHandshakeRejected : ReplicaErrorKind::kIo);
    EXPECT_THAT(std::string(broken.status.message()), HasSubstr("injected"));
  }
}

TEST(ReplicaClientTest, ShortReadsReturnSameFrames) {
  const std::string stream =
      "+ACK 7 8\r\n*2\r\n:8\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n+PING 7 9\r\n";
  const Ending ending = ReadWithFault(stream, [](Faults* faults) {
    faults->read_size = [] { return size_t{1}; };
  });
  EXPECT_TRUE(ending.status.ok()) << ending.status;
  EXPECT_THAT(ending.offsets, ElementsAre(8));
}

TEST(ReplicaClientTest, HandshakeTimeoutEndsConnect) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().NoAnswer().Stall());
  ReplicaClientOptions options = Options();
  options.link.handshake_timeout = absl::ZeroDuration();
  const auto client = ReplicaClient::Connect(primary.InMemory(), options);
  EXPECT_TRUE(absl::IsDeadlineExceeded(client.status())) << client.status();
  EXPECT_EQ(RecommendedAction(client.status()), Action::kCaller);
}

TEST(ReplicaClientTest, IdleTimeoutEndsClient) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Stall());
  ReplicaClientOptions options = Options({7, 8});
  options.link.idle_timeout = absl::Milliseconds(1);
  // A slow machine may time out before the first frame. The end is a timeout
  // all the same.
  auto client = ConnectOrDie(primary, options);
  while (client->NextEvent() != nullptr) {
  }
  EXPECT_TRUE(absl::IsDeadlineExceeded(client->status())) << client->status();
}

TEST(ReplicaClientTest, StallEndsClient) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Heartbeat(7, 11).Stall());
  ReplicaClientOptions options = Options({7, 8});
  options.link.stall_timeout = absl::Milliseconds(1);
  auto client = ConnectOrDie(primary, options);
  while (client->NextEvent() != nullptr) {
  }
  EXPECT_EQ(ReplicaErrorKindOf(client->status()), ReplicaErrorKind::kStalled)
      << client->status();
  EXPECT_EQ(client->position(), (FeedPosition{7, 9}));
}

TEST(ReplicaClientTest, InterruptEndsBlockedRead) {
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 9).Stall());
  auto client = ConnectOrDie(primary, Options({7, 8}));
  EXPECT_EQ(client->NextFrame()->offset(), 8);
  std::thread interrupter([&] { client->Interrupt(); });
  EXPECT_EQ(client->NextFrame(), nullptr);
  interrupter.join();
  EXPECT_TRUE(absl::IsCancelled(client->status()));
  EXPECT_EQ(RecommendedAction(client->status()), Action::kCaller);
}

TEST(ReplicaClientTest, InterrupterEndsConnect) {
  ScriptedPrimary primary;
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  primary.Enqueue(PrimaryScript().NoAnswer().Stall());
  ReplicaClientOptions options = Options();
  options.connect.interrupter = std::make_shared<Interrupter>();
  std::thread interrupter([&] { options.connect.interrupter->Interrupt(); });
  const auto client = ReplicaClient::Connect(primary.address(), options);
  interrupter.join();
  EXPECT_TRUE(absl::IsCancelled(client.status())) << client.status();
}

TEST(ReplicaClientTest, GivenClockSpacesAcks) {
  // The given clock stands still, so at most one acknowledgement is sent.
  ScriptedPrimary primary;
  primary.Enqueue(Stream(8, 11));
  ReplicaClientOptions options = Options({7, 8});
  options.now = [] { return absl::UnixEpoch(); };
  options.read_bytes = 1;
  auto client = ConnectOrDie(primary, options);
  for (const FrameView& frame : client->Frames()) {
    client->Applied(frame.offset() + 1);
  }
  EXPECT_TRUE(client->status().ok()) << client->status();
  client.reset();
  primary.WaitFinished(0);
  EXPECT_LE(primary.connection(0).acks.size(), 1u);
}

TEST(ReplicaClientTest, ReplaysCaptureOverMemory) {
  // A snapshot, a frame, and a snapshot in mid-stream: see testdata/captures.
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript::Capture(
      "+ACK 7 0\r\n+SNAPSHOT\r\n+PING 7 39\r\n$3\r\nabc\r\n"
      "+SNAPSHOT_END 39\r\n*2\r\n:39\r\n*1\r\n$4\r\nPING\r\n"
      "+SNAPSHOT\r\n$3\r\nabc\r\n+SNAPSHOT_END 0\r\n"
      "*2\r\n:0\r\n*1\r\n$4\r\nPING\r\n+PING 9 1\r\n"));
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kSkip;
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame()->offset(), 39);
  EXPECT_EQ(client->position(), (FeedPosition{7, 40}));
  EXPECT_EQ(client->NextFrame()->offset(), 0);
  EXPECT_EQ(client->position(), (FeedPosition{0, 1}));
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_TRUE(client->status().ok()) << client->status();
  EXPECT_EQ(client->position(), (FeedPosition{9, 1}));
}

TEST(ReplicaClientTest, SnapshotsArriveDecoded) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot(std::string("KEVYSNAP\x04\0", 10), 8)
                      .Frame(8, {"DEL", "k"}));
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kRecords;
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReplicaClient::Connect(primary.InMemory(), options).status()));
  std::vector<std::string> lines;
  options.on_payload = [&lines](const PayloadEvent& event) {
    AppendText(event, &lines.emplace_back());
    return absl::OkStatus();
  };
  auto client = ConnectOrDie(primary, options);
  EXPECT_THAT(client->NextFrame(),
              Pointee(IsFrame(8, ElementsAre("DEL", "k"))));
  EXPECT_THAT(lines, ElementsAre("header version=4 generation=0 offset=0",
                                 "payload_end"));
}

// A string, and a hash of one field.
std::string TwoRecords() {
  return std::string("KEVYSNAP\x04", 9) +
         std::string("\1\0\1\0\0\0s\1\0\0\0x", 12) +
         std::string("\2\0\1\0\0\0h\1\0\0\0\1\0\0\0f\1\0\0\0v", 21) +
         std::string(1, '\0');
}

TEST(ReplicaClientTest, SnapshotRecordsArriveInBatches) {
  for (const bool batches : {false, true}) {
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript()
                        .Generation(7)
                        .Snapshot(TwoRecords(), 8)
                        .Frame(8, {"DEL", "k"}));
    ReplicaClientOptions options = Options();
    options.snapshots.policy = SnapshotPolicy::kRecords;
    std::vector<std::string> lines;
    options.on_payload = [&lines](const PayloadEvent& event) {
      AppendText(event, &lines.emplace_back());
      return absl::OkStatus();
    };
    if (batches) {
      options.on_records = [&lines](absl::Span<const PayloadRecord> records) {
        for (const PayloadRecord& record : records) {
          AppendText(record, &lines.emplace_back());
        }
        return absl::OkStatus();
      };
    }
    auto client = ConnectOrDie(primary, options);
    EXPECT_NE(client->NextFrame(), nullptr);
    if (batches) {
      EXPECT_THAT(lines,
                  ElementsAre("header version=4 generation=0 offset=0",
                              "string \"s\" \"x\"",
                              "hash \"h\" count=1 \"f\" \"v\"", "payload_end"));
    } else {
      EXPECT_THAT(
          lines,
          ElementsAre("header version=4 generation=0 offset=0", "string \"s\"",
                      "value \"x\"", "record_end", "hash \"h\" count=1",
                      "field \"f\" \"v\"", "record_end", "payload_end"));
    }
  }
}

TEST(ReplicaClientTest, ErrorOfARecordEndsClient) {
  for (const bool batches : {false, true}) {
    ScriptedPrimary primary;
    primary.Enqueue(
        PrimaryScript().Generation(7).Snapshot(TwoRecords(), 8).Stall());
    ReplicaClientOptions options = Options();
    options.snapshots.policy = SnapshotPolicy::kRecords;
    int events = 0;
    options.on_payload = [&events](const PayloadEvent&) {
      ++events;
      return events == 3 ? absl::AbortedError("no") : absl::OkStatus();
    };
    if (batches) {
      options.on_records = [](absl::Span<const PayloadRecord>) {
        return absl::AbortedError("no");
      };
    }
    auto client = ConnectOrDie(primary, options);
    EXPECT_EQ(client->NextFrame(), nullptr);
    EXPECT_TRUE(absl::IsAborted(client->status())) << client->status();
    EXPECT_EQ(events, batches ? 1 : 3);
    EXPECT_EQ(client->position(), (FeedPosition{0, 0}));
  }
}

TEST(ReplicaClientTest, FramesLeaveSnapshotOfNextEventUndecoded) {
  for (int events = 1; events <= 3; ++events) {
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript()
                        .Generation(7)
                        .Snapshot(std::string("KEVYSNAP\x04\0", 10), 8)
                        .Frame(8, {"DEL", "k"})
                        .Stall());
    ReplicaClientOptions options = Options();
    options.snapshots.policy = SnapshotPolicy::kRecords;
    options.on_payload = [](const PayloadEvent&) { return absl::OkStatus(); };
    auto client = ConnectOrDie(primary, options);
    for (int i = 0; i < events; ++i) ASSERT_NE(client->NextEvent(), nullptr);
    if (events == 3) {  // The snapshot has ended.
      EXPECT_THAT(client->NextFrame(),
                  Pointee(IsFrame(8, ElementsAre("DEL", "k"))));
      continue;
    }
    EXPECT_EQ(client->NextFrame(), nullptr);
    EXPECT_TRUE(absl::IsFailedPrecondition(client->status()));
    EXPECT_THAT(std::string(client->status().message()),
                HasSubstr("to its end by NextEvent()"));
  }
}

TEST(ReplicaClientTest, MalformedPayloadEndsClient) {
  ScriptedPrimary primary;
  primary.Enqueue(
      PrimaryScript().Generation(7).Snapshot("KEVYSNAP\x04", 8).Stall());
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kRecords;
  options.on_payload = [](const PayloadEvent&) { return absl::OkStatus(); };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(ReplicaErrorKindOf(client->status()), ReplicaErrorKind::kPayload);
  EXPECT_EQ(WireErrorOf(client->status()), WireError::kTruncatedPayload);
  EXPECT_EQ(client->position(), (FeedPosition{0, 0}));
}

// The start of a payload that kevy 5.4.0 wrote: testdata/payload/
// v7-stubs-of-kevy-5.4.0.payload.
TEST(ReplicaClientTest, RowSegmentErrorNamesTheKey) {
  ScriptedPrimary primary;
  const std::string payload = "KEVYSNAP\x07" + std::string(16, '\0') +
                              std::string("\x08\0\x08\0\0\0", 6) + "row:1606" +
                              std::string("\0\0\0\0\xe8\x02\0\0", 8);
  primary.Enqueue(PrimaryScript().Generation(7).Snapshot(payload, 8).Stall());
  ReplicaClientOptions options = Options();
  options.snapshots.policy = SnapshotPolicy::kRecords;
  options.on_payload = [](const PayloadEvent&) { return absl::OkStatus(); };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(WireErrorOf(client->status()), WireError::kRowSegment);
  EXPECT_THAT(std::string(client->status().message()),
              HasSubstr("row_segment, at byte 25, of the key \"row:1606\": its "
                        "row lies only on the primary's disk"));
}

TEST(ReplicaClientTest, PayloadPastALimitNamesTheLimit) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Snapshot(std::string("KEVYSNAP\x04\0trailer", 17), 8)
                      .Stall());
  ReplicaClientOptions options = Options();
  options.link.limits.max_trailer_bytes = 3;
  options.snapshots.policy = SnapshotPolicy::kRecords;
  options.on_payload = [](const PayloadEvent&) { return absl::OkStatus(); };
  auto client = ConnectOrDie(primary, options);
  EXPECT_EQ(client->NextFrame(), nullptr);
  EXPECT_EQ(WireErrorOf(client->status()), WireError::kTrailerTooLong);
  EXPECT_TRUE(absl::IsResourceExhausted(client->status()));
  EXPECT_THAT(std::string(client->status().message()),
              HasSubstr("trailer_too_long, at byte 13, past the limit "
                        "max_trailer_bytes"));
}

// Gives up every read that would wait.
class ImpatientTransport : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration /*timeout*/) override {
    return inner().Read(buffer, absl::ZeroDuration());
  }
};

TEST(ReplicaClientTest, TimeoutThatNobodyAskedForEndsTheClient) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  ASSERT_TRUE(pair.second->Write("+ACK 7 8\r\n", absl::ZeroDuration()).ok());
  ReplicaClientOptions options;
  options.link.replica_id = "r1";
  options.from = {7, 8};
  auto client = ReplicaClient::Connect(
      std::make_unique<ImpatientTransport>(std::move(pair.first)), options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->NextEvent(), nullptr);
  EXPECT_TRUE(absl::IsDeadlineExceeded((*client)->status()));
}

}  // namespace
}  // namespace kevy_replica
