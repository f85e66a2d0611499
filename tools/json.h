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

// Values as JSON.

#ifndef KEVY_REPLICA_TOOLS_JSON_H_
#define KEVY_REPLICA_TOOLS_JSON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// Appends `bytes` as a JSON string if they are UTF-8; otherwise as the object
// {"base64":"..."}, since a JSON string cannot hold them.
//
// Besides what JSON demands, all control characters are escaped, and the two
// line separators of Unicode: the text is safe on a terminal, and no reader
// takes it for more than one line.
void AppendJson(absl::string_view bytes, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_JSON_H_
