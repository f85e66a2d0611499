// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A transport that calls a hook before every wait, and one with all bytes.

#ifndef KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_
#define KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Decorates `inner`. Calls `before_wait` before each Read() and Write(), and
// `on_read` with the bytes of each Read(), up to CloseWrite(): the end of a
// link needs no hooks. Either may be null. If a hook returns an error, the call
// returns it. After an error of `before_wait` it leaves `inner` alone.
class HookTransport : public ForwardingTransport {
 public:
  HookTransport(
      std::unique_ptr<Transport> inner,
      std::function<absl::Status()> before_wait,
      std::function<absl::Status(absl::string_view)> on_read = nullptr)
      : ForwardingTransport(std::move(inner)),
        before_wait_(std::move(before_wait)),
        on_read_(std::move(on_read)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (write_closed_) return inner().Read(buffer, timeout);
    absl::Status status = before_wait_ ? before_wait_() : absl::OkStatus();
    if (!status.ok()) return status;
    absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
    if (!size.ok() || on_read_ == nullptr) return size;
    status = on_read_(absl::string_view(buffer.data(), *size));
    if (!status.ok()) return status;
    return size;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    absl::Status status = before_wait_ ? before_wait_() : absl::OkStatus();
    if (!status.ok()) return status;
    return inner().Write(bytes, timeout);
  }
  void CloseWrite() override {
    write_closed_ = true;
    inner().CloseWrite();
  }

 private:
  const std::function<absl::Status()> before_wait_;
  const std::function<absl::Status(absl::string_view)> on_read_;
  bool write_closed_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_
