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

#ifndef KEVY_REPLICA_TOOLS_MESSAGE_H_
#define KEVY_REPLICA_TOOLS_MESSAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// Prints a line on stderr, with the program's name before it. Thread-safe, as
// long as the name is set first.
void Say(absl::string_view message);
void SetProgramName(absl::string_view name);

// "offset_gap: expected 8, got 9 (action: resync)".
std::string Describe(const absl::Status& status);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MESSAGE_H_
