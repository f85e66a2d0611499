// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/threaded_transport.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

namespace {

absl::Status Exhausted(absl::string_view call, int error) {
  return absl::ResourceExhaustedError(
      absl::StrCat(call, ": ", ::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ThreadedTransport>> ThreadedTransport::Create(
    std::unique_ptr<Transport> inner) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
    return Exhausted("socketpair", errno);
  }
  for (const int fd : fds) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto transport =
      absl::WrapUnique(new ThreadedTransport(std::move(inner), fds[0], fds[1]));
  absl::Status status = transport->Start();
  if (!status.ok()) return status;
  return transport;
}

ThreadedTransport::ThreadedTransport(std::unique_ptr<Transport> inner,
                                     int in_fd, int out_fd)
    : inner_(std::move(inner)),
      interrupter_(std::make_shared<Interrupter>()),
      in_(in_fd, inner_->peer(), interrupter_),
      out_(out_fd, inner_->peer(), interrupter_) {}

ThreadedTransport::~ThreadedTransport() { Close(); }

absl::StatusOr<size_t> ThreadedTransport::Read(absl::Span<char> buffer,
                                               absl::Duration timeout) {
  absl::StatusOr<size_t> n = out_.Read(buffer, timeout);
  const bool at_end = n.ok() && *n == 0;
  if (at_end && ended_.load(std::memory_order_acquire) && !status_.ok()) {
    return status_;
  }
  return n;
}

void ThreadedTransport::Interrupt() {
  interrupter_->Interrupt();
  inner_->Interrupt();
}

void ThreadedTransport::CloseWrite() {
  const std::lock_guard<std::mutex> lock(mutex_);
  close_write_due_ = true;
  inner_->Interrupt();
}

void ThreadedTransport::Close() {
  if (!thread_.has_value()) return;
  closing_ = true;
  Interrupt();
  ::pthread_join(*thread_, nullptr);
  thread_.reset();
  inner_->Close();
}

// std::thread would throw where the system has no more threads.
absl::Status ThreadedTransport::Start() {
  pthread_t thread;
  const int error = ::pthread_create(
      &thread, nullptr,
      [](void* self) -> void* {
        static_cast<ThreadedTransport*>(self)->Copy();
        return nullptr;
      },
      this);
  if (error != 0) return Exhausted("pthread_create", error);
  thread_ = thread;
  return absl::OkStatus();
}

bool ThreadedTransport::CloseWriteIsDue() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return close_write_due_;
}

void ThreadedTransport::CloseWriteIfDue() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!std::exchange(close_write_due_, false)) return;
  inner_->CloseWrite();
  inner_->ResumeReads();
}

void ThreadedTransport::Copy() {
  std::string buffer(64 << 10, '\0');
  while (true) {
    CloseWriteIfDue();
    // Behind ResumeReads(), which may have undone the interrupt of Close().
    if (closing_) break;
    const absl::StatusOr<size_t> n = inner_->Read(
        absl::MakeSpan(&buffer[0], buffer.size()), absl::InfiniteDuration());
    // A transport may give up early; no byte is lost then.
    if (absl::IsDeadlineExceeded(n.status())) continue;
    if (absl::IsCancelled(n.status()) && CloseWriteIsDue()) continue;
    if (!n.ok()) status_ = n.status();
    if (!n.ok() || *n == 0) break;
    const absl::string_view bytes = absl::string_view(buffer).substr(0, *n);
    if (!in_.Write(bytes, absl::InfiniteDuration()).ok()) break;
  }
  ended_.store(true, std::memory_order_release);
  in_.CloseWrite();
}

}  // namespace client_internal
}  // namespace kevy_replica
