// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_security.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

TransportSecurity TlsSecurity(TlsOptions options) {
  return [options = std::move(options)](absl::Span<const std::string> keys)
             -> absl::StatusOr<TransportWrapper> {
    if (!keys.empty()) {
      return absl::InvalidArgumentError(
          "the address has a key of kevy's own encryption, so its links cannot "
          "be TLS");
    }
    if (options.verify && options.server_name.empty()) {
      return absl::InvalidArgumentError("TLS needs the server's name");
    }
    return TransportWrapper([options](std::unique_ptr<Transport> inner)
                                -> absl::StatusOr<std::unique_ptr<Transport>> {
      return TlsTransport::Start(std::move(inner), options);
    });
  };
}

}  // namespace kevy_replica
