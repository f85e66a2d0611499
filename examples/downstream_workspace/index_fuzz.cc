// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A fuzz target for libFuzzer. index_fuzz_test runs it over random bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "index.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/testing/fuzz_primary.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kevy_replica::FuzzPrimary primary(
      {reinterpret_cast<const char*>(data), size});
  Index index;
  kevy_replica::FollowerOptions options;
  options.snapshots.policy = SnapshotPolicy::kRecords;
  options.retry.initial_backoff = options.retry.max_backoff =
      absl::Nanoseconds(1);
  auto follower = kevy_replica::Follower::Create(primary.InMemory(), &index,
                                                 std::move(options));
  if (!kevy_replica::FuzzPrimary::IsEnd((*follower)->Run())) std::abort();
  return 0;
}
