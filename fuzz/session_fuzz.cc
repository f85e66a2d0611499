// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One link: a Session over the stream of a FuzzStream, or over raw bytes. The
// input chooses the options, the sizes of reads, the clock, and the calls of
// the application. The session's invariants hold after each step. Its events
// and its end are the same whole and in pieces, by PollEvent() and by
// PollFrames().

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/client/testing/test_access.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/fuzz_stream.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace {

using client_testing::TestAccess;
using testing_internal::FuzzInput;

// What one input determines.
struct Scene {
  LinkOptions link;
  FeedPosition from;
  bool is_raw = false;  // `bytes` are the link's bytes, not choices.
  FuzzStreamOptions stream;
  absl::string_view schedule;
  absl::string_view bytes;
};

// The result of a link, however it was read.
struct Outcome {
  std::vector<std::string> events;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::optional<ReplicaErrorKind> kind;
  FeedPosition position;

  friend bool operator==(const Outcome& a, const Outcome& b) {
    return a.events == b.events && a.code == b.code && a.kind == b.kind &&
           a.position == b.position;
  }
};

class Driver {
 public:
  explicit Driver(const Scene& scene)
      : scene_(scene),
        session_(scene.link, scene.from),
        stream_(scene.bytes, scene.stream) {}

  // Reads the link whole or in pieces, with nothing else happening.
  Outcome Read(bool in_pieces, bool by_frames) {
    FuzzInput pieces(scene_.schedule);
    while (!session_.done()) {
      ConnectIfDue();
      Poll(by_frames);
      if (session_.done()) break;
      ReadNext(in_pieces ? 1 + pieces.Byte() : rest_.size());
    }
    CheckInvariants();
    return {std::move(events_), session_.status().code(),
            ReplicaErrorKindOf(session_.status()), session_.position()};
  }

  // Does what the schedule says.
  void Play() {
    FuzzInput schedule(scene_.schedule);
    while (!session_.done()) {
      ConnectIfDue();
      Poll(schedule.Bool());
      CheckInvariants();
      if (session_.done()) break;
      Step(&schedule);
      CheckInvariants();
    }
    // The end is final.
    const absl::Status status = session_.status();
    Step(&schedule);
    FUZZ_CHECK(session_.done() && session_.status() == status);
    FUZZ_CHECK(session_.PollEvent() == nullptr);
    std::string out;
    FUZZ_CHECK(!session_.PollTransmit(now_, &out));
    CheckInvariants();
  }

 private:
  void CheckInvariants() {
    const absl::Status status = TestAccess::CheckInvariants(session_);
    if (status.ok()) return;
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    FUZZ_CHECK(status.ok());
  }

  void ConnectIfDue() {
    if (links_ > 0 && !session_.wants_reconnect()) return;
    FUZZ_CHECK(++links_ <= 2);
    session_.HandleConnected(now_);
    std::string out;
    FUZZ_CHECK(session_.PollTransmit(now_, &out));
    ArgvStorage storage;
    HandshakeRequest request;
    FUZZ_CHECK(DecodeHandshakeRequest(out, Limits(), &storage, &request)
                   .bytes_decoded == out.size());
    FUZZ_CHECK(request.offset == scene_.from.next_offset);
    link_ =
        scene_.is_raw ? std::string(scene_.bytes) : stream_.NextLink(request);
    rest_ = link_;
  }

  // Gives the session the next `size` bytes, or the end.
  void ReadNext(size_t size) {
    size = std::min(size, rest_.size());
    if (size == 0) {
      session_.HandleEof();
      return;
    }
    const absl::Span<char> room =
        session_.PrepareRead(size, size % 2 == 0 ? &shared_ : nullptr);
    FUZZ_CHECK(!room.empty());
    size = std::min(size, room.size());
    std::memcpy(room.data(), rest_.data(), size);
    rest_.remove_prefix(size);
    session_.HandleRead(size, now_);
  }

  void Poll(bool by_frames) {
    while (true) {
      if (by_frames) {
        for (const FrameView& frame : session_.PollFrames()) Add(frame);
      }
      const StreamEvent* const event = session_.PollEvent();
      if (event == nullptr) break;
      Add(*event);
    }
    session_.GiveBack(&shared_);
  }

  template <typename Event>
  void Add(const Event& event) {
    std::string text;
    AppendText(event, &text);
    events_.push_back(std::move(text));
  }

  void Step(FuzzInput* schedule) {
    if (schedule->done() && !session_.done()) return ReadNext(rest_.size());
    switch (schedule->Below(8)) {
      case 0:
        now_ += absl::Milliseconds(schedule->Byte() * schedule->Byte());
        if (now_ >= session_.PollTimeout()) session_.HandleTimeout(now_);
        break;
      case 1:
        session_.HandleApplied(Offset(schedule));
        break;
      case 2:
        if (session_.AckNow(Offset(schedule)).ok()) Transmit();
        break;
      case 3:
        Transmit();
        break;
      case 4:
        session_.HandleWaiting(now_);
        break;
      case 5:
        if (schedule->Byte() < 16) {
          session_.HandleFailure(absl::UnavailableError("the network"));
        } else if (session_.in_snapshot() && schedule->Byte() < 32) {
          session_.HandleSnapshotFailure(absl::DataLossError("the loader"));
        }
        break;
      default:
        if (!session_.done()) ReadNext(schedule->Byte());
    }
  }

  // An offset near the received one, or any.
  uint64_t Offset(FuzzInput* schedule) const {
    return schedule->Bool()
               ? schedule->Number()
               : session_.position().next_offset + 2 - schedule->Below(5);
  }

  void Transmit() {
    std::string out = "unchanged";
    if (session_.PollTransmit(now_, &out)) {
      FUZZ_CHECK(out.substr(0, 13) == "REPLCONF ACK ");
    } else {
      FUZZ_CHECK(out == "unchanged");
    }
  }

  const Scene& scene_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  SharedReadBuffer shared_;
  Session session_;
  FuzzStream stream_;
  int links_ = 0;
  std::string link_;
  absl::string_view rest_;
  std::vector<std::string> events_;
};

Scene MakeScene(FuzzInput input, absl::string_view all) {
  Scene scene;
  const uint8_t flags = input.Byte();
  scene.link.replica_id = "r1";
  scene.link.protocol = static_cast<ProtocolChoice>(flags % 3);
  scene.link.fresh_generation = uint64_t{1} << 60;
  scene.is_raw = (flags & 4) != 0;
  scene.stream.corruptions = (flags & 8) != 0;
  scene.stream.max_bytes = 8192;  // For speed: longer ones repeat themselves.
  scene.stream.protocol = (flags & 16) != 0 ? Protocol::kV1 : Protocol::kV2;
  if ((flags & 32) != 0) {
    scene.link.idle_timeout = absl::Seconds(20);
    scene.link.heartbeat_timeout = absl::Seconds(3);
    scene.link.element_timeout = absl::Seconds(2);
  }
  if ((flags & 64) != 0) {
    scene.from.generation = input.Below(3);
    scene.from.next_offset = input.Byte();
  }
  if ((flags & 128) != 0) {
    scene.link.limits.max_frame_bytes = 200;
    scene.link.limits.max_arguments = 5;
    scene.link.limits.max_snapshot_bytes = 300;
  }
  scene.schedule = input.Bytes(input.Byte());
  scene.bytes = input.Bytes(all.size());
  return scene;
}

void Run(absl::string_view bytes) {
  const Scene scene = MakeScene(FuzzInput(bytes), bytes);
  const Outcome whole = Driver(scene).Read(false, false);
  FUZZ_CHECK(Driver(scene).Read(true, false) == whole);
  // Each input has one way with PollFrames(), for speed.
  const bool in_pieces = bytes.size() % 2 != 0;
  FUZZ_CHECK(Driver(scene).Read(in_pieces, true) == whole);
  Driver(scene).Play();
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
