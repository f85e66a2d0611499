// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Records the bytes that a transport reads.

#ifndef KEVY_REPLICA_TRANSPORT_RECORDING_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_RECORDING_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Decorates a transport: every byte read from it goes to a file, before the
// caller sees it. FileTransport plays such a file back.
class RecordingTransport : public ForwardingTransport {
 public:
  // Creates `path`, or empties it. Errors: the system's, with the path.
  static absl::StatusOr<std::unique_ptr<RecordingTransport>> Create(
      std::unique_ptr<Transport> inner, absl::string_view path);

  // Fails if the file cannot be written, so that a recording is complete.
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;

 private:
  RecordingTransport(std::unique_ptr<Transport> inner,
                     transport_internal::UniqueFd fd, std::string path);

  const transport_internal::UniqueFd fd_;
  const std::string path_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_RECORDING_TRANSPORT_H_
