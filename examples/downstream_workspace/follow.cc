// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows a primary until Ctrl-C: follow kevy://localhost:6004

#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_options.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: follow ADDRESS\n";
    return 2;
  }
  Index index;
  kevy_replica::FollowerOptions options;
  options.snapshots.policy = SnapshotPolicy::kRecords;
  const absl::StatusOr<std::unique_ptr<kevy_replica::Follower>> follower =
      kevy_replica::Follower::Create(argv[1], &index, options);
  const absl::Status end =
      follower.ok() ? (*follower)->Run() : follower.status();
  std::cerr << end << "\n" << index.strings().size() << " strings\n";
  return end.ok() ? 0 : 1;
}
