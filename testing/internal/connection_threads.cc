// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/internal/connection_threads.h"

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace testing_internal {

ConnectionThreads::ConnectionThreads(absl::string_view name, Serve serve)
    : name_(name), serve_(std::move(serve)) {}

ConnectionThreads::~ConnectionThreads() { Stop(); }

void ConnectionThreads::SetWrapper(TransportWrapper wrap) {
  const std::lock_guard<std::mutex> lock(mutex_);
  wrap_ = std::move(wrap);
}

absl::Status ConnectionThreads::Listen(absl::string_view address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_ || listener_ != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(name_, "::Listen: it is stopped or already listens"));
  }
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen(address);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  accept_thread_ = std::thread([this] { AcceptAll(); });
  return absl::OkStatus();
}

std::string ConnectionThreads::address() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return listener_ == nullptr ? "" : listener_->address();
}

absl::StatusOr<std::unique_ptr<Transport>> ConnectionThreads::Connect() {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  InMemoryTransport* const memory = pair.second.get();
  if (!Start(std::move(pair.second), memory)) {
    return absl::UnavailableError(
        absl::StrCat("connect in memory: the ", name_, " is stopped"));
  }
  return std::unique_ptr<Transport>(std::move(pair.first));
}

bool ConnectionThreads::Start(std::unique_ptr<Transport> transport,
                              InMemoryTransport* memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_) return false;
  if (wrap_ != nullptr) {
    absl::StatusOr<std::unique_ptr<Transport>> wrapped =
        wrap_(std::move(transport));
    if (!wrapped.ok()) {
      std::fprintf(stderr, "%s: rejects a connection: %s\n", name_.c_str(),
                   wrapped.status().ToString().c_str());
      return true;
    }
    transport = *std::move(wrapped);
  }
  connections_.emplace_back();
  Connection& connection = connections_.back();
  connection.transport = std::move(transport);
  const Link link = {*connection.transport, memory};
  connection.thread = std::thread([this, link] { serve_(link); });
  return true;
}

void ConnectionThreads::AcceptAll() {
  Listener* listener = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    listener = listener_.get();
  }
  while (true) {
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        listener->Accept(absl::InfiniteDuration());
    if (!transport.ok()) {
      if (absl::IsCancelled(transport.status())) return;
      std::fprintf(stderr, "%s: accepts no more connections: %s\n",
                   name_.c_str(), transport.status().ToString().c_str());
      return;
    }
    if (!Start(*std::move(transport), nullptr)) return;
  }
}

void ConnectionThreads::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    if (listener_ != nullptr) listener_->Interrupt();
    for (Connection& connection : connections_) {
      connection.transport->Interrupt();
    }
  }
  const std::lock_guard<std::mutex> lock(joining_);
  if (accept_thread_.joinable()) accept_thread_.join();
  for (Connection& connection : connections_) {
    if (connection.thread.joinable()) connection.thread.join();
  }
}

}  // namespace testing_internal
}  // namespace kevy_replica
