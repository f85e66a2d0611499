// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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
