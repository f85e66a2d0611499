// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A transport of your own. docs/transports.md quotes the class: change both.

#ifndef KEVY_REPLICA_EXAMPLES_PIPE_TRANSPORT_H_
#define KEVY_REPLICA_EXAMPLES_PIPE_TRANSPORT_H_

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

// Two pipes to a child process, as "ssh primary.example nc localhost 16004".
// Owns both descriptors, which must be non-blocking. The program must ignore
// SIGPIPE.
class PipeTransport : public kevy_replica::Transport {
 public:
  PipeTransport(int in, int out) : in_(in), out_(out) {}
  ~PipeTransport() override { PipeTransport::Close(); }
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    absl::Status ready = interrupter_.WaitFor(in_, POLLIN, timeout);
    if (!ready.ok()) return ready;
    const ssize_t size = read(in_, buffer.data(), buffer.size());
    if (size < 0) return absl::ErrnoToStatus(errno, "read");
    return static_cast<size_t>(size);
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    do {
      absl::Status ready = interrupter_.WaitFor(out_, POLLOUT, timeout);
      if (!ready.ok()) return ready;
      const ssize_t size = write(out_, bytes.data(), bytes.size());
      if (size < 0) return absl::UnavailableError("write: the child has ended");
      bytes.remove_prefix(static_cast<size_t>(size));
    } while (!bytes.empty());
    return absl::OkStatus();
  }
  void Interrupt() override { interrupter_.Interrupt(); }
  void CloseWrite() override { close(std::exchange(out_, -1)); }  // Optional.
  void Close() override {
    close(std::exchange(in_, -1)), close(std::exchange(out_, -1));
  }
  std::string peer() const override { return "child"; }
  int fd() const override { return in_; }  // Optional.

 private:
  int in_, out_;
  kevy_replica::Interrupter interrupter_;
};

#endif  // KEVY_REPLICA_EXAMPLES_PIPE_TRANSPORT_H_
