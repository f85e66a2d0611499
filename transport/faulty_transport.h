// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A transport that fails on purpose, at an exact byte.

#ifndef KEVY_REPLICA_TRANSPORT_FAULTY_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_FAULTY_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The faults of a FaultyTransport. A fault's place is a number of bytes, read
// or written through it. The bytes before a fault pass, for any sizes of reads
// and writes. Of several faults of reading the first one counts. At one place
// the error precedes the end, and the end precedes the stall. Default: each
// fault is off.
struct Faults {
  // Returns the limit of the next Read() in bytes, for short reads. Called
  // before each Read(). 0 counts as 1. Unset: reads are not limited.
  std::function<size_t()> read_size;
  // The stream ends here.
  std::optional<uint64_t> eof_at;
  // Read() fails here with `read_error`.
  std::optional<uint64_t> error_at;
  absl::Status read_error = absl::UnavailableError("injected read error");
  // Read() stalls here: it waits until the caller's timeout has passed or
  // Interrupt() is called.
  std::optional<uint64_t> stall_at;
  // Write() fails with `write_error` after this many bytes.
  std::optional<uint64_t> write_error_at;
  absl::Status write_error = absl::UnavailableError("injected write error");
};

// Decorates a transport with faults. `interrupter` ends a stall; Interrupt()
// sets it and interrupts `inner`. If `inner` shares its Interrupter with
// others, give the same one here. Default: null, which makes one.
class FaultyTransport : public ForwardingTransport {
 public:
  FaultyTransport(std::unique_ptr<Transport> inner, Faults faults,
                  std::shared_ptr<Interrupter> interrupter = nullptr);

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override;
  void ResumeReads() override;
  // During a stall: the interrupter's descriptor, readable once interrupted.
  int fd() const override;

 private:
  const Faults faults_;
  const std::shared_ptr<Interrupter> interrupter_;
  uint64_t read_bytes_ = 0;
  uint64_t written_bytes_ = 0;
  bool reads_resumed_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_FAULTY_TRANSPORT_H_
