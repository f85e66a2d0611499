// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_options.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace kevy_replica {

std::string TlsOptions::ToString() const {
  return absl::StrCat(
      "server_name=", server_name, " ca_file=", ca_file,
      " certificate_file=", certificate_file, " key_file=", key_file,
      " verify=", verify ? 1 : 0,
      " handshake_timeout=", absl::FormatDuration(handshake_timeout));
}

std::ostream& operator<<(std::ostream& out, const TlsOptions& options) {
  return out << options.ToString();
}

}  // namespace kevy_replica
