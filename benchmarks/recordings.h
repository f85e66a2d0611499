// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_BENCHMARKS_RECORDINGS_H_
#define KEVY_REPLICA_BENCHMARKS_RECORDINGS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace benchmarks {

// The bytes of each recording in testdata/captures, by name. The build embeds
// them, so that a benchmark runs anywhere. They live as long as the program.
absl::Span<const absl::string_view> Recordings();

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_RECORDINGS_H_
