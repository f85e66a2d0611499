// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares one key of the primary with the same key of the target.
//
//   const auto result =
//       CompareKey("cart:7", tolerance, kPieceElements, &primary, &target);
//   if (!result.ok()) return result.status();
//   if (result->outcome == KeyOutcome::kDifferent) Report(result->text);

#ifndef KEVY_REPLICA_TOOLS_VERIFY_KEY_COMPARISON_H_
#define KEVY_REPLICA_TOOLS_VERIFY_KEY_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

enum class KeyOutcome : uint8_t {
  kEqual,
  kDifferent,
  kChanged,      // A value changed its type, or went, while it was read.
  kNotCompared,  // A side refuses a command, or an element is too large.
};

struct KeyComparison {
  KeyOutcome outcome = KeyOutcome::kEqual;
  // The primary's; the target's if the primary lacks the key; "none" if both
  // do. As the server tells it: any bytes, unless IsKnownType().
  std::string type;
  // Of kDifferent: the first difference: `field "a": "1", target "2"`. Of
  // kNotCompared: the reason. Foreign bytes are escaped.
  std::string text;
};

// Reads both values piece by piece, in the memory of one piece, and compares
// them as bytes; scores as numbers. Every element of the primary must be in the
// target, and the numbers of elements must be equal; if they are not, every
// element of the target must be in the primary. A piece has `elements` at most.
//
// Deadlines may differ by `tolerance`. A key that one side lacks is equal if
// its deadline is no further away than that.
//
// Not compared: consumers and pending entries of a stream's groups (but their
// number is), a stream's counters, access times, encodings.
//
// Errors: Server's.
absl::StatusOr<KeyComparison> CompareKey(absl::string_view key,
                                         absl::Duration tolerance,
                                         int64_t elements, Server* primary,
                                         Server* target);

// Whether two deadlines are equal within `tolerance`.
bool SameDeadline(std::optional<int64_t> a, std::optional<int64_t> b,
                  absl::Duration tolerance);

// Whether a key with this state may have expired on the other side already.
bool IsExpiring(const KeyState& state, absl::Duration tolerance);

// Whether two scores are the same number, in any spelling.
bool SameScore(absl::string_view a, absl::string_view b);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_KEY_COMPARISON_H_
