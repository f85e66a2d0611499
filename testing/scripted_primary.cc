// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_primary.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <ostream>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/internal/connection_threads.h"
#include "kevy_replica/testing/internal/socket_peer.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Ends the program if an element of a script cannot be encoded: the test that
// wrote the script is wrong.
void CheckEncoded(WireError error) {
  if (error == WireError::kNone) return;
  const absl::string_view name = WireErrorName(error);
  std::fprintf(stderr, "PrimaryScript: element cannot be encoded: %.*s\n",
               static_cast<int>(name.size()), name.data());
  std::abort();
}

void AppendFrameOrDie(uint64_t offset, const std::vector<std::string>& argv,
                      std::string* out) {
  CheckEncoded(AppendFrame(offset, argv, out));
}

void Say(absl::string_view message) {
  std::fprintf(stderr, "ScriptedPrimary: %.*s\n",
               static_cast<int>(message.size()), message.data());
}

// FramesTo() writes when it has gathered this many bytes, and Send() writes no
// more at once. After so many bytes a step looks whether the replica has left.
constexpr size_t kWriteBytes = 64 << 10;

}  // namespace

PrimaryScript& PrimaryScript::Speak(Protocol protocol) {
  protocol_ = protocol;
  return *this;
}

PrimaryScript& PrimaryScript::Generation(uint64_t generation) {
  generation_ = generation;
  return *this;
}

PrimaryScript& PrimaryScript::AnswerOffset(uint64_t offset) {
  answer_offset_ = offset;
  return *this;
}

PrimaryScript& PrimaryScript::Refuse() {
  refuse_ = true;
  return *this;
}

PrimaryScript& PrimaryScript::NoAnswer() {
  answer_ = false;
  return *this;
}

PrimaryScript& PrimaryScript::Send(std::string bytes) {
  return SendInPieces(std::move(bytes), kWriteBytes);
}

PrimaryScript& PrimaryScript::SendInPieces(std::string bytes, size_t piece) {
  return Add(SendStep{std::move(bytes), std::max<size_t>(piece, 1)});
}

PrimaryScript& PrimaryScript::Frame(uint64_t offset,
                                    std::vector<std::string> argv) {
  std::string bytes;
  AppendFrameOrDie(offset, argv, &bytes);
  return Send(std::move(bytes));
}

PrimaryScript& PrimaryScript::FramesTo(
    uint64_t end, std::function<std::vector<std::string>(uint64_t)> argv) {
  return Add(FramesStep{end, std::move(argv)});
}

PrimaryScript& PrimaryScript::Heartbeat(uint64_t generation,
                                        uint64_t next_offset) {
  std::string bytes;
  CheckEncoded(
      Append(kevy_replica::Heartbeat{generation, next_offset}, &bytes));
  return Send(std::move(bytes));
}

PrimaryScript& PrimaryScript::Snapshot(absl::string_view payload,
                                       uint64_t next_offset) {
  std::string bytes;
  CheckEncoded(Append(SnapshotBegin{}, &bytes));
  while (!payload.empty()) {
    const SnapshotChunk chunk{payload.substr(0, kMaxChunkBytes)};
    CheckEncoded(Append(chunk, &bytes));
    payload.remove_prefix(chunk.bytes.size());
  }
  CheckEncoded(Append(SnapshotEnd{next_offset}, &bytes));
  return Send(std::move(bytes));
}

PrimaryScript& PrimaryScript::WaitForAck(uint64_t next_offset) {
  return Add(AckStep{next_offset});
}

PrimaryScript& PrimaryScript::Stall() { return Add(StallStep{}); }

PrimaryScript& PrimaryScript::Close() {
  closed_ = true;
  return *this;
}

PrimaryScript PrimaryScript::Capture(std::string bytes) {
  PrimaryScript script;
  HandshakeAnswer answer;
  if (DecodeHandshakeAnswer(bytes, Limits(), &answer).done()) {
    script.Speak(answer.protocol);
  }
  script.NoAnswer().Send(std::move(bytes));
  return script;
}

PrimaryScript& PrimaryScript::Add(Step step) {
  if (!closed_) steps_.push_back(std::move(step));
  return *this;
}

struct ScriptedPrimary::Impl {
  class Player;
  using Clock = std::chrono::steady_clock;
  using Threads = testing_internal::ConnectionThreads;

  explicit Impl(absl::Duration limit)
      : wait_limit(limit),
        threads("ScriptedPrimary",
                [this](const Threads::Link& link) { Play(link); }) {}

  // Plays one connection, on its thread.
  void Play(const Threads::Link& link);
  // Returns the script for a request of `protocol`. Unset: the script speaks
  // the other protocol, and stays for the next connection.
  std::optional<PrimaryScript> TakeScript(Protocol protocol);
  // Waits until connection `i` is as `condition` says, or after Stop(). Ends
  // the program with a message, which names `function`, after the wait limit.
  template <typename Condition>
  void Wait(size_t i, absl::string_view function, Condition condition) const;

  const absl::Duration wait_limit;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::deque<PrimaryScript> queue;
  std::optional<PrimaryScript> default_script;
  std::deque<Player> players;          // A deque keeps its elements in place.
  std::vector<const Player*> counted;  // Those with a first byte.
  bool stopped = false;
  Threads threads;  // Last: its threads use all the others.
};

// One connection: plays its script.
class ScriptedPrimary::Impl::Player {
 public:
  Player(Impl* impl, const Threads::Link& link)
      : impl_(impl), transport_(link.transport), memory_(link.memory) {}

  // Call it once, on the connection's thread.
  void Run() {
    const bool finished = Play();
    // CloseWrite() alone, and then drain: bytes that the replica still sends
    // would otherwise meet a closed connection, and its writes would fail
    // before it has read everything.
    transport_.CloseWrite();
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.finished = finished;
      ended_ = true;
      impl_->changed.notify_all();
    }
    while (Read(absl::InfiniteDuration()).ok()) {
    }
    AwaitRead();
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      closed_ = true;
      impl_->changed.notify_all();
    }
    transport_.Close();
  }

  // These need `impl_->mutex`.
  const Connection& connection() const { return connection_; }
  bool ended() const { return ended_; }
  bool closed() const { return closed_; }
  size_t step() const { return step_; }

 private:
  // Returns whether the script was played to its end.
  bool Play() {
    if (!ReadRequest()) return false;
    std::optional<PrimaryScript> script = impl_->TakeScript(protocol_);
    if (!script.has_value()) {
      return Fail("the script speaks the other protocol, and stays queued");
    }
    script_ = *std::move(script);
    if (script_.refuse_) return true;
    if (script_.answer_ && !Answer()) return false;
    for (const PrimaryScript::Step& step : script_.steps_) {
      {
        const std::lock_guard<std::mutex> lock(impl_->mutex);
        ++step_;
      }
      if (!std::visit([this](const auto& s) { return Take(s); }, step)) {
        return false;
      }
    }
    return true;
  }

  // Stores the reason and returns false.
  bool Fail(std::string error) {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    connection_.error = std::move(error);
    return false;
  }

  bool ReadRequest() {
    while (true) {
      HandshakeRequest request;
      ArgvStorage storage;
      const DecodeResult result =
          DecodeHandshakeRequest(input_.bytes(), Limits(), &storage, &request);
      if (result.done()) {
        protocol_ = request.protocol;
        request_offset_ = next_frame_ = request.offset;
        replica_id_ = std::string(request.replica_id);
        request.replica_id = replica_id_;
        input_.Consume(result.bytes_decoded);
        const std::lock_guard<std::mutex> lock(impl_->mutex);
        connection_.request = request;
        connection_.replica_id = replica_id_;
        break;
      }
      if (result.outcome == Outcome::kError) {
        return Fail("the replica sent a malformed request");
      }
      const absl::Status status = Read(absl::InfiniteDuration());
      if (!status.ok()) return Fail(std::string(status.message()));
    }
    has_request_ = true;
    const absl::Status status = TakeAcks();
    return status.ok() || Fail(std::string(status.message()));
  }

  bool Answer() {
    HandshakeAnswer answer;
    answer.protocol = protocol_;
    if (protocol_ == Protocol::kV2) answer.generation = script_.generation_;
    answer.offset = script_.answer_offset_.value_or(request_offset_);
    std::string bytes;
    CheckEncoded(Append(answer, &bytes));
    return Write(bytes);
  }

  bool Take(const PrimaryScript::SendStep& step) {
    absl::string_view rest = step.bytes;
    while (!rest.empty()) {
      const absl::string_view piece = rest.substr(0, step.piece);
      if (!Write(piece)) return false;
      rest.remove_prefix(piece.size());
    }
    return true;
  }

  bool Take(const PrimaryScript::FramesStep& step) {
    std::string bytes;
    while (next_frame_ < step.end) {
      AppendFrameOrDie(next_frame_, step.argv(next_frame_), &bytes);
      ++next_frame_;
      if (bytes.size() < kWriteBytes && next_frame_ < step.end) continue;
      if (!Write(bytes)) return false;
      bytes.clear();
    }
    return true;
  }

  bool Take(const PrimaryScript::AckStep& step) {
    const Clock::time_point start = Clock::now();
    while (highest_ack_ < step.next_offset) {
      const absl::Status status =
          Read(impl_->wait_limit - absl::FromChrono(Clock::now() - start));
      if (absl::IsDeadlineExceeded(status)) {
        Fail(absl::StrCat("WaitForAck(", step.next_offset, ") waited ",
                          absl::FormatDuration(impl_->wait_limit),
                          ": the highest acknowledgement is ", highest_ack_));
        const std::lock_guard<std::mutex> lock(impl_->mutex);
        Say(absl::StrCat("replica ", replica_id_, ": ", connection_.error));
        return false;
      }
      if (!status.ok()) return Fail(std::string(status.message()));
    }
    return true;
  }

  bool Take(const PrimaryScript::StallStep&) {
    while (Read(absl::InfiniteDuration()).ok()) {
    }
    return true;
  }

  bool Write(absl::string_view bytes) {
    if (left_) return Fail(kReplicaLeft);
    unchecked_ += bytes.size();
    if (unchecked_ >= kWriteBytes) {
      unchecked_ = 0;
      const absl::Status status = Read(absl::ZeroDuration());
      // These bytes go out even if it has left. If it has closed, they draw the
      // reset that tells a close from a half-close.
      if (!status.ok() && !absl::IsDeadlineExceeded(status) && !left_) {
        return Fail(std::string(status.message()));
      }
    }
    const absl::Status status =
        transport_.Write(bytes, absl::InfiniteDuration());
    if (status.ok()) return true;
    if (!absl::IsCancelled(status)) RecordLeftUnread();
    return Fail(std::string(status.message()));
  }

  void RecordEnd(End end) {
    left_ = true;
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    if (connection_.end == End::kOpen) connection_.end = end;
  }

  void RecordLeftUnread() {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    connection_.left_unread = true;
  }

  // Waits until the replica has read all bytes or left some, or Stop().
  void AwaitRead() {
    if (memory_ != nullptr) {
      if (memory_->AwaitRead(absl::InfiniteDuration()).value_or(0) > 0) {
        RecordLeftUnread();
      }
      return;
    }
    std::unique_lock<std::mutex> lock(impl_->mutex);
    // A reset is told once: Read() or Write() may have had it.
    while (!connection_.left_unread && !impl_->stopped) {
      const testing_internal::SocketPeer peer =
          testing_internal::SocketPeerOf(transport_.fd());
      if (peer == testing_internal::SocketPeer::kTookAll) return;
      if (peer == testing_internal::SocketPeer::kReset) {
        connection_.left_unread = true;
      } else {
        impl_->changed.wait_for(lock, std::chrono::milliseconds(1));
      }
    }
  }

  // Reads at least one byte, and takes the acknowledgements that are complete.
  absl::Status Read(absl::Duration timeout) {
    const absl::Span<char> room = input_.Prepare(1);
    const absl::StatusOr<size_t> n = transport_.Read(room, timeout);
    if (!n.ok()) {
      if (!absl::IsCancelled(n.status()) &&
          !absl::IsDeadlineExceeded(n.status())) {
        RecordEnd(End::kReset);
        RecordLeftUnread();
      }
      return n.status();
    }
    if (*n == 0) {
      RecordEnd(End::kFin);
      return absl::UnavailableError(kReplicaLeft);
    }
    input_.Commit(*n);
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      if (connection_.received.empty()) impl_->counted.push_back(this);
      connection_.received.append(room.data(), *n);
      impl_->changed.notify_all();
    }
    return has_request_ ? TakeAcks() : absl::OkStatus();
  }

  absl::Status TakeAcks() {
    while (true) {
      std::optional<Ack> ack;
      const DecodeResult result = DecodeAck(input_.bytes(), Limits(), &ack);
      if (result.outcome == Outcome::kNeedMore) return absl::OkStatus();
      if (result.outcome == Outcome::kError) {
        return absl::DataLossError("the replica sent a line without an end");
      }
      input_.Consume(result.bytes_decoded);
      if (!ack.has_value()) continue;
      highest_ack_ = std::max(highest_ack_, ack->next_offset);
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.acks.push_back(ack->next_offset);
    }
  }

  static constexpr char kReplicaLeft[] = "the replica left";

  Impl* const impl_;
  Transport& transport_;
  InMemoryTransport* const memory_;  // The same, or null: a socket.

  // Used by the thread only.
  PrimaryScript script_;
  internal::ByteBuffer input_;
  bool has_request_ = false;  // Acknowledgements may follow.
  Protocol protocol_ = Protocol::kV2;
  uint64_t request_offset_ = 0;
  uint64_t next_frame_ = 0;  // For FramesTo().
  std::string replica_id_;
  uint64_t highest_ack_ = 0;
  bool left_ = false;     // The replica has ended its direction.
  size_t unchecked_ = 0;  // Bytes written since the last look for that.

  // Guarded by impl_->mutex.
  Connection connection_;
  bool ended_ = false;   // The script has ended.
  bool closed_ = false;  // The connection has ended, and the record.
  size_t step_ = 0;      // Steps begun.
};

void ScriptedPrimary::Impl::Play(const Threads::Link& link) {
  Player* player = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    player = &players.emplace_back(this, link);
  }
  player->Run();
}

std::optional<PrimaryScript> ScriptedPrimary::Impl::TakeScript(
    Protocol protocol) {
  const auto speaks = [protocol](const PrimaryScript& script) {
    return script.protocol_.value_or(protocol) == protocol;
  };
  const std::lock_guard<std::mutex> lock(mutex);
  if (!queue.empty()) {
    if (!speaks(queue.front())) return std::nullopt;
    PrimaryScript script = std::move(queue.front());
    queue.pop_front();
    return script;
  }
  if (!default_script.has_value()) return PrimaryScript().Refuse();
  if (!speaks(*default_script)) return std::nullopt;
  return default_script;
}

template <typename Condition>
void ScriptedPrimary::Impl::Wait(size_t i, absl::string_view function,
                                 Condition condition) const {
  std::unique_lock<std::mutex> lock(mutex);
  const auto done = [&] {
    return i < counted.size() ? condition(*counted[i]) : stopped;
  };
  if (wait_limit == absl::InfiniteDuration()) {
    changed.wait(lock, done);
    return;
  }
  if (changed.wait_for(lock, absl::ToChronoNanoseconds(wait_limit), done)) {
    return;
  }
  std::string state = absl::StrCat("connections so far: ", counted.size());
  if (i < counted.size()) {
    state =
        absl::StrCat("it is at step ", counted[i]->step(),
                     " of its script: ", counted[i]->connection().ToString());
  }
  Say(absl::StrCat(function, "(", i, ") waited ",
                   absl::FormatDuration(wait_limit), ": ", state));
  std::abort();
}

bool operator==(const ScriptedPrimary::Connection& a,
                const ScriptedPrimary::Connection& b) {
  const auto fields = [](const HandshakeRequest& request) {
    return std::tie(request.protocol, request.generation, request.offset,
                    request.replica_id);
  };
  if (a.request.has_value() != b.request.has_value()) return false;
  if (a.request.has_value() && fields(*a.request) != fields(*b.request)) {
    return false;
  }
  return std::tie(a.replica_id, a.received, a.acks, a.finished, a.error, a.end,
                  a.left_unread) == std::tie(b.replica_id, b.received, b.acks,
                                             b.finished, b.error, b.end,
                                             b.left_unread);
}

std::string ScriptedPrimary::Connection::ToString() const {
  std::string text = "no request";
  if (request.has_value()) {
    text = absl::StrCat("protocol ", request->protocol == Protocol::kV1 ? 1 : 2,
                        " request from generation ", request->generation,
                        " offset ", request->offset, " by \"",
                        absl::CHexEscape(replica_id), "\"");
  }
  return absl::StrCat(text, ", received \"", absl::CHexEscape(received),
                      "\", acknowledged [", absl::StrJoin(acks, ", "), "], ",
                      finished         ? "finished"
                      : !error.empty() ? absl::StrCat("failed: ", error)
                                       : "not finished",
                      ", end ", EndName(end),
                      left_unread ? ", left bytes unread" : "");
}

absl::string_view EndName(ScriptedPrimary::End end) {
  switch (end) {
    case ScriptedPrimary::End::kOpen:
      return "open";
    case ScriptedPrimary::End::kFin:
      return "fin";
    case ScriptedPrimary::End::kReset:
      return "reset";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, ScriptedPrimary::End end) {
  return out << EndName(end);
}

std::ostream& operator<<(std::ostream& out,
                         const ScriptedPrimary::Connection& connection) {
  return out << connection.ToString();
}

ScriptedPrimary::ScriptedPrimary(absl::Duration wait_limit)
    : impl_(std::make_unique<Impl>(wait_limit)) {}

ScriptedPrimary::~ScriptedPrimary() { Stop(); }

void ScriptedPrimary::Enqueue(PrimaryScript script) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->queue.push_back(std::move(script));
}

void ScriptedPrimary::SetDefault(PrimaryScript script) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->default_script = std::move(script);
}

void ScriptedPrimary::SetWrapper(TransportWrapper wrap) {
  impl_->threads.SetWrapper(std::move(wrap));
}

absl::Status ScriptedPrimary::Listen(absl::string_view address) {
  return impl_->threads.Listen(address);
}

std::string ScriptedPrimary::address() const {
  return impl_->threads.address();
}

TransportFactory ScriptedPrimary::InMemory() {
  Impl* const impl = impl_.get();
  return [impl] { return impl->threads.Connect(); };
}

size_t ScriptedPrimary::connections() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->counted.size();
}

ScriptedPrimary::Connection ScriptedPrimary::connection(size_t i) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (i >= impl_->counted.size()) return Connection();
  return impl_->counted[i]->connection();
}

void ScriptedPrimary::WaitFinished(size_t i) const {
  impl_->Wait(i, "WaitFinished",
              [](const Impl::Player& player) { return player.ended(); });
}

void ScriptedPrimary::WaitClosed(size_t i) const {
  impl_->Wait(i, "WaitClosed",
              [](const Impl::Player& player) { return player.closed(); });
}

void ScriptedPrimary::Stop() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->stopped = true;
    impl_->changed.notify_all();
  }
  impl_->threads.Stop();
}

}  // namespace kevy_replica
