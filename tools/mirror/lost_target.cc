// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/lost_target.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

std::string HeldPositions(const MirrorState& state) {
  std::string text;
  for (size_t i = 0; i < state.shards.size(); ++i) {
    const std::string& stored = state.shards[i].stored;
    if (!ParseFeedPosition(stored).has_value()) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", ShardField(i), " at ",
                    stored);
  }
  return text;
}

absl::Status LostTarget(const MirrorOptions& options, MirrorState* state,
                        absl::string_view change) {
  // An unfinished copy in the spare database holds none.
  const std::string held = state->in_spare ? "" : HeldPositions(*state);
  const std::string text = absl::StrCat(
      "the target has lost the mirror's record",
      held.empty() ? "" : absl::StrCat(", which held ", held), ": ", change);
  if (held.empty() || options.on_lost_target == OnLostTarget::kReload) {
    state->reload = true;
    return absl::AbortedError(absl::StrCat(text, "; all is loaded again"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      text,
      "; nothing was written: start the mirror again to load everything, or "
      "give --on_lost_target=reload"));
}

}  // namespace kevy_replica
