// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The base class of decorators: transports that wrap another one.

#ifndef KEVY_REPLICA_TRANSPORT_FORWARDING_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_FORWARDING_TRANSPORT_H_

#include <cstddef>
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

// Forwards each call to an inner transport, which it owns. A decorator derives
// from it and overrides the functions that it changes:
//
//   // Counts the bytes read.
//   class CountingTransport : public ForwardingTransport {
//    public:
//     using ForwardingTransport::ForwardingTransport;
//     absl::StatusOr<size_t> Read(absl::Span<char> buffer,
//                                 absl::Duration timeout) override {
//       absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
//       if (size.ok()) bytes_ += *size;
//       return size;
//     }
//
//    private:
//     uint64_t bytes_ = 0;
//   };
//
// A decorator that keeps bytes of its own must return them from Read() before
// it calls inner().Read(). Its fd() may stay the inner one. The reading thread
// asks for fd() only after Read() has returned kDeadlineExceeded, and the kept
// bytes are gone by then. A decorator that makes Read() wait for another reason
// must override fd() and return a descriptor that tells the end of that wait.
//
// The destructor destroys the inner transport, which closes it.
//
// Thread-safe as far as the inner transport is.
class ForwardingTransport : public Transport {
 public:
  // Precondition: `inner` is not null.
  explicit ForwardingTransport(std::unique_ptr<Transport> inner)
      : inner_(std::move(inner)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    return inner_->Read(buffer, timeout);
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    return inner_->Write(bytes, timeout);
  }
  void Interrupt() override { inner_->Interrupt(); }
  void ResumeReads() override { inner_->ResumeReads(); }
  void CloseWrite() override { inner_->CloseWrite(); }
  void Close() override { inner_->Close(); }
  std::string peer() const override { return inner_->peer(); }
  int fd() const override { return inner_->fd(); }

 protected:
  Transport& inner() { return *inner_; }
  const Transport& inner() const { return *inner_; }

 private:
  const std::unique_ptr<Transport> inner_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_FORWARDING_TRANSPORT_H_
