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

// Checks of the flags that the programs share.

#ifndef KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_
#define KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {

// kInvalidArgument, with the flag's name, where one is no value for a link.
absl::Status CheckReplicaFlags(absl::string_view replica_id,
                               absl::Duration idle_timeout,
                               absl::Duration heartbeat_timeout);

// Makes the file of --prometheus, empty. The system's error, with the flag's
// name. Nothing to do where `path` is empty.
absl::Status MakeMetricsFile(const std::string& path);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_REPLICA_FLAGS_H_
