// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_client_port.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/testing/internal/connection_threads.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// A frame is this envelope and a command, so the decoder of frames reads
// commands that stand behind an envelope.
constexpr absl::string_view kEnvelope = "*2\r\n:0\r\n";

Limits CommandLimits() {
  Limits limits;
  limits.max_frame_bytes = 1 << 20;
  return limits;
}

}  // namespace

struct ScriptedClientPort::Impl {
  using Threads = testing_internal::ConnectionThreads;

  explicit Impl(ScriptedNode first) : node(std::move(first)) {
    threads = MakeThreads();
  }

  std::unique_ptr<Threads> MakeThreads() {
    return std::make_unique<Threads>(
        "ScriptedClientPort",
        [this](const Threads::Link& link) { Serve(link.transport); });
  }

  void Serve(Transport& transport);
  // Answers commands until the connection ends.
  void Answer(Transport& transport);
  // Records the command and returns the reply to it.
  std::string Take(ArgvView argv);

  // Held by TakeDown() and BringUp(), which join threads and listen.
  std::mutex moving;

  mutable std::mutex mutex;
  // Guarded by `mutex`.
  ScriptedNode node;
  std::deque<std::string> queue;
  std::optional<std::string> default_reply;
  std::unique_ptr<Threads> threads;  // Null while the node is down.
  std::string address;
  uint16_t port = 0;  // Of `address`, for INFO.
  size_t connections = 0;
  std::vector<std::vector<std::string>> commands;
};

std::string ScriptedClientPort::Impl::Take(ArgvView argv) {
  const std::lock_guard<std::mutex> lock(mutex);
  commands.emplace_back(argv.begin(), argv.end());
  if (!queue.empty()) {
    std::string reply = std::move(queue.front());
    queue.pop_front();
    return reply;
  }
  if (default_reply.has_value()) return *default_reply;
  ScriptedNode shown = node;
  if (shown.tcp_port == 0) shown.tcp_port = port;
  return shown.ReplyTo(
      std::vector<absl::string_view>(argv.begin(), argv.end()));
}

void ScriptedClientPort::Impl::Answer(Transport& transport) {
  FrameDecoder decoder(CommandLimits());
  std::string input(kEnvelope);
  std::vector<char> buffer(4096);
  while (true) {
    FrameView frame;
    const DecodeResult result = decoder.Decode(input, &frame);
    if (result.outcome == Outcome::kError) {
      transport.Write("-ERR Protocol error\r\n", absl::InfiniteDuration())
          .IgnoreError();
      return;
    }
    if (result.done()) {
      const std::string reply = Take(frame.argv());
      input.replace(0, result.bytes_decoded, kEnvelope.data(),
                    kEnvelope.size());
      if (!transport.Write(reply, absl::InfiniteDuration()).ok()) return;
      continue;
    }
    const absl::StatusOr<size_t> n =
        transport.Read(absl::MakeSpan(buffer), absl::InfiniteDuration());
    if (!n.ok() || *n == 0) return;
    input.append(buffer.data(), *n);
  }
}

void ScriptedClientPort::Impl::Serve(Transport& transport) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ++connections;
  }
  Answer(transport);
  // The drain keeps a client that still writes from losing the last reply.
  transport.CloseWrite();
  std::vector<char> buffer(4096);
  while (true) {
    const absl::StatusOr<size_t> n =
        transport.Read(absl::MakeSpan(buffer), absl::InfiniteDuration());
    if (!n.ok() || *n == 0) break;
  }
  transport.Close();
}

ScriptedClientPort::ScriptedClientPort(ScriptedNode node)
    : impl_(std::make_unique<Impl>(std::move(node))) {}

ScriptedClientPort::~ScriptedClientPort() { TakeDown(); }

void ScriptedClientPort::SetNode(ScriptedNode node) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->node = std::move(node);
}

ScriptedNode ScriptedClientPort::node() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->node;
}

void ScriptedClientPort::Enqueue(std::string reply) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->queue.push_back(std::move(reply));
}

void ScriptedClientPort::SetDefault(std::optional<std::string> reply) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->default_reply = std::move(reply);
}

absl::Status ScriptedClientPort::Listen(absl::string_view address) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (impl_->threads == nullptr) {
    return absl::FailedPreconditionError(
        "ScriptedClientPort::Listen: the node is down");
  }
  absl::Status status = impl_->threads->Listen(address);
  if (!status.ok()) return status;
  impl_->address = impl_->threads->address();
  const absl::StatusOr<Address> parsed = ParseAddress(impl_->address);
  if (parsed.ok()) impl_->port = parsed->port;  // 0: a Unix socket.
  return absl::OkStatus();
}

std::string ScriptedClientPort::address() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->address;
}

TransportFactory ScriptedClientPort::InMemory() {
  Impl* const impl = impl_.get();
  return [impl]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    const std::lock_guard<std::mutex> lock(impl->mutex);
    if (impl->threads == nullptr) {
      return absl::UnavailableError("connect in memory: the node is down");
    }
    return impl->threads->Connect();
  };
}

void ScriptedClientPort::TakeDown() {
  const std::lock_guard<std::mutex> moving(impl_->moving);
  std::unique_ptr<Impl::Threads> threads;
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    threads = std::move(impl_->threads);
  }
  // Without the mutex, which the threads that it joins may want.
  threads.reset();
}

absl::Status ScriptedClientPort::BringUp() {
  const std::lock_guard<std::mutex> moving(impl_->moving);
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (impl_->threads != nullptr) return absl::OkStatus();
  std::unique_ptr<Impl::Threads> threads = impl_->MakeThreads();
  if (!impl_->address.empty()) {
    absl::Status status = threads->Listen(impl_->address);
    if (!status.ok()) return status;
  }
  impl_->threads = std::move(threads);
  return absl::OkStatus();
}

size_t ScriptedClientPort::connections() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->connections;
}

std::vector<std::vector<std::string>> ScriptedClientPort::commands() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->commands;
}

}  // namespace kevy_replica
