// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_link.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

bool IsServersTrouble(absl::string_view error) {
  for (const absl::string_view begin :
       {"OOM ", "LOADING ", "READONLY ", "MISCONF ", "MASTERDOWN ", "BUSY ",
        "NOREPLICAS ", "CLUSTERDOWN ", "TRYAGAIN ", "EXECABORT ",
        "ERR max number of clients"}) {
    if (absl::StartsWith(error, begin)) return true;
  }
  return false;
}

absl::Status ServersTrouble(absl::string_view error) {
  return absl::UnavailableError(
      absl::StrCat("the target is in trouble: ", error));
}

absl::Status TargetError(absl::string_view command, absl::string_view error) {
  if (IsServersTrouble(error)) return ServersTrouble(error);
  return absl::FailedPreconditionError(
      absl::StrCat("the target answers ", command, " with: ", error));
}

}  // namespace kevy_replica
