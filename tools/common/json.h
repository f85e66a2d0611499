// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Values as JSON.

#ifndef KEVY_REPLICA_TOOLS_COMMON_JSON_H_
#define KEVY_REPLICA_TOOLS_COMMON_JSON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// Appends `bytes` as a JSON string if they are UTF-8. A JSON string cannot hold
// other bytes: they become the object {"base64":"..."}.
//
// Escapes more than JSON demands: all control characters, and the two line
// separators of Unicode. So the text is safe on a terminal, and every reader
// takes it for one line.
void AppendJson(absl::string_view bytes, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_JSON_H_
