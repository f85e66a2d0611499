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

// A recording that is part of the program.

#ifndef KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_
#define KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_

#include "absl/strings/string_view.h"

namespace kevy_replica {

// What kevy 5.4.0 sent a fresh replica, from its answer on: a snapshot, frames
// of many commands, binary arguments among them, and heartbeats.
absl::string_view EmbeddedCapture();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EMBEDDED_CAPTURE_H_
