// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary's connection that breaks behind a given byte.

#ifndef KEVY_REPLICA_TOOLS_TESTING_CUT_TRANSPORT_H_
#define KEVY_REPLICA_TOOLS_TESTING_CUT_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The inner transport must be a socket's. An encryption goes around this one:
// then the byte lies anywhere in a sealed message.
class CutTransport : public ForwardingTransport {
 public:
  enum class Kind : uint8_t {
    kReset,      // Resets the connection: unsent bytes are lost.
    kHalfClose,  // Ends this direction.
    kStall,      // Sends nothing more.
    kSlowBytes,  // Sends 300 bytes one by one, and then goes on as before.
  };

  explicit CutTransport(std::unique_ptr<Transport> inner)
      : ForwardingTransport(std::move(inner)) {}

  // Write() breaks the connection behind `bytes` more bytes. Replaces an
  // earlier call.
  void CutAfter(size_t bytes, Kind kind) {
    cut_ = {bytes, kind};
    happened_.reset();
  }
  void DoNotCut() { cut_.reset(); }
  // Resets the connection now.
  void Reset();

  // Whether kReset, kHalfClose or kStall has happened. Write() then returns
  // kAborted, and Read() works except after a reset.
  bool broken() const { return broken_; }
  // Whether any kind has happened. The next call of CutAfter() forgets it.
  std::optional<Kind> happened() const { return happened_; }

  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;

 private:
  struct Cut {
    size_t after;
    Kind kind;
  };

  absl::Status WriteSlowly(absl::string_view bytes, absl::Duration timeout);

  std::optional<Cut> cut_;
  std::optional<Kind> happened_;
  bool broken_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_CUT_TRANSPORT_H_
