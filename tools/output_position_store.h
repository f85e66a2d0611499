// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_OUTPUT_POSITION_STORE_H_
#define KEVY_REPLICA_TOOLS_OUTPUT_POSITION_STORE_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/tools/output.h"
#include "kevy_replica/tools/output_file.h"

namespace kevy_replica {

// Stores with the positions, in one step, the mark of the file that holds what
// belongs to them: all that was written to `output` has to. It is on the disk
// by then. Nothing is stored once the output has failed.
//
// Store() is only for the thread that writes to `output`. Nothing is owned.
class OutputPositionStore : public PositionStore {
 public:
  // The mark's name.
  static constexpr char kName[] = "output";

  OutputPositionStore(PositionStore* inner, OutputFile* file, Output* output)
      : inner_(inner), file_(file), output_(output) {}

  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;
  // Of no positions: the mark alone.
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  PositionStore* const inner_;
  OutputFile* const file_;
  Output* const output_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_OUTPUT_POSITION_STORE_H_
