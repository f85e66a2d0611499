// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_password.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {

absl::Status TakeTargetPassword(const std::string& path,
                                TargetAddress* address) {
  if (path.empty()) {
    const char* const password = std::getenv(kTargetPasswordVariable);
    if (password != nullptr) address->password = password;
    return absl::OkStatus();
  }
  std::ifstream file(path);
  if (!std::getline(file, address->password) || address->password.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target_password_file: ", path,
                     " has no password in its first line"));
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
