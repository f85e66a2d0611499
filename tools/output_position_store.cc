// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/output_position_store.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"

namespace kevy_replica {

absl::StatusOr<std::optional<FeedPosition>> OutputPositionStore::Load(
    absl::string_view name) {
  return inner_->Load(name);
}

absl::Status OutputPositionStore::Store(
    absl::Span<const NamedPosition> positions) {
  const absl::Status& written = output_->Flush();
  if (!written.ok()) return written;
  const absl::StatusOr<FeedPosition> mark = file_->Sync();
  if (!mark.ok()) return mark.status();
  std::vector<NamedPosition> all(positions.begin(), positions.end());
  all.push_back({kName, *mark});
  return inner_->Store(all);
}

}  // namespace kevy_replica
