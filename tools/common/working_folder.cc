// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/working_folder.h"

#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

absl::Status EnterUsersFolder(absl::string_view program) {
  const char* const users = std::getenv("BUILD_WORKING_DIRECTORY");
  if (users == nullptr) return absl::OkStatus();
  // A script under `bazel run` passes the variable on, and may have changed the
  // folder since. So the folder counts, too.
  char current[PATH_MAX];
  if (getcwd(current, sizeof(current)) == nullptr ||
      !absl::StrContains(absl::StrCat(current, "/"),
                         absl::StrCat("/", program, ".runfiles/"))) {
    return absl::OkStatus();
  }
  if (chdir(users) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("change to ", users));
}

}  // namespace kevy_replica
