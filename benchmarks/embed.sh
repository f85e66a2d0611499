#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# embed.sh FILE ...: prints C++ that defines Recordings() of recordings.h with the bytes of the files named *.resp.
set -euo pipefail

cat <<'CC'
#include "kevy_replica/benchmarks/recordings.h"

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

template <size_t n>
constexpr absl::string_view View(const char (&bytes)[n]) {
  return absl::string_view(bytes, n - 1);
}

constexpr absl::string_view kRecordings[] = {
CC
for file in "$@"; do
  [[ $file == *.resp ]] || continue
  echo "    View("
  # Octal escapes, since they end after three digits.
  od -An -v -to1 "$file" | sed 's/ /\\/g; s/.*/        "&"/'
  echo "        ),"
done
cat <<'CC'
};

}  // namespace

absl::Span<const absl::string_view> Recordings() { return kRecordings; }

}  // namespace benchmarks
}  // namespace kevy_replica
CC
