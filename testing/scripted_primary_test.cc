// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_primary.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/matchers.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Request(Protocol protocol, uint64_t generation, uint64_t offset,
                    absl::string_view id = "test") {
  std::string out;
  EXPECT_EQ(Append(HandshakeRequest{protocol, generation, offset, id}, &out),
            WireError::kNone);
  return out;
}

void Write(Transport& transport, absl::string_view bytes) {
  EXPECT_TRUE(transport.Write(bytes, absl::InfiniteDuration()).ok());
}

// Reads `size` bytes, or fewer at the end of the stream.
std::string Read(Transport& transport, size_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const absl::StatusOr<size_t> n = transport.Read(
        absl::MakeSpan(&bytes[have], size - have), absl::InfiniteDuration());
    EXPECT_TRUE(n.ok()) << n.status();
    if (!n.ok() || *n == 0) break;
    have += *n;
  }
  bytes.resize(have);
  return bytes;
}

std::string ReadAll(Transport& transport) { return Read(transport, 1 << 20); }

// Reads up to the end and returns the number of bytes.
size_t SkipAll(Transport& transport) {
  size_t total = 0;
  while (true) {
    const size_t size = Read(transport, 1 << 20).size();
    if (size == 0) return total;
    total += size;
  }
}

std::string Capture(const std::string& name) {
  std::ifstream file("testdata/captures/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

enum class Network { kMemory, kTcp, kUnix };

class ScriptedPrimaryTest : public ::testing::TestWithParam<Network> {
 protected:
  ScriptedPrimaryTest() {
    switch (GetParam()) {
      case Network::kMemory:
        connect_ = primary_.InMemory();
        break;
      case Network::kTcp:
        Listen("127.0.0.1:0");
        break;
      case Network::kUnix:
        // TEST_TMPDIR may be too long for the path of a socket.
        EXPECT_NE(mkdtemp(directory_), nullptr);
        Listen(absl::StrCat("unix:", directory_, "/socket"));
        break;
    }
  }
  ~ScriptedPrimaryTest() override {
    if (GetParam() != Network::kUnix) return;
    unlink(absl::StrCat(directory_, "/socket").c_str());
    rmdir(directory_);
  }

  void Listen(absl::string_view address) {
    const absl::Status status = primary_.Listen(address);
    ASSERT_TRUE(status.ok()) << status;
    connect_ = ConnectTo(primary_.address());
  }

  // Connects and sends `bytes`.
  std::unique_ptr<Transport> Connect(absl::string_view bytes) {
    absl::StatusOr<std::unique_ptr<Transport>> transport = connect_();
    EXPECT_TRUE(transport.ok()) << transport.status();
    Write(**transport, bytes);
    return *std::move(transport);
  }

  // Connects, sends `bytes`, and returns the bytes read up to the end.
  std::string Play(absl::string_view bytes) { return ReadAll(*Connect(bytes)); }

  char directory_[32] = "/tmp/kevy_replica_XXXXXX";
  ScriptedPrimary primary_;
  TransportFactory connect_;
};

INSTANTIATE_TEST_SUITE_P(All, ScriptedPrimaryTest,
                         ::testing::Values(Network::kMemory, Network::kTcp,
                                           Network::kUnix),
                         [](const auto& info) {
                           switch (info.param) {
                             case Network::kMemory:
                               return "Memory";
                             case Network::kTcp:
                               return "Tcp";
                             case Network::kUnix:
                               return "Unix";
                           }
                           return "";
                         });

TEST_P(ScriptedPrimaryTest, AcceptsBothProtocolsAndEchoesOffset) {
  primary_.SetDefault(PrimaryScript());
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 5, "one")), "+ACK 5\r\n");
  EXPECT_EQ(Play(Request(Protocol::kV2, 77, 6, "two")), "+ACK 1 6\r\n");

  primary_.WaitFinished(0);
  primary_.WaitFinished(1);
  ASSERT_EQ(primary_.connections(), 2u);
  const ScriptedPrimary::Connection one = primary_.connection(0);
  ASSERT_TRUE(one.request.has_value());
  EXPECT_EQ(one.request->protocol, Protocol::kV1);
  EXPECT_EQ(one.request->offset, 5u);
  EXPECT_EQ(one.request->replica_id, "one");
  EXPECT_EQ(one.replica_id, "one");
  EXPECT_EQ(one.received, Request(Protocol::kV1, 0, 5, "one"));
  EXPECT_THAT(one.acks, IsEmpty());
  EXPECT_TRUE(one.finished);
  const ScriptedPrimary::Connection two = primary_.connection(1);
  ASSERT_TRUE(two.request.has_value());
  EXPECT_EQ(two.request->protocol, Protocol::kV2);
  EXPECT_EQ(two.request->generation, 77u);
  EXPECT_EQ(two.request->offset, 6u);
  EXPECT_EQ(two.replica_id, "two");
}

TEST_P(ScriptedPrimaryTest, AnswersWithGivenValues) {
  primary_.SetDefault(PrimaryScript().Generation(99).AnswerOffset(14));
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 5)), "+ACK 14\r\n");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 5)), "+ACK 99 14\r\n");
}

TEST_P(ScriptedPrimaryTest, RefusesWithoutAnswer) {
  primary_.Enqueue(PrimaryScript().Refuse().Send("unsent"));
  primary_.Enqueue(PrimaryScript().Speak(Protocol::kV1));
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "");
  EXPECT_EQ(Play("*1\r\n$4\r\nPING\r\n"), "");
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "+ACK 0\r\n");
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "");  // The queue is empty.

  for (size_t i = 0; i < 5; ++i) primary_.WaitFinished(i);
  EXPECT_TRUE(primary_.connection(0).finished);
  EXPECT_FALSE(primary_.connection(1).finished);
  EXPECT_EQ(primary_.connection(1).error,
            "the script speaks the other protocol, and stays queued");
  EXPECT_TRUE(primary_.connection(1).request.has_value());
  EXPECT_FALSE(primary_.connection(2).finished);
  EXPECT_FALSE(primary_.connection(2).request.has_value());
  EXPECT_EQ(primary_.connection(2).error,
            "the replica sent a malformed request");
  EXPECT_EQ(primary_.connection(2).received, "*1\r\n$4\r\nPING\r\n");
  EXPECT_TRUE(primary_.connection(3).finished);
  EXPECT_EQ(primary_.connection(3).error, "");
  EXPECT_TRUE(primary_.connection(4).finished);
  EXPECT_FALSE(primary_.connection(5).finished);  // It does not exist.
}

// A client of another test may still try this port.
TEST_P(ScriptedPrimaryTest, StrayConnectionKeepsScript) {
  primary_.Enqueue(PrimaryScript());
  Connect("");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 5)), "+ACK 1 5\r\n");
  EXPECT_EQ(primary_.connections(), 1u);
  EXPECT_EQ(primary_.connection(0).received, Request(Protocol::kV2, 0, 5));
}

TEST_P(ScriptedPrimaryTest, CutRequestKeepsScript) {
  primary_.Enqueue(PrimaryScript());
  const std::string request = Request(Protocol::kV2, 0, 5);
  Connect(request.substr(0, request.size() - 1));
  primary_.WaitFinished(0);
  EXPECT_EQ(Play(request), "+ACK 1 5\r\n");
  primary_.WaitFinished(1);
  EXPECT_FALSE(primary_.connection(0).finished);
  EXPECT_TRUE(primary_.connection(1).finished);
}

TEST_P(ScriptedPrimaryTest, RefusedProtocolKeepsScript) {
  primary_.Enqueue(PrimaryScript::Capture("+ACK 7\r\none"));
  primary_.Enqueue(PrimaryScript::Capture("+ACK 1 7\r\ntwo"));
  primary_.SetDefault(PrimaryScript::Capture("+ACK 7\r\nthree"));
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "");
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "+ACK 7\r\none");
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "+ACK 1 7\r\ntwo");
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "");
  EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "+ACK 7\r\nthree");
}

TEST_P(ScriptedPrimaryTest, ReadsRequestInPieces) {
  primary_.Enqueue(PrimaryScript().WaitForAck(3));
  const std::string request = Request(Protocol::kV2, 0, 0);
  const auto transport = Connect("");
  for (const char c : request + "REPLCONF ACK 3\r\n") {
    Write(*transport, absl::string_view(&c, 1));
  }
  EXPECT_EQ(ReadAll(*transport), "+ACK 1 0\r\n");
  EXPECT_THAT(primary_.connection(0).acks, ElementsAre(3));
}

TEST_P(ScriptedPrimaryTest, SendsElements) {
  const std::string payload(kMaxChunkBytes + 1, 'x');
  primary_.Enqueue(PrimaryScript()
                       .Snapshot(payload, 8)
                       .Frame(8, {"SET", "foo", std::string("b\r\n\0", 4)})
                       .Snapshot("", 0)
                       .Frame(0, {""})
                       .Heartbeat(7, 1)
                       .Heartbeat(0, 1));
  const auto transport = Connect(Request(Protocol::kV2, 0, 0));

  StreamDecoder decoder;
  decoder.Feed(ReadAll(*transport));
  HandshakeAnswer answer;
  ASSERT_EQ(decoder.DecodeAnswer(&answer), Outcome::kDone);
  const auto next = [&decoder]() -> const StreamEvent& {
    EXPECT_EQ(decoder.Next(), Outcome::kDone);
    return decoder.event();
  };
  EXPECT_THAT(next(), IsSnapshotBegin());
  EXPECT_THAT(next(), IsSnapshotChunk(SizeIs(kMaxChunkBytes)));
  EXPECT_THAT(next(), IsSnapshotChunk("x"));
  EXPECT_THAT(next(), IsSnapshotEnd(8));
  EXPECT_THAT(next(),
              IsFrame(8, ElementsAre("SET", "foo", std::string("b\r\n\0", 4))));
  EXPECT_THAT(next(), IsSnapshotBegin());
  EXPECT_THAT(next(), IsSnapshotEnd(0));
  EXPECT_THAT(next(), IsFrame(0, ElementsAre("")));
  EXPECT_THAT(next(), IsHeartbeat(7, 1));
  EXPECT_THAT(next(), IsHeartbeat(0, 1));
  EXPECT_EQ(decoder.Next(), Outcome::kNeedMore);
}

TEST_P(ScriptedPrimaryTest, SendsBytesWholeAndInPieces) {
  primary_.Enqueue(PrimaryScript()
                       .NoAnswer()
                       .Send("-no\r\n")
                       .Send("")
                       .SendInPieces("abcdefg", 3)
                       .SendInPieces("hi", 0)
                       .Close()
                       .Send("unsent"));
  EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "-no\r\nabcdefghi");
  primary_.WaitFinished(0);
  EXPECT_TRUE(primary_.connection(0).finished);
}

TEST_P(ScriptedPrimaryTest, PlaysCaptures) {
  for (const char* name :
       {"kevy-2.0.20-frames.resp", "kevy-2.0.20-fresh.resp",
        "kevy-3.18.0-frames.resp", "kevy-3.18.0-fresh.resp"}) {
    const std::string bytes = Capture(name);
    primary_.Enqueue(PrimaryScript::Capture(bytes));
    EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), "") << name;
    EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), bytes) << name;
  }
  for (const char* name :
       {"kevy-5.4.0-all-types.resp", "kevy-5.4.0-flushall.resp",
        "kevy-5.4.0-fresh.resp", "kevy-5.4.0-resume.resp",
        "kevy-5.4.0-wrong-generation.resp"}) {
    const std::string bytes = Capture(name);
    primary_.Enqueue(PrimaryScript::Capture(bytes));
    EXPECT_EQ(Play(Request(Protocol::kV1, 0, 0)), "") << name;
    EXPECT_EQ(Play(Request(Protocol::kV2, 0, 0)), bytes) << name;
  }
}

TEST_P(ScriptedPrimaryTest, WaitsForAcknowledgements) {
  primary_.Enqueue(PrimaryScript()
                       .WaitForAck(0)
                       .Send("a")
                       .WaitForAck(1)
                       .Send("b")
                       .WaitForAck(1)
                       .Send("c")
                       .WaitForAck(5)
                       .Send("d"));
  // The first acknowledgement comes together with the request.
  const auto transport =
      Connect(Request(Protocol::kV1, 0, 0) + "REPLCONF ACK 1\r\n");
  EXPECT_EQ(Read(*transport, 11), "+ACK 0\r\nabc");
  Write(*transport, "REPLCONF ACK 4\r\nREPLCONF GETACK 9\r\nREPLCONF AC");
  Write(*transport, "K 6\r\n");
  EXPECT_EQ(ReadAll(*transport), "d");

  primary_.WaitFinished(0);
  const ScriptedPrimary::Connection connection = primary_.connection(0);
  EXPECT_TRUE(connection.finished);
  EXPECT_THAT(connection.acks, ElementsAre(1, 4, 6));
  EXPECT_EQ(connection.received, Request(Protocol::kV1, 0, 0) +
                                     "REPLCONF ACK 1\r\nREPLCONF ACK 4\r\n"
                                     "REPLCONF GETACK 9\r\nREPLCONF ACK 6\r\n");
}

TEST_P(ScriptedPrimaryTest, LineWithoutEndEndsScript) {
  primary_.Enqueue(PrimaryScript().WaitForAck(1).Send("unsent"));
  const auto transport = Connect(Request(Protocol::kV1, 0, 0));
  EXPECT_EQ(Read(*transport, 8), "+ACK 0\r\n");
  Write(*transport, std::string(300, 'x'));
  EXPECT_EQ(ReadAll(*transport), "");
  primary_.WaitFinished(0);
  EXPECT_FALSE(primary_.connection(0).finished);
}

TEST_P(ScriptedPrimaryTest, LeavingReplicaEndsScript) {
  primary_.Enqueue(PrimaryScript().WaitForAck(1));
  primary_.Enqueue(PrimaryScript().Stall());
  EXPECT_EQ(Read(*Connect(Request(Protocol::kV1, 0, 0)), 8), "+ACK 0\r\n");
  primary_.WaitFinished(0);
  EXPECT_FALSE(primary_.connection(0).finished);
  EXPECT_EQ(primary_.connection(0).error, "the replica left");
  EXPECT_EQ(Read(*Connect(Request(Protocol::kV1, 0, 0)), 8), "+ACK 0\r\n");
  primary_.WaitFinished(1);
  EXPECT_TRUE(primary_.connection(1).finished);
}

TEST_P(ScriptedPrimaryTest, HalfCloseEndsEachStep) {
  primary_.Enqueue(PrimaryScript().WaitForAck(1));
  primary_.Enqueue(PrimaryScript().Stall());
  primary_.Enqueue(PrimaryScript().Stall().Send("unsent"));
  const std::string request = Request(Protocol::kV1, 0, 0);
  for (size_t i = 0; i < 3; ++i) {
    const auto transport = Connect(request);
    transport->CloseWrite();
    EXPECT_EQ(ReadAll(*transport), "+ACK 0\r\n");
    primary_.WaitClosed(i);
    EXPECT_EQ(primary_.connection(i).end, ScriptedPrimary::End::kFin);
    EXPECT_FALSE(primary_.connection(i).left_unread);
  }
  EXPECT_EQ(primary_.connection(2).error, "the replica left");
}

// A script that sends without an end, and cannot pass offset 1000 before the
// test has ended the connection.
class FlowingScript {
 public:
  PrimaryScript script() {
    return PrimaryScript().FramesTo(1'000'000, [this](uint64_t offset) {
      if (offset == 1000) ended_.get_future().wait();
      return std::vector<std::string>{"SET", "k", std::string(1000, 'x')};
    });
  }
  void Ended() { ended_.set_value(); }

 private:
  std::promise<void> ended_;
};

TEST_P(ScriptedPrimaryTest, HalfCloseEndsFlow) {
  FlowingScript flow;
  primary_.Enqueue(flow.script());
  const auto transport = Connect(Request(Protocol::kV1, 0, 0));
  EXPECT_EQ(Read(*transport, 8), "+ACK 0\r\n");
  transport->CloseWrite();
  flow.Ended();
  EXPECT_LT(SkipAll(*transport), 1'300'000u);
  transport->Close();

  primary_.WaitClosed(0);
  EXPECT_EQ(primary_.connection(0).end, ScriptedPrimary::End::kFin);
  EXPECT_FALSE(primary_.connection(0).left_unread);
  EXPECT_FALSE(primary_.connection(0).finished);
  EXPECT_EQ(primary_.connection(0).error, "the replica left");
}

TEST_P(ScriptedPrimaryTest, HalfCloseEndsLongSend) {
  primary_.Enqueue(PrimaryScript().Send(std::string(64 << 20, 'x')));
  const auto transport = Connect(Request(Protocol::kV1, 0, 0));
  transport->CloseWrite();
  const size_t all = SkipAll(*transport);
  // In memory no write waits, so all of it may be on its way.
  if (GetParam() != Network::kMemory) {
    EXPECT_LT(all, 32u << 20);
  }
  primary_.WaitClosed(0);
  EXPECT_EQ(primary_.connection(0).end, ScriptedPrimary::End::kFin);
  EXPECT_FALSE(primary_.connection(0).left_unread);
}

TEST_P(ScriptedPrimaryTest, CloseInFlowLeavesBytesUnread) {
  FlowingScript flow;
  primary_.Enqueue(flow.script());
  auto transport = Connect(Request(Protocol::kV1, 0, 0));
  EXPECT_EQ(Read(*transport, 8), "+ACK 0\r\n");
  transport.reset();
  flow.Ended();
  primary_.WaitClosed(0);
  EXPECT_NE(primary_.connection(0).end, ScriptedPrimary::End::kOpen);
  EXPECT_TRUE(primary_.connection(0).left_unread);
}

TEST_P(ScriptedPrimaryTest, CloseBehindHalfCloseLeavesBytesUnread) {
  FlowingScript flow;
  primary_.Enqueue(flow.script());
  auto transport = Connect(Request(Protocol::kV1, 0, 0));
  EXPECT_EQ(Read(*transport, 8), "+ACK 0\r\n");
  transport->CloseWrite();
  transport.reset();
  flow.Ended();
  primary_.WaitClosed(0);
  // A reset of a Unix socket comes before a half-close that is unread.
  if (GetParam() == Network::kUnix) {
    EXPECT_NE(primary_.connection(0).end, ScriptedPrimary::End::kOpen);
  } else {
    EXPECT_EQ(primary_.connection(0).end, ScriptedPrimary::End::kFin);
  }
  EXPECT_TRUE(primary_.connection(0).left_unread);
}

TEST_P(ScriptedPrimaryTest, StopLeavesEndOpen) {
  primary_.Enqueue(PrimaryScript());
  const auto transport = Connect(Request(Protocol::kV1, 0, 0));
  EXPECT_EQ(ReadAll(*transport), "+ACK 0\r\n");
  primary_.WaitFinished(0);
  primary_.Stop();
  primary_.WaitClosed(0);
  EXPECT_EQ(primary_.connection(0).end, ScriptedPrimary::End::kOpen);
  EXPECT_FALSE(primary_.connection(0).left_unread);
}

// A plain close() of a socket with unread bytes: no end of a direction comes
// before the reset.
TEST(ScriptedPrimaryAloneTest, PlainCloseResets) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript().Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const absl::StatusOr<Address> address = ParseAddress(primary.address());
  ASSERT_TRUE(address.ok());
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(fd, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(address->port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  const std::string request = Request(Protocol::kV1, 0, 0);
  ASSERT_EQ(write(fd, request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  char first = 0;
  ASSERT_EQ(read(fd, &first, 1), 1);  // The rest of the answer stays unread.
  close(fd);
  primary.WaitClosed(0);
  EXPECT_EQ(primary.connection(0).end, ScriptedPrimary::End::kReset);
  EXPECT_TRUE(primary.connection(0).left_unread);
}

TEST_P(ScriptedPrimaryTest, StopEndsEachWait) {
  primary_.Enqueue(PrimaryScript().WaitForAck(1));
  primary_.Enqueue(PrimaryScript().Stall());
  primary_.Enqueue(PrimaryScript().Send(std::string(32 << 20, 'x')));
  const std::string request = Request(Protocol::kV1, 0, 0);
  const auto silent = Connect("");
  std::vector<std::unique_ptr<Transport>> transports;
  for (int i = 0; i < 3; ++i) {
    transports.push_back(Connect(request));
    EXPECT_EQ(Read(*transports.back(), 8), "+ACK 0\r\n");
  }
  const auto cut = Connect(request.substr(0, 1));
  // The answers show that three count. The bytes of the fourth may be unread.
  primary_.Stop();
  primary_.Stop();

  EXPECT_GE(primary_.connections(), 3u);
  for (size_t i = 0; i < 5; ++i) primary_.WaitFinished(i);
  EXPECT_FALSE(primary_.connection(0).finished);
  EXPECT_TRUE(primary_.connection(1).finished);
  EXPECT_FALSE(primary_.connection(3).finished);
  EXPECT_EQ(ReadAll(*transports[1]), "");
}

TEST(ScriptedPrimaryAloneTest, ListensOnce) {
  ScriptedPrimary primary;
  EXPECT_EQ(primary.address(), "");
  EXPECT_FALSE(primary.Listen("127.0.0.1").ok());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  EXPECT_NE(primary.address(), "");
  EXPECT_EQ(primary.Listen("127.0.0.1:0").code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ScriptedPrimaryAloneTest, StopRejectsNewConnections) {
  ScriptedPrimary primary;
  const TransportFactory connect = primary.InMemory();
  primary.Stop();
  EXPECT_EQ(primary.Listen("127.0.0.1:0").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(connect().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(primary.connections(), 0u);
}

TEST(ScriptedPrimaryAloneTest, WaitForAckEndsAtWaitLimit) {
  ScriptedPrimary primary(absl::Milliseconds(1));
  primary.Enqueue(PrimaryScript().WaitForAck(5).Send("unsent"));
  const auto transport = *primary.InMemory()();
  Write(*transport, Request(Protocol::kV1, 0, 0) + "REPLCONF ACK 3\r\n");
  EXPECT_EQ(ReadAll(*transport), "+ACK 0\r\n");
  primary.Stop();
  EXPECT_EQ(primary.connection(0).error,
            "WaitForAck(5) waited 1ms: the highest acknowledgement is 3");
  EXPECT_FALSE(primary.connection(0).finished);
}

TEST(ScriptedPrimaryDeathTest, WaitFinishedEndsAtWaitLimit) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ScriptedPrimary(absl::Milliseconds(1)).WaitFinished(3),
               "ScriptedPrimary: WaitFinished.3. waited 1ms: "
               "connections so far: 0");
  EXPECT_DEATH(
      {
        ScriptedPrimary primary(absl::Seconds(1));
        primary.Enqueue(PrimaryScript().Stall());
        const auto transport = *primary.InMemory()();
        Write(*transport, Request(Protocol::kV1, 0, 0, "late"));
        EXPECT_EQ(Read(*transport, 8), "+ACK 0\r\n");
        primary.WaitFinished(0);
      },
      "WaitFinished.0. waited 1s: it is at step 1 of its script: .*late");
}

TEST(ScriptedPrimaryConnectionTest, ComparesAndPrints) {
  ScriptedPrimary::Connection a;
  EXPECT_EQ(a, ScriptedPrimary::Connection());
  a.request = HandshakeRequest{Protocol::kV2, 7, 8, "id"};
  EXPECT_NE(a, ScriptedPrimary::Connection());
  ScriptedPrimary::Connection b = a;
  EXPECT_EQ(a, b);
  b.request->offset = 9;
  EXPECT_NE(a, b);
  b = a;
  b.acks.push_back(3);
  EXPECT_NE(a, b);
  b = a;
  b.end = ScriptedPrimary::End::kReset;
  EXPECT_NE(a, b);
  b = a;
  b.left_unread = true;
  EXPECT_NE(a, b);
  b.acks.push_back(3);
  b.end = ScriptedPrimary::End::kFin;
  b.replica_id = "id";
  b.received = "x\n";
  b.error = "the replica left";
  EXPECT_EQ(::testing::PrintToString(b),
            "protocol 2 request from generation 7 offset 8 by \"id\", received "
            "\"x\\n\", acknowledged [3], failed: the replica left, end fin, "
            "left bytes unread");
  EXPECT_EQ(::testing::PrintToString(ScriptedPrimary::Connection()),
            "no request, received \"\", acknowledged [], not finished, end "
            "open");
}

TEST(ScriptedPrimaryDeathTest, RejectsUnencodableElement) {
  EXPECT_DEATH(PrimaryScript().Frame(0, {}), "PrimaryScript: .*bad_command");
  EXPECT_DEATH(PrimaryScript().Frame(uint64_t{1} << 63, {"PING"}),
               "PrimaryScript: .*bad_offset");
}

TEST_P(ScriptedPrimaryTest, FramesToBeginsAtRequestedOffset) {
  const auto argv = [](uint64_t offset) {
    return std::vector<std::string>{"SET", absl::StrCat(offset)};
  };
  primary_.SetDefault(
      PrimaryScript().Generation(7).FramesTo(8999, argv).FramesTo(9000, argv));
  for (const uint64_t from : {uint64_t{0}, uint64_t{8998}, uint64_t{9001}}) {
    auto transport = Connect(Request(Protocol::kV2, 7, from));
    ASSERT_NE(transport, nullptr);
    std::string expected = absl::StrCat("+ACK 7 ", from, "\r\n");
    for (uint64_t offset = from; offset < 9000; ++offset) {
      EXPECT_EQ(AppendFrame(offset, {"SET", absl::StrCat(offset)}, &expected),
                WireError::kNone);
    }
    EXPECT_EQ(ReadAll(*transport), expected) << from;
  }
}

}  // namespace
}  // namespace kevy_replica
