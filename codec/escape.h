// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes as readable text.

#ifndef KEVY_REPLICA_CODEC_ESCAPE_H_
#define KEVY_REPLICA_CODEC_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {

// Appends `bytes` between double quotes as Redis prints them (sdscatrepr):
// `\\`, `\"`, `\n`, `\r`, `\t`, `\a`, `\b`, printable ASCII as itself, every
// other byte as `\xhh`.
void AppendEscaped(absl::string_view bytes, std::string* out);

// Returns the same text.
std::string Escaped(absl::string_view bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ESCAPE_H_
