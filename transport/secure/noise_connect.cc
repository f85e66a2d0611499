// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_connect.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

TransportFactory NoiseConnectTo(TransportFactory connect,
                                NoiseInitiatorOptions options) {
  return [connect = std::move(connect), options = std::move(options)]()
             -> absl::StatusOr<std::unique_ptr<Transport>> {
    const size_t keys =
        options.primary_keys == nullptr ? 1 : options.primary_keys->size();
    absl::Status status;
    for (size_t i = 0; i < keys; ++i) {
      absl::StatusOr<std::unique_ptr<Transport>> inner = connect();
      if (!inner.ok()) return inner.status();
      absl::StatusOr<std::unique_ptr<NoiseTransport>> link =
          NoiseTransport::Initiate(*std::move(inner), options);
      if (!link.ok()) return link.status();
      // The handshake has its own limit.
      status = (*link)->Handshake(absl::InfiniteDuration());
      if (status.ok()) return *std::move(link);
      if (!absl::IsUnauthenticated(status)) return status;
    }
    return status;
  };
}

}  // namespace kevy_replica
