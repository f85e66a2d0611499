// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The table of streamed commands and their effects on a mirror's target.
//
//   for (const MirrorRow& row : MirrorRows()) {
//     Play(row.given), Play(row.streamed);
//     EXPECT_EQ(Target(), row.primary);
//   }

#ifndef KEVY_REPLICA_TOOLS_TESTING_MIRROR_ROWS_H_
#define KEVY_REPLICA_TOOLS_TESTING_MIRROR_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/tools/testing/mirror_content.h"

namespace kevy_replica {

// The copy behind the frames of a row.
enum class MirrorVerdict : uint8_t {
  kEqual,       // Equal to the primary: the target ran the frames as they are.
  kRewritten,   // Equal: the target ran another command.
  kPassedOver,  // Equal: the target changed nothing, and the primary neither.
  kCannotBe,    // The copy may differ, or the mirror stops.
};

// MirrorRow::counted of a command that stops the mirror.
inline constexpr absl::string_view kStops = "unable: stops";

// One kind of streamed command. A command is its arguments, with a space
// between two; double quotes keep an argument with spaces together.
struct MirrorRow {
  absl::string_view versions = "all";  // Of the primary: "all", "to 6.4".
  KevyVersion version = {5, 4, 0};     // One of these, for the test.
  std::vector<std::string> given;      // Commands that come before.
  // The frames. Empty: the primary streams nothing for `of`.
  std::vector<std::string> streamed;
  // The client's commands, if the primary streams others. Empty: the same.
  absl::string_view of = "";
  MirrorVerdict verdict = MirrorVerdict::kEqual;
  // The commands that the target gets. Unset: the streamed ones.
  std::optional<std::vector<std::string>> sent;
  // The class under which the metrics count the frame. Empty: none.
  absl::string_view counted = "";
  Content primary;  // Its keys behind the frames. "*": any value.
  Content target;   // Of kCannotBe, and of a target that lacks `needs`.
  absl::string_view note = "";
  // A command that some targets lack. They get nothing, and the frame is
  // counted as `lacking`.
  std::string needs;
  absl::string_view lacking = "";
};

// The whole table, in the order of the page.
const std::vector<MirrorRow>& MirrorRows();

// "equal", "rewritten", "passed over" or "cannot be".
absl::string_view MirrorVerdictName(MirrorVerdict verdict);

// The row's line in docs/mirror_commands.md.
std::string MarkdownOf(const MirrorRow& row);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_MIRROR_ROWS_H_
