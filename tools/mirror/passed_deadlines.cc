// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/passed_deadlines.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"

namespace kevy_replica {
namespace {

// Whether the command replaces or deletes the value of its first key.
bool Replaces(absl::string_view name) {
  static constexpr absl::string_view kNames[] = {
      "set", "setex", "psetex", "getset", "mset", "del", "unlink", "getdel"};
  return absl::c_any_of(kNames, [name](absl::string_view each) {
    return absl::EqualsIgnoreCase(each, name);
  });
}

// The absolute deadline in milliseconds that the command sets, if any.
std::optional<uint64_t> DeadlineOf(const ArgvView& argv) {
  const absl::string_view name = argv[0];
  absl::string_view number;
  bool seconds = false;
  if (argv.size() >= 3 && absl::EqualsIgnoreCase(name, "pexpireat")) {
    number = argv[2];
  } else if (argv.size() >= 3 && absl::EqualsIgnoreCase(name, "expireat")) {
    number = argv[2];
    seconds = true;
  } else if (absl::EqualsIgnoreCase(name, "set")) {
    for (size_t i = 3; i + 1 < argv.size(); ++i) {
      seconds = absl::EqualsIgnoreCase(argv[i], "exat");
      if (seconds || absl::EqualsIgnoreCase(argv[i], "pxat")) {
        number = argv[i + 1];
        break;
      }
    }
  }
  uint64_t deadline = 0;
  if (!absl::SimpleAtoi(number, &deadline)) return std::nullopt;
  if (!seconds) return deadline;
  if (deadline > std::numeric_limits<uint64_t>::max() / 1000) {
    return std::nullopt;
  }
  return deadline * 1000;
}

// False for most commands: DeadlineOf() finds none.
bool MaySetDeadline(const ArgvView& argv) {
  switch (argv[0].size()) {
    case 3:  // SET
      return argv.size() >= 5;
    case 8:  // EXPIREAT
    case 9:  // PEXPIREAT
      return true;
    default:
      return false;
  }
}

}  // namespace

void PassedDeadlines::Note(absl::string_view key, uint64_t deadline_ms,
                           uint64_t now_ms) {
  if (deadline_ms > now_ms) return;
  if (keys_.size() >= kMaxKeys) keys_.clear();
  keys_.insert(std::string(key));
}

bool PassedDeadlines::Take(const ArgvView& argv, uint64_t now_ms) {
  if (argv.size() < 2) return false;
  bool depends = false;
  if (!keys_.empty()) {
    depends = keys_.erase(std::string(argv[1])) > 0 && !Replaces(argv[0]);
  }
  if (!MaySetDeadline(argv)) return depends;
  const std::optional<uint64_t> deadline = DeadlineOf(argv);
  if (deadline.has_value()) {
    Note(argv[1], *deadline, now_ms);
    return false;  // Without a key there is nothing to expire.
  }
  return depends;
}

}  // namespace kevy_replica
