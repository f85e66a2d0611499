// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/file_transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

using transport_internal::Deadline;
using transport_internal::ErrnoStatus;
using transport_internal::InterruptedStatus;
using transport_internal::Operation;
using transport_internal::RetryOnEintr;
using transport_internal::UniqueFd;

absl::StatusOr<std::unique_ptr<FileTransport>> FileTransport::Open(
    absl::string_view path, std::shared_ptr<Interrupter> interrupter) {
  const bool is_stdin = path == "-";
  std::string name = is_stdin ? "standard input" : std::string(path);
  // O_NONBLOCK: open() of a named pipe would otherwise wait for a writer, out
  // of Interrupt()'s reach.
  UniqueFd fd(is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                       : RetryOnEintr([&name] {
                           return ::open(name.c_str(),
                                         O_RDONLY | O_CLOEXEC | O_NONBLOCK);
                         }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"open", name});
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, {"open", name});
  if (S_ISDIR(info.st_mode)) return ErrnoStatus(EISDIR, {"open", name});
  if (interrupter == nullptr) interrupter = std::make_shared<Interrupter>();
  return absl::WrapUnique(new FileTransport(std::move(fd), std::move(name),
                                            std::move(interrupter)));
}

FileTransport::FileTransport(UniqueFd fd, std::string path,
                             std::shared_ptr<Interrupter> interrupter)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      interrupter_(std::move(interrupter)) {}

absl::StatusOr<size_t> FileTransport::Read(absl::Span<char> buffer,
                                           absl::Duration timeout) {
  const Operation operation = {"read from", path_};
  const Deadline deadline(timeout);
  while (!interrupter_->interrupted()) {
    // The end lasts, although a file may grow and a terminal go on after ^D.
    if (at_end_) return 0;
    // Wait before reading: standard input blocks, and must stay so, since other
    // processes share it.
    absl::Status status = transport_internal::WaitFor(
        fd_.get(), POLLIN, interrupter_.get(), deadline, operation);
    if (!status.ok()) return status;
    const ssize_t size = RetryOnEintr(
        [&] { return ::read(fd_.get(), buffer.data(), buffer.size()); });
    if (size >= 0) {
      at_end_ = size == 0;
      return static_cast<size_t>(size);
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      return ErrnoStatus(errno, operation);
    }
  }
  return InterruptedStatus(operation);
}

absl::Status FileTransport::Write(absl::string_view /*bytes*/,
                                  absl::Duration /*timeout*/) {
  if (interrupter_->interrupted())
    return InterruptedStatus({"write to", path_});
  return absl::OkStatus();
}

}  // namespace kevy_replica
