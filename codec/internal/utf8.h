// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// UTF-8, the encoding of a replica's id.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_UTF8_H_
#define KEVY_REPLICA_CODEC_INTERNAL_UTF8_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/require_cpp17.h"

namespace kevy_replica {
namespace internal {

// Returns whether `bytes` are well-formed UTF-8 (RFC 3629: shortest forms only,
// without surrogates, up to U+10FFFF). The empty string is.
bool IsUtf8(absl::string_view bytes);

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_UTF8_H_
