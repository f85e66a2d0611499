// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Plays every recording of testdata/captures to a session and to a follower.
// The decoder reads each of them to its end; here is what the link makes of it.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace kevy_replica {
namespace {

using ::kevy_replica::client_testing::TestAccess;
using ::kevy_replica::codec_testing::ListFiles;
using ::kevy_replica::codec_testing::ReadFile;

constexpr uint64_t kFreshGeneration = 99;

struct Row {
  // The recording, without "kevy-" and ".resp".
  const char* name;
  // The held data's position.
  FeedPosition from;
  // The session's position behind the last byte.
  FeedPosition position;
  // The end of the link: with the recording's bytes, else in the 20 s behind
  // them, in which only heartbeats come, else by the primary's clean close
  // ("closed"). Without heartbeats in the recording none come.
  const char* end;
  // The follower's next request: "PROTOCOL GENERATION:OFFSET".
  const char* next;
};

const Row kRows[] = {
    {"2.0.20-frame-over-256k-never-sent", {0, 0}, {0, 1}, "closed", "1 0:1"},
    {"2.0.20-frames", {0, 0}, {0, 16}, "closed", "1 0:16"},
    {"2.0.20-fresh", {0, 0}, {0, 15}, "closed", "1 0:15"},
    {"2.0.20-fresh-after-flushall", {0, 0}, {0, 6}, "closed", "1 0:6"},
    {"2.0.20-offset-ahead-of-history", {0, 500}, {0, 500}, "closed", "1 0:500"},
    {"2.0.20-resume-at-frame-over-256k", {0, 1}, {0, 1}, "closed", "1 0:1"},
    {"2.0.20-what-is-propagated", {0, 0}, {0, 26}, "closed", "1 0:26"},
    {"3.18.0-flushall-midstream",
     {0, 0},
     {1, 2},
     "generation_changed",
     "1 0:2"},
    {"3.18.0-frame-over-256k-never-sent", {0, 0}, {1, 1}, "stalled", "1 0:1"},
    {"3.18.0-frames", {0, 0}, {1, 16}, "closed", "1 0:16"},
    {"3.18.0-fresh", {0, 0}, {1, 15}, "closed", "1 0:15"},
    {"3.18.0-fresh-after-flushall", {0, 0}, {2, 4}, "closed", "1 0:4"},
    {"3.18.0-fresh-replica-no-snapshot-after-restart",
     {0, 0},
     {2, 1},
     "closed",
     "1 0:1"},
    {"3.18.0-offset-ahead-of-history",
     {2, 500},
     {2, 500},
     "foreign_history",
     "1 0:0"},
    {"3.18.0-resume-at-frame-over-256k", {1, 1}, {1, 1}, "stalled", "1 0:1"},
    {"3.18.0-what-is-propagated", {0, 0}, {1, 28}, "closed", "1 0:28"},
    {"4.1.1-frame-over-256k-never-sent", {0, 0}, {1, 1}, "stalled", "2 1:1"},
    {"4.1.1-fresh-after-flushall", {0, 0}, {2, 4}, "closed", "2 2:4"},
    {"4.1.1-offset-ahead-of-history",
     {2, 500},
     {2, 500},
     "foreign_history",
     "2 99:0"},
    {"4.1.1-resume", {2, 1}, {2, 4}, "closed", "2 2:4"},
    {"5.4.0-all-types",
     {0, 0},
     {1520060993468585, 13},
     "closed",
     "2 1520060993468585:13"},
    {"5.4.0-embedded-writer-fresh",
     {0, 0},
     {1795847599428355641, 7},
     "closed",
     "2 1795847599428355641:7"},
    {"5.4.0-flushall",
     {0, 0},
     {8226149225416826, 2},
     "closed",
     "2 8226149225416826:2"},
    {"5.4.0-frame-over-256k-never-sent",
     {0, 0},
     {3969871052769259, 1},
     "stalled",
     "2 3969871052769259:1"},
    {"5.4.0-fresh",
     {0, 0},
     {7270893326363503, 39},
     "closed",
     "2 7270893326363503:39"},
    {"5.4.0-resume",
     {7270893326363503, 8},
     {7270893326363503, 39},
     "closed",
     "2 7270893326363503:39"},
    {"5.4.0-resume-at-frame-over-256k",
     {3969871052769259, 1},
     {3969871052769259, 1},
     "stalled",
     "2 3969871052769259:1"},
    {"5.4.0-slow-reader-snapshot-midstream",
     {0, 0},
     {4762514970653767, 402},
     "closed",
     "2 4762514970653767:402"},
    {"5.4.0-what-is-propagated",
     {0, 0},
     {2239661222018597, 33},
     "closed",
     "2 2239661222018597:33"},
    {"5.4.0-wrong-generation",
     {7270893326363504, 8},
     {7270893326363503, 39},
     "closed",
     "2 7270893326363503:39"},
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.name;
}

std::string BytesOf(absl::string_view name) {
  return ReadFile(absl::StrCat("testdata/captures/kevy-", name, ".resp"));
}

LinkOptions OptionsFor(absl::string_view name) {
  LinkOptions options;
  options.replica_id = "r1";
  options.fresh_generation = kFreshGeneration;
  options.protocol =
      absl::StartsWith(name, "2.") || absl::StartsWith(name, "3.")
          ? ProtocolChoice::kV1
          : ProtocolChoice::kV2;
  return options;
}

template <typename SomeSession>
void Receive(absl::string_view bytes, absl::Time now, SomeSession* session) {
  const absl::Span<char> room = session->PrepareRead(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  session->HandleRead(bytes.size(), now);
}

// Returns the next heartbeat of a primary that has sent `heartbeat`, and then
// the data up to `received`.
std::string NextHeartbeat(Heartbeat heartbeat, const FeedPosition& received) {
  heartbeat.next_offset = std::max(heartbeat.next_offset, received.next_offset);
  std::string bytes;
  EXPECT_EQ(Append(heartbeat, &bytes), WireError::kNone);
  return bytes;
}

std::string KindOf(const absl::Status& status) {
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  if (kind.has_value()) return std::string(ReplicaErrorKindName(*kind));
  return status.ok() ? "closed" : status.ToString();
}

// One link of a Session.
class SessionRun {
 public:
  explicit SessionRun(const Row& row)
      : session_(OptionsFor(row.name), row.from) {
    session_.HandleConnected(now_);
    std::string out;
    session_.PollTransmit(now_, &out);
    Take(BytesOf(row.name));
  }

  // Only heartbeats come, then the clean end.
  void Wait() {
    for (int second = 0; second < 20 && !session_.done(); ++second) {
      session_.HandleWaiting(now_);
      now_ += absl::Seconds(1);
      session_.HandleTimeout(now_);
      if (!session_.last_heartbeat().has_value()) continue;
      Take(NextHeartbeat(*session_.last_heartbeat(), session_.position()));
    }
    if (!session_.done()) session_.HandleEof();
  }

  const Session& session() const { return session_; }

 private:
  void Take(absl::string_view bytes) {
    Receive(bytes, now_, &session_);
    while (session_.PollEvent() != nullptr) {
      EXPECT_EQ(TestAccess::CheckInvariants(session_), absl::OkStatus());
    }
  }

  absl::Time now_ = absl::UnixEpoch();
  Session session_;
};

// A follower that applies all that comes.
class FollowerRun {
 public:
  FollowerRun(absl::string_view name, const FeedPosition& from)
      : session_(Options(name, from), now_) {
    Connect();
  }

  // Plays a recording, then its last heartbeat each second, then the end.
  // Returns the end of the link.
  std::string Play(absl::string_view bytes) {
    link_down_.reset();
    heartbeat_.reset();
    Take(bytes);
    for (int second = 0; second < 20 && !link_down_.has_value(); ++second) {
      session_.HandleWaiting(now_);
      now_ += absl::Seconds(1);
      session_.HandleTimeout(now_);
      Take(heartbeat_.has_value()
               ? NextHeartbeat(*heartbeat_, session_.received())
               : "");
    }
    if (!link_down_.has_value()) {
      session_.HandleEof();
      Poll();
    }
    return KindOf(link_down_->status);
  }

  // Connects after the wait. Returns the request.
  std::string Connect() {
    now_ =
        std::max(now_, std::min(session_.PollTimeout(), now_ + absl::Hours(1)));
    session_.PollLink(now_);
    session_.HandleConnected(now_);
    std::string out;
    session_.PollTransmit(now_, &out);
    HandshakeRequest request;
    ArgvStorage storage;
    EXPECT_TRUE(
        DecodeHandshakeRequest(out, Limits(), &storage, &request).done());
    return absl::StrCat(request.protocol == Protocol::kV1 ? 1 : 2, " ",
                        request.generation, ":", request.offset);
  }

 private:
  static FollowerSessionOptions Options(absl::string_view name,
                                        const FeedPosition& from) {
    FollowerSessionOptions options;
    options.link = OptionsFor(name);
    options.link.heartbeat_timeout = absl::Seconds(5);
    options.from = from;
    options.retry.random = [] { return 0.5; };
    return options;
  }

  void Take(absl::string_view bytes) {
    if (!bytes.empty()) Receive(bytes, now_, &session_);
    Poll();
  }

  void Poll() {
    while (const FollowerEvent* event = session_.PollEvent(now_)) {
      std::visit(Taker{this}, *event);
      EXPECT_EQ(TestAccess::CheckInvariants(session_), absl::OkStatus());
      const std::optional<FeedPosition> due = session_.PollStore(now_);
      if (due.has_value()) session_.HandleStored(*due, now_);
    }
  }

  struct Taker {
    void operator()(absl::Span<const FrameView> frames) const {
      run->session_.HandleApplied(frames.back().offset() + 1);
    }
    void operator()(const SnapshotEnd& end) const {
      run->session_.HandleApplied(end.next_offset);
    }
    void operator()(const Heartbeat& heartbeat) const {
      run->heartbeat_ = heartbeat;
    }
    void operator()(const LinkDown& down) const { run->link_down_ = down; }
    template <typename Other>
    void operator()(const Other&) const {}
    FollowerRun* run;
  };

  absl::Time now_ = absl::UnixEpoch();
  FollowerSession session_;
  std::optional<Heartbeat> heartbeat_;
  std::optional<LinkDown> link_down_;
};

class RecordingsTest : public ::testing::TestWithParam<Row> {};

TEST_P(RecordingsTest, SessionEndsAsExpected) {
  const Row& row = GetParam();
  SessionRun run(row);
  EXPECT_EQ(run.session().position(), row.position);
  run.Wait();
  EXPECT_EQ(KindOf(run.session().status()), row.end) << run.session().status();
}

TEST_P(RecordingsTest, FollowerResumesAsExpected) {
  const Row& row = GetParam();
  FollowerRun run(row.name, row.from);
  EXPECT_EQ(run.Play(BytesOf(row.name)), row.end);
  EXPECT_EQ(run.Connect(), row.next);
}

INSTANTIATE_TEST_SUITE_P(Files, RecordingsTest, ::testing::ValuesIn(kRows),
                         [](const ::testing::TestParamInfo<Row>& info) {
                           std::string name = info.param.name;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return c == '.' || c == '-'; },
                               '_');
                           return name;
                         });

// The two recordings are of one primary.
TEST(RecordingsStallTest, SecondStallAtOneOffsetStartsFresh) {
  struct Stall {
    const char* version;
    const char* resume;
    const char* fresh;
  };
  for (const Stall& stall :
       {Stall{"3.18.0", "1 0:1", "1 0:0"},
        Stall{"5.4.0", "2 3969871052769259:1", "2 99:0"}}) {
    FollowerRun run(stall.version, {0, 0});
    EXPECT_EQ(run.Play(BytesOf(
                  absl::StrCat(stall.version, "-frame-over-256k-never-sent"))),
              "stalled");
    EXPECT_EQ(run.Connect(), stall.resume);
    EXPECT_EQ(run.Play(BytesOf(
                  absl::StrCat(stall.version, "-resume-at-frame-over-256k"))),
              "stalled");
    EXPECT_EQ(run.Connect(), stall.fresh);
  }
}

// kevy 3.18 tells of FLUSHALL by the heartbeat's generation alone. The resume
// finds a history that is not the held data's, and the fresh start its
// snapshot.
TEST(RecordingsFlushAllTest, FlushAllOfProtocol1LeadsToSnapshot) {
  FollowerRun run("3.18.0", {0, 0});
  EXPECT_EQ(run.Play(BytesOf("3.18.0-flushall-midstream")),
            "generation_changed");
  EXPECT_EQ(run.Connect(), "1 0:2");
  EXPECT_EQ(run.Play("+ACK 2\r\n+PING 2 4\r\n"), "foreign_history");
  EXPECT_EQ(run.Connect(), "1 0:0");
  EXPECT_EQ(run.Play(BytesOf("3.18.0-fresh-after-flushall")), "closed");
  EXPECT_EQ(run.Connect(), "1 0:4");
}

// One script in the queue serves a client that tries protocol 2 before
// protocol 1, on two connections.
TEST(RecordingsAutoProtocolTest, QueuedScriptServesProtocol1) {
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript::Capture(BytesOf("3.18.0-frames")));
  ReplicaClientOptions options;
  options.link.replica_id = "r1";
  auto client = ReplicaClient::Connect(primary.InMemory(), options);
  ASSERT_TRUE(client.ok()) << client.status();
  uint64_t frames = 0;
  while ((*client)->NextFrame() != nullptr) ++frames;
  EXPECT_EQ(frames, 16u);
  EXPECT_TRUE((*client)->status().ok()) << (*client)->status();
  EXPECT_EQ(primary.connections(), 2u);
  EXPECT_EQ(primary.connection(0).request->protocol, Protocol::kV2);
  EXPECT_EQ(primary.connection(1).request->protocol, Protocol::kV1);
}

TEST(RecordingsTableTest, HasEveryRecording) {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.push_back(absl::StrCat("kevy-", row.name));
  EXPECT_EQ(names, ListFiles("testdata/captures", ".resp"));
}

}  // namespace
}  // namespace kevy_replica
