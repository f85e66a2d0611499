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
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// What goes wrong. Byte positions count the bytes read through the decorator;
// those before one are delivered whatever the sizes of the reads. Of several
// faults the one at the lowest position counts, and of several at one position
// the error before the end before the stall.
struct Faults {
  // How many bytes the next Read may return at most (0 counts as 1), asked
  // before each: short reads. Unset: as many as come.
  std::function<size_t()> read_size;
  // The stream ends here although the peer has sent more.
  std::optional<uint64_t> eof_at;
  // Reading fails here with `read_error`.
  std::optional<uint64_t> error_at;
  absl::Status read_error = absl::UnavailableError("injected read error");
  // Reading stalls here: nothing more comes until the caller's timeout has
  // passed or Interrupt() is called.
  std::optional<uint64_t> stall_at;
  // Writing fails, once this many bytes were written, with `write_error`.
  std::optional<uint64_t> write_error_at;
  absl::Status write_error = absl::UnavailableError("injected write error");
};

// Decorates `inner`, which it owns. `interrupter` ends a stall; give the one
// that `inner` has, if that is shared. Interrupt() sets both.
class FaultyTransport : public ForwardingTransport {
 public:
  FaultyTransport(std::unique_ptr<Transport> inner, Faults faults,
                  std::shared_ptr<Interrupter> interrupter = nullptr);

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override;
  // In a stall it is readable once that is interrupted.
  int fd() const override;

 private:
  const Faults faults_;
  const std::shared_ptr<Interrupter> interrupter_;
  uint64_t read_bytes_ = 0;
  uint64_t written_bytes_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_FAULTY_TRANSPORT_H_
