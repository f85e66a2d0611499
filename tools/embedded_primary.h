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

// A primary within the program, for trying it out.

#ifndef KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_
#define KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_

#include "absl/status/status.h"
#include "kevy_replica/testing/scripted_primary.h"

namespace kevy_replica {

// Has `*primary` listen on loopback and play EmbeddedCapture() to every
// connection, and says so on stderr.
absl::Status StartEmbeddedPrimary(ScriptedPrimary* primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EMBEDDED_PRIMARY_H_
