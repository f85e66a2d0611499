// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Gives a descriptor to a transport without one.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_THREADED_TRANSPORT_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_THREADED_TRANSPORT_H_

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

// A thread reads from the inner transport and copies into a socket pair, whose
// other end has the descriptor. Memory is bounded by the sockets' buffers.
//
// Thread-safe as Transport says.
class ThreadedTransport final : public Transport {
 public:
  // Errors: kResourceExhausted without descriptors, or without a thread.
  static absl::StatusOr<std::unique_ptr<ThreadedTransport>> Create(
      std::unique_ptr<Transport> inner);
  ~ThreadedTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    return inner_->Write(bytes, timeout);
  }
  void Interrupt() override;
  // The thread half-closes the inner transport, since it may be reading there,
  // and reads on.
  void CloseWrite() override;
  // Waits for the thread, which is interrupted.
  void Close() override;
  std::string peer() const override { return inner_->peer(); }
  int fd() const override { return out_.fd(); }

 private:
  ThreadedTransport(std::unique_ptr<Transport> inner, int in_fd, int out_fd);
  absl::Status Start();
  void Copy();
  // Both for the thread.
  void CloseWriteIfDue();
  bool CloseWriteIsDue();

  const std::unique_ptr<Transport> inner_;
  const std::shared_ptr<Interrupter> interrupter_;
  SocketTransport in_;
  SocketTransport out_;
  // The inner transport's error. The thread writes it before it sets ended_.
  absl::Status status_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> closing_{false};  // Close() was called.
  // Held while CloseWrite() orders and interrupts, so that the interrupt does
  // not come after the half-close.
  std::mutex mutex_;
  bool close_write_due_ = false;     // The thread is to half-close.
  std::optional<pthread_t> thread_;  // Unset: not started, or joined.
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_THREADED_TRANSPORT_H_
