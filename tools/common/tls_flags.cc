// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/tls_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_security.h"
#include "kevy_replica/transport/transport.h"

ABSL_FLAG(bool, tls, false,
          "The HOST:PORT of --primary is a TLS proxy in front of the primary.");
ABSL_FLAG(std::string, tls_ca_file, "",
          "For --tls: the authorities that may have signed the proxy's\n"
          "certificate (PEM). Default: the system's.");
ABSL_FLAG(std::string, tls_cert_file, "",
          "For --tls: this reader's own certificate (PEM), if the proxy\n"
          "demands one.");
ABSL_FLAG(std::string, tls_key_file, "",
          "For --tls: its private key (PEM), without a passphrase. Default:\n"
          "--tls_cert_file holds it, too.");
ABSL_FLAG(std::string, tls_name, "",
          "For --tls: the name that the proxy's certificate must have.\n"
          "Default: the host of --primary.");

namespace kevy_replica {
namespace {

TlsOptions OptionsOfFlags() {
  TlsOptions options;
  options.server_name = absl::GetFlag(FLAGS_tls_name);
  options.ca_file = absl::GetFlag(FLAGS_tls_ca_file);
  options.certificate_file = absl::GetFlag(FLAGS_tls_cert_file);
  options.key_file = absl::GetFlag(FLAGS_tls_key_file);
  return options;
}

}  // namespace

absl::Status CheckTlsFlags(absl::string_view primary) {
  if (!absl::GetFlag(FLAGS_tls)) {
    return OptionsOfFlags() == TlsOptions()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "--tls_ca_file, --tls_cert_file, --tls_key_file and "
                     "--tls_name need --tls");
  }
  const absl::StatusOr<ListenerAddress> listener =
      ParseListenerAddress(primary);
  if (primary.empty() || IsKevyUrl(primary) ||
      (listener.ok() && !listener->keys.empty())) {
    return absl::InvalidArgumentError(
        "--tls needs the plain HOST:PORT of the proxy in --primary");
  }
  if (listener.ok() && listener->address.host.empty() &&
      absl::GetFlag(FLAGS_tls_name).empty()) {
    return absl::InvalidArgumentError("--tls over unix:PATH needs --tls_name");
  }
  return absl::OkStatus();
}

TransportSecurity TlsOfFlags(absl::string_view primary) {
  if (!absl::GetFlag(FLAGS_tls)) return nullptr;
  TlsOptions options = OptionsOfFlags();
  const absl::StatusOr<ListenerAddress> listener =
      ParseListenerAddress(primary);
  if (options.server_name.empty() && listener.ok()) {
    options.server_name = listener->address.host;
  }
  return TlsSecurity(options);
}

}  // namespace kevy_replica
