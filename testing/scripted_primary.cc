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
#include <thread>
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
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"

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
  const std::vector<absl::string_view> views(argv.begin(), argv.end());
  CheckEncoded(AppendFrame(offset, views, out));
}

void Say(absl::string_view message) {
  std::fprintf(stderr, "ScriptedPrimary: %.*s\n",
               static_cast<int>(message.size()), message.data());
}

// FramesTo() writes when it has gathered this many bytes.
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
  const size_t size = bytes.size();
  return SendInPieces(std::move(bytes), size);
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

  explicit Impl(absl::Duration limit) : wait_limit(limit) {}

  void AcceptAll();
  // Starts a thread for the connection. Returns false after Stop().
  bool Start(std::unique_ptr<Transport> transport);
  // Returns the script for a request of `protocol`. Unset: the script speaks
  // the other protocol, and stays for the next connection.
  std::optional<PrimaryScript> TakeScript(Protocol protocol);

  const absl::Duration wait_limit;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::deque<PrimaryScript> queue;
  std::optional<PrimaryScript> default_script;
  std::deque<Player> players;          // A deque keeps its elements in place.
  std::vector<const Player*> counted;  // Those with a first byte.
  std::unique_ptr<Listener> listener;
  std::thread accept_thread;
  bool stopped = false;
  std::mutex joining;  // Held while Stop() joins: each thread is joined once.
};

// One connection: plays its script on a thread of its own.
class ScriptedPrimary::Impl::Player {
 public:
  Player(Impl* impl, std::unique_ptr<Transport> transport)
      : impl_(impl),
        transport_(std::move(transport)),
        thread_([this] { Run(); }) {}

  void Interrupt() { transport_->Interrupt(); }
  // Later calls change nothing. The destructor destroys the transport.
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

  // These need `impl_->mutex`.
  const Connection& connection() const { return connection_; }
  bool ended() const { return ended_; }
  size_t step() const { return step_; }

 private:
  void Run() {
    const bool finished = Play();
    // CloseWrite() alone, and then drain: bytes that the replica still sends
    // would otherwise meet a closed connection, and its writes would fail
    // before it has read everything.
    transport_->CloseWrite();
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.finished = finished;
      ended_ = true;
      impl_->changed.notify_all();
    }
    while (Read(absl::InfiniteDuration()).ok()) {
    }
    transport_->Close();
  }

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
        input_.Consume(result.position);
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
    const absl::Status status =
        transport_->Write(bytes, absl::InfiniteDuration());
    return status.ok() || Fail(std::string(status.message()));
  }

  // Reads at least one byte, and takes the acknowledgements that are complete.
  absl::Status Read(absl::Duration timeout) {
    const absl::Span<char> room = input_.Prepare(1);
    const absl::StatusOr<size_t> n = transport_->Read(room, timeout);
    if (!n.ok()) return n.status();
    if (*n == 0) return absl::UnavailableError("the replica left");
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
      input_.Consume(result.position);
      if (!ack.has_value()) continue;
      highest_ack_ = std::max(highest_ack_, ack->next_offset);
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.acks.push_back(ack->next_offset);
    }
  }

  Impl* const impl_;
  const std::unique_ptr<Transport> transport_;

  // Used by the thread only.
  PrimaryScript script_;
  ByteBuffer input_;
  bool has_request_ = false;  // Acknowledgements may follow.
  Protocol protocol_ = Protocol::kV2;
  uint64_t request_offset_ = 0;
  uint64_t next_frame_ = 0;  // For FramesTo().
  std::string replica_id_;
  uint64_t highest_ack_ = 0;

  // Guarded by impl_->mutex.
  Connection connection_;
  bool ended_ = false;
  size_t step_ = 0;  // Steps begun.

  std::thread thread_;  // Last: it uses all the others.
};

bool ScriptedPrimary::Impl::Start(std::unique_ptr<Transport> transport) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (stopped) return false;
  players.emplace_back(this, std::move(transport));
  return true;
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

void ScriptedPrimary::Impl::AcceptAll() {
  while (true) {
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        listener->Accept(absl::InfiniteDuration());
    if (!transport.ok()) {
      if (absl::IsCancelled(transport.status())) return;
      Say(absl::StrCat("accepts no more connections: ",
                       transport.status().message()));
      return;
    }
    if (!Start(*std::move(transport))) return;
  }
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
  return std::tie(a.replica_id, a.received, a.acks, a.finished, a.error) ==
         std::tie(b.replica_id, b.received, b.acks, b.finished, b.error);
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
                                       : "not finished");
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

absl::Status ScriptedPrimary::Listen(absl::string_view address) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (impl_->stopped || impl_->listener != nullptr) {
    return absl::FailedPreconditionError(
        "ScriptedPrimary::Listen: it is stopped or already listens");
  }
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen(address);
  if (!listener.ok()) return listener.status();
  impl_->listener = *std::move(listener);
  impl_->accept_thread = std::thread([this] { impl_->AcceptAll(); });
  return absl::OkStatus();
}

std::string ScriptedPrimary::address() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->listener == nullptr ? "" : impl_->listener->address();
}

TransportFactory ScriptedPrimary::InMemory() {
  Impl* const impl = impl_.get();
  return [impl]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
    if (!impl->Start(std::move(pair.second))) {
      return absl::UnavailableError(
          "connect in memory: the ScriptedPrimary is stopped");
    }
    return std::unique_ptr<Transport>(std::move(pair.first));
  };
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
  std::unique_lock<std::mutex> lock(impl_->mutex);
  const auto& counted = impl_->counted;
  const auto ended = [&] {
    return i < counted.size() ? counted[i]->ended() : impl_->stopped;
  };
  if (impl_->wait_limit == absl::InfiniteDuration()) {
    impl_->changed.wait(lock, ended);
    return;
  }
  if (impl_->changed.wait_for(
          lock, absl::ToChronoNanoseconds(impl_->wait_limit), ended)) {
    return;
  }
  std::string state = absl::StrCat("connections so far: ", counted.size());
  if (i < counted.size()) {
    state =
        absl::StrCat("it is at step ", counted[i]->step(),
                     " of its script: ", counted[i]->connection().ToString());
  }
  Say(absl::StrCat("WaitFinished(", i, ") waited ",
                   absl::FormatDuration(impl_->wait_limit), ": ", state));
  std::abort();
}

void ScriptedPrimary::Stop() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->stopped = true;
    impl_->changed.notify_all();
    if (impl_->listener != nullptr) impl_->listener->Interrupt();
    for (Impl::Player& player : impl_->players) player.Interrupt();
  }
  // `players` stays as it is from here on.
  const std::lock_guard<std::mutex> lock(impl_->joining);
  if (impl_->accept_thread.joinable()) impl_->accept_thread.join();
  for (Impl::Player& player : impl_->players) player.Join();
}

}  // namespace kevy_replica
