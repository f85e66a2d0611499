// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A transport that calls a hook before every wait.

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

// Decorates `inner`. Calls `hook` before each Read() and Write(), so before
// every wait, up to CloseWrite(): the end of a link needs no hook. If the hook
// returns an error, the call returns it and leaves `inner` alone.
class HookTransport : public ForwardingTransport {
 public:
  HookTransport(std::unique_ptr<Transport> inner,
                std::function<absl::Status()> hook)
      : ForwardingTransport(std::move(inner)), hook_(std::move(hook)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (!write_closed_) {
      absl::Status status = hook_();
      if (!status.ok()) return status;
    }
    return inner().Read(buffer, timeout);
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    absl::Status status = hook_();
    if (!status.ok()) return status;
    return inner().Write(bytes, timeout);
  }
  void CloseWrite() override {
    write_closed_ = true;
    inner().CloseWrite();
  }

 private:
  const std::function<absl::Status()> hook_;
  bool write_closed_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_
