// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ends a SCAN that a broken or hostile server never ends: its cursor differs
// each time and never comes back to 0.
//
//   ScanLimit limit(options.scan_slack);
//   do {
//     ... DBSIZE and SCAN ...
//     const std::string reason = limit.Count(keys.size(), database_size);
//     if (!reason.empty()) return absl::UnavailableError(reason);
//   } while (cursor != "0");

#ifndef KEVY_REPLICA_TOOLS_VERIFY_SCAN_LIMIT_H_
#define KEVY_REPLICA_TOOLS_VERIFY_SCAN_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kevy_replica {

// The most keys of a database that count. Redis holds up to 2^32 keys:
// https://redis.io/docs/latest/develop/get-started/faq/
inline constexpr uint64_t kMaxScannedSize = uint64_t{1} << 32;

// Counts the replies of one whole SCAN. An honest server stays within:
//
// | limit                                  | reason                           |
// |----------------------------------------|----------------------------------|
// | keys: twice the largest DBSIZE that    | SCAN brings a key again if the   |
// | was told meanwhile, and `slack`        | table shrinks below it           |
// | replies without a key: `slack`         | a reply passes over 5,120 empty  |
// |                                        | buckets (COUNT 512, ten times)   |
class ScanLimit {
 public:
  explicit ScanLimit(uint64_t slack) : slack_(slack) {}

  // Counts a reply with `keys` keys. `database_size`: DBSIZE at that time; the
  // part above kMaxScannedSize does not count. Unset: the server does not tell
  // it, and kMaxScannedSize takes its place. Returns the limit that is passed,
  // as text, or an empty text.
  std::string Count(size_t keys, std::optional<uint64_t> database_size);

 private:
  const uint64_t slack_;
  uint64_t keys_ = 0;
  uint64_t empty_replies_ = 0;
  uint64_t largest_size_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_SCAN_LIMIT_H_
