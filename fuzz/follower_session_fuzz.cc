// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Many links: a FollowerSession over the links of a FuzzStream. The input
// chooses the options, the sizes of reads, the clock, the applied offsets, and
// the failures. After each step the session's invariants hold, and it claims no
// offset that was not applied. Events come in their order. A stop ends it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/fuzz_stream.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace {

using client_testing::TestAccess;
using testing_internal::FuzzInput;

// Checks the order of events, and the offsets of frames.
class Application {
 public:
  // `applied`: the follower's applied offset.
  void Take(const FollowerEvent& event, uint64_t applied) {
    applied_ = applied;
    std::visit([this](const auto& alternative) { On(alternative); }, event);
  }

 private:
  void On(const LinkUp& link) {
    FUZZ_CHECK(!linked_ && !in_snapshot_);
    linked_ = true;
    next_ = link.from.next_offset;
  }
  void On(const LinkDown&) {
    // An attempt that failed has no LinkUp. A snapshot that broke off is void.
    FUZZ_CHECK(!in_snapshot_);
    linked_ = false;
  }
  void On(absl::Span<const FrameView> frames) {
    FUZZ_CHECK(linked_ && !in_snapshot_ && !frames.empty());
    // Frames that were applied late, after their link's end, are left out.
    if (frames[0].offset() == applied_) next_ = std::max(next_, applied_);
    for (const FrameView& frame : frames) {
      FUZZ_CHECK(frame.offset() == next_);
      FUZZ_CHECK(!frame.argv().empty());
      ++next_;
    }
  }
  void On(const Heartbeat&) { FUZZ_CHECK(linked_); }
  void On(const HistoryReset&) {
    FUZZ_CHECK(linked_ && !in_snapshot_ && next_ == 0);
  }
  void On(const SnapshotBegin&) {
    FUZZ_CHECK(linked_ && !in_snapshot_);
    in_snapshot_ = true;
  }
  void On(const SnapshotChunk&) { FUZZ_CHECK(linked_ && in_snapshot_); }
  void On(const SnapshotEnd& end) {
    FUZZ_CHECK(linked_ && in_snapshot_);
    in_snapshot_ = false;
    next_ = end.next_offset;
  }
  void On(const SnapshotVoid&) { in_snapshot_ = false; }

  uint64_t applied_ = 0;
  bool linked_ = false;
  bool in_snapshot_ = false;
  uint64_t next_ = 0;
};

class Driver {
 public:
  Driver(const FollowerSessionOptions& options, FuzzInput* schedule,
         FuzzStream* stream)
      : schedule_(*schedule),
        stream_(*stream),
        session_(options, now_),
        applied_{0, options.from.next_offset} {}

  void Run() {
    while (!session_.done() && !schedule_.done()) {
      Turn();
      Step();
      Check();
    }
    session_.HandleStop(absl::CancelledError("the end"));
    Transmit();
    for (int i = 0; i < 3; ++i) Turn();
    FUZZ_CHECK(session_.done());
    FUZZ_CHECK(session_.PollLink(now_) == 0);
    FUZZ_CHECK(session_.PollEvent(now_) == nullptr);
    Check();
  }

 private:
  void Check() {
    const absl::Status status = TestAccess::CheckInvariants(session_);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    FUZZ_CHECK(status.ok());
    FUZZ_CHECK(applied_.count(session_.applied().next_offset) == 1);
  }

  // A turn of follower_session.h's loop, without the wait.
  void Turn() {
    if (session_.PollLink(now_) != link_number_) {
      link_number_ = session_.PollLink(now_);
      connected_ = false;
      if (link_number_ != 0) Connect();
    }
    session_.PollFramesEnd();
    while (const FollowerEvent* const event = session_.PollEvent(now_)) {
      Store();
      application_.Take(*event, session_.applied().next_offset);
      Check();
    }
    session_.GiveBack(&shared_);
    Store();
    if (schedule_.Bool()) Transmit();
  }

  void Connect() {
    if (schedule_.Byte() >= 240) {
      session_.HandleConnectFailed(absl::UnavailableError("refused"));
      return;
    }
    session_.HandleConnected(now_);
    connected_ = true;
    link_.clear();
    rest_ = link_;
    Transmit();
  }

  void Store() {
    const std::optional<FeedPosition> position = session_.PollStore(now_);
    if (!position.has_value()) return;
    FUZZ_CHECK(applied_.count(position->next_offset) == 1);
    session_.HandleStored(*position, now_);
  }

  // Writes the bytes that are due. The primary answers a request.
  void Transmit() {
    std::string out;
    if (!session_.PollTransmit(now_, &out)) return;
    FUZZ_CHECK(connected_);
    ArgvStorage storage;
    HandshakeRequest request;
    if (!DecodeHandshakeRequest(out, Limits(), &storage, &request).done()) {
      FUZZ_CHECK(out.substr(0, 13) == "REPLCONF ACK ");
      return;
    }
    FUZZ_CHECK(applied_.count(request.offset) == 1);
    link_ = stream_.NextLink(request);
    rest_ = link_;
  }

  void Read(size_t size) {
    if (!connected_) return;
    size = std::min(size, rest_.size());
    if (size == 0) {
      session_.HandleEof();
      return;
    }
    const absl::Span<char> room =
        session_.PrepareRead(size, size % 2 == 0 ? &shared_ : nullptr);
    if (room.empty()) return;  // The link has ended.
    size = std::min(size, room.size());
    std::memcpy(room.data(), rest_.data(), size);
    rest_.remove_prefix(size);
    session_.HandleRead(size, now_);
  }

  void Step() {
    switch (schedule_.Below(10)) {
      case 0:
        now_ += absl::Milliseconds(schedule_.Byte() * schedule_.Byte());
        session_.HandleTimeout(now_);
        break;
      case 1:
        Wait();
        break;
      case 2:
      case 3:
        Apply(session_.delivered_end());
        break;
      case 4:
        Apply(schedule_.Bool()
                  ? schedule_.Number()
                  : session_.delivered_end() + 2 - schedule_.Below(5));
        break;
      case 5:
        session_.HandleWaiting(now_);
        break;
      case 6:
        Fail();
        break;
      default:
        Read(schedule_.Bool() ? rest_.size() : 1 + schedule_.Byte());
    }
  }

  void Wait() {
    const absl::Time until = session_.PollTimeout();
    if (until == absl::InfiniteFuture()) return;
    now_ = std::max(now_, until);
    session_.HandleTimeout(now_);
  }

  void Apply(uint64_t offset) {
    // Only these can count: see FollowerSession::HandleApplied().
    if (offset <= session_.delivered_end()) applied_.insert(offset);
    session_.HandleApplied(offset);
  }

  void Fail() {
    switch (schedule_.Below(8)) {
      case 0:
        if (connected_) session_.HandleFailure(absl::UnavailableError("reset"));
        break;
      case 1:
        session_.HandleNotPrimary(
            ReplicaError(ReplicaErrorKind::kNotPrimary, "a replica"));
        break;
      case 2:
        session_.HandleRetarget();
        break;
      case 3:
        session_.HandleLocated();
        break;
      case 4: {
        const FeedPosition start{schedule_.Byte(), schedule_.Byte()};
        applied_.insert(start.next_offset);
        session_.HandleStart(start);
        break;
      }
      case 5:
        if (schedule_.Below(4) == 0) session_.HandleStop(absl::OkStatus());
        break;
      default:
        Read(0);
    }
  }

  FuzzInput& schedule_;
  FuzzStream& stream_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  SharedReadBuffer shared_;
  FollowerSession session_;
  std::set<uint64_t> applied_;  // Each offset that may be claimed.
  Application application_;
  uint64_t link_number_ = 0;
  bool connected_ = false;
  std::string link_;
  absl::string_view rest_;
};

void Run(absl::string_view bytes) {
  FuzzInput input(bytes);
  const uint8_t flags = input.Byte();
  FuzzInput schedule(input.Bytes(size_t{2} * input.Byte()));
  FollowerSessionOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = static_cast<ProtocolChoice>(flags % 3);
  options.link.fresh_generation = uint64_t{1} << 60;
  options.snapshots.in_place = (flags & 4) != 0;
  options.acknowledge = (flags & 8) != 0;
  options.retry.random = [&schedule] { return schedule.Byte() / 256.0; };
  if ((flags & 16) != 0) options.from = {input.Byte(), input.Byte()};
  if ((flags & 32) != 0) options.store_interval = absl::ZeroDuration();
  FuzzStreamOptions stream_options;
  stream_options.corruptions = (flags & 64) != 0;
  stream_options.protocol = (flags & 128) != 0 ? Protocol::kV1 : Protocol::kV2;
  FuzzStream stream(input.Bytes(bytes.size()), stream_options);
  Driver(options, &schedule, &stream).Run();
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
