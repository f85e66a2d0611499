// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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
  return absl::UnavailableError(absl::StrCat("the target cannot: ", error));
}

absl::Status TargetError(absl::string_view command, absl::string_view error) {
  if (IsServersTrouble(error)) return ServersTrouble(error);
  return absl::FailedPreconditionError(
      absl::StrCat("the target answers ", command, " with: ", error));
}

}  // namespace kevy_replica
