// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/secure_end.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {
namespace {

// Appends all bytes that are there. Returns how it ended: kDeadlineExceeded,
// unless the link is broken.
absl::Status ReadAll(Transport& transport, std::string* bytes) {
  char buffer[4096];
  absl::StatusOr<size_t> read;
  do {
    read = transport.Read(absl::MakeSpan(buffer), absl::ZeroDuration());
    if (read.ok()) bytes->append(buffer, *read);
  } while (read.ok() && *read > 0);
  return read.status();
}

}  // namespace

SecureEnd::SecureEnd() {
  auto ends = InMemoryTransport::CreatePair();
  wire_ = std::move(ends.first);
  NoiseResponderOptions options = secure_testing::ResponderOptions();
  options.handshake_timeout = absl::InfiniteDuration();  // Of the real clock.
  link_ = secure_testing::Must(
      NoiseTransport::Respond(std::move(ends.second), std::move(options)));
}

bool SecureEnd::Receive(absl::string_view bytes, std::string* plain,
                        std::string* sealed) {
  wire_->Write(bytes, absl::ZeroDuration()).IgnoreError();
  const absl::Status status = ReadAll(*link_, plain);
  TakeSealed(sealed);
  return absl::IsDeadlineExceeded(status);
}

void SecureEnd::Send(absl::string_view bytes, std::string* sealed) {
  link_->Write(bytes, absl::ZeroDuration()).IgnoreError();
  TakeSealed(sealed);
}

void SecureEnd::TakeSealed(std::string* sealed) {
  ReadAll(*wire_, sealed).IgnoreError();
}

absl::StatusOr<std::unique_ptr<Transport>> SecureReplicaEnd(
    std::unique_ptr<Transport> end) {
  NoiseInitiatorOptions options = secure_testing::InitiatorOptions();
  options.handshake_timeout = absl::InfiniteDuration();
  return NoiseTransport::Initiate(std::move(end), std::move(options));
}

}  // namespace simulation
}  // namespace kevy_replica
