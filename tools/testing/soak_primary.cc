// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/soak_primary.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/testing/cut_transport.h"
#include "kevy_replica/tools/testing/soak_report.h"
#include "kevy_replica/tools/testing/soak_stream.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using Clock = std::chrono::steady_clock;
using simulation::Random;

// A replica that resumes further behind gets a snapshot.
constexpr uint64_t kBacklog = 100'000;
// Frames are gathered up to this size.
constexpr size_t kTurnBytes = 64 << 10;
constexpr absl::Duration kTurn = absl::Milliseconds(10);
constexpr absl::Duration kHeartbeatInterval = absl::Milliseconds(50);
// The replica's time to notice a fault, and for one write. Loud.
constexpr absl::Duration kPatience = absl::Minutes(1);
// A polite replica waits 1 s for the primary's end.
constexpr absl::Duration kSlowClose = absl::Milliseconds(1200);

std::unique_ptr<Listener> ListenOrDie() {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen("127.0.0.1:0");
  if (!listener.ok()) {
    std::fprintf(stderr, "soak: %s\n", listener.status().ToString().c_str());
    std::abort();
  }
  return *std::move(listener);
}

void CheckEncoded(WireError error) {
  if (error != WireError::kNone) std::abort();
}

SoakFault FaultOf(CutTransport::Kind kind) {
  switch (kind) {
    case CutTransport::Kind::kReset:
      return SoakFault::kReset;
    case CutTransport::Kind::kHalfClose:
      return SoakFault::kTruncated;
    case CutTransport::Kind::kStall:
      return SoakFault::kStalled;
    case CutTransport::Kind::kSlowBytes:
      return SoakFault::kSlowBytes;
  }
  std::abort();
}

// Bytes that are not an element at this place.
absl::string_view MalformedBytes(Random* random) {
  constexpr absl::string_view kBytes[] = {
      "*0\r\n",          ":1\r\n",
      "*2\r\n:x\r\n",    "-ERR no\r\n",
      "$5\r\nhello\r\n", "+SNAPSHOT_END 5\r\n",
      "+PING x\r\n",     "*2\r\n:1\r\n*0\r\n",
      "\r\n\r\n"};
  return kBytes[random->Below(std::size(kBytes))];
}

}  // namespace

// One connection.
class SoakPrimary::Link {
 public:
  Link(SoakPrimary* primary, CutTransport* cut, Transport* transport)
      : primary_(*primary),
        random_(primary->random_),
        cut_(*cut),
        transport_(*transport) {}

  void Run() {
    if (Fault() && random_.OneIn(20)) {
      Count(SoakFault::kClosedUnread);
      return;
    }
    DrawCut();
    HandshakeRequest request;
    if (!ReadRequest(&request) || request.protocol != Protocol::kV2) return;
    if (!Answer(request)) return AwaitEndOfCut();
    const FeedPosition head = primary_.head();
    // A replica may acknowledge the data that it holds.
    if (request.generation == head.generation) highest_sent_ = request.offset;
    if (request.generation == head.generation &&
        request.offset >= primary_.first_ &&
        request.offset <= head.next_offset &&
        head.next_offset - request.offset <= kBacklog &&
        !(Fault() && random_.OneIn(20))) {
      next_ = request.offset;
    } else if (!SendSnapshot()) {
      return AwaitEndOfCut();
    }
    DrawEvent();
    while (Turn()) {
    }
    AwaitEndOfCut();
  }

 private:
  bool Fault() const { return !primary_.calm_; }
  void Count(SoakFault fault) { primary_.report_->Count(fault); }

  // Two thirds of the links are cut, behind up to 4 MiB; short ones are
  // common.
  void DrawCut() {
    cut_.DoNotCut();
    if (!Fault() || random_.OneIn(3)) return;
    const size_t bytes = random_.Below(size_t{1} << random_.Between(4, 22));
    cut_.CutAfter(bytes, static_cast<CutTransport::Kind>(random_.Below(4)));
  }

  void DrawEvent() {
    event_ = static_cast<SoakFault>(
        random_.Between(static_cast<uint64_t>(SoakFault::kGap),
                        static_cast<uint64_t>(SoakFault::kSilentAhead)));
    frames_to_event_ = random_.Below(uint64_t{1} << random_.Between(0, 16));
  }

  // ---- Reading. Each returns false at the replica's end of the link.

  bool Read(absl::Duration timeout) {
    const absl::StatusOr<size_t> n =
        transport_.Read(input_.Prepare(1), timeout);
    if (absl::IsDeadlineExceeded(n.status())) return true;
    if (!n.ok() || *n == 0) return false;
    input_.Commit(*n);
    return true;
  }

  bool ReadRequest(HandshakeRequest* request) {
    const Clock::time_point start = Clock::now();
    while (true) {
      const DecodeResult result =
          DecodeHandshakeRequest(input_.bytes(), Limits(), &storage_, request);
      if (result.done()) {
        input_.Consume(result.bytes_decoded);
        return true;
      }
      if (result.outcome == Outcome::kError) {
        primary_.report_->AddViolation("a request is malformed");
        return false;
      }
      if (!Read(kPatience) || Elapsed(start) >= kPatience) return false;
    }
  }

  bool ReadAcks(absl::Duration timeout) {
    if (!Read(timeout)) return false;
    while (true) {
      std::optional<Ack> ack;
      const DecodeResult result = DecodeAck(input_.bytes(), Limits(), &ack);
      if (!result.done()) return true;
      input_.Consume(result.bytes_decoded);
      if (!ack.has_value()) {
        primary_.report_->AddViolation("a line is not an acknowledgement");
        continue;
      }
      ++primary_.report_->acks;
      if (ack->next_offset <= highest_sent_) continue;
      primary_.report_->AddViolation(absl::StrCat(
          "offset ", ack->next_offset,
          " is acknowledged, sent are those below ", highest_sent_));
    }
  }

  // The fault must make the replica end the link.
  void AwaitEnd(absl::string_view fault) {
    const Clock::time_point start = Clock::now();
    while (ReadAcks(kTurn)) {
      if (Elapsed(start) < kPatience) continue;
      primary_.report_->AddViolation(
          absl::StrCat("a minute after \"", fault, "\" the link still stands"));
      return;
    }
    EndAfterReplica();
  }

  void AwaitEndOfCut() {
    if (!cut_.broken() || !cut_.happened().has_value()) return;
    AwaitEnd(SoakFaultName(FaultOf(*cut_.happened())));
  }

  // The replica has half-closed or gone.
  void EndAfterReplica() {
    if (!Fault() || cut_.broken() || !random_.OneIn(10)) return;
    Count(SoakFault::kSlowClose);
    const Clock::time_point start = Clock::now();
    // Writing fails when the replica has closed.
    while (Elapsed(start) < kSlowClose && SendHeartbeat(0)) {
      std::this_thread::sleep_for(absl::ToChronoMilliseconds(kTurn));
    }
  }

  // ---- Writing. Each returns false if the link is broken.

  bool Send(absl::string_view bytes) {
    if (bytes.empty()) return true;
    const absl::Status status = transport_.Write(bytes, kPatience);
    if (cut_.happened().has_value() && !cut_counted_) {
      cut_counted_ = true;
      Count(FaultOf(*cut_.happened()));
      if (in_snapshot_) Count(SoakFault::kBrokenSnapshot);
    }
    if (absl::IsDeadlineExceeded(status)) {
      primary_.report_->AddViolation("the replica reads nothing for a minute");
    }
    return status.ok();
  }

  bool Answer(const HandshakeRequest& request) {
    if (Fault() && random_.OneIn(20)) {
      Count(SoakFault::kRefused);
      return false;
    }
    if (Fault() && random_.OneIn(20)) {
      Count(SoakFault::kResetAnswer);
      cut_.Reset();
      return false;
    }
    if (Fault() && random_.OneIn(20)) {
      Count(SoakFault::kBadAnswer);
      if (Send("+OK\r\n")) AwaitEnd("bad_answer");
      return false;
    }
    std::string out;
    CheckEncoded(
        Append(HandshakeAnswer{request.protocol, primary_.head().generation,
                               request.offset},
               &out));
    return Send(out);
  }

  bool SendHeartbeat(uint64_t ahead) {
    last_heartbeat_ = Clock::now();
    const FeedPosition head = primary_.head();
    std::string out;
    CheckEncoded(
        Append(Heartbeat{head.generation, head.next_offset + ahead}, &out));
    return Send(out);
  }

  // Up to `count` frames, at most a turn's bytes.
  bool SendFrames(uint64_t count) {
    const FeedPosition head = primary_.head();
    std::string out;
    while (count > 0 && next_ < head.next_offset && out.size() < kTurnBytes) {
      AppendSoakFrame(next_, next_, &out);
      ++next_;
      --count;
      frames_to_event_ -= std::min<uint64_t>(frames_to_event_, 1);
    }
    highest_sent_ = std::max(highest_sent_, next_);
    return Send(out);
  }

  // The frame at `offset`, told as `told`.
  void AppendSoakFrame(uint64_t offset, uint64_t told, std::string* out) {
    const std::vector<std::string> command =
        SoakCommand(primary_.head().generation, offset);
    CheckEncoded(AppendFrame(told, command, out));
  }

  // A snapshot of the head.
  bool SendSnapshot() {
    const FeedPosition head = primary_.head();
    const std::string payload = SoakPayload(head);
    in_snapshot_ = true;
    if (Fault() && random_.OneIn(4) && !cut_counted_) {
      cut_.CutAfter(random_.Below(payload.size()),
                    static_cast<CutTransport::Kind>(random_.Below(4)));
    }
    std::string out;
    CheckEncoded(Append(SnapshotBegin{}, &out));
    CheckEncoded(Append(Heartbeat{head.generation, head.next_offset}, &out));
    if (!Send(out)) return false;
    absl::string_view rest = payload;
    while (!rest.empty()) {
      out.clear();
      const SnapshotChunk chunk{
          rest.substr(0, random_.Between(1, kMaxChunkBytes))};
      CheckEncoded(Append(chunk, &out));
      if (!Send(out)) return false;
      rest.remove_prefix(chunk.bytes.size());
    }
    out.clear();
    next_ = head.next_offset;
    highest_sent_ = std::max(highest_sent_, next_);
    CheckEncoded(Append(SnapshotEnd{next_}, &out));
    if (!Send(out)) return false;
    in_snapshot_ = false;
    return true;
  }

  // ---- One turn of the stream. False: the link has ended.

  bool Turn() {
    Advance();
    if (!SendFrames(Fault() ? frames_to_event_ : kBacklog)) return false;
    if (Fault() && frames_to_event_ == 0) return Event();
    if (Elapsed(last_heartbeat_) >= kHeartbeatInterval && !SendHeartbeat(0)) {
      return false;
    }
    const bool idle = next_ == primary_.head().next_offset;
    const bool paced = primary_.options_.frames_per_second > 0 || !Fault();
    if (!ReadAcks(idle && paced ? kTurn : absl::ZeroDuration())) {
      EndAfterReplica();
      return false;
    }
    return true;
  }

  // New frames.
  void Advance() {
    if (!Fault()) return;
    uint64_t frames = 32;
    if (primary_.options_.frames_per_second > 0) {
      due_ += absl::ToDoubleSeconds(Elapsed(last_advance_)) *
              primary_.options_.frames_per_second;
      last_advance_ = Clock::now();
      frames = static_cast<uint64_t>(due_);
      due_ -= static_cast<double>(frames);
    }
    const std::lock_guard<std::mutex> lock(primary_.mutex_);
    primary_.head_.next_offset += frames;
  }

  bool Event() {
    const SoakFault event =
        event_ == SoakFault::kRepeated && next_ == 0 ? SoakFault::kGap : event_;
    Count(event);
    DrawEvent();
    switch (event) {
      case SoakFault::kNewGeneration:
        BeginGeneration();
        return SendSnapshot();
      case SoakFault::kLostBacklog: {
        {
          const std::lock_guard<std::mutex> lock(primary_.mutex_);
          primary_.head_.next_offset += random_.Below(1000);
        }
        return SendSnapshot();
      }
      case SoakFault::kSilentAhead:
        SendSilentHeartbeats();
        return false;
      case SoakFault::kCleanEnd:
        transport_.CloseWrite();
        AwaitEnd(SoakFaultName(event));
        return false;
      default:
        break;
    }
    std::string out;
    if (event == SoakFault::kMalformed) {
      out = std::string(MalformedBytes(&random_));
    } else if (event == SoakFault::kRepeated) {
      const uint64_t back = random_.Between(1, std::min<uint64_t>(next_, 100));
      AppendSoakFrame(next_ - back, next_ - back, &out);
    } else {
      const uint64_t later = next_ + random_.Between(1, 100);
      AppendSoakFrame(later, later, &out);
    }
    if (Send(out)) AwaitEnd(SoakFaultName(event));
    return false;
  }

  void BeginGeneration() {
    const std::lock_guard<std::mutex> lock(primary_.mutex_);
    ++primary_.head_.generation;
    if (random_.OneIn(2)) primary_.head_.next_offset = 0;
    primary_.first_ = primary_.head_.next_offset;
  }

  void SendSilentHeartbeats() {
    const Clock::time_point start = Clock::now();
    while (true) {
      if (Elapsed(last_heartbeat_) >= kHeartbeatInterval &&
          !SendHeartbeat(10)) {
        return;
      }
      if (!ReadAcks(kTurn)) return EndAfterReplica();
      if (Elapsed(start) < kPatience) continue;
      primary_.report_->AddViolation(
          "a minute of heartbeats that say ahead, and the link still stands");
      return;
    }
  }

  static absl::Duration Elapsed(Clock::time_point since) {
    return absl::FromChrono(Clock::now() - since);
  }

  SoakPrimary& primary_;
  Random& random_;
  CutTransport& cut_;
  Transport& transport_;
  internal::ByteBuffer input_;
  ArgvStorage storage_;

  uint64_t next_ = 0;          // The next frame to send.
  uint64_t highest_sent_ = 0;  // The highest offset to be acknowledged.
  bool in_snapshot_ = false;
  bool cut_counted_ = false;
  SoakFault event_ = SoakFault::kGap;
  uint64_t frames_to_event_ = 0;
  double due_ = 0;  // Fractions of a frame.
  Clock::time_point last_advance_ = Clock::now();
  Clock::time_point last_heartbeat_ = Clock::now();
};

SoakPrimary::SoakPrimary(SoakPrimaryOptions options, SoakReport* report)
    : options_(std::move(options)),
      report_(report),
      listener_(ListenOrDie()),
      head_{FirstSoakGeneration(options_.shard), 0},
      random_(options_.seed),
      thread_([this] { Run(); }) {}

SoakPrimary::~SoakPrimary() {
  listener_->Interrupt();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    if (transport_ != nullptr) transport_->Interrupt();
  }
  thread_.join();
}

FeedPosition SoakPrimary::head() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return head_;
}

void SoakPrimary::Run() {
  while (true) {
    absl::StatusOr<std::unique_ptr<Transport>> accepted =
        listener_->Accept(absl::InfiniteDuration());
    if (!accepted.ok()) return;
    auto owned = std::make_unique<CutTransport>(*std::move(accepted));
    CutTransport* const cut = owned.get();
    std::unique_ptr<Transport> transport = std::move(owned);
    if (options_.wrap != nullptr) {
      absl::StatusOr<std::unique_ptr<Transport>> wrapped =
          options_.wrap(std::move(transport));
      if (!wrapped.ok()) continue;
      transport = *std::move(wrapped);
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopped_) return;
      transport_ = transport.get();
    }
    Link(this, cut, transport.get()).Run();
    const std::lock_guard<std::mutex> lock(mutex_);
    transport_ = nullptr;
  }
}

}  // namespace kevy_replica
