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

#ifndef KEVY_REPLICA_TOOLS_FILE_FLAGS_H_
#define KEVY_REPLICA_TOOLS_FILE_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace kevy_replica {

// A flag that names a file.
struct FileFlag {
  std::string name;       // "--output".
  std::string path;       // Empty: it was not given.
  bool replaced = false;  // Written to `path` + ".tmp" first, then renamed.
};

// kInvalidArgument where two flags name one file, be it by other paths, or one
// names what another writes first. Neither makes nor changes a file.
absl::Status CheckFilesDiffer(absl::Span<const FileFlag> flags);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_FILE_FLAGS_H_
