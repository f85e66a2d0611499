// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_options.h"

#include <ostream>

#include "absl/strings/string_view.h"

namespace kevy_replica {

absl::string_view StartAtName(StartAt start_at) {
  switch (start_at) {
    case StartAt::kPosition:
      return "position";
    case StartAt::kNow:
      return "now";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, StartAt start_at) {
  return out << StartAtName(start_at);
}

}  // namespace kevy_replica
