// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_primary.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
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

// A script that cannot be encoded is a mistake in the test that wrote it.
void CheckEncoded(WireError error) {
  if (error == WireError::kNone) return;
  const absl::string_view name = WireErrorName(error);
  std::fprintf(stderr, "PrimaryScript: cannot be encoded: %.*s\n",
               static_cast<int>(name.size()), name.data());
  std::abort();
}

void AppendFrameOrDie(uint64_t offset, const std::vector<std::string>& argv,
                      std::string* out) {
  const std::vector<absl::string_view> views(argv.begin(), argv.end());
  CheckEncoded(AppendFrame(offset, views, out));
}

// So much is gathered before it is written.
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

  void AcceptAll();
  // Begins to play the next script on `transport`. False: stopped.
  bool Start(std::unique_ptr<Transport> transport);

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::deque<PrimaryScript> queue;
  std::optional<PrimaryScript> default_script;
  std::deque<Player> players;  // A deque: its elements stay where they are.
  std::unique_ptr<Listener> listener;
  std::thread accept_thread;
  bool stopped = false;
  std::mutex joining;  // Held by Stop() while it joins: threads join once.
};

// One connection: plays its script on a thread of its own.
class ScriptedPrimary::Impl::Player {
 public:
  Player(Impl* impl, PrimaryScript script, std::unique_ptr<Transport> transport)
      : impl_(impl),
        script_(std::move(script)),
        transport_(std::move(transport)),
        thread_([this] { Run(); }) {}

  void Interrupt() { transport_->Interrupt(); }
  // Harmless when called again. The transport is destroyed with this object.
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

  // Both need `impl_->mutex`.
  const Connection& connection() const { return connection_; }
  bool ended() const { return ended_; }

 private:
  void Run() {
    const bool finished = Play();
    // The end of the stream, but not of reading: what the replica still sends
    // would meet a closed connection, and its writing would fail before it has
    // read all.
    transport_->CloseWrite();
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.finished = finished;
      ended_ = true;
      impl_->changed.notify_all();
    }
    while (Read(absl::InfiniteDuration())) {
    }
    transport_->Close();
  }

  // Each returns false where the connection is at its end.
  bool Play() {
    if (!ReadRequest()) return false;
    if (script_.refuse_) return true;
    if (script_.protocol_.has_value() && *script_.protocol_ != protocol_) {
      return false;
    }
    if (script_.answer_ && !Answer()) return false;
    for (const PrimaryScript::Step& step : script_.steps_) {
      if (!std::visit([this](const auto& s) { return Take(s); }, step)) {
        return false;
      }
    }
    return true;
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
      if (result.outcome == Outcome::kError) return false;
      if (!Read(absl::InfiniteDuration())) return false;
    }
    answered_ = true;
    return TakeAcks();
  }

  bool Answer() {
    HandshakeAnswer answer;
    answer.protocol = protocol_;
    if (protocol_ == Protocol::kV2) answer.generation = script_.generation_;
    answer.offset = script_.answer_offset_.value_or(request_offset_);
    std::string bytes;
    CheckEncoded(Append(answer, &bytes));
    return transport_->Write(bytes, absl::InfiniteDuration()).ok();
  }

  bool Take(const PrimaryScript::SendStep& step) {
    absl::string_view rest = step.bytes;
    while (!rest.empty()) {
      const absl::string_view piece = rest.substr(0, step.piece);
      if (!transport_->Write(piece, absl::InfiniteDuration()).ok()) {
        return false;
      }
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
      if (!transport_->Write(bytes, absl::InfiniteDuration()).ok()) {
        return false;
      }
      bytes.clear();
    }
    return true;
  }

  bool Take(const PrimaryScript::AckStep& step) {
    while (highest_ack_ < step.next_offset) {
      if (!Read(absl::InfiniteDuration())) return false;
    }
    return true;
  }

  bool Take(const PrimaryScript::StallStep&) {
    while (Read(absl::InfiniteDuration())) {
    }
    return true;
  }

  // Reads what is there, or waits for it, and takes the acknowledgements in it.
  bool Read(absl::Duration timeout) {
    const absl::Span<char> room = input_.Prepare(1);
    const absl::StatusOr<size_t> n = transport_->Read(room, timeout);
    if (!n.ok() || *n == 0) return false;
    input_.Commit(*n);
    {
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.received.append(room.data(), *n);
    }
    return !answered_ || TakeAcks();
  }

  bool TakeAcks() {
    while (true) {
      std::optional<Ack> ack;
      const DecodeResult result = DecodeAck(input_.bytes(), Limits(), &ack);
      if (result.outcome == Outcome::kNeedMore) return true;
      if (result.outcome == Outcome::kError) return false;
      input_.Consume(result.position);
      if (!ack.has_value()) continue;
      highest_ack_ = std::max(highest_ack_, ack->next_offset);
      const std::lock_guard<std::mutex> lock(impl_->mutex);
      connection_.acks.push_back(ack->next_offset);
    }
  }

  Impl* const impl_;
  const PrimaryScript script_;
  const std::unique_ptr<Transport> transport_;

  // The thread's own.
  ByteBuffer input_;
  bool answered_ = false;  // The request was read: acknowledgements may come.
  Protocol protocol_ = Protocol::kV2;
  uint64_t request_offset_ = 0;
  uint64_t next_frame_ = 0;  // For FramesTo().
  std::string replica_id_;
  uint64_t highest_ack_ = 0;

  Connection connection_;  // Guarded by impl_->mutex, as is:
  bool ended_ = false;

  std::thread thread_;  // Last: it uses all the others.
};

bool ScriptedPrimary::Impl::Start(std::unique_ptr<Transport> transport) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (stopped) return false;
  PrimaryScript script;
  if (!queue.empty()) {
    script = std::move(queue.front());
    queue.pop_front();
  } else if (default_script.has_value()) {
    script = *default_script;
  } else {
    script.Refuse();
  }
  players.emplace_back(this, std::move(script), std::move(transport));
  changed.notify_all();
  return true;
}

void ScriptedPrimary::Impl::AcceptAll() {
  while (true) {
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        listener->Accept(absl::InfiniteDuration());
    if (!transport.ok() || !Start(*std::move(transport))) return;
  }
}

ScriptedPrimary::ScriptedPrimary() : impl_(std::make_unique<Impl>()) {}

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
        "ScriptedPrimary::Listen: stopped, or listening already");
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
      return absl::UnavailableError("the primary is stopped");
    }
    return std::unique_ptr<Transport>(std::move(pair.first));
  };
}

size_t ScriptedPrimary::connections() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->players.size();
}

ScriptedPrimary::Connection ScriptedPrimary::connection(size_t i) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (i >= impl_->players.size()) return Connection();
  return impl_->players[i].connection();
}

void ScriptedPrimary::WaitFinished(size_t i) const {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  impl_->changed.wait(lock, [this, i] {
    if (i >= impl_->players.size()) return impl_->stopped;
    return impl_->players[i].ended();
  });
}

void ScriptedPrimary::Stop() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->stopped = true;
    impl_->changed.notify_all();
    if (impl_->listener != nullptr) impl_->listener->Interrupt();
    for (Impl::Player& player : impl_->players) player.Interrupt();
  }
  // `players` does not grow any more.
  const std::lock_guard<std::mutex> lock(impl_->joining);
  if (impl_->accept_thread.joinable()) impl_->accept_thread.join();
  for (Impl::Player& player : impl_->players) player.Join();
}

}  // namespace kevy_replica
