// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A transport that tells when it is used.

#ifndef KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_
#define KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Decorates `inner`, which it owns: calls `hook` before each Read and Write,
// thus before every wait. An error of the hook's is that call's.
class HookTransport : public Transport {
 public:
  HookTransport(std::unique_ptr<Transport> inner,
                std::function<absl::Status()> hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    const absl::Status status = hook_();
    if (!status.ok()) return status;
    return inner_->Read(buffer, timeout);
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    const absl::Status status = hook_();
    if (!status.ok()) return status;
    return inner_->Write(bytes, timeout);
  }
  void Interrupt() override { inner_->Interrupt(); }
  void CloseWrite() override { inner_->CloseWrite(); }
  void Close() override { inner_->Close(); }
  std::string peer() const override { return inner_->peer(); }
  int fd() const override { return inner_->fd(); }

 private:
  const std::unique_ptr<Transport> inner_;
  const std::function<absl::Status()> hook_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_HOOK_TRANSPORT_H_
