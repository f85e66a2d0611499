// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the content of snapshots.

#ifndef KEVY_REPLICA_TOOLS_TAIL_SNAPSHOT_PRINTER_H_
#define KEVY_REPLICA_TOOLS_TAIL_SNAPSHOT_PRINTER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/internal/snapshot_reader.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {

// How much of a snapshot is printed between its begin and its end.
enum class SnapshotMode : uint8_t {
  kRecords,  // Its records. In TailFormat::kResp: commands that rebuild them.
  kChunks,   // The lengths of its chunks. Nothing in TailFormat::kResp.
  kSkip,     // Nothing.
};

// As a flag: "records", "chunks" or "skip". See common/flags.h.
bool AbslParseFlag(absl::string_view text, SnapshotMode* mode,
                   std::string* error);
std::string AbslUnparseFlag(SnapshotMode mode);

// Describe(), with the way past a snapshot that cannot be read.
std::string DescribeForTail(const absl::Status& status);

// The snapshots of one shard. Begin(), Chunk() as often as there are chunks,
// End(); or Begin() again after a snapshot that broke off.
//
// In TailFormat::kResp each key of the snapshot is deleted before it is
// rebuilt. The parts that commands cannot express are counted and told to
// `log`, at the snapshot's end:
//
// | part                               | in the output                  |
// |------------------------------------|--------------------------------|
// | keys that the snapshot lacks       | stay; told at the begin, after |
// |                                    | earlier data                   |
// | members of a sorted set with the   | left out                       |
// | score NaN, which no server takes   |                                |
// | the time a consumer was last seen  | left out                       |
// | the payload's trailer              | left out                       |
class SnapshotPrinter {
 public:
  using Log = std::function<void(absl::string_view message)>;

  // `printer` must outlive this object.
  SnapshotPrinter(SnapshotMode mode, const TailPrinter* printer,
                  const Limits& limits, Log log);

  // Data was printed: the next snapshot replaces it.
  void NoteData() { has_data_ = true; }

  void Begin(Output* out);
  // Prints the events that `chunk` completes.
  // Errors: ReplicaErrorKind::kPayload, if the payload is malformed.
  absl::Status Chunk(absl::string_view chunk, Output* out);
  // Errors: as Chunk()'s, if the payload is incomplete.
  absl::Status End(uint64_t next_offset, Output* out);

 private:
  // Of one snapshot.
  struct Losses {
    uint64_t nan_scores = 0;
    std::string nan_key;  // The first one's, cut.
    uint64_t seen_times = 0;
    uint64_t trailer_bytes = 0;
  };

  void Print(const PayloadEvent& event, Output* out);
  void PrintCommands(const PayloadEvent& event, Output* out);
  void TellLosses();

  const SnapshotMode mode_;
  const TailPrinter& printer_;
  const Log log_;
  client_internal::SnapshotReader reader_;
  bool has_data_ = false;

  // For TailFormat::kResp.
  std::optional<PayloadCommands> commands_;
  std::string key_;  // Of the current record.
  Losses losses_;
  Output* out_ = nullptr;  // During PrintCommands().
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_SNAPSHOT_PRINTER_H_
