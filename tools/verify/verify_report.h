// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The result of a comparison, as numbers, text and JSON.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_VERIFY_REPORT_H_
#define KEVY_REPLICA_TOOLS_VERIFY_VERIFY_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// A key that differs, proven.
struct KeyDifference {
  std::string key;  // Raw bytes.
  std::string type;
  std::string text;  // The first difference, escaped.
  // With --repair.
  bool repaired = false;
  std::string not_repaired;  // The reason.
};

struct TypeCounts {
  uint64_t equal = 0;
  uint64_t different = 0;     // Those that were repaired, too.
  uint64_t changing = 0;      // The primary wrote them in each re-read.
  uint64_t not_compared = 0;  // See VerifyReport::not_compared.
};

struct VerifyReport {
  // Keys that SCAN returned. It may return a key twice.
  uint64_t primary_keys = 0;
  uint64_t target_keys = 0;
  // By TYPE's name. Unknown names are "other".
  std::map<std::string, TypeCounts> types;
  uint64_t repaired = 0;
  uint64_t not_repaired = 0;
  // The first ones.
  std::vector<KeyDifference> differences;
  // The number of keys by the reason. At most kMaxReasons, then "other".
  std::map<std::string, uint64_t> not_compared;
  // Both keyspaces were read to their ends.
  bool is_complete = false;

  static constexpr size_t kMaxReasons = 16;

  TypeCounts& CountsOf(absl::string_view type);
  void AddNotCompared(absl::string_view reason, uint64_t keys);
  TypeCounts Total() const;  // The sums over all types.

  // "incomplete", "different" if a difference is left, "partial" if keys were
  // not compared, "repaired" or "equal".
  absl::string_view result() const;
};

// Lines of text, safe on a terminal.
std::string ReportText(const VerifyReport& report);

// One line of JSON. Keys that are not UTF-8 are {"base64":"..."}.
std::string ReportJson(const VerifyReport& report);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_VERIFY_REPORT_H_
