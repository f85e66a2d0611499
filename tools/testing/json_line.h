// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A strict reader of one JSON object without nested values, for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_JSON_LINE_H_
#define KEVY_REPLICA_TOOLS_TESTING_JSON_LINE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The members: texts unescaped (\u only below U+0080, others stay), numbers as
// they stand. Nothing: `line` is not such an object in valid UTF-8, or has a
// member twice.
std::optional<std::map<std::string, std::string>> ReadJsonLine(
    absl::string_view line);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_JSON_LINE_H_
