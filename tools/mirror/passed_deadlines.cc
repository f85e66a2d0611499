// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/passed_deadlines.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

// An absolute deadline among a command's arguments.
struct DeadlineArgument {
  size_t name;  // The index of PEXPIREAT, EXPIREAT, PXAT or EXAT.
  size_t number;
  uint64_t deadline_ms;
};

std::optional<uint64_t> MillisecondsOf(absl::string_view number, bool seconds) {
  uint64_t deadline = 0;
  if (!absl::SimpleAtoi(number, &deadline)) return std::nullopt;
  if (!seconds) return deadline;
  if (deadline > std::numeric_limits<uint64_t>::max() / 1000) {
    return std::nullopt;
  }
  return deadline * 1000;
}

// False for most commands: FindDeadline() finds none.
bool MaySetDeadline(const ArgvView& argv) {
  switch (argv[0].size()) {
    case 3:  // SET
      return argv.size() >= 5;
    case 5:  // GETEX
      return argv.size() >= 4;
    case 8:  // EXPIREAT
    case 9:  // PEXPIREAT
      return true;
    default:
      return false;
  }
}

std::optional<DeadlineArgument> FindDeadline(const ArgvView& argv) {
  size_t name = 0;
  size_t number = 0;
  bool seconds = absl::EqualsIgnoreCase(argv[0], "expireat");
  if (seconds || absl::EqualsIgnoreCase(argv[0], "pexpireat")) {
    // A condition (NX, XX, GT, LT) compares the deadline with another.
    if (argv.size() != 3) return std::nullopt;
    number = 2;
  } else {
    size_t option = 0;
    if (absl::EqualsIgnoreCase(argv[0], "set")) option = 3;
    if (absl::EqualsIgnoreCase(argv[0], "getex")) option = 2;
    for (; option > 0 && option + 1 < argv.size(); ++option) {
      seconds = absl::EqualsIgnoreCase(argv[option], "exat");
      if (seconds || absl::EqualsIgnoreCase(argv[option], "pxat")) {
        name = option;
        number = option + 1;
        break;
      }
    }
  }
  if (number == 0) return std::nullopt;
  const std::optional<uint64_t> deadline =
      MillisecondsOf(argv[number], seconds);
  if (!deadline.has_value()) return std::nullopt;
  return DeadlineArgument{name, number, *deadline};
}

}  // namespace

uint64_t PassedDeadlines::Hold(absl::string_view key, uint64_t deadline_ms,
                               uint64_t now_ms) {
  if (deadline_ms > now_ms) return deadline_ms;
  std::string name(key);
  Forget(name);
  if (held_.size() + bounded_.size() >= max_keys_ ||
      bytes_ + name.size() > kMaxBytes) {
    return deadline_ms;
  }
  bytes_ += name.size();
  const uint64_t until_ms = now_ms + kGraceMs;
  held_[std::move(name)] = {deadline_ms, until_ms};
  return until_ms;
}

PassedDeadlines::Taken PassedDeadlines::Take(const ArgvView& argv,
                                             uint64_t now_ms) {
  Taken taken;
  if (argv.size() < 2) return taken;
  const std::optional<DeadlineArgument> found =
      MaySetDeadline(argv) ? FindDeadline(argv) : std::nullopt;
  if (!found.has_value()) {
    taken.uncertain = TakeWrite(argv);
    return taken;
  }
  const uint64_t deadline_ms = Hold(argv[1], found->deadline_ms, now_ms);
  if (deadline_ms == found->deadline_ms) return taken;
  taken.argv = std::vector<std::string>(argv.begin(), argv.end());
  taken.argv[found->name] = found->name == 0 ? "PEXPIREAT" : "PXAT";
  taken.argv[found->number] = absl::StrCat(deadline_ms);
  return taken;
}

// Returns whether the write is uncertain, for the first time.
bool PassedDeadlines::TakeWrite(const ArgvView& argv) {
  if (held_.empty() && bounded_.empty()) return false;
  const std::string key(argv[1]);
  for (Entries* entries : {&held_, &bounded_}) {
    const auto found = entries->find(key);
    if (found == entries->end()) continue;
    if (!Replaces(argv[0])) return !std::exchange(found->second.told, true);
    Forget(key);
    return false;
  }
  return false;
}

void PassedDeadlines::TakeHeartbeat(uint64_t next_offset, uint64_t now_ms) {
  if (bound_.has_value()) return;
  for (auto entry = held_.begin(); entry != held_.end();) {
    const auto each = entry++;
    if (each->second.deadline_ms + kTransitMs > now_ms) continue;
    bounded_.insert(held_.extract(each));
  }
  if (!bounded_.empty()) bound_ = next_offset;
}

std::vector<PassedDeadlines::Held> PassedDeadlines::TakeDue(uint64_t offset) {
  std::vector<Held> due;
  if (!HasDue(offset)) return due;
  for (const auto& [key, entry] : bounded_) {
    bytes_ -= key.size();
    due.push_back({key, entry.deadline_ms, entry.until_ms});
  }
  bounded_.clear();
  bound_.reset();
  return due;
}

void PassedDeadlines::Clear() {
  held_.clear();
  bounded_.clear();
  bound_.reset();
  bytes_ = 0;
}

// A key is in one of the two at most.
void PassedDeadlines::Forget(const std::string& key) {
  if (held_.erase(key) + bounded_.erase(key) > 0) bytes_ -= key.size();
}

}  // namespace kevy_replica
