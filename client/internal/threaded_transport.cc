// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/threaded_transport.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
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

absl::StatusOr<std::unique_ptr<ThreadedTransport>> ThreadedTransport::Create(
    std::unique_ptr<Transport> inner) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("socketpair: ", ::strerror(errno)));
  }
  return absl::WrapUnique(
      new ThreadedTransport(std::move(inner), fds[0], fds[1]));
}

ThreadedTransport::ThreadedTransport(std::unique_ptr<Transport> inner,
                                     int in_fd, int out_fd)
    : inner_(std::move(inner)),
      interrupter_(std::make_shared<Interrupter>()),
      in_(in_fd, inner_->peer(), interrupter_),
      out_(out_fd, inner_->peer(), interrupter_),
      thread_([this] { Copy(); }) {}

ThreadedTransport::~ThreadedTransport() { Close(); }

absl::StatusOr<size_t> ThreadedTransport::Read(absl::Span<char> buffer,
                                               absl::Duration timeout) {
  absl::StatusOr<size_t> n = out_.Read(buffer, timeout);
  // After the end nobody writes status_ any more.
  if (n.ok() && *n == 0 && !status_.ok()) return status_;
  return n;
}

void ThreadedTransport::Interrupt() {
  interrupter_->Interrupt();
  inner_->Interrupt();
}

void ThreadedTransport::Close() {
  if (!thread_.joinable()) return;
  Interrupt();
  thread_.join();
  inner_->Close();
}

void ThreadedTransport::Copy() {
  std::string buffer(64 << 10, '\0');
  while (true) {
    const absl::StatusOr<size_t> n = inner_->Read(
        absl::MakeSpan(&buffer[0], buffer.size()), absl::InfiniteDuration());
    if (!n.ok()) status_ = n.status();
    if (!n.ok() || *n == 0) break;
    const absl::string_view bytes = absl::string_view(buffer).substr(0, *n);
    if (!in_.Write(bytes, absl::InfiniteDuration()).ok()) break;
  }
  in_.CloseWrite();
}

}  // namespace client_internal
}  // namespace kevy_replica
