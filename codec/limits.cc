// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/limits.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace kevy_replica {

void AppendText(const Limits& limits, std::string* out) {
  absl::StrAppend(out, "max_arguments=", limits.max_arguments,
                  " max_bulk_bytes=", limits.max_bulk_bytes,
                  " max_frame_bytes=", limits.max_frame_bytes);
  absl::StrAppend(out, " max_line_bytes=", limits.max_line_bytes,
                  " max_chunk_bytes=", limits.max_chunk_bytes,
                  " max_snapshot_bytes=", limits.max_snapshot_bytes,
                  " max_trailer_bytes=", limits.max_trailer_bytes);
}

}  // namespace kevy_replica
