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

#ifndef KEVY_REPLICA_TOOLS_REPLACE_FILE_H_
#define KEVY_REPLICA_TOOLS_REPLACE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Has `path` hold `contents`, at once: who reads it finds them or what was
// there before, whole. They are written to `path` + ".tmp" first. Whether they
// outlast a power failure is left to the system. Errors: the system's, with the
// path.
absl::Status ReplaceFile(const std::string& path, absl::string_view contents);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_REPLACE_FILE_H_
