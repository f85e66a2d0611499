// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_password.h"
#include "kevy_replica/transport/secure/tls_options.h"

ABSL_FLAG(
    std::string, target_password_file, "",
    "The file whose first line is the target's password. Without the flag\n"
    "the environment variable KEVY_MIRROR_TARGET_PASSWORD holds it.");
ABSL_FLAG(std::string, target_ca_file, "",
          "For rediss://: the authorities that may have signed the target's\n"
          "certificate (PEM). Default: the system's.");
ABSL_FLAG(std::string, target_cert_file, "",
          "For rediss://: the program's own certificate (PEM), if the target\n"
          "demands one.");
ABSL_FLAG(std::string, target_key_file, "",
          "For rediss://: its private key (PEM), without a passphrase.\n"
          "Default: --target_cert_file holds it, too.");

namespace kevy_replica {

absl::Status TakeTargetFlags(TargetAddress* address) {
  absl::Status status =
      TakeTargetPassword(absl::GetFlag(FLAGS_target_password_file), address);
  if (!status.ok()) return status;
  TlsOptions tls;
  tls.ca_file = absl::GetFlag(FLAGS_target_ca_file);
  tls.certificate_file = absl::GetFlag(FLAGS_target_cert_file);
  tls.key_file = absl::GetFlag(FLAGS_target_key_file);
  return TakeTargetTls(tls, address);
}

}  // namespace kevy_replica
